"""Levels of the means that are chosen by error and bits together."""

from __future__ import annotations

import numpy as np
import pytest

from bitcodec.coders.choosing import BIT, Choosing
from bitcodec.coders.context import ContextCoder
from bitcodec.coders.integer_network import CLASSES, EIGHTHS
from bitcodec.coders.symbols import BEYOND, REACH, TABLES, UNIT, LevelEncoder, SymbolTables
from bitcodec.layout import Layout
from tests.coders import made


def tables(slope: float) -> SymbolTables:
    """Every remainder costs ``slope`` bits more than the one before it."""
    size = np.abs(np.arange(-BEYOND, BEYOND + 1))
    share = 2.0 ** (-slope * size)
    row = np.maximum(1, np.floor(share / share.sum() * 2**20)).astype(np.int64)
    row[BEYOND] += 2**20 - row.sum()
    return SymbolTables(np.tile(row, (TABLES, 1)))


def chosen(slope: float, values: list[float], expected: int = 0, kind: int = 0) -> list[int]:
    flat = np.array(values, np.float32)
    classes = np.full(len(flat), kind, np.int32)
    levels = Choosing(tables(slope)).code(classes, np.full_like(classes, expected), flat)
    return levels.tolist()


def test_a_level_nearer_to_what_is_expected_wins_by_less_than_its_bits_are_worth() -> None:
    """Between 2 and 3, errors differ by ``2 (v - 2) - 1`` squared levels and bits by the slope."""
    slope = 1.5
    border = 2.5 + slope * BIT / 2
    assert chosen(slope, [border - 0.01, border + 0.01]) == [2, 3]
    assert chosen(slope, [-border + 0.01, -border - 0.01]) == [-2, -3]
    border = 2.5 - slope * BIT / 2  # six levels are expected: the larger one is cheaper
    assert chosen(slope, [border - 0.01, border + 0.01], 6 * EIGHTHS) == [2, 3]


def test_whole_levels_stay_even_where_a_neighbour_is_three_bits_cheaper() -> None:
    assert chosen(3.0, [0.0, 1.0, -2.0, 5.0]) == [0, 1, -2, 5]


def test_beyond_the_tables_a_level_costs_what_the_code_for_it_does() -> None:
    far = [REACH + 1.5, 40.3, -300.4, 1000.0]
    assert chosen(0.1, far) == [round(v - 0.01) for v in far]
    wide = int(np.argmax(UNIT))
    assert chosen(0.1, [1000.2], kind=wide) == [1000] and wide < CLASSES


@pytest.mark.parametrize("seed", range(3))
def test_what_is_chosen_has_fewer_bytes_and_is_at_most_a_level_away(seed: int) -> None:
    coder = made.coder()
    layout = Layout((9,) * made.MEANS, made.MEANS, index=700)
    random = np.random.default_rng(seed)
    found = random.normal(0, 3, (made.MEANS, 40, 48)).cumsum(1).cumsum(2).astype(np.float32) / 9
    found = np.clip(found, -200, 200)
    nearest, better = layout.nearest(found), coder.choose_means(found, layout)
    assert np.abs(better - found).max() < 1
    assert size_of(coder, better, layout) < size_of(coder, nearest, layout)
    costs = [
        np.square(levels - found).sum() + BIT * 8 * size_of(coder, levels, layout)
        for levels in (nearest, better)
    ]
    assert costs[1] < costs[0]


def test_the_payload_is_the_same_whether_the_means_were_chosen_just_before_or_not() -> None:
    layout = Layout((9,) * made.MEANS + (3,) * 8, made.MEANS, index=700)
    random = np.random.default_rng(4)
    found = random.normal(0, 9, (2, made.MEANS, 12, 10)).astype(np.float32)
    others = random.random((8 * 3, 12, 10)) < 0.3
    fresh, used = made.coder(), made.coder()
    for first, second in ((0, 0), (0, 1), (1, 1)):  # the means of this picture, or of another
        means = [used.choose_means(found[number], layout) for number in (second, first)][-1]
        bitmap = np.concatenate([layout.of_means().bitmap(means), others])
        payload = fresh.encode(bitmap, layout)
        assert used.encode(bitmap, layout) == payload
        assert used.encode(bitmap, layout) == payload
        used.choose_means(found[second], layout)
        assert used.encode(bitmap, layout) == payload
        assert (used.decode(payload, (12, 10), layout) == bitmap).all()


def test_levels_that_a_caller_changes_are_coded_as_they_are_then() -> None:
    layout = Layout((9,) * made.MEANS + (3,) * 8, made.MEANS, index=700)
    found = np.random.default_rng(5).normal(0, 9, (made.MEANS, 12, 10)).astype(np.float32)
    coder = made.coder()
    levels = coder.choose_means(found, layout)
    levels += 1
    others = np.zeros((8 * 3, 12, 10), np.bool_)
    bitmap = np.concatenate([layout.of_means().bitmap(levels), others])
    assert (coder.decode(coder.encode(bitmap, layout), (12, 10), layout) == bitmap).all()


def size_of(coder: ContextCoder, means: np.ndarray, layout: Layout) -> int:
    encoder = LevelEncoder(coder._model.symbols)
    coder._code_means(means.shape[1:], means.astype(np.int32), encoder.using(0), layout)
    return len(encoder.payload())


def test_a_mean_beyond_all_levels_is_at_the_outermost() -> None:
    layout = Layout((4,) * made.MEANS, made.MEANS, index=700)
    found = np.full((made.MEANS, 3, 3), 1e9, np.float32)
    assert (made.coder().choose_means(found, layout) == 7).all()
    assert (made.coder().choose_means(-found, layout) == -8).all()
