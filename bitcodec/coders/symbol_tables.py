"""The tables of symbols: how likely each remainder is, as models of the range coder.

A remainder is a level less its expectation, rounded (:mod:`bitcodec.coders.symbols`). Every class
has, for each eighth of a level that the rounding dropped, a table of the probabilities of
remainders from -15 to 15 and of what lies beyond on either side, fitted by counting; they may go on
counting while a picture is coded (:mod:`bitcodec.coders.learning_tables`). Classes of wide spread
count in units of 2, 4, ... levels.

constriction turns probabilities p into integer intervals by itself: a border lies at
floor(sum of p * (2^24 - n)) of 2^24, plus the symbol's number, for an alphabet of n. With every p a
multiple of 2^-20, and all of them 1 in sum, sums and products are exact in float64, so that this is
integer arithmetic as well.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, Protocol

import constriction
import numpy as np
from numpy.typing import NDArray

from bitcodec.coders.integer_network import CLASSES, EIGHTHS

REACH = 15
BEYOND = REACH + 1
SYMBOLS = 2 * BEYOND + 1
FRACTIONS = EIGHTHS // 2 + 1
"""Remainders are mirrored where the expectation lies below the level it was rounded to."""
TABLES = CLASSES * FRACTIONS
PROBABILITY_BITS = 20
WHOLE = 1 << PROBABILITY_BITS

PER_OCTAVE = 4
"""Classes to an octave of spread; a spread of one level is the middle one."""
UNIT = np.maximum(
    0, np.arange(CLASSES, dtype=np.int32) // PER_OCTAVE - CLASSES // 2 // PER_OCTAVE - 2
)
"""Logarithm of the unit that a class counts in."""


class CodingTables(Protocol):
    """A set of tables, while a picture is coded."""

    @property
    def bits(self) -> NDArray[np.float64]:
        """What each symbol of each table costs, ``TABLES x SYMBOLS``; for choosing, not coding."""
        ...

    @property
    def models(self) -> list[Any]:
        """One of constriction's for each table."""
        ...

    def saw(self, table: NDArray[np.integer], symbols: NDArray[np.integer]) -> None:
        """Be told what was coded, each symbol under its table."""
        ...


class SymbolTables:
    """Probabilities ``TABLES x SYMBOLS`` in units of 2^-20, as models of constriction.

    Raises:
        ValueError: unless they are probabilities, none of them 0.
    """

    def __init__(self, probability: NDArray[np.integer]) -> None:
        if probability.shape != (TABLES, SYMBOLS) or probability.dtype.kind not in "iu":
            raise ValueError("not a table of probabilities")
        wide = probability.astype(np.int64)
        if wide.min() < 1 or wide.max() >> PROBABILITY_BITS or (wide.sum(axis=1) != WHOLE).any():
            raise ValueError("these are no probabilities")
        self.probability = probability

    @cached_property
    def bits(self) -> NDArray[np.float64]:
        """See :class:`CodingTables`."""
        return PROBABILITY_BITS - np.log2(self.probability)

    @cached_property
    def models(self) -> list[Any]:
        """See :class:`CodingTables`."""
        return [model(row) for row in self.probability]

    def saw(self, table: NDArray[np.integer], symbols: NDArray[np.integer]) -> None:
        """Nothing comes of it: these tables stay as they are."""


def model(probability: NDArray[np.integer]) -> Any:
    """constriction's model of probabilities in units of 2^-20."""
    # "perfect" would search for the best rounding with logarithms; this is plain arithmetic.
    share = probability.astype(np.float64) / WHOLE
    return constriction.stream.model.Categorical(share, perfect=False, lazy=False)


def shares(counts: NDArray[np.int64], sums: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows of counts, with their sums → probabilities in units of 2^-20, none of them 0.

    Each is 1 and its share, rounded down, of what the ones leave; the rest goes to the first of
    the most frequent symbols.

    >>> counts = np.full((1, 33), 2, np.int64)
    >>> shares(counts, counts.sum(axis=1))[0, :3].tolist()
    [31776, 31775, 31775]
    """
    rows = 1 + counts * (WHOLE - SYMBOLS) // sums[:, None]
    rows[np.arange(len(rows)), np.argmax(counts, axis=1)] += WHOLE - rows.sum(axis=1)
    return rows
