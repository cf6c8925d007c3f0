"""Layouts: levels and bits are each other's inverse, as in torch; layouts of all steps nest."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bitcodec.layout import MOST_BITS, PER_OCTAVE, Layout, StepRange, step_of
from bitcodec.transforms.gray_folding import Folding

BITS = (12, 9, 7, 7, 4, 2, 1)
RANGE = StepRange(
    finest=300, coarsest=900, means=1, reach=(1400, 1200, 700), cutoff=(900, 900, 640)
)


@given(st.integers(1, MOST_BITS), st.integers(-(2**15), 2**15 - 1))
def test_every_level_in_range_survives_and_others_are_cut_off(count: int, level: int) -> None:
    layout, last = Layout((count,)), 2 ** (count - 1) - 1
    bitmap = layout.bitmap(np.full((1, 1, 1), level, np.int16))
    assert bitmap.shape == (count, 1, 1)
    assert layout.levels(bitmap).item() == min(max(level, -last - 1), last)


def test_level_zero_is_all_zeros_and_neighbours_differ_in_one_bit() -> None:
    layout = Layout((5,))
    bitmap = layout.bitmap(np.arange(-16, 16, dtype=np.int16).reshape(1, 1, -1))[:, 0]
    assert not bitmap[:, 16].any()
    assert (np.diff(bitmap.astype(int), axis=1) != 0).sum(axis=0).tolist() == [1] * 31


def test_bits_are_those_of_the_torch_twin() -> None:
    layout = Layout(BITS)
    rng = np.random.default_rng(0)
    last = 2 ** (np.array(BITS) - 1).reshape(-1, 1, 1)
    levels = rng.integers(-last, last, (len(BITS), 9, 8)).astype(np.int16)
    folding = Folding(BITS)
    logits = folding.fold(torch.from_numpy(levels).float()[None])
    assert np.array_equal(layout.bitmap(levels), logits[0].numpy() > 0)
    values = folding.unfold(torch.from_numpy(layout.bitmap(levels)).float()[None])
    assert np.array_equal(values[0].numpy(), levels)


def test_a_finer_step_has_the_latents_of_a_coarser_one_and_more_bits() -> None:
    before = RANGE.layout(RANGE.coarsest)
    for index in range(RANGE.coarsest - 1, RANGE.finest - 1, -1):
        now = RANGE.layout(index)
        assert all(a >= b for a, b in zip(now.bits, before.bits, strict=False))
        assert now.latents >= before.latents
        before = now


def test_no_value_within_reach_is_cut_off() -> None:
    for index in range(RANGE.finest, RANGE.coarsest + 1, 7):
        for count, reach in zip(RANGE.layout(index).bits, RANGE.reach, strict=False):
            largest = step_of(reach) / step_of(index)
            assert largest <= 2 ** (count - 1)
            assert count == 2 or largest > 2 ** (count - 2)


def test_an_octave_is_a_factor_of_two() -> None:
    assert step_of(400 + PER_OCTAVE) == pytest.approx(2 * step_of(400))


@pytest.mark.parametrize(
    "wrong",
    [
        {"finest": 0},
        {"coarsest": 200},
        {"means": 4},
        {"cutoff": (900, 640)},
        {"cutoff": (900, 640, 900)},
        {"cutoff": (800, 640, 640)},
        {"reach": (9000, 1200, 700)},
    ],
)
def test_a_range_that_is_none_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        StepRange(**(vars(RANGE) | wrong))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="step index"):
        RANGE.layout(901)
