"""Which bits predict a bit: the coding order, what is known when, and the choice of features.

Channels are sorted by falling entropy and coded in groups of :data:`GROUP`. Rows go top to
bottom, within a row the even columns go first (phase 0), then the odd ones (phase 1). Group j
works one row behind group j - 1, so that all groups run side by side and a step codes one phase
of one row in every group at once. What a bit may look at follows from that:

====================  ===========================================================
two groups back, on   rows y - 2 to y + 1
the group before      rows up to y
its own group         rows up to y - 1, and in phase 1 the even columns of row y
====================  ===========================================================

Of the few hundred bits allowed, each group takes the ``count`` ones that explain most of its own
bits' variance (orthogonal least squares, Chen, Billings and Luo, 1989).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bitcodec.bitmap import Bitmap

GROUP = 4
PHASES = 2
ROWS_ABOVE, ROWS_BELOW, COLUMNS_BESIDE = 2, 1, 2

# (dy, dx) of the candidates; a wider reach costs fitting time and hardly helps.
WINDOW = tuple((dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1))
WINDOW += ((-2, -1), (-2, 0), (-2, 1), (-1, -2), (-1, 2))

SAMPLES = 60_000
RIDGE = 1e-4


def coding_order(bitmaps: Sequence[Bitmap]) -> NDArray[np.int64]:
    """The channels by falling entropy over all bitmaps (ties by index)."""
    ones = sum(b.sum(axis=(1, 2), dtype=np.float64) for b in bitmaps)
    p = ones / sum(b[0].size for b in bitmaps)
    return np.argsort(-_entropy(p), kind="stable")


def _entropy(p: NDArray[np.floating]) -> NDArray[np.floating]:
    p = np.clip(p, 1e-9, 1 - 1e-9)
    return -(p * np.log2(p) + (1 - p) * np.log2(1 - p))


def known(group: int, phase: int, channel: int, dy: int, dx: int, groups: int) -> bool:
    """Is the bit at (dy, dx) of ``channel`` (a rank) coded before that phase of the group?

    Ranks beyond those of all ``groups`` are planes that were known before.
    """
    if channel >= groups * GROUP:
        return True
    back = group - channel // GROUP
    if back < 0:
        return False
    if back == 0:
        return dy < 0 or (dy == 0 and phase == 1 and dx % 2 == 1)
    return dy < back


def _windows(bitmaps: Sequence[Bitmap], rng: np.random.Generator) -> NDArray[np.bool_]:
    """``samples x (channels * window)``: the window around random positions, zeros outside."""
    per_bitmap = max(1, SAMPLES // len(bitmaps))
    chosen = []
    for bitmap in bitmaps:
        height, width = bitmap.shape[1:]
        padded = np.pad(bitmap, ((0, 0), (2, 2), (2, 2)))
        at = rng.integers(height * width, size=min(per_bitmap, height * width))
        y, x = at // width + 2, at % width + 2
        chosen.append(np.stack([padded[:, y + dy, x + dx] for dy, dx in WINDOW], axis=-1))
    return np.concatenate([c.transpose(1, 0, 2).reshape(c.shape[1], -1) for c in chosen])


def choose_features(bitmaps: Sequence[Bitmap], coded: int, count: int) -> NDArray[np.int16]:
    """``phases x groups x count x 3``: (channel rank, dy, dx) of the bits that each group sees.

    A channel rank of -1 stands for a bit that is always 0 (there were fewer useful ones).

    Args:
        bitmaps: channels in coding order, and after the first ``coded`` the planes known before.
        coded: channels that are to be coded.
        count: features of each group.
    """
    windows = _windows(bitmaps, np.random.default_rng(0))
    total, size = windows.shape
    gram = np.zeros((size, size), np.float32)
    mean = windows.mean(axis=0, dtype=np.float64)
    for part in np.array_split(windows, max(1, total // 8192)):
        centred = part.astype(np.float32) - mean.astype(np.float32)
        gram += centred.T @ centred
    gram /= total
    groups = -(-coded // GROUP)
    # The last group may not be full: planes follow where a whole one would end.
    ranks = [*range(coded), *range(groups * GROUP, groups * GROUP + size // len(WINDOW) - coded)]
    triples = np.array([(c, dy, dx) for c in ranks for dy, dx in WINDOW], np.int16)
    centre = np.arange(coded) * len(WINDOW) + WINDOW.index((0, 0))
    weight = _entropy(mean[centre]) / (np.diag(gram)[centre] + RIDGE)
    chosen = np.zeros((PHASES, groups, count, 3), np.int16)
    chosen[..., 0] = -1
    for phase in range(PHASES):
        for group in range(groups):
            members = np.arange(group * GROUP, min(coded, (group + 1) * GROUP))
            allowed = np.array(
                [known(group, phase, c, dy, dx, groups) for c, dy, dx in triples.tolist()]
            )
            picks = _forward_selection(gram, allowed, centre[members], weight[members], count)
            chosen[phase, group, : len(picks)] = triples[picks]
    return chosen


def _forward_selection(
    gram: NDArray[np.float32],
    allowed: NDArray[np.bool_],
    targets: NDArray[np.int64],
    weight: NDArray[np.floating],
    count: int,
) -> list[int]:
    """Greedy: always the feature that removes most weighted variance of the targets next."""
    left = np.diag(gram).astype(np.float64) + RIDGE
    cross = gram[:, targets].astype(np.float64)
    open_ = allowed & (left > 2 * RIDGE)
    basis = np.zeros((len(gram), count))
    picks: list[int] = []
    while len(picks) < count and open_.any():
        gain = np.where(open_, (cross**2 @ weight) / left, -1)
        best = int(np.argmax(gain))
        if gain[best] <= 0:
            break
        done = basis[:, : len(picks)]
        column = (gram[:, best] - done @ done[best]) / np.sqrt(left[best])
        column[best] = np.sqrt(left[best])
        basis[:, len(picks)] = column
        cross -= column[:, None] * column[targets]
        left = np.maximum(left - column**2, RIDGE)
        picks.append(best)
        open_[best] = False
        open_ &= left > 2 * RIDGE
    return picks
