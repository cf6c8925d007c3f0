"""Which features each network of the context coder sees, chosen from all that is known.

Of the thousands of places allowed, each group and phase takes the ones that explain most of its
own latents' variance (orthogonal least squares, Chen, Billings and Luo, 1989): once for magnitudes,
and once for levels with their signs, both on a logarithmic scale.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bitcodec.coders.context_planes import (
    GROUP,
    MAGNITUDE,
    PHASES,
    Planes,
    first_plane,
    known,
)

# (dy, dx) of the candidates; a wider reach costs fitting time and hardly helps.
NEAR = tuple((dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1))
WIDE = (*NEAR, (-2, 0), (2, 0), (0, -2), (0, 2))

SAMPLES = 30_000
RIDGE = 1e-2


def choose_features(
    pictures: Sequence[Planes], means: int, groups: int, count: int, signed: bool
) -> NDArray[np.int16]:
    """``(groups * phases) x count x 3``: (plane, dy, dx) of the features of each network.

    Plane 0 stands for a feature that is always 0 (there were fewer useful ones).

    Args:
        pictures: planes of training pictures; they may lack the last groups.
        means: how many means there are.
        groups: how many groups the networks are for.
        count: features of each network.
        signed: choose from the signed planes.
    """
    window = NEAR if signed else WIDE
    total = first_plane(means, groups)
    places = np.array([(p, dy, dx) for p in range(total) for dy, dx in window], np.int16)
    samples = _windows(pictures, places, signed)
    mean = samples.mean(axis=0, dtype=np.float64)
    gram = np.zeros((len(places), len(places)), np.float32)
    for part in np.array_split(samples, max(1, len(samples) // 4096)):
        centred = part.astype(np.float32) - mean.astype(np.float32)
        gram += centred.T @ centred
    gram /= len(samples)
    centre = window.index((0, 0))
    there = (samples[:, centre :: len(window)] != 0).mean(axis=0)
    chosen = np.zeros((groups * len(PHASES), count, 3), np.int16)
    for group in range(groups):
        first = first_plane(means, group)
        members = np.arange(first, first + GROUP)
        targets = members * len(window) + centre
        weight = _entropy(there[members]) / (np.diag(gram)[targets] + RIDGE)
        for phase in range(len(PHASES)):
            allowed = known(places[:, 0], places[:, 1], places[:, 2], group, phase, means)
            picks = _forward_selection(gram, allowed, targets, weight, count)
            chosen[group * len(PHASES) + phase, : len(picks)] = places[picks]
    return chosen


def _windows(
    pictures: Sequence[Planes], places: NDArray[np.int16], signed: bool
) -> NDArray[np.int8]:
    """``samples x places``: features at random positions, on the logarithmic scale."""
    rng = np.random.default_rng(0)
    each = max(1, SAMPLES // len(pictures))
    found = []
    for index, planes in enumerate(pictures):
        phase = index % len(PHASES)
        there = planes.inside(phase, np.arange(planes.span)[None]).reshape(-1)
        if not len(there):
            phase, there = 0, planes.inside(0, np.arange(planes.span)[None]).reshape(-1)
        chosen = rng.choice(there, min(each, len(there)), replace=False)
        held = places[:, 0] < len(planes.magnitudes)
        starts = planes.starts(places[held], phase)
        part = np.zeros((len(chosen), len(places)), np.int8)
        part[:, held] = planes.at(signed, starts, chosen)
        found.append(part)
    samples = np.concatenate(found)
    return np.sign(samples) * MAGNITUDE[np.abs(samples)] if signed else samples


def _entropy(p: NDArray[np.floating]) -> NDArray[np.floating]:
    p = np.clip(p, 1e-9, 1 - 1e-9)
    return -(p * np.log2(p) + (1 - p) * np.log2(1 - p))


def _forward_selection(
    gram: NDArray[np.float32],
    allowed: NDArray[np.bool_],
    targets: NDArray[np.int64],
    weight: NDArray[np.floating],
    count: int,
) -> list[int]:
    """Greedy: always the feature that removes most weighted variance of the targets next."""
    names = np.flatnonzero(allowed)
    left = np.diag(gram)[names].astype(np.float64) + RIDGE
    cross = gram[np.ix_(names, targets)].astype(np.float64)
    open_ = left > 2 * RIDGE
    basis = np.zeros((len(names), count))
    picks: list[int] = []
    while len(picks) < count and open_.any():
        gain = np.where(open_, (cross**2 @ weight) / left, -1)
        best = int(np.argmax(gain))
        if gain[best] <= 0:
            break
        done = basis[:, : len(picks)]
        scale = np.sqrt(left[best])
        column = (gram[names, names[best]] - done @ done[best]) / scale
        column[best] = scale
        along = cross[best] / scale  # the targets' share of the new direction
        basis[:, len(picks)] = column
        cross -= column[:, None] * along
        left = np.maximum(left - column**2, RIDGE)
        picks.append(best)
        open_[best] = False
        open_ &= left > 2 * RIDGE
    return [int(names[pick]) for pick in picks]
