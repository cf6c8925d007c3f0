"""In which order a picture's means are coded, and which coded ones each is predicted from.

The means are coded before everything else, as a thumbnail that grows: first the corners of squares
of 64 positions, then, square size by square size, the middles of the squares and the middles of
their sides, each from means on all sides of it::

    1 . 3 . 1       1  corners
    . . . . .       2  middles of squares
    3 . 2 . 3       3  middles of sides, then the same at half the distance
    . . . . .
    1 . 3 . 1
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FIRST = 64
"""Positions between the means that are coded without any neighbour."""

Offsets = tuple[tuple[int, int], ...]
MIDDLE: Offsets = ((-1, -1), (-1, 1), (1, -1), (1, 1))
MIDDLE += ((-1, -3), (-1, 3), (1, -3), (1, 3), (-3, -1), (-3, 1), (3, -1), (3, 1))
SIDE: Offsets = ((-1, 0), (0, -1), (0, 1), (1, 0))
SIDE += ((-1, -2), (-1, 2), (1, -2), (1, 2), (-2, -1), (-2, 1), (2, -1), (2, 1))
NEIGHBOURS = len(SIDE)
NEAREST = 4
"""So many of the neighbours also tell how the other means change towards them."""

AT_ONCE = 1 << 16
"""Positions of a pass, which bounds the memory."""

SCALES = 3
KINDS = 1 + 2 * SCALES
"""Kinds of passes: the first one; then middles and sides, at distances of 1, 2, and 4 or more."""


@dataclass(frozen=True)
class Pass:
    """Means that are coded at once.

    Attributes:
        kind: 0 to ``KINDS - 1``.
        here: flat indices of P positions.
        around: ``NEIGHBOURS x P``, flat indices of their neighbours; none in the first pass.
    """

    kind: int
    here: NDArray[np.intp]
    around: NDArray[np.intp]


def passes(height: int, width: int) -> Iterator[Pass]:
    """All positions of a bitmap, each once, in coding order."""
    here = (np.arange(0, height, FIRST)[:, None] * width + np.arange(0, width, FIRST)).reshape(-1)
    yield Pass(0, here, np.empty((0, len(here)), np.intp))
    distance = FIRST // 2
    while distance:
        scale = min(distance.bit_length() - 1, SCALES - 1)
        first, both = distance, 2 * distance
        middles = _grid(first, first, both, height, width)
        yield from _pass(1 + 2 * scale, [middles], MIDDLE, distance, height, width)
        sides = [_grid(0, first, both, height, width), _grid(first, 0, both, height, width)]
        yield from _pass(2 + 2 * scale, sides, SIDE, distance, height, width)
        distance //= 2


Grid = tuple[NDArray[np.intp], NDArray[np.intp]]


def _grid(top: int, left: int, step: int, height: int, width: int) -> Grid:
    y, x = np.meshgrid(np.arange(top, height, step), np.arange(left, width, step), indexing="ij")
    return y.reshape(-1), x.reshape(-1)


def _pass(
    kind: int, grids: Sequence[Grid], offsets: Offsets, distance: int, height: int, width: int
) -> Iterator[Pass]:
    rows, columns = (np.concatenate(parts) for parts in zip(*grids, strict=True))
    for start in range(0, len(rows), AT_ONCE):
        y, x = rows[start : start + AT_ONCE], columns[start : start + AT_ONCE]
        down = {dy: _inside(y, dy, distance, height) for dy in range(-3, 4)}
        along = {dx: _inside(x, dx, distance, width) for dx in range(-3, 4)}
        pairs = [(down[dy], along[dx]) for dy, dx in offsets]
        around = np.stack([np.where((v < 0) | (h < 0), -1, v * width + h) for v, h in pairs])
        # In a picture of one row there is nobody above nor below; somebody is always near.
        around = np.where(around < 0, around[:NEAREST].max(axis=0), around)
        yield Pass(kind, y * width + x, around)


def _inside(place: NDArray[np.intp], offset: int, distance: int, size: int) -> NDArray[np.intp]:
    """``place + offset * distance``; if that is outside, mirrored at ``place``, or nearer, or -1.

    Odd offsets stay odd and even ones even, so that what is asked for is coded already.
    """
    there = place + offset * distance
    mirrored = place - offset * distance
    there = np.where((there >= 0) & (there < size), there, mirrored)
    outside = (there < 0) | (there >= size)
    if not outside.any():
        return there
    nearer = np.full_like(place, -1)
    if abs(offset) > 1:
        nearer = _inside(place, offset - (2 if offset > 0 else -2), distance, size)
    return np.where(outside, nearer, there)
