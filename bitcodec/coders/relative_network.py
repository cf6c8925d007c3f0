"""What the means' networks see of differences in proportion to their size: integers, exact.

A bend in an edge looks the same whether the edge is faint or strong. So differences are divided by
how large they are on average, one hidden layer looks at the proportions, and what it expects grows
with the differences again. Its units say how wide the spread is, too::

    s   signed features, S integers from -SIGNED_MAX to SIGNED_MAX
    m   sum of |s| + S // 2: S times their size, which is half a level at least
    r   clip(floor(16 S s / m), -96, 96): in sixteenths of their size
    t   clip(floor(T r / 32), -64, 64)
    c   floor(C (t, |t|) / 8): added to the sums of the class
    e   floor(m (E t) / (512 S) + 1 / 2): added to the expectation, in eighths of a level

The products run through float32 BLAS, exact for the reason that
:mod:`bitcodec.coders.integer_network` gives; divisions are those of integers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from bitcodec.coders.integer_network import EIGHTHS, EXACT, SIGNED_MAX

PROPORTION = 16
"""A difference of the average size."""
PROPORTION_MAX = 96
HIDDEN_STEP = 32
TURN_MAX = 64
"""Of a hidden unit, on both sides."""
SPREAD_STEP = 8
EXPECTED_STEP = TURN_MAX * TURN_MAX // EIGHTHS


@dataclass(frozen=True)
class RelativeNetworks:
    """The weights of N networks with S signed features, U units and one output.

    Attributes:
        hidden: ``N x U x S``, T.
        spread: ``N x 1 x 2U``, C.
        expected: ``N x 1 x U``, E.
    """

    hidden: NDArray[np.integer]
    spread: NDArray[np.integer]
    expected: NDArray[np.integer]

    @classmethod
    def from_tables(cls, tables: Mapping[str, NDArray[np.integer]], prefix: str) -> Self:
        """The networks with these weights.

        Raises:
            ValueError: if the arrays are not weights, or their sums could leave the range in which
                float32 is exact.
        """
        networks = cls(**{field.name: tables[prefix + field.name] for field in fields(cls)})
        networks.check()
        return networks

    def tables(self, prefix: str) -> dict[str, NDArray[np.integer]]:
        """The arrays by name."""
        return {prefix + field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def signed(self) -> int:
        """S."""
        return self.hidden.shape[2]

    @property
    def most_spread(self) -> int:
        """No addition to the sum of a class is larger."""
        return int(_sums(self.spread).max(initial=0)) * TURN_MAX // SPREAD_STEP + 1

    @property
    def most_expected(self) -> int:
        """No addition to an expectation, in eighths of a level, is larger."""
        largest = SIGNED_MAX * self.signed + self.signed // 2
        turns = int(_sums(self.expected).max(initial=0)) * TURN_MAX
        return largest * turns // (EXPECTED_STEP * self.signed) + 1

    def check(self) -> None:
        """Check that shapes agree and every partial sum stays exact in float32.

        Raises:
            ValueError: otherwise.
        """
        arrays = (self.hidden, self.spread, self.expected)
        if any(array.ndim != 3 or array.dtype.kind not in "iu" for array in arrays):
            raise ValueError("weights are three-dimensional arrays of integers")
        count, units, signed = self.hidden.shape
        if self.spread.shape != (count, 1, 2 * units) or self.expected.shape != (count, 1, units):
            raise ValueError("the layers do not fit together")
        if not signed:
            raise ValueError("there are no features")
        # Larger ones could wrap around in the sums below.
        ends = [int(end) for a in arrays if a.size for end in (a.min(), a.max())]
        if any(not -EXACT < end < EXACT for end in ends):
            raise ValueError("weights that float32 does not hold")
        most = int(_sums(self.hidden).max(initial=0)) * PROPORTION_MAX
        turns = max(int(_sums(array).max(initial=0)) for array in arrays[1:]) * TURN_MAX
        if max(most, turns) >= EXACT:
            raise ValueError("sums that float32 does not hold")


def _sums(weights: NDArray[np.integer]) -> NDArray[np.int64]:
    return np.abs(weights.astype(np.int64)).sum(axis=-1)


class FastRelative:
    """The arithmetic in float32 BLAS, exact (see the top of this file)."""

    def __init__(self, networks: RelativeNetworks) -> None:
        self._hidden = networks.hidden.astype(np.float32)
        self._spread = networks.spread.astype(np.float32)
        self._expected = networks.expected.astype(np.float32)

    def __call__(
        self, number: int, s: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Features ``S x P`` → what to add to sums of classes and to expectations, ``1 x P``."""
        proportions, size = in_proportion(s.astype(np.int32))
        turned = self._hidden[number] @ proportions.astype(np.float32)
        turned *= np.float32(1 / HIDDEN_STEP)
        np.floor(turned, out=turned)
        np.maximum(turned, np.float32(-TURN_MAX), out=turned)
        np.minimum(turned, np.float32(TURN_MAX), out=turned)
        spread = self._spread[number] @ np.concatenate([turned, np.abs(turned)])
        spread *= np.float32(1 / SPREAD_STEP)
        np.floor(spread, out=spread)
        return spread, _grown(self._expected[number] @ turned, size, len(s))


def in_proportion(s: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Features ``S x P`` → r, ``S x P``, and m, ``P``, of the top of this file."""
    size = np.abs(s).sum(axis=0) + len(s) // 2
    size = np.maximum(size, 1)  # a single feature may be 0
    ratio = s * np.int32(PROPORTION * len(s)) // size
    return ratio.clip(-PROPORTION_MAX, PROPORTION_MAX), size


def _grown(turns: NDArray, size: NDArray[np.integer], count: int) -> NDArray[np.int32]:
    """E t → what to add to expectations."""
    step = EXPECTED_STEP * count
    return ((turns.astype(np.int64) * size + step // 2) // step).astype(np.int32)


def reference(
    networks: RelativeNetworks, number: int, s: NDArray[np.integer]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The same as :class:`FastRelative` in plain int64: the definition, slow."""
    s = s.astype(np.int64)
    size = np.maximum(np.abs(s).sum(axis=0) + len(s) // 2, 1)
    ratio = np.clip(PROPORTION * len(s) * s // size, -PROPORTION_MAX, PROPORTION_MAX)
    turned = (networks.hidden[number].astype(np.int64) @ ratio) // HIDDEN_STEP
    turned = np.clip(turned, -TURN_MAX, TURN_MAX)
    both = np.concatenate([turned, np.abs(turned)])
    spread = (networks.spread[number].astype(np.int64) @ both) // SPREAD_STEP
    step = EXPECTED_STEP * len(s)
    expected = networks.expected[number].astype(np.int64) @ turned
    return spread, (expected * size + step // 2) // step
