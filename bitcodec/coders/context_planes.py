"""What the context coder's networks see: planes of levels that fill up while levels are coded.

Positions are coded in four phases, the places of a 2 x 2 square: first (0, 0), then (1, 1), (0, 1)
and (1, 0). A plane is kept as four quarters, one for each place, padded by one row and one column
on each side. A feature is a quarter, moved by some rows and columns: it starts somewhere in memory
and goes on without a gap, over the padding too (columns that nobody asks for, a few percent).

There is a plane of zeros, planes of the slopes of each mean, and of each group of latents those of
its latents and one of their sum. Every plane is kept as magnitudes on a logarithmic scale, and with
its signs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, DTypeLike, NDArray

from bitcodec.coders.integer_network import SIGNED_MAX
from bitcodec.layout import MOST_BITS

GROUP = 8
"""Latents that are coded at once."""
PLANES = GROUP + 1
"""Of a group: its latents and their sum."""
SLOPES = 4
"""Of a mean: over two positions along rows and columns, and the bend along both."""

PHASES = ((0, 0), (1, 1), (0, 1), (1, 0))
"""(row, column) within a square, in coding order."""
_PHASE_AT = np.array([[PHASES.index((row, column)) for column in range(2)] for row in range(2)])
REACH = 2
"""Features are at most so many rows and columns away."""

_LEVELS = np.arange((1 << MOST_BITS) + 1)
MAGNITUDE = np.rint(4 * np.log2(1 + _LEVELS)).astype(np.int8)


def groups_of(latents: int, means: int) -> int:
    """How many groups the latents that are not means make; the last may not be full."""
    return -(-(latents - means) // GROUP)


def first_plane(means: int, group: Any) -> Any:
    """Of a group, or each of an array: before it are a plane of zeros, slopes, earlier groups."""
    return 1 + SLOPES * means + PLANES * group


def known(
    plane: ArrayLike, dy: ArrayLike, dx: ArrayLike, group: ArrayLike, phase: ArrayLike, means: int
) -> NDArray[np.bool_]:
    """Is the plane known at (dy, dx) from a position of this phase when the group is coded?

    Numbers, or arrays that broadcast.
    """
    plane, dy, dx, group, phase = map(np.asarray, (plane, dy, dx, group, phase))
    behind = plane - first_plane(means, group)
    rows, columns = np.transpose(PHASES)
    earlier = _PHASE_AT[(rows[phase] + dy) % 2, (columns[phase] + dx) % 2] < phase
    found: NDArray[np.bool_] = (plane >= 0) & ((behind < 0) | ((behind < GROUP) & earlier))
    return found


def slopes(means: NDArray[np.int16]) -> NDArray[np.int16]:
    """``V x H x W`` means → ``SLOPES * V x H x W``."""
    around = np.pad(means, ((0, 0), (1, 1), (1, 1)), mode="edge")
    left, right = around[:, 1:-1, :-2], around[:, 1:-1, 2:]
    above, below = around[:, :-2, 1:-1], around[:, 2:, 1:-1]
    twice = 2 * means
    every = np.stack([right - left, below - above, left + right - twice, above + below - twice], 1)
    return every.reshape(-1, *means.shape[1:])


class Planes:
    """The planes of some rows of a picture.

    Args:
        means: V, how many means there are.
        groups: how many groups there are.
        size: rows and columns; with ``above``, the rows go on where those end, which are even.
        above: the planes of the rows before.
        dtype: float32 for coding; int8 takes less room.
    """

    def __init__(
        self,
        means: int,
        groups: int,
        size: tuple[int, int],
        above: Planes | None = None,
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.means, (self.height, self.width) = means, size
        self.rows, self.columns = -(-self.height // 2), -(-self.width // 2)
        self.span = self.rows * (self.columns + 2)
        count = first_plane(means, groups)
        shape = (count, 2, 2, self.rows + 2, self.columns + 2)
        spare = 2  # the last feature of all ends in the padding behind the last row
        self._flat = [np.zeros(int(np.prod(shape)) + spare, dtype) for _ in range(2)]
        self.magnitudes, self.signed = (flat[:-spare].reshape(shape) for flat in self._flat)
        if above is not None:
            self.magnitudes[..., 0, :] = above.magnitudes[..., above.rows, :]
            self.signed[..., 0, :] = above.signed[..., above.rows, :]
        self._windows = [sliding_window_view(flat, self.span) for flat in self._flat]

    def put(self, first: int, phase: int, levels: NDArray[np.integer]) -> None:
        """Fill in planes from ``first`` on with levels ``planes x rows x columns`` of a phase."""
        row, column = PHASES[phase]
        rows, columns = slice(1, 1 + levels.shape[1]), slice(1, 1 + levels.shape[2])
        here = slice(first, first + len(levels))
        size = np.minimum(np.abs(levels), len(MAGNITUDE) - 1)
        self.magnitudes[here, row, column, rows, columns] = MAGNITUDE[size]
        self.signed[here, row, column, rows, columns] = np.clip(levels, -SIGNED_MAX, SIGNED_MAX)

    def put_slopes(self, values: NDArray[np.int16]) -> None:
        """Fill in the planes of the means: ``SLOPES * V x height x width``."""
        for phase, (row, column) in enumerate(PHASES):
            self.put(1, phase, values[:, row::2, column::2])

    def put_group(self, group: int, phase: int, levels: NDArray[np.integer]) -> None:
        """Fill in the planes of a group from its levels ``up to GROUP x rows x columns``."""
        first = first_plane(self.means, group)
        self.put(first, phase, levels)
        self.put(first + GROUP, phase, np.abs(levels).sum(axis=0, keepdims=True))

    def inside(self, phase: int, values: NDArray) -> NDArray:
        """``B x span`` → ``B x rows x columns`` of a phase, without padding."""
        row, column = PHASES[phase]
        cut = values.reshape(len(values), self.rows, self.columns + 2)
        return cut[:, : (self.height - row + 1) // 2, : (self.width - column + 1) // 2]

    def starts(self, features: NDArray[np.integer], phase: int) -> NDArray[np.intp]:
        """Where features (plane, dy, dx) begin for a phase."""
        plane, dy, dx = features.astype(np.intp).T
        row, column = PHASES[phase]
        length = self.columns + 2
        quarter = 2 * ((row + dy) % 2) + (column + dx) % 2
        top, left = 1 + (row + dy) // 2, 1 + (column + dx) // 2
        return ((4 * plane + quarter) * (self.rows + 2) + top) * length + left

    def gather(self, which: int, starts: NDArray[np.intp]) -> NDArray:
        """Features ``M x span`` of the magnitudes (0) or of the signed planes (1)."""
        return self._windows[which][starts]

    def at(self, which: int, starts: NDArray[np.intp], places: NDArray[np.intp]) -> NDArray:
        """Features ``places x M`` at some of the places of a span."""
        return self._flat[which][places[:, None] + starts]
