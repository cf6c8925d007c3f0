"""A context coder with steps and levels for it, both made of integers: the same on every machine.

Nothing is fitted and nothing rounded, so that files written with it stay what they are whatever
becomes of the fitting. Its networks know nothing of levels; they only have to be walked.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from bitcodec.coders import context_model
from bitcodec.coders.context import ContextCoder
from bitcodec.coders.context_planes import GROUP, PHASES, first_plane, groups_of, known
from bitcodec.coders.integer_network import CLASSES
from bitcodec.coders.mean_coder import network_count, signed_count
from bitcodec.coders.symbol_tables import BEYOND, FRACTIONS, PROBABILITY_BITS, SYMBOLS, UNIT
from bitcodec.layout import PER_OCTAVE, Layout
from tests.coders.samples import RANGE

STRIDE = 8
UNITS, MAGNITUDES, SIGNED = 4, 10, 8
LATENTS, MEANS = len(RANGE.reach), RANGE.means

KINDS = FIRST, COLOURS, PROPORTIONS, NEWEST = "first", "colours", "proportions", "learning"
"""Of tables, as they grew."""


def numbers(seed: int, shape: Sequence[int], most: int) -> NDArray[np.int64]:
    """Integers from -most to most that look like chance (splitmix64)."""
    with np.errstate(over="ignore"):
        state = np.arange(1, int(np.prod(shape)) + 1, dtype=np.uint64) + np.uint64(seed << 32)
        state *= np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    high = (state >> np.uint64(33)).astype(np.int64)
    return high.reshape(tuple(shape)) % (2 * most + 1) - most


def probabilities() -> NDArray[np.int32]:
    """Tables of one set: bells with heavy tails, as wide as the class says, off by the fraction."""
    rows = []
    for number, fraction in product(range(CLASSES), range(FRACTIONS)):
        octave, quarter = divmod(number, 4)
        spread = ((4 + quarter) << octave) >> (6 + int(UNIT[number]))  # in eighths of a unit
        away = 8 * (np.arange(SYMBOLS, dtype=np.int64) - BEYOND) - fraction
        square = (1 + spread) ** 2
        weight = (square << 20) // (square + away * away)
        row = 1 + weight * ((1 << PROBABILITY_BITS) - SYMBOLS) // weight.sum()
        row[BEYOND] += (1 << PROBABILITY_BITS) - row.sum()
        rows.append(row)
    return np.stack(rows).astype(np.int32)


def _features(seed: int, count: int) -> NDArray[np.int16]:
    """For each group and phase, so many of all (plane, dy, dx) that are known to it."""
    chosen = []
    for group, phase in product(range(groups_of(LATENTS, MEANS)), range(len(PHASES))):
        planes = range(1, first_plane(MEANS, group) + GROUP)
        offsets = range(-1, 2)
        every = [
            place
            for place in product(planes, offsets, offsets)
            if known(*place, group, phase, MEANS)
        ]
        picks = numbers(seed + 4 * group + phase, (count,), 10_000) % len(every)
        chosen.append([every[pick] for pick in picks.tolist()])
    return np.array(chosen, np.int16)


def tables(kind: str = NEWEST) -> dict[str, NDArray[np.integer]]:
    """For the layouts of :data:`tests.coders.samples.RANGE`, as they were at first, with features
    that see colours in step, with networks of proportions beside those of the means, and with
    symbols' tables that learn.
    """
    numbers_of_kinds = {PROPORTIONS: context_model.PROPORTIONS, NEWEST: context_model.LEARNING}
    number = [numbers_of_kinds[kind]] if kind in numbers_of_kinds else []
    count = groups_of(LATENTS, MEANS) * len(PHASES)
    mean_count, mean_signed = network_count(MEANS), signed_count(MEANS, kind != FIRST)
    one_set = probabilities()
    relative = {
        "relative_hidden": numbers(17, (mean_count, UNITS, mean_signed), 300),
        "relative_spread": numbers(18, (mean_count, 1, 2 * UNITS), 900),
        "relative_expected": numbers(19, (mean_count, 1, UNITS), 60),
    }
    return {
        **(relative if number else {}),
        "latents": np.array([LATENTS, MEANS, *number], np.int32),
        "features": _features(100, MAGNITUDES),
        "signed_features": _features(200, SIGNED),
        "symbols": np.stack([one_set, one_set]),
        "other_hidden": numbers(1, (count, UNITS, MAGNITUDES + 2), 60),
        "other_output": numbers(2, (count, GROUP, UNITS + MAGNITUDES + 2), 100),
        "other_signed": numbers(3, (count, GROUP, SIGNED), 30),
        "mean_hidden": numbers(4, (mean_count, UNITS, mean_signed + 2), 60),
        "mean_output": numbers(5, (mean_count, 1, UNITS + mean_signed + 2), 60),
        "mean_signed": numbers(6, (mean_count, 1, mean_signed), 30),
    }


def coder(kind: str = NEWEST) -> ContextCoder:
    """The coder of these tables."""
    return ContextCoder.from_tables(tables(kind))


def levels(layout: Layout, height: int, width: int) -> NDArray[np.int16]:
    """Sloping means, others that are mostly small, outliers as far as the bits reach, and both
    outermost levels of every latent.
    """
    shape = (layout.latents, height, width)
    reach = np.array([1 << (bits - 1) for bits in layout.bits])[:, None, None]
    octaves = (RANGE.coarsest - layout.index) // PER_OCTAVE
    result = numbers(7, shape, 40) * numbers(8, shape, 40) // (1600 >> octaves)
    slope = 2 * np.arange(height)[:, None] - 3 * np.arange(width)
    result[: layout.means] += slope << octaves
    result = np.where(numbers(9, shape, 50) == 0, numbers(10, shape, 4096) % (2 * reach), result)
    result = np.clip(result, -reach, reach - 1)
    flat = result.reshape(layout.latents, -1)
    flat[:, flat.shape[1] // 2] = -reach[:, 0, 0]
    flat[:, flat.shape[1] // 3] = reach[:, 0, 0] - 1
    return result.astype(np.int16)
