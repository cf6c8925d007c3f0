"""One fitted context coder for all tests: fitting takes seconds."""

from __future__ import annotations

import pytest
from hypothesis import settings

from bitcodec.coders.context import ContextCoder
from bitcodec.layout import Layout
from tests.coders.samples import CHANNELS, RANGE, smooth_bitmap, smooth_levels

# A busy machine is no failure: timings have no place in these tests.
settings.register_profile("coders", deadline=None)
settings.load_profile("coders")


@pytest.fixture(scope="session")
def fitted() -> ContextCoder:
    """Fitted to twelve of the structured bitmaps in a few hundred steps."""
    pytest.importorskip("torch")
    from bitcodec.training.fit import FITS

    plain = Layout((1,) * CHANNELS)
    samples = [(smooth_bitmap(seed, 40, 56), plain) for seed in range(12)]
    coder = FITS["context"](samples, steps=400, progress=False)
    assert isinstance(coder, ContextCoder)
    return coder


@pytest.fixture(scope="session")
def stepped() -> ContextCoder:
    """Fitted to levels at many steps of a small range."""
    pytest.importorskip("torch")
    from bitcodec.training.fit import FITS

    samples = []
    for seed in range(24):
        layout = RANGE.layout(RANGE.finest + seed * (RANGE.coarsest - RANGE.finest) // 23)
        samples.append((layout.bitmap(smooth_levels(seed, 32, 40, layout)), layout))
    coder = FITS["context"](samples, steps=60, progress=False)
    assert isinstance(coder, ContextCoder)
    return coder
