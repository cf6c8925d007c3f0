"""Levels that are chosen by error and bits together."""

from __future__ import annotations

import numpy as np
import pytest

from bitcodec.coders import context
from bitcodec.coders.choosing import MEAN_BIT, OTHER_BIT, Choosing, at_step
from bitcodec.coders.integer_network import CLASSES, EIGHTHS
from bitcodec.coders.symbol_tables import BEYOND, REACH, TABLES, UNIT, SymbolTables
from bitcodec.layout import PER_OCTAVE, Layout
from tests.coders import made

LAYOUT = Layout((9,) * made.MEANS + (3,) * 8, made.MEANS, index=700)


def tables(slope: float) -> SymbolTables:
    """Every remainder costs ``slope`` bits more than the one before it."""
    size = np.abs(np.arange(-BEYOND, BEYOND + 1))
    share = 2.0 ** (-slope * size)
    row = np.maximum(1, np.floor(share / share.sum() * 2**20)).astype(np.int64)
    row[BEYOND] += 2**20 - row.sum()
    return SymbolTables(np.tile(row, (TABLES, 1)))


BIT = 0.1
"""What a bit is worth in these tests, in squared levels."""


class Collected:
    """In place of a coder: keeps what it is given."""

    def code(
        self, classes: np.ndarray, expected: np.ndarray, levels: np.ndarray | None
    ) -> np.ndarray:
        assert levels is not None and levels.shape == classes.shape
        self.levels = levels
        return levels


def chosen(slope: float, values: list[float], expected: int = 0, kind: int = 0) -> list[int]:
    flat = np.array(values, np.float32)
    classes, coded = np.full(len(flat), kind, np.int32), Collected()
    choosing = Choosing(tables(slope), BIT, coded)
    levels = choosing.code(classes, np.full_like(classes, expected), flat)
    assert levels is coded.levels
    return levels.tolist()


def test_a_level_nearer_to_what_is_expected_wins_by_less_than_its_bits_are_worth() -> None:
    """Between 2 and 3, errors differ by ``2 (v - 2) - 1`` squared levels and bits by the slope."""
    slope = 1.5
    border = 2.5 + slope * BIT / 2
    assert chosen(slope, [border - 0.01, border + 0.01]) == [2, 3]
    assert chosen(slope, [-border + 0.01, -border - 0.01]) == [-2, -3]
    border = 2.5 - slope * BIT / 2  # six levels are expected: the larger one is cheaper
    assert chosen(slope, [border - 0.01, border + 0.01], 6 * EIGHTHS) == [2, 3]


def test_no_level_is_left_for_bits_that_are_worth_nothing() -> None:
    values = np.random.default_rng(6).normal(0, 3, 500).astype(np.float32)
    levels = Choosing(tables(3.0), 0.0, Collected()).code(
        np.zeros(500, np.int32), np.zeros(500, np.int32), values
    )
    assert (levels == np.floor(values + 0.5)).all()


def test_a_bit_is_worth_less_at_fine_steps() -> None:
    assert at_step(0.5, 8 * PER_OCTAVE) == 0.5  # step 256
    assert at_step(0.5, 4 * PER_OCTAVE) == pytest.approx(0.5 * (16 / 160) ** 0.5)


def test_whole_levels_stay_even_where_a_neighbour_is_three_bits_cheaper() -> None:
    assert chosen(3.0, [0.0, 1.0, -2.0, 5.0]) == [0, 1, -2, 5]


def test_beyond_the_tables_a_level_costs_what_the_code_for_it_does() -> None:
    far = [REACH + 1.5, 40.3, -300.4, 1000.0]
    assert chosen(0.1, far) == [round(v - 0.01) for v in far]
    wide = int(np.argmax(UNIT))
    assert chosen(0.1, [1000.2], kind=wide) == [1000] and wide < CLASSES


def values(seed: int, layout: Layout, size: tuple[int, int]) -> np.ndarray:
    """Smooth means, and others that are mostly within a level of none."""
    random = np.random.default_rng(seed)
    found = random.laplace(0, 0.7, (layout.latents, *size))
    slopes = random.normal(0, 3, (layout.means, *size)).cumsum(1).cumsum(2) / 9
    found[: layout.means] = np.clip(slopes, -200, 200)
    return found.astype(np.float32)


@pytest.mark.parametrize("seed", range(3))
def test_what_is_chosen_costs_less_and_is_at_most_a_level_away(seed: int) -> None:
    coder, found = made.coder(), values(seed, LAYOUT, (80, 96))
    found = LAYOUT.within(found)
    nearest, (better, _) = LAYOUT.nearest(found), coder.choose(found, LAYOUT)
    assert np.abs(better - found).max() < 1
    means, alone = slice(LAYOUT.means), LAYOUT.of_means()
    sizes = [size_of(alone, levels[means]) for levels in (nearest, better)]
    assert sizes[1] < sizes[0]
    errors = [np.square(levels - found)[means].sum() for levels in (nearest, better)]
    bit = at_step(MEAN_BIT, LAYOUT.index)
    assert errors[1] + bit * 8 * sizes[1] < errors[0] + bit * 8 * sizes[0]
    # The others, priced beside the means that were chosen.
    same = np.concatenate([better[means], nearest[LAYOUT.means :]])
    saved = 8 * (size_of(LAYOUT, same) - size_of(LAYOUT, better))
    worse = np.square(better - found).sum() - np.square(same - found).sum()
    assert saved > 0 and 0 < worse < at_step(OTHER_BIT, LAYOUT.index) * saved


@pytest.mark.parametrize("band", [80, context.BAND_POSITIONS])
def test_levels_are_coded_as_they_are_chosen(band: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "BAND_POSITIONS", band)
    coder, found = made.coder(), values(6, LAYOUT, (26, 10))
    levels, payload = coder.choose(found, LAYOUT)
    bitmap = LAYOUT.bitmap(levels)
    assert (LAYOUT.levels(bitmap) == levels).all()
    assert made.coder().encode(bitmap, LAYOUT) == payload
    assert (coder.decode(payload, (26, 10), LAYOUT) == bitmap).all()


def test_levels_may_take_the_place_of_what_they_are_chosen_from() -> None:
    coder, found = made.coder(), values(7, LAYOUT, (26, 10))
    levels, payload = coder.choose(found, LAYOUT)
    there, again = coder.choose(found, LAYOUT, found.view(np.int16)[..., ::2])
    assert np.shares_memory(there, found)
    assert (there == levels).all() and again == payload


def size_of(layout: Layout, levels: np.ndarray) -> int:
    return len(made.coder().encode(layout.bitmap(levels), layout))


def test_a_value_beyond_all_levels_is_at_the_outermost() -> None:
    layout = Layout((4,) * made.MEANS + (3,) * 8, made.MEANS, index=700)
    found = np.full((layout.latents, 3, 3), 1e9, np.float32)
    levels = [made.coder().choose(sign * found, layout)[0] for sign in (1, -1)]
    assert (levels[0][: made.MEANS] == 7).all() and (levels[0][made.MEANS :] == 3).all()
    assert (levels[1][: made.MEANS] == -8).all() and (levels[1][made.MEANS :] == -4).all()
