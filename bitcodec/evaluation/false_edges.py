"""False edges: the steps and blotches that an eye sees in skies and blurs, on whatever grid.

A place is smooth where, in the original's luma (BT.601, 8-bit levels), the mean absolute step to
the right-hand and lower neighbours over the 17 x 17 pixels around it is below 2 levels. There,
along rows and along columns, ``d(x)`` is the absolute difference of two means of 3 pixels, centred
at ``x + 2`` and ``x - 2``. A false edge is a place whose ``d`` exceeds 3 levels in the
reconstruction and also exceeds twice the original's ``d`` plus 1.

The same places and steps in torch, as a penalty, are :func:`bitcodec.training.smoothness.stairs`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bitcodec.pixels import LUMA, Pixels

Plane = NDArray[np.float64]

RADIUS = 8
"""Smoothness is judged over so many pixels on either side."""
SMOOTH = 2.0
"""A place is smooth where neighbouring pixels differ by less on average, in 8-bit levels."""
MEAN_OF, APART = 3, 4
"""A step is the difference of means of three pixels whose middles are four pixels apart."""
_EDGE, _FACTOR, _MARGIN = 3.0, 2.0, 1.0


class FalseEdges(NamedTuple):
    """False edges among smooth places, both directions counted; add them up to pool pictures."""

    edges: int
    places: int

    @property
    def per_thousand(self) -> float:
        """False edges per thousand smooth places; 0 where nothing is smooth."""
        return 1000 * self.edges / max(1, self.places)


def pooled(counts: list[FalseEdges]) -> FalseEdges:
    """The counts of several pictures as one."""
    return FalseEdges(sum(c.edges for c in counts), sum(c.places for c in counts))


def false_edges(original: Pixels, decoded: Pixels) -> FalseEdges:
    """Count the false edges of a reconstruction, both ``H x W x 3`` of 8-bit values.

    Raises:
        ValueError: when the shapes differ.

    >>> ramp = np.repeat(np.arange(64, dtype=np.uint8)[None, :, None] // 2 + 90, 64, 0).repeat(3, 2)
    >>> false_edges(ramp, ramp // 16 * 16).per_thousand > false_edges(ramp, ramp).per_thousand == 0
    True
    """
    if original.shape != decoded.shape:
        raise ValueError(f"shapes differ: {original.shape} and {decoded.shape}")
    before, after = original @ np.asarray(LUMA), decoded @ np.asarray(LUMA)
    smooth = smooth_places(before)
    found = FalseEdges(0, 0)
    for a, b, where in ((before, after, smooth), (before.T, after.T, smooth.T)):
        if a.shape[1] < MEAN_OF + APART:
            continue
        here = where[:, MEAN_OF:-MEAN_OF]
        step = wide_step(b)
        false = here & (step > _EDGE) & (step > _FACTOR * wide_step(a) + _MARGIN)
        found = pooled([found, FalseEdges(int(false.sum()), int(here.sum()))])
    return found


def smooth_places(luma: Plane) -> NDArray[np.bool_]:
    """Where a picture ``H x W``, in 8-bit levels, is smooth."""
    steps = np.abs(np.diff(luma, axis=0, append=luma[-1:]))
    steps += np.abs(np.diff(luma, axis=1, append=luma[:, -1:]))
    return _box_mean(steps / 2, RADIUS) < SMOOTH


def _box_mean(values: Plane, radius: int) -> Plane:
    """The mean of the square around each place, edges repeated outwards."""
    sums = np.pad(values, radius, mode="edge").cumsum(0).cumsum(1)
    sums = np.pad(sums, ((1, 0), (1, 0)))
    side = 2 * radius + 1
    corners = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    return corners / side**2


def wide_step(values: Plane) -> Plane:
    """Differences of means along the last axis, which becomes 6 shorter."""
    sums = np.pad(values.cumsum(1), ((0, 0), (1, 0)))
    means = (sums[:, MEAN_OF:] - sums[:, :-MEAN_OF]) / MEAN_OF
    return np.abs(means[:, APART:] - means[:, :-APART])
