"""Levels chosen while they are coded: which of the two nearest costs less, error and bits together.

No network touches the means in the encoder, so nothing in training has weighed their bits, and the
nearest level may cost a bit more than another that is hardly farther away. Here the coder's own
tables say what either would cost where it stands, after those that were chosen before it.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from bitcodec.coders.symbols import REACH, Plan, SymbolTables

BIT = math.log(2) / 6
"""What a bit is worth, in squared levels: of a uniform quantizer at high rates, whose error is
1 / 12 and falls to a quarter with each bit, ``-d(error) / d(bits) = 2 ln(2) / 12``."""


class Choosing:
    """Takes values and gives levels; in place of what codes them, see :class:`Coding`.

    Attributes:
        steps: classes, expectations and levels, as :meth:`Coding.code` takes them, of all so far.
    """

    def __init__(self, tables: SymbolTables) -> None:
        self._bits = tables.bits
        self.steps: list[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]] = []

    def code(
        self,
        classes: NDArray[np.int32],
        expected: NDArray[np.int32],
        levels: NDArray[np.float32] | None,
    ) -> NDArray[np.int32]:
        """The better one of the levels below and above each value."""
        assert levels is not None
        plan, flat = Plan(classes, expected), levels.reshape(-1)
        near = np.floor(flat + np.float32(0.5)).astype(np.int32)
        other = np.where(flat < near, near - 1, near + 1)
        better = self._cost(plan, flat, other) < self._cost(plan, flat, near)
        chosen = np.where(better, other, near).reshape(levels.shape)
        self.steps.append((classes, expected, chosen))
        return chosen

    def _cost(
        self, plan: Plan, values: NDArray[np.float32], levels: NDArray[np.int32]
    ) -> NDArray[np.float64]:
        rest = plan.remainders(levels)
        far = np.maximum(np.abs(rest >> plan.unit) - REACH, 1)
        bits = self._bits[plan.table, plan.symbols(rest)] + plan.unit + 2 * np.log2(far)
        return (values - levels) ** 2 + BIT * bits
