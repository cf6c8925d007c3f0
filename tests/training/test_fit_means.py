"""The means' tables are fitted to the levels that a coder chooses, not to the nearest ones."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from bitcodec.coders.choosing import MEAN_BIT, at_step
from bitcodec.coders.context import ContextCoder
from bitcodec.layout import Layout
from bitcodec.training.fit.context import fit_context
from tests.coders.samples import RANGE, smooth_levels

Pictures = tuple[list[NDArray[np.float32]], list[Layout]]


def pictures(count: int) -> Pictures:
    """Means between two levels as often as on one, where a step is coarse."""
    found, layouts = [], []
    for seed in range(count):
        layout = RANGE.layout(RANGE.coarsest - seed % 40)
        rng = np.random.default_rng(seed)
        sums = rng.normal(0, 0.06, (layout.means, 32, 40)).cumsum(1).cumsum(2)
        found.append((sums + rng.normal(0, 0.3, sums.shape)).astype(np.float32))
        layouts.append(layout)
    return found, layouts


def cost(coder: ContextCoder, found: list[NDArray[np.float32]], layouts: list[Layout]) -> float:
    """Error and bits of the means together, as they are weighed when levels are chosen."""
    total = 0.0
    for values, layout in zip(found, layouts, strict=True):
        alone = layout.of_means()
        levels, payload = coder.choose(values, alone)
        total += np.square(levels - values).sum()
        total += at_step(MEAN_BIT, layout.index) * 8 * len(payload)
    return total


@pytest.fixture(scope="module")
def coders() -> tuple[ContextCoder, ContextCoder]:
    """Fitted to the nearest levels, and once more to those that are chosen then."""
    found, layouts = pictures(16)
    samples = []
    for seed, (values, layout) in enumerate(zip(found, layouts, strict=True)):
        levels = smooth_levels(seed, 32, 40, layout)
        levels[: layout.means] = layout.of_means().nearest(values)
        samples.append((layout.bitmap(levels), layout))
    once = fit_context(samples, steps=40, progress=False)
    twice = fit_context(samples, steps=40, progress=False, found=found)
    return once, twice


def test_of_pictures_that_nothing_was_fitted_to_the_means_cost_less(
    coders: tuple[ContextCoder, ContextCoder],
) -> None:
    once, twice = (cost(coder, *(part[16:] for part in pictures(28))) for coder in coders)
    assert twice < 0.995 * once


def test_all_but_the_means_is_fitted_as_before(coders: tuple[ContextCoder, ContextCoder]) -> None:
    once, twice = (coder.tables() for coder in coders)
    assert once.keys() == twice.keys()
    changed = {name for name in once if not np.array_equal(once[name], twice[name])}
    assert {"mean_hidden", "relative_hidden", "symbols"} <= changed
    assert not [name for name in changed if name.startswith("other_") or "features" in name]
    assert (once["symbols"][1] == twice["symbols"][1]).all()
