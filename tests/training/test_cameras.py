"""Photographs as cameras give them: how large, how noisy, and that noise is asked for by a seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bitcodec.training.cameras import enlargement, grainy

GREY = np.full((64, 80, 3), 128, np.uint8)


def noises(count: int) -> list[NDArray[np.float64]]:
    return [grainy(GREY, np.random.default_rng(seed)).astype(float) - 128 for seed in range(count)]


def test_half_are_grainy_by_up_to_four_levels_and_none_becomes_lighter() -> None:
    found = noises(200)
    deviations = np.array([noise.std() for noise in found])
    assert 80 < (deviations == 0).sum() < 120
    assert 3.5 < deviations.max() < 4.6
    assert max(abs(noise.mean()) for noise in found) < 0.5


def test_colours_have_most_of_their_grain_in_common_and_some_neighbours_share_it() -> None:
    strong = [noise for noise in noises(100) if noise.std() > 2]
    red, green = (np.stack([noise[..., c] for noise in strong]).ravel() for c in (0, 1))
    assert 0.75 < np.corrcoef(red, green)[0, 1] < 0.95
    beside = [np.corrcoef(n[:, :-1, 0].ravel(), n[:, 1:, 0].ravel())[0, 1] for n in strong]
    shared = np.array(beside) > 0.4
    assert 0.2 < shared.mean() < 0.8 and np.abs(np.array(beside)[~shared]).max() < 0.1


def test_grain_stays_within_bytes_and_repeats_with_its_seed() -> None:
    ends = np.repeat(np.array([0, 255], np.uint8), 96).reshape(8, 8, 3)
    for seed in range(20):
        one, again = (grainy(ends, np.random.default_rng(seed)) for _ in range(2))
        assert np.array_equal(one, again)
        assert one[:4].max() < 60 and one[4:].min() > 195


def test_every_ratio_of_enlargement_is_as_likely() -> None:
    rng = np.random.default_rng(0)
    found = np.log2([enlargement(rng) for _ in range(1000)])
    assert found.min() >= 0 and found.max() < 1
    assert np.abs(np.histogram(found, 4, (0, 1))[0] - 250).max() < 60
