"""Overlapping tiles: a bounded amount of memory for a picture of any size.

A network with zero padding sees no further than its receptive radius. A tile that is read with a
margin of at least that radius therefore gives, inside the margin, what the whole picture gives:
the same sums of the same numbers. Where the picture itself ends, so does the margin, and the
padding inside the network does what it does without tiles.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

LONGEST_SIDE = 128
"""Code positions along a side of a tile, without its margin: 1,024 pixels at stride 8.

The shipped decoder's margins cost two fifths more work on large pictures, and a process takes some
370 MB; three quarters of the side cost half as much again in margins and take 280 MB.
"""


@dataclass(frozen=True)
class Span:
    """One side of a tile, in code positions.

    ``[start, stop)`` is what the tile contributes, ``[outer_start, outer_stop)`` what it is
    computed from.
    """

    start: int
    stop: int
    outer_start: int
    outer_stop: int

    @property
    def core(self) -> slice:
        """Where the tile goes in the whole."""
        return slice(self.start, self.stop)

    @property
    def outer(self) -> slice:
        """What is read from the whole."""
        return slice(self.outer_start, self.outer_stop)

    def inner(self, scale: int = 1) -> slice:
        """Where the core lies in what was computed, with ``scale`` samples to a position."""
        return slice(
            (self.start - self.outer_start) * scale, (self.stop - self.outer_start) * scale
        )


def spans(length: int, margin: int, longest: int) -> list[Span]:
    """``length`` positions in the fewest spans of nearly equal size, none above ``longest``.

    >>> spans(10, margin=1, longest=6)
    [Span(start=0, stop=5, outer_start=0, outer_stop=6),
     Span(start=5, stop=10, outer_start=4, outer_stop=10)]
    """
    count = -(-length // longest)
    edges = [length * i // count for i in range(count + 1)]
    return [
        Span(start, stop, max(0, start - margin), min(length, stop + margin))
        for start, stop in pairwise(edges)
    ]


def tiles(rows: int, columns: int, margin: int) -> Iterator[tuple[Span, Span]]:
    """The (vertical, horizontal) spans of all tiles, row by row."""
    for vertical in spans(rows, margin, LONGEST_SIDE):
        for horizontal in spans(columns, margin, LONGEST_SIDE):
            yield vertical, horizontal
