"""The arithmetic of the context coder's networks: integers, in float32, exact.

One hidden layer beside a linear path says how far a level may be from what it is expected to be,
a second linear path says what that is::

    x   magnitudes and the step's index, integers from -MAGNITUDE_MAX to MAGNITUDE_MAX, and ONE
    s   signed features, integers from -SIGNED_MAX to SIGNED_MAX
    h   clip(floor(W1 x / 32), 0, 255)
    c   clip(floor((W2 h + L x) / 1024) + 32, 0, 63): the class, a quarter of an octave of spread
    e   floor((S s + 16) / 32): the expectation, in eighths of a level

Everything is an integer, yet the products run through float32 BLAS: a float32 sum of integers is
exact, in any order and with fused or separate roundings, as long as no partial sum can pass 2^24.
The models prove that from their tables: they bound the sum of absolute values. The floor of a
product with a power of two is exact too. So no thread count, BLAS or instruction set can change a
class or an expectation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

HIDDEN_STEP = 32
HIDDEN_MAX = 255
CLASS_STEP = 1024
CLASSES = 64
EXPECTED_STEP = 32
EIGHTHS = 8
MAGNITUDE_MAX = 63
SIGNED_MAX = 127
ONE = 8
"""The feature that never changes."""
EXACT = 1 << 24
FARTHEST = 60_000
"""An expectation, in levels; the code for what lies beyond the tables reaches 65,535 levels, and a
level itself, or the neighbours that a mean is expected near, at most 4,096."""

# What one unit of the integer tables is worth in the float networks that they are rounded from.
X_SCALE = 8
HIDDEN_SCALE = 16
W1_SCALE = HIDDEN_SCALE * HIDDEN_STEP // X_SCALE
W2_SCALE = CLASS_STEP // HIDDEN_SCALE
L_SCALE = CLASS_STEP // X_SCALE
S_SCALE = EXPECTED_STEP * EIGHTHS


@dataclass(frozen=True)
class Networks:
    """The weights of N networks with M features, S signed features, U units and B outputs.

    Attributes:
        hidden: ``N x U x M``, W1.
        output: ``N x B x (U + M)``, W2 and L side by side.
        signed: ``N x B x S``, S.
    """

    hidden: NDArray[np.integer]
    output: NDArray[np.integer]
    signed: NDArray[np.integer]

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
    def count(self) -> int:
        """N."""
        return len(self.hidden)

    @property
    def outputs(self) -> int:
        """B."""
        return self.output.shape[1]

    @property
    def magnitudes(self) -> int:
        """M."""
        return self.hidden.shape[2]

    def check(self, more_spread: int = 0, more_expected: int = 0) -> None:
        """Check that shapes agree, every partial sum stays exact in float32, and every level can be
        coded under every expectation.

        Args:
            more_spread: the most that is added to the sum of a class from elsewhere.
            more_expected: the most that is added to an expectation, in eighths of a level.

        Raises:
            ValueError: otherwise.
        """
        arrays = (self.hidden, self.output, self.signed)
        if any(array.ndim != 3 or array.dtype.kind not in "iu" for array in arrays):
            raise ValueError("weights are three-dimensional arrays of integers")
        count, units, magnitudes = self.hidden.shape
        if self.output.shape != (count, self.outputs, units + magnitudes):
            raise ValueError("the layers do not fit together")
        if self.signed.shape[:2] != (count, self.outputs):
            raise ValueError("the paths do not fit together")
        # Larger ones could wrap around in the sums below.
        if any(
            not -EXACT < int(end) < EXACT for a in arrays if a.size for end in (a.min(), a.max())
        ):
            raise ValueError("weights that float32 does not hold")
        wide = [np.abs(array.astype(np.int64)) for array in arrays]
        reach = np.concatenate([np.full(units, HIDDEN_MAX), np.full(magnitudes, MAGNITUDE_MAX)])
        spread = (wide[1] * reach).sum(axis=-1) + more_spread
        sums = (wide[0].sum(axis=-1) * MAGNITUDE_MAX, spread)
        most = max(total.max(initial=0) for total in sums)
        expected = wide[2].sum(axis=-1).max(initial=0) * SIGNED_MAX + EXPECTED_STEP
        if max(most, expected) >= EXACT:
            raise ValueError("sums that float32 does not hold")
        if expected + more_expected * EXPECTED_STEP >= FARTHEST * EIGHTHS * EXPECTED_STEP:
            raise ValueError("expectations that no level can be coded under")


class FastNetworks:
    """The arithmetic in float32 BLAS, exact (see the top of this file)."""

    def __init__(self, networks: Networks) -> None:
        units = networks.hidden.shape[1]
        self._hidden = networks.hidden.astype(np.float32)
        self._output = np.ascontiguousarray(networks.output[..., :units], np.float32)
        self._linear = np.ascontiguousarray(networks.output[..., units:], np.float32)
        self._signed = networks.signed.astype(np.float32)

    @property
    def signed(self) -> int:
        """S."""
        return self._signed.shape[2]

    def __call__(
        self,
        number: int,
        x: NDArray[np.float32],
        s: NDArray[np.float32],
        more: tuple[NDArray[np.float32], NDArray[np.int32]] | None = None,
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Features ``M x P`` and ``S x P`` → classes and expectations, ``B x P`` each.

        ``more`` is added to the sums of the classes, and to the expectations.
        """
        hidden = self._hidden[number] @ x
        hidden *= np.float32(1 / HIDDEN_STEP)
        np.floor(hidden, out=hidden)
        np.maximum(hidden, np.float32(0), out=hidden)
        np.minimum(hidden, np.float32(HIDDEN_MAX), out=hidden)
        spread = self._output[number] @ hidden
        spread += self._linear[number] @ x
        if more:
            spread += more[0]
        spread *= np.float32(1 / CLASS_STEP)
        np.floor(spread, out=spread)
        spread += np.float32(CLASSES // 2)
        np.maximum(spread, np.float32(0), out=spread)
        np.minimum(spread, np.float32(CLASSES - 1), out=spread)
        expected = self._signed[number] @ s
        expected += np.float32(EXPECTED_STEP // 2)
        expected *= np.float32(1 / EXPECTED_STEP)
        np.floor(expected, out=expected)
        if more:
            return spread.astype(np.int32), expected.astype(np.int32) + more[1]
        return spread.astype(np.int32), expected.astype(np.int32)


def reference(
    networks: Networks, number: int, x: NDArray[np.integer], s: NDArray[np.integer]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The same as :class:`FastNetworks` in plain int64: the definition, slow."""
    x, s = x.astype(np.int64), s.astype(np.int64)
    hidden = (networks.hidden[number].astype(np.int64) @ x) // HIDDEN_STEP
    both = np.concatenate([np.clip(hidden, 0, HIDDEN_MAX), x])
    spread = (networks.output[number].astype(np.int64) @ both) // CLASS_STEP + CLASSES // 2
    expected = networks.signed[number].astype(np.int64) @ s + EXPECTED_STEP // 2
    return np.clip(spread, 0, CLASSES - 1), expected // EXPECTED_STEP
