"""One fitted context coder for all tests: fitting takes seconds."""

from __future__ import annotations

import pytest
from hypothesis import settings

from bitcodec.coders.context import ContextCoder
from tests.coders.samples import smooth_bitmap

# A busy machine is no failure: timings have no place in these tests.
settings.register_profile("coders", deadline=None)
settings.load_profile("coders")


@pytest.fixture(scope="session")
def fitted() -> ContextCoder:
    """Fitted to twelve of the structured bitmaps in a few hundred steps."""
    pytest.importorskip("torch")
    return ContextCoder.fit([smooth_bitmap(seed, 40, 56) for seed in range(12)], progress=False)
