"""The integer network that predicts the bits of numbers from their neighbours'.

One small network for each kind of pass and each bit of each number, in the arithmetic of
:mod:`bitcodec.coders.context_model`. Its features are the neighbours, folded along with the number
(:mod:`bitcodec.coders.means`), and how the numbers before it change between here and the nearest
neighbours, all clipped to :data:`REACH`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from bitcodec.bitmap import Bitmap
from bitcodec.coders.base import Tables
from bitcodec.coders.integer_network import (
    EXACT,
    HIDDEN_MAX,
    PROBABILITY_BITS,
    FastNetwork,
)
from bitcodec.coders.means import (
    CLASSES,
    NEAREST,
    NEIGHBOURS,
    SLOPES,
    Pass,
    bits,
    folded,
    passes,
    signs,
    slopes,
    unfolded,
)
from bitcodec.errors import UnknownModelError

REACH = 31
"""Fifteen levels: what is further away says no more."""

MOST_BITS = 12
PREFIX = "number_"

CodeBits = Callable[[NDArray[np.float64], NDArray[np.int32] | None], NDArray[np.int32]]
"""Takes the probability of a one for each bit, and the bits if they are known; returns the bits."""


Decide = Callable[[int, NDArray[np.float32], NDArray[np.int32]], NDArray[np.int32]]
"""See :func:`walk`."""


@dataclass(frozen=True)
class NumberModel:
    """The tables; shapes with V numbers of K bits at most, S = V * K slots, M features, U units.

    Attributes:
        channels: ``V x K``, the channels of each number, coarse to fine; -1 where it has fewer.
        hidden: ``CLASSES x S x U x M``.
        hidden_bias: ``CLASSES x S x U``.
        output: ``CLASSES x S x 1 x (U + M)``.
        output_bias: ``CLASSES x S x 1``.
    """

    channels: NDArray[np.integer]
    hidden: NDArray[np.integer]
    hidden_bias: NDArray[np.integer]
    output: NDArray[np.integer]
    output_bias: NDArray[np.integer]

    @classmethod
    def from_tables(cls, tables: Tables) -> Self | None:
        """None if the tables have no numbers.

        Raises:
            UnknownModelError: if the arrays are not those of this model.
        """
        names = [field.name for field in fields(cls)]
        given = [name for name in names if PREFIX + name in tables]
        if not given:
            return None
        if given != names or any(tables[PREFIX + name].dtype.kind not in "iu" for name in names):
            raise UnknownModelError("the tables are not those of the context coder")
        return cls(**{name: tables[PREFIX + name] for name in names})

    def tables(self) -> dict[str, NDArray[np.integer]]:
        """The arrays by name."""
        return {PREFIX + field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def members(self) -> list[list[int]]:
        """The channels of each number, coarse to fine."""
        return [[c for c in row if c >= 0] for row in self.channels.tolist()]

    @property
    def planes(self) -> int:
        """Planes that the other channels' contexts may use: all bits, and slopes."""
        return sum(map(len, self.members)) + 4 * len(SLOPES) * len(self.channels)

    def check(self) -> None:
        """Raise ValueError unless shapes agree and all sums stay exact in float32."""
        count, most = self.channels.shape
        slots, width = count * most, features(count)
        units = self.hidden.shape[2]
        shapes_agree = (
            1 <= most <= MOST_BITS
            and min(map(len, self.members)) >= 2
            and self.hidden.shape == (CLASSES, slots, units, width)
            and self.hidden_bias.shape == (CLASSES, slots, units)
            and self.output.shape == (CLASSES, slots, 1, units + width)
            and self.output_bias.shape == (CLASSES, slots, 1)
        )
        if not shapes_agree:
            raise ValueError("not the tables of numbers")
        wide = {name: np.abs(table.astype(np.int64)) for name, table in self.tables().items()}
        first = wide["number_hidden"].sum(axis=-1) * REACH + wide["number_hidden_bias"]
        reach = np.concatenate([np.full(units, HIDDEN_MAX), np.full(width, REACH)])
        second = (wide["number_output"] * reach).sum(axis=-1) + wide["number_output_bias"]
        if max(first.max(), second.max()) >= EXACT:
            raise ValueError("sums that float32 does not hold")


def features(numbers: int) -> int:
    """How many features a bit has when ``numbers`` are coded."""
    return NEIGHBOURS + NEAREST * (numbers - 1)


class NumberCoder:
    """Walks the numbers of a bitmap in coding order; encoder and decoder through the same code."""

    def __init__(self, model: NumberModel, ones: NDArray[np.int64]) -> None:
        self.model = model
        self._network = FastNetwork(model)
        self._ones = ones

    def encode(self, bitmap: Bitmap, code: CodeBits) -> NDArray[np.bool_]:
        """Hand all bits of the numbers to ``code``; returns the context planes."""
        values = number_values(bitmap, self.model.members)
        for step in passes(*bitmap.shape[1:]):
            walk(
                values.reshape(len(values), -1), self.model.members, step, self._coding(step, code)
            )
        return number_planes(bitmap, values, self.model.members)

    def decode(self, bitmap: Bitmap, code: CodeBits) -> NDArray[np.bool_]:
        """Take them from ``code`` into the bitmap; returns the context planes."""
        members = self.model.members
        values = np.zeros((len(members), *bitmap.shape[1:]), np.int32)

        def take(
            probability: NDArray[np.float64], bits_: NDArray[np.int32] | None
        ) -> NDArray[np.int32]:
            return code(probability, None)

        for step in passes(*bitmap.shape[1:]):
            walk(values.reshape(len(values), -1), members, step, self._coding(step, take))
        for value, row in zip(values, members, strict=True):
            bitmap[row] = bits(folded(value, len(row)))
        return number_planes(bitmap, values, members)

    def _coding(self, step: Pass, code: CodeBits) -> Decide:
        """What codes one bit of one number at all positions of a pass."""
        drift = np.zeros((1, 1), np.int64)

        def decide(
            slot: int, x: NDArray[np.float32], positive: NDArray[np.int32]
        ) -> NDArray[np.int32]:
            level = self._network.levels(step.kind, slice(slot, slot + 1), x[None], drift)
            probability = self._ones[level[0, 0]] / float(1 << PROBABILITY_BITS)
            return code(probability, positive)

        return decide


def walk(
    values: NDArray[np.int32], members: Sequence[Sequence[int]], step: Pass, decide: Decide
) -> None:
    """Go through the bits of the numbers of a pass, coder and fit alike.

    Args:
        values: ``V x positions``; those of the pass become what ``decide`` said.
        members: the channels of each number.
        step: the pass.
        decide: is told the slot, its features ``M x P`` and whether the bits' signs are positive
            in ``values``; says whether they are.
    """
    most = max(map(len, members))
    for number, row in enumerate(members):
        around, before = context(values, number, step)
        left = values[number, step.here]
        orientation = np.ones(len(step.here), np.int32)
        stages = np.empty((len(row), len(step.here)), np.int32)
        for stage in range(len(row)):
            x = inputs(around, before * orientation, len(members))
            sign = 2 * decide(number * most + stage, x, (left > 0).astype(np.int32)) - 1
            stages[stage] = sign
            shift = 1 << (len(row) - 1 - stage)
            around, left = sign * around - shift, sign * left - shift
            orientation = sign * orientation
        values[number, step.here] = unfolded(stages)


def context(
    values: NDArray[np.int32], number: int, step: Pass
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The neighbours of a number, and how those before it change towards the nearest of them."""
    around = values[number][step.around]
    nearest = step.around[:NEAREST]
    before = values[:number, step.here][:, None] - values[:number][:, nearest]
    return around, before.reshape(-1, len(step.here))


def inputs(
    around: NDArray[np.int32], before: NDArray[np.int32], numbers: int
) -> NDArray[np.float32]:
    """Features ``M x P``, clipped; zeros where a number has fewer, and in the first pass."""
    x = np.zeros((features(numbers), around.shape[1]), np.float32)
    x[: len(around)] = around
    if len(around):
        x[NEIGHBOURS : NEIGHBOURS + len(before)] = before
    return np.clip(x, -REACH, REACH, out=x)


def number_values(bitmap: Bitmap, members: Sequence[Sequence[int]]) -> NDArray[np.int32]:
    """``V x H x W``: ``2 n + 1`` of every number in a bitmap."""
    return np.stack([unfolded(signs(bitmap[list(row)])) for row in members])


def number_planes(
    bitmap: Bitmap, values: NDArray[np.int32], members: Sequence[Sequence[int]]
) -> Bitmap:
    """The planes for the contexts of the other channels: all bits of the numbers, and slopes."""
    mine = bitmap[[channel for row in members for channel in row]]
    return np.concatenate([mine, slopes(values)])
