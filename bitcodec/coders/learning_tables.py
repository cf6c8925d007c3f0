"""Tables that learn from the picture they code.

How often each symbol occurs under a class was counted on training pictures. Another picture may be
softer, or drawn: there, the same classes have other symbols. So encoder and decoder go on counting,
in integers and in the same order, and a table whose counts have grown is drawn up again.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitcodec.coders.symbol_tables import (
    PROBABILITY_BITS,
    SYMBOLS,
    TABLES,
    WHOLE,
    SymbolTables,
    model,
    shares,
)

SEEN = 1 << 10
"""What a symbol that was coded adds to its count; a table begins with a sum of 2^20, as if it had
seen 1,024 symbols. Half of that is better for pictures unlike those of training, worse for others.
"""
GROWN = 9, 8
"""A table is drawn up again when its sum has grown to this ratio: some hundred tables are, in a
picture of 512 x 512 pixels. Doing it after every step would save less than 0.1 % more."""
MOST = 1 << 40
"""A table of this sum has seen enough; beyond, the arithmetic would not fit 64 bits."""


class LearningTables:
    """Tables for coding one picture, see :class:`bitcodec.coders.symbol_tables.CodingTables`.

    Args:
        start: what is expected before anything is seen.
    """

    def __init__(self, start: SymbolTables) -> None:
        self.models: list[Any] = list(start.models)
        self.bits = start.bits.copy()
        self._counts = start.probability.astype(np.int64)
        self._sums = np.full(TABLES, WHOLE, np.int64)
        self._drawn_up = self._sums.copy()

    def saw(self, table: NDArray[np.integer], symbols: NDArray[np.integer]) -> None:
        """Count symbols that were coded, each under its table."""
        index = table.astype(np.intp) * SYMBOLS + symbols
        new = np.bincount(index, minlength=TABLES * SYMBOLS).reshape(TABLES, SYMBOLS)
        self._counts += SEEN * new
        self._sums += SEEN * new.sum(axis=1)
        grown = GROWN[1] * self._sums >= GROWN[0] * self._drawn_up
        behind = np.flatnonzero(grown & (self._drawn_up < MOST))
        if not len(behind):
            return
        self._drawn_up[behind] = self._sums[behind]
        rows = shares(self._counts[behind], self._sums[behind])
        self.bits[behind] = PROBABILITY_BITS - np.log2(rows)
        for number, row in zip(behind.tolist(), rows, strict=True):
            self.models[number] = model(row)
