"""Coding the means, which go first, as a thumbnail that grows.

In which order says :func:`bitcodec.coders.means.passes`. A mean is expected where the four nearest
neighbours say, corrected by a weighted sum of how all neighbours differ from them and of how the
other means of the same place, known already, differ from theirs. The sizes of the same differences
say how surely.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bitcodec.coders.base import check_levels
from bitcodec.coders.context_planes import MAGNITUDE
from bitcodec.coders.integer_network import (
    EIGHTHS,
    MAGNITUDE_MAX,
    ONE,
    SIGNED_MAX,
    FastNetworks,
)
from bitcodec.coders.means import KINDS, NEAREST, NEIGHBOURS, Pass, passes
from bitcodec.coders.symbols import Coding
from bitcodec.layout import Layout


def signed_count(means: int) -> int:
    """Signed features; their magnitudes are features too."""
    return NEIGHBOURS + NEAREST * (means - 1)


def network_count(means: int) -> int:
    """One for each kind of pass and each mean."""
    return KINDS * means


def inputs(
    values: NDArray[np.int32], mean: int, step: Pass, index: int
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
    """What is known of a mean in a pass.

    Args:
        values: ``V x positions``.
        mean: which of them is to be coded.
        step: the pass.
        index: the step's feature, :func:`step_feature`.

    Returns:
        The neighbours' average ``P``, the network's features ``M x P`` and ``S x P``.
    """
    count = signed_count(len(values))
    s = np.zeros((count, len(step.here)), np.int32)
    base = np.zeros(len(step.here), np.int32)
    if len(step.around):
        around = values[mean][step.around]
        base = around[:NEAREST].sum(axis=0) >> 2
        s[:NEIGHBOURS] = around - base
        before = values[:mean, step.here][:, None] - values[:mean][:, step.around[:NEAREST]]
        s[NEIGHBOURS : NEIGHBOURS + NEAREST * mean] = before.reshape(-1, len(step.here))
    x = np.empty((count + 2, len(step.here)), np.float32)
    x[:count] = MAGNITUDE[np.minimum(np.abs(s), len(MAGNITUDE) - 1)]
    x[count], x[count + 1] = index, ONE
    return base, x, np.clip(s, -SIGNED_MAX, SIGNED_MAX).astype(np.float32)


def step_feature(index: int) -> int:
    """The step's index as a feature: an eighth of an octave is 2."""
    return max(-MAGNITUDE_MAX, min(MAGNITUDE_MAX, (index - 640) >> 3))


class MeanCoder:
    """Walks the means of a picture in coding order; encoder and decoder through the same code."""

    def __init__(self, networks: FastNetworks, means: int) -> None:
        self._networks, self._means = networks, means

    def walk(self, levels: NDArray[np.int16], known: bool, coding: Coding, layout: Layout) -> None:
        """Code means, up to ``V x H x W``, in place when they are not known.

        Raises:
            DamagedFileError: if one that comes out has no bits in the layout.
        """
        values = np.zeros((self._means, levels[0].size), np.int32)
        flat = levels.reshape(len(levels), -1)
        for step in passes(*levels.shape[1:]):
            if not len(step.here):
                continue
            for mean in range(len(levels)):
                base, x, s = inputs(values, mean, step, step_feature(layout.index))
                number = step.kind * self._means + mean
                classes, expected = self._networks(number, x, s)
                expected[0] += EIGHTHS * base
                given = flat[mean, step.here].astype(np.int32) if known else None
                values[mean, step.here] = coding.code(classes[0], expected[0], given)
        if not known:
            # A layout may have cut off some of the means.
            decoded = values[: len(levels)]
            check_levels(decoded, layout.bits[: len(levels)])
            flat[:] = decoded
