"""Bitmaps for the coders' tests: structured ones and whatever hypothesis thinks up."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from bitcodec.bitmap import Bitmap
from bitcodec.coders.base import Coder, Tables
from bitcodec.layout import Layout, StepRange, step_of

CHANNELS = 16
RANGE = StepRange(
    finest=400,
    coarsest=800,
    means=3,
    reach=(1300,) * 3 + (1100,) * 18,
    cutoff=(800,) * 11 + (600,) * 10,
)
"""Of a small model with steps: 11 latents at coarse ones, 21 at fine ones."""


def smooth_bitmap(seed: int, height: int, width: int) -> Bitmap:
    """Thresholded smooth noise: bits that agree with their neighbours and, across channels,
    with each other, from dense channels to an empty one, as an encoder's bitmap has them.
    """
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((CHANNELS, height + 8, width + 8))
    noise[1:] += 0.7 * noise[:-1]
    sums = noise.cumsum(axis=1).cumsum(axis=2)
    smooth = sums[:, 4:, 4:] - sums[:, :-4, 4:] - sums[:, 4:, :-4] + sums[:, :-4, :-4]
    level = np.quantile(smooth, 1 - np.geomspace(0.5, 0.001, CHANNELS - 1))
    bitmap = smooth[:, :height, :width] > np.append(level, np.inf)[:, None, None]
    return bitmap


def smooth_levels(seed: int, height: int, width: int, layout: Layout) -> NDArray[np.int16]:
    """Levels as an encoder has them: smooth means, and others that are busy in the same places."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((layout.latents, height + 8, width + 8))
    sums = noise.cumsum(axis=1).cumsum(axis=2)
    smooth = sums[:, 4:, 4:] - sums[:, :-4, 4:] - sums[:, 4:, :-4] + sums[:, :-4, :-4]
    smooth = smooth[:, :height, :width]
    busy = np.exp(smooth[0] / 4)
    size = 60 / step_of(layout.index) / (1 + np.arange(layout.latents))
    levels = size[:, None, None] * busy * noise[:, :height, :width]
    levels[: layout.means] = smooth[: layout.means] * 100 / step_of(layout.index)
    return np.rint(levels).clip(-2000, 2000).astype(np.int16)


@st.composite
def bitmaps(draw: st.DrawFn) -> Bitmap:
    """``CHANNELS x H x W``, 1x1 upwards, each channel of a density of its own from 0 to 1."""
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    levels = st.sampled_from([0.0, 0.001, 0.02, 0.1, 0.5, 0.9, 1.0])
    density = np.array(draw(st.lists(levels, min_size=CHANNELS, max_size=CHANNELS)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return rng.random((CHANNELS, height, width)) < density[:, None, None]


def spoiled(coder: Coder, name: str, index: tuple[int, ...], value: object) -> Tables:
    """The tables of a coder with one entry changed."""
    tables = {key: table.astype(np.int64) for key, table in coder.tables().items()}
    tables[name][index] = value
    return tables
