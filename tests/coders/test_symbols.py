"""Levels to words and back: every class and fraction, tails, and where the intervals lie."""

from __future__ import annotations

import constriction
import numpy as np
import pytest
from numpy.typing import NDArray

from bitcodec.coders import integer_network
from bitcodec.coders.integer_network import CLASSES, EIGHTHS
from bitcodec.coders.symbol_tables import (
    BEYOND,
    FRACTIONS,
    PROBABILITY_BITS,
    REACH,
    SYMBOLS,
    TABLES,
    UNIT,
    SymbolTables,
)
from bitcodec.coders.symbols import WORD, LevelDecoder, LevelEncoder, Plan
from bitcodec.errors import DamagedFileError
from tests.coders import made

FARTHEST = REACH + (1 << 16) - 1
"""Units from the expectation to the last level that the Exp-Golomb code can say."""


@pytest.fixture(scope="module")
def tables() -> SymbolTables:
    return SymbolTables(made.probabilities())


def there_and_back(
    tables: SymbolTables,
    classes: NDArray[np.int32],
    expected: NDArray[np.int32],
    levels: NDArray[np.int32],
) -> NDArray[np.int32]:
    """What is decoded of levels."""
    encoder = LevelEncoder([tables])
    encoder.using(0).code(classes, expected, levels)
    decoder = LevelDecoder([tables], encoder.payload())
    back = decoder.using(0).code(classes, expected, None)
    decoder.finish()
    return back


def test_every_class_and_fraction_round_trips_at_the_ends_of_the_tables(
    tables: SymbolTables,
) -> None:
    """All 8 fractions, expectations of both signs, and the levels beside each table's two ends."""
    at = np.array([0, *range(-3, 4), *range(REACH - 1, REACH + 4), *range(-REACH - 3, 2 - REACH)])
    classes, expected, place = np.meshgrid(
        np.arange(CLASSES, dtype=np.int32),
        np.arange(-2 * EIGHTHS, 2 * EIGHTHS, dtype=np.int32) + np.int32(3),
        at.astype(np.int32),
        indexing="ij",
    )
    for within in (-1, 0, 1):
        levels = (place << UNIT[classes]) + within
        back = there_and_back(tables, classes, expected, levels)
        assert back.dtype == np.int32 and np.array_equal(back, levels)


@pytest.mark.parametrize("number", [0, CLASSES // 2, CLASSES - 1])
@pytest.mark.parametrize("sign", [-1, 1])
def test_tails_round_trip_as_far_as_levels_go(tables: SymbolTables, number: int, sign: int) -> None:
    """Around every power of two, where the Exp-Golomb code takes one more bit."""
    far = np.unique([max(1, (1 << bit) + near) for bit in range(16) for near in (-1, 0, 1)])
    far = np.append(far, FARTHEST - REACH).astype(np.int32)
    levels = sign * ((REACH + far) << UNIT[number])
    classes = np.full(len(levels), number, np.int32)
    expected = np.zeros(len(levels), np.int32)
    assert np.array_equal(there_and_back(tables, classes, expected, levels), levels)


@pytest.mark.parametrize("sign", [-1, 1])
def test_any_level_can_be_coded_under_the_farthest_expectation(
    tables: SymbolTables, sign: int
) -> None:
    classes = np.arange(CLASSES, dtype=np.int32)
    expected = np.full(CLASSES, sign * integer_network.FARTHEST * EIGHTHS, np.int32)
    for level in (-4096, 0, 4096):
        levels = np.full(CLASSES, level, np.int32)
        assert np.array_equal(there_and_back(tables, classes, expected, levels), levels)


@pytest.mark.parametrize("shape", [(1,), (1, 1, 1), (8, 1, 1), (3, 0), (0,)])
def test_few_levels_or_none_keep_their_shape(tables: SymbolTables, shape: tuple[int, ...]) -> None:
    classes = np.full(shape, 20, np.int32)
    levels = np.full(shape, -1, np.int32)
    encoder = LevelEncoder([tables])
    coding = encoder.using(0)
    coding.code(classes, np.zeros(shape, np.int32), levels)
    coding.code(np.zeros(1, np.int32), np.zeros(1, np.int32), np.zeros(1, np.int32))
    back = LevelDecoder([tables], encoder.payload()).using(0)
    assert np.array_equal(back.code(classes, np.zeros(shape, np.int32), None), levels)


def test_mirrored_expectations_use_one_table_and_mirror_the_remainders() -> None:
    """But for expectations half way between two levels, which round upwards on both sides."""
    expected = np.array([e for e in range(-40, 41) if (e + 4) % 8], np.int32)
    classes = np.full(len(expected), CLASSES // 2 - 20, np.int32)
    levels = np.arange(len(expected), dtype=np.int32) - 30
    plan, mirrored = Plan(classes, expected), Plan(classes, -expected)
    uneven = expected % 8 != 0
    assert np.array_equal(plan.table, mirrored.table)
    rest, other = plan.remainders(levels), mirrored.remainders(-levels)
    assert np.array_equal(rest[uneven], other[uneven])
    assert np.array_equal(rest[~uneven], -other[~uneven])


def test_intervals_lie_where_integer_arithmetic_says(tables: SymbolTables) -> None:
    """A word on the last point before a border, and one on it, of every table.

    This is what the format promises of constriction: floor(sum * (2^24 - n) / 2^20) + number.
    """
    ends = np.cumsum(tables.probability.astype(np.int64), axis=1)[:, :-1]
    borders = (ends * ((1 << 24) - SYMBOLS) >> PROBABILITY_BITS) + np.arange(1, SYMBOLS)
    slot = ((1 << 64) - 1) >> 24
    for number in range(0, TABLES, 7):
        for symbol, border in enumerate(borders[number].tolist()):
            for point, wanted in ((border - 1, symbol), (border, symbol + 1)):
                state = point * slot + slot // 2
                words = np.array([state >> 32, state & 0xFFFFFFFF], np.uint32)
                decoder = constriction.stream.queue.RangeDecoder(words)
                assert decoder.decode(tables.models[number], 1)[0] == wanted


def test_the_least_likely_symbols_of_the_steepest_table_round_trip() -> None:
    """Probabilities of 2^-20, the smallest that tables may have, at every symbol."""
    steep = np.ones((TABLES, SYMBOLS), np.int32)
    peaks = np.arange(TABLES) % SYMBOLS
    steep[np.arange(TABLES), peaks] += (1 << PROBABILITY_BITS) - SYMBOLS
    tables = SymbolTables(steep)
    table, symbol = np.divmod(np.arange(TABLES * SYMBOLS, dtype=np.int32), np.int32(SYMBOLS))
    classes, expected = np.divmod(table, np.int32(FRACTIONS))
    plan = Plan(classes, expected)
    levels = plan.levels((symbol - np.int32(BEYOND)) << plan.unit)
    assert np.array_equal(there_and_back(tables, classes, expected, levels), levels)


@pytest.mark.parametrize("wrong", ["zero", "sum", "wrapped", "negative", "shape", "float"])
def test_tables_that_are_no_probabilities_are_refused(wrong: str) -> None:
    table: NDArray = made.probabilities()
    if wrong == "zero":
        table[3, BEYOND] += table[3, 0]
        table[3, 0] = 0
    elif wrong == "sum":
        table[-1, BEYOND] += 1
    elif wrong == "wrapped":
        table = table.astype(np.int64)
        table[7, :4] += 1 << 62  # 2^64 in sum, which 64 bits do not see
    elif wrong == "negative":
        table[5, BEYOND] += table[5, 1] + 1
        table[5, 1] = -1
    elif wrong == "shape":
        table = table[:-1]
    else:
        table = table.astype(np.float64)
    with pytest.raises(ValueError, match="probabilities"):
        SymbolTables(table)


@pytest.mark.parametrize("payload", [b"", b"123", bytes(5)])
def test_payloads_that_are_no_words_are_damage(tables: SymbolTables, payload: bytes) -> None:
    with pytest.raises(DamagedFileError, match="cut off"):
        LevelDecoder([tables], payload)


def test_the_payload_is_little_endian_words(tables: SymbolTables) -> None:
    encoder = LevelEncoder([tables])
    some = np.arange(50, dtype=np.int32) - 25
    encoder.using(0).code(np.full(50, 30, np.int32), np.zeros(50, np.int32), some)
    words = np.asarray(encoder._coder.get_compressed())
    assert encoder.payload() == b"".join(int(w).to_bytes(WORD.itemsize, "little") for w in words)
