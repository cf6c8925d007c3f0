"""Levels chosen while they are coded: which of the two nearest costs less, error and bits together.

What a bit is worth training weighs too, with a prior that stands for the coder. Here the coder's
own tables say what either level would cost where it stands, after those that were chosen before it.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from bitcodec.coders.symbol_tables import PROBABILITY_BITS, REACH, CodingTables
from bitcodec.coders.symbols import Coding, Plan
from bitcodec.layout import step_of

MEAN_BIT = math.log(2) / 6
"""What a bit of a mean is worth, in squared levels: of a uniform quantizer at high rates, whose
error is 1 / 12 and falls to a quarter with each bit, ``-d(error) / d(bits) = 2 ln(2) / 12``."""

OTHER_BIT = MEAN_BIT / 3
"""The same of any other latent. Training had the encoder's network move its thresholds already, so
that less is left to weigh."""

COARSE = 160.0
"""The step up to which a bit's worth grows, with the root of the step: as in training's trade-off,
see :class:`bitcodec.training.stepped_module.LevelsConfig`."""


def at_step(worth: float, index: int) -> float:
    """A worth at a step index.

    >>> at_step(1.0, 5 * 128)  # step 32
    0.4472135954999579
    """
    return worth * math.sqrt(min(1.0, step_of(index) / COARSE))


class Choosing:
    """Takes values, chooses levels and hands these on.

    Args:
        tables: those that ``coding`` uses.
        bit: what a bit is worth, in squared levels.
        coding: codes what is chosen.
    """

    def __init__(self, tables: CodingTables, bit: float, coding: Coding) -> None:
        self._tables, self._bit, self._coding = tables, bit, coding
        # Two levels next to each other are seldom more bits apart than the rarest symbol has.
        self._clear = np.float32(0.5 - bit * PROBABILITY_BITS / 2)

    def code(
        self,
        classes: NDArray[np.int32],
        expected: NDArray[np.int32],
        levels: NDArray[np.float32] | None,
    ) -> NDArray[np.int32]:
        """Code the better one of the levels below and above each value."""
        assert levels is not None
        values = levels.reshape(-1)
        rounded = np.floor(values + np.float32(0.5))
        chosen = rounded.astype(np.int32)
        doubtful = np.flatnonzero(np.abs(values - rounded) > self._clear)
        plan = Plan(classes.reshape(-1)[doubtful], expected.reshape(-1)[doubtful])
        value, near = values[doubtful], chosen[doubtful]
        other = np.where(value < near, near - 1, near + 1)
        better = self._cost(plan, value, other) < self._cost(plan, value, near)
        chosen[doubtful[better]] = other[better]
        return self._coding.code(classes, expected, chosen.reshape(levels.shape))

    def _cost(
        self, plan: Plan, values: NDArray[np.float32], levels: NDArray[np.int32]
    ) -> NDArray[np.float64]:
        rest = plan.remainders(levels)
        far = np.maximum(np.abs(rest >> plan.unit) - REACH, 1)
        bits = self._tables.bits[plan.table, plan.symbols(rest)] + plan.unit + 2 * np.log2(far)
        return (values - levels) ** 2 + self._bit * bits
