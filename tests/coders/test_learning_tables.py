"""Tables that learn: what they come to expect, in integers, and that both sides learn the same."""

from __future__ import annotations

import numpy as np
import pytest

from bitcodec.coders.choosing import Choosing
from bitcodec.coders.context_model import LEARNING
from bitcodec.coders.learning_tables import GROWN, MOST, SEEN, LearningTables
from bitcodec.coders.symbol_tables import (
    BEYOND,
    SYMBOLS,
    TABLES,
    WHOLE,
    SymbolTables,
    shares,
)
from bitcodec.coders.symbols import LevelDecoder, LevelEncoder
from tests.coders import made

CLASS = 40
TABLE = 5 * CLASS
"""Of levels that are expected to be whole."""


@pytest.fixture(scope="module")
def start() -> SymbolTables:
    return SymbolTables(made.probabilities())


def steps(count: int, size: int) -> list[np.ndarray]:
    """Levels that are what no table of the class begins with: nearly all of them threes."""
    random = np.random.default_rng(5)
    return [np.where(random.random(size) < 0.9, 3, -7).astype(np.int32) for _ in range(count)]


def coded(tables: LearningTables | SymbolTables, levels: list[np.ndarray]) -> bytes:
    encoder = LevelEncoder([tables])
    for part in levels:
        classes = np.full(part.shape, CLASS, np.int32)
        encoder.using(0).code(classes, np.zeros_like(part), part)
    return encoder.payload()


def test_both_sides_learn_the_same_and_files_shrink(start: SymbolTables) -> None:
    levels = steps(100, 64)
    payload = coded(LearningTables(start), levels)
    assert len(payload) < 0.3 * len(coded(start, levels))
    decoder = LevelDecoder([LearningTables(start)], payload)
    for part in levels:
        classes = np.full(part.shape, CLASS, np.int32)
        back = decoder.using(0).code(classes, np.zeros_like(part), None)
        assert (back == part).all()
    decoder.finish()
    assert coded(LearningTables(start), levels) == payload, "and the next picture begins anew"


def test_a_table_expects_what_it_began_with_and_what_it_saw(start: SymbolTables) -> None:
    tables = LearningTables(start)
    saw = np.repeat([BEYOND, BEYOND + 2, 0], [300, 200, 1])
    tables.saw(np.full(len(saw), TABLE), saw)
    counts = [int(value) for value in start.probability[TABLE]]
    for symbol, times in ((BEYOND, 300), (BEYOND + 2, 200), (0, 1)):
        counts[symbol] += 1024 * times
    total = 2**20 + 1024 * 501
    expected = [1 + count * (2**20 - SYMBOLS) // total for count in counts]
    expected[counts.index(max(counts))] += 2**20 - sum(expected)
    assert tables.bits[TABLE] == pytest.approx(20 - np.log2(expected), abs=1e-12)
    others = np.arange(TABLES) != TABLE
    assert (tables.bits[others] == start.bits[others]).all()
    assert [tables.models[n] is start.models[n] for n in (TABLE, TABLE + 1)] == [False, True]


def test_a_table_is_drawn_up_again_when_it_has_grown_by_an_eighth(start: SymbolTables) -> None:
    tables, enough = LearningTables(start), 128  # 128 x 2^10 is an eighth of 2^20
    tables.saw(np.full(enough - 1, TABLE), np.zeros(enough - 1, int))
    assert tables.models[TABLE] is start.models[TABLE]
    tables.saw(np.array([TABLE]), np.array([0]))
    assert tables.models[TABLE] is not start.models[TABLE]


def test_the_largest_counts_fit_and_no_symbol_is_impossible() -> None:
    # The last step before a table has seen enough may add all levels of the largest picture.
    most = MOST * GROWN[0] // GROWN[1] + SEEN * ((1 << 28) // 64 * 192)
    assert most * WHOLE < 1 << 63
    counts = np.ones((2, SYMBOLS), np.int64)
    counts[:, 4] = most - SYMBOLS
    rows = shares(counts, counts.sum(axis=1))
    assert rows.min() == 1 and (rows.sum(axis=1) == WHOLE).all()
    assert (rows[:, 4] == WHOLE - SYMBOLS + 1).all()


def test_levels_are_chosen_by_what_the_tables_have_learned(start: SymbolTables) -> None:
    tables = LearningTables(start)
    choosing = Choosing(tables, 0.1, LevelEncoder([tables]).using(0))
    classes, half = np.full(64, CLASS, np.int32), np.full(64, 2.55, np.float32)
    nothing = np.zeros_like(classes)
    before = choosing.code(classes, nothing, half)
    tables.saw(np.full(8000, TABLE), np.full(8000, BEYOND + 2))
    after = choosing.code(classes, nothing, half)
    assert (before == 3).all() and (after == 2).all()


def test_a_model_says_whether_its_tables_learn() -> None:
    kinds = [made.coder(kind) for kind in made.KINDS]
    assert [coder._model.learning for coder in kinds] == [False, False, False, True]
    assert made.NEWEST == "learning"
    assert made.tables()["latents"].tolist() == [made.LATENTS, made.MEANS, LEARNING]
    assert all(
        (coder.tables()["latents"] == made.tables(kind)["latents"]).all()
        for coder, kind in zip(kinds, made.KINDS, strict=True)
    )
    first, again = (kinds[-1]._model.coding_tables() for _ in range(2))
    assert first[0] is again[0] and first[1] is not again[1]
