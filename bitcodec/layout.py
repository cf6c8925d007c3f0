"""Which latents have bits at a quantization step, how many each, and where they stand in a bitmap.

A latent is an integer level ``n`` at every code position. Its level is written as K bits of a
reflected binary (Gray) code, coarse to fine: the signs of::

    f1 = 2 n + 1      fk = |f(k-1)| - 2**(K - k + 1)

(doubled, so that all are odd). A bit is a one for a positive sign at the second stage and for a
negative one at all others: level 0 is all zeros, and ones stay rare. The torch twin, which also
passes gradients, is :mod:`bitcodec.transforms.gray_folding`.

Steps are counted in fractions of an octave, as whole numbers, and everything that says how many
bits there are is integer arithmetic on that count: no machine may disagree on a bitmap's shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bitcodec.bitmap import Bitmap

PER_OCTAVE = 128
"""Step indices to an octave: one more makes a file about half a percent smaller."""

MOST_BITS = 12
"""Of a latent. Levels fit 16-bit integers then."""


@dataclass(frozen=True)
class Layout:
    """The latents that have bits.

    Attributes:
        bits: K of each latent, in coding order, each from 1 to :data:`MOST_BITS`; the channels of a
            latent stand together, coarse to fine.
        means: so many of the first latents are means, the picture's thumbnail in colours.
        index: the step's index; 0 for a model that knows no steps.
    """

    bits: tuple[int, ...]
    means: int = 0
    index: int = 0

    @property
    def latents(self) -> int:
        """M, the number of latents that have bits."""
        return len(self.bits)

    @cached_property
    def channels(self) -> int:
        """C, the channels of a bitmap."""
        return sum(self.bits)

    @cached_property
    def first(self) -> tuple[int, ...]:
        """The first channel of each latent."""
        ends = np.cumsum(self.bits).tolist()
        return tuple(end - count for end, count in zip(ends, self.bits, strict=True))

    def of_means(self) -> Layout:
        """The layout of the means alone."""
        return Layout(self.bits[: self.means], self.means, self.index)

    def nearest(self, found: NDArray[np.float32]) -> NDArray[np.int16]:
        """What an encoder network gives, ``N x H x W`` in steps → levels, of the first M latents.

        >>> import numpy as np
        >>> Layout(bits=(3,)).nearest(np.float32([[[-0.5, 0.4, 0.5, 1e9]]]))
        array([[[    0,     0,     1, 16384]]], dtype=int16)
        """
        rounded = np.floor(found[: self.latents] + np.float32(0.5))
        # No level is that large; int16 holds it.
        return np.clip(rounded, -(1 << 14), 1 << 14).astype(np.int16)

    def within(self, found: NDArray[np.float32]) -> NDArray[np.float32]:
        """What an encoder network gives, ``N x H x W`` in steps, of the first M latents; beyond the
        outermost levels, just inside them.

        >>> import numpy as np
        >>> Layout(bits=(3,)).within(np.float32([[[-9, 0.4, 3]]])).round(3)
        array([[[-3.999,  0.4  ,  2.999]]], dtype=float32)
        """
        last = (1 << np.asarray(self.bits) - 1).astype(np.float32).reshape(-1, 1, 1)
        inside = np.float32(1 / 1024)
        return np.clip(found[: self.latents], inside - last, last - 1 - inside)

    def bitmap(self, levels: NDArray[np.signedinteger]) -> Bitmap:
        """Levels ``M x H x W`` → bits ``C x H x W``; beyond the outermost level, that one.

        >>> import numpy as np
        >>> Layout(bits=(3,)).bitmap(np.array([[[-1, 0, 1, 2]]], np.int16)).astype(int)[:, 0]
        array([[1, 0, 0, 0],
               [0, 0, 0, 1],
               [0, 0, 1, 1]])
        """
        result = np.empty((self.channels, *levels.shape[1:]), np.bool_)
        for count, members in self._by_count.items():
            last = (1 << (count - 1)) - 1
            value = 2 * np.clip(levels[members], -last - 1, last).astype(np.int16) + 1
            for k in range(count):
                if k:
                    value = np.abs(value) - (1 << (count - k))
                ones = value > 0 if k == 1 else value < 0
                result[np.asarray(self.first)[members] + k] = ones
        return result

    def levels(self, bitmap: Bitmap) -> NDArray[np.int16]:
        """Bits ``C x H x W`` → levels ``M x H x W``: the inverse of :meth:`bitmap`."""
        result = np.empty((self.latents, *bitmap.shape[1:]), np.int16)
        for count, members in self._by_count.items():
            first = np.asarray(self.first)[members]
            value = self._sign(bitmap[first + count - 1], count - 1)
            for k in range(count - 2, -1, -1):
                value += 1 << (count - 1 - k)
                value *= self._sign(bitmap[first + k], k)
            result[members] = (value - 1) >> 1
        return result

    @staticmethod
    def _sign(bits: Bitmap, stage: int) -> NDArray[np.int16]:
        """1 or -1: the sign that a bit of this stage stands for."""
        signs = 2 * bits.astype(np.int16) - 1
        return signs if stage == 1 else -signs

    @cached_property
    def _by_count(self) -> dict[int, NDArray[np.intp]]:
        counts = np.asarray(self.bits)
        # Not np.unique, whose first call loads all of numpy.ma.
        return {count: np.flatnonzero(counts == count) for count in sorted(set(counts.tolist()))}


@dataclass(frozen=True)
class StepRange:
    """The layouts of a model that takes any step of a range: what ``model.json`` keeps of it.

    Attributes:
        finest: smallest step index.
        coarsest: largest step index.
        means: so many of the first latents are means.
        reach: of each latent, the index of a step as large as its largest magnitude.
        cutoff: of each latent, the largest index at which it has bits; falling, so that the latents
            of a coarser step are the first ones of a finer step.
    """

    finest: int
    coarsest: int
    means: int
    reach: tuple[int, ...]
    cutoff: tuple[int, ...]

    def __post_init__(self) -> None:
        """Check that the range is one and that a layout exists for every step in it.

        Raises:
            ValueError: otherwise.
        """
        if not 0 < self.finest <= self.coarsest < 1 << 16:
            raise ValueError("step indices are from 1 to 65535, the finest first")
        if len(self.reach) != len(self.cutoff) or not 0 <= self.means <= len(self.reach):
            raise ValueError("every latent has a reach and a cutoff")
        if any(a < b for a, b in zip(self.cutoff, self.cutoff[1:], strict=False)):
            raise ValueError("cutoffs must fall")
        if not self.cutoff or self.cutoff[0] < self.coarsest:
            raise ValueError("no latent has bits at the coarsest step")
        if max(self.layout(self.finest).bits) > MOST_BITS:
            raise ValueError(f"a latent has at most {MOST_BITS} bits")

    def layout(self, index: int) -> Layout:
        """The layout at a step index.

        Raises:
            ValueError: if the index is outside the range.
        """
        if not self.finest <= index <= self.coarsest:
            raise ValueError(f"step index {index} is not from {self.finest} to {self.coarsest}")
        count = sum(cutoff >= index for cutoff in self.cutoff)
        # K bits reach to the level 2**(K - 1): one octave of steps for each, and one for the sign.
        bits = [max(2, 1 - (index - reach) // PER_OCTAVE) for reach in self.reach[:count]]
        return Layout(tuple(bits), min(self.means, count), index)


def step_of(index: int) -> float:
    """The quantization step of an index, in 8-bit levels of a coefficient of an orthonormal basis.

    >>> step_of(5 * PER_OCTAVE)
    32.0
    """
    return 2.0 ** (index / PER_OCTAVE)
