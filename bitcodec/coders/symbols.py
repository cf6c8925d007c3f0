"""From levels to a range coder's words and back, under a class and an expectation for each level.

A level less its expectation, rounded, is a remainder. Class and fraction choose the table
(:mod:`bitcodec.coders.symbol_tables`) that it is a symbol of; equal tables go together in one call
to constriction's range coder.

Where a class counts in units of 2, 4, ... levels, the place within a unit follows in plain bits, as
does (in an Exp-Golomb code) the distance of what lies beyond the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import constriction
import numpy as np
from numpy.typing import NDArray

from bitcodec.coders.integer_network import EIGHTHS
from bitcodec.coders.symbol_tables import (
    BEYOND,
    FRACTIONS,
    PROBABILITY_BITS,
    REACH,
    TABLES,
    UNIT,
    CodingTables,
    model,
)
from bitcodec.errors import DamagedFileError

WORD = np.dtype("<u4")


class Coding(Protocol):
    """What the encoder and the decoder have in common: levels go one way or the other."""

    def code(
        self,
        classes: NDArray[np.int32],
        expected: NDArray[np.int32],
        levels: NDArray[Any] | None,
    ) -> NDArray[np.int32]:
        """Code levels of any shape; returns them.

        Args:
            classes: of each level.
            expected: what each is expected to be, in eighths.
            levels: the levels themselves if they are known, which is when encoding; what they are
                chosen from in :class:`bitcodec.coders.choosing.Choosing`.
        """
        ...


def _even(bits: int) -> Any:
    return model(np.full(1 << bits, 1 << (PROBABILITY_BITS - bits)))


_BITS = [_even(bits) if bits else None for bits in range(int(UNIT.max()) + 1)]
_BIT, _LENGTH = _even(1), _even(4)


class Plan:
    """Which tables levels use, and in which order they go.

    Attributes:
        table: of each level.
        rounded: its expectation, rounded.
        sign: of its remainder: -1 if that is mirrored.
        unit: logarithm of the unit that it counts in.
        units: those that occur, but for 0.
    """

    def __init__(self, classes: NDArray[np.int32], expected: NDArray[np.int32]) -> None:
        flat = classes.reshape(-1)
        self.rounded = (expected.reshape(-1) + EIGHTHS // 2) >> 3
        dropped = expected.reshape(-1) - EIGHTHS * self.rounded
        self.sign = np.where(dropped < 0, np.int32(-1), np.int32(1))
        self.table = (flat * FRACTIONS + np.abs(dropped)).astype(np.uint16)
        self.unit = UNIT[flat]
        # Not np.unique, whose first call loads all of numpy.ma.
        self.units = [unit for unit in np.flatnonzero(np.bincount(self.unit)).tolist() if unit]

    def runs(self) -> tuple[NDArray[np.intp], list[tuple[int, slice]]]:
        """The levels in order of their tables, and (table, its part of that order)."""
        counts = np.bincount(self.table, minlength=TABLES)
        used = np.flatnonzero(counts)
        ends = np.cumsum(counts[used])
        parts = map(slice, (ends - counts[used]).tolist(), ends.tolist())
        return np.argsort(self.table, kind="stable"), list(zip(used.tolist(), parts, strict=True))

    def remainders(self, levels: NDArray[np.int32]) -> NDArray[np.int32]:
        """Levels → remainders, moved by half a unit."""
        rest = (levels.reshape(-1) - self.rounded) * self.sign
        return rest + ((1 << self.unit) >> 1) if self.units else rest

    def symbols(self, rest: NDArray[np.int32]) -> NDArray[np.int32]:
        """Remainders → symbols of the tables."""
        return np.clip(rest >> self.unit, -BEYOND, BEYOND) + BEYOND

    def levels(self, rest: NDArray[np.int32]) -> NDArray[np.int32]:
        """The inverse of :meth:`remainders`."""
        if self.units:
            rest = rest - ((1 << self.unit) >> 1)
        return rest * self.sign + self.rounded


class LevelEncoder:
    """Takes levels; see :meth:`Coding.code`."""

    def __init__(self, tables: Sequence[CodingTables]) -> None:
        self._tables = tables
        self._coder = constriction.stream.queue.RangeEncoder()

    def using(self, number: int) -> Coding:
        """Coding under one of the sets of tables."""
        return _Encoding(self._coder, self._tables[number])

    def payload(self) -> bytes:
        """The range coder's 32-bit words, little-endian."""
        return np.asarray(self._coder.get_compressed()).astype(WORD).tobytes()


class _Encoding:
    def __init__(self, coder: Any, tables: CodingTables) -> None:
        self._coder, self._tables = coder, tables

    def code(
        self,
        classes: NDArray[np.int32],
        expected: NDArray[np.int32],
        levels: NDArray[np.int32] | None,
    ) -> NDArray[np.int32]:
        assert levels is not None
        plan = Plan(classes, expected)
        order, runs = plan.runs()
        rest = plan.remainders(levels)
        symbols = plan.symbols(rest)
        ordered, models = symbols[order], self._tables.models
        for table, part in runs:
            self._coder.encode(ordered[part], models[table])
        self._tables.saw(plan.table, symbols)
        for unit in plan.units:
            low = rest[plan.unit == unit] & ((1 << unit) - 1)
            self._coder.encode(low, _BITS[unit])
        far = np.abs(rest >> plan.unit) - REACH
        far = far[far > 0]
        if len(far):
            self._put_far(far)
        return levels

    def _put_far(self, far: NDArray[np.integer]) -> None:
        """Exp-Golomb: the number of bits behind the first one, then these."""
        length = np.frexp(far.astype(np.float64))[1].astype(np.int32) - 1
        self._coder.encode(length, _LENGTH)
        for bit in range(int(length.max()) - 1, -1, -1):
            bits = (far[length > bit] >> bit) & 1
            self._coder.encode(bits, _BIT)


class LevelDecoder:
    """Gives levels; see :meth:`Coding.code`.

    Raises:
        DamagedFileError: if the payload is not made of words.
    """

    def __init__(self, tables: Sequence[CodingTables], payload: bytes) -> None:
        if not payload or len(payload) % WORD.itemsize:
            raise DamagedFileError("the payload is cut off; get the file again")
        self._tables = tables
        words = np.frombuffer(payload, WORD).astype(np.uint32)
        self._coder = constriction.stream.queue.RangeDecoder(words)

    def using(self, number: int) -> Coding:
        """Coding under one of the sets of tables."""
        return _Decoding(self._coder, self._tables[number])

    def finish(self) -> None:
        """Check that the payload ends where the levels do.

        Raises:
            DamagedFileError: if it goes on.
        """
        if not self._coder.maybe_exhausted():
            raise DamagedFileError(
                "the payload does not end where the bitmap does; get the file again"
            )


class _Decoding:
    def __init__(self, coder: Any, tables: CodingTables) -> None:
        self._coder, self._tables = coder, tables

    def code(
        self,
        classes: NDArray[np.int32],
        expected: NDArray[np.int32],
        levels: NDArray[np.int32] | None,
    ) -> NDArray[np.int32]:
        plan = Plan(classes, expected)
        order, runs = plan.runs()
        ordered, models = np.empty(classes.size, np.int32), self._tables.models
        for table, part in runs:
            ordered[part] = self._take(models[table], part.stop - part.start)
        rest = np.empty(classes.size, np.int32)
        rest[order] = ordered
        self._tables.saw(plan.table, rest)
        rest -= BEYOND
        low = [
            (u, here := plan.unit == u, self._take(_BITS[u], int(here.sum()))) for u in plan.units
        ]
        beyond = np.abs(rest) == BEYOND
        if beyond.any():
            rest[beyond] = np.sign(rest[beyond]) * (REACH + self._take_far(int(beyond.sum())))
        for unit, here, place in low:
            rest[here] = (rest[here] << unit) + place
        return plan.levels(rest).reshape(classes.shape)

    def _take_far(self, count: int) -> NDArray[np.int32]:
        length = self._take(_LENGTH, count)
        far = np.ones(count, np.int32)
        for bit in range(int(length.max()) - 1, -1, -1):
            more = length > bit
            far[more] = 2 * far[more] + self._take(_BIT, int(more.sum()))
        return far

    def _take(self, model: Any, count: int) -> NDArray[np.int32]:
        try:
            return self._coder.decode(model, count)
        except AssertionError:  # what constriction raises for a code it never writes
            raise DamagedFileError("the payload is damaged; get the file again") from None
