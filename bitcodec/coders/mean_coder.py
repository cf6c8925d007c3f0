"""Coding the means, which go first, as a thumbnail that grows.

In which order says :func:`bitcodec.coders.means.passes`. A mean is expected where the four nearest
neighbours say, corrected by a weighted sum of how all neighbours differ from them, of how the other
means of the same place, known already, differ from theirs, and of what these would make of it if
the colours changed in step here as they do around (:func:`in_step`). The sizes of the same
differences say how surely. Both are corrected once more from the proportions among the differences,
which know edges and bends (:mod:`bitcodec.coders.relative_network`).
"""

from __future__ import annotations

from typing import Any

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
    Networks,
)
from bitcodec.coders.means import KINDS, NEAREST, NEIGHBOURS, Pass, passes
from bitcodec.coders.relative_network import FastRelative, RelativeNetworks
from bitcodec.coders.symbols import Coding
from bitcodec.layout import Layout

FAR = 1 << 13
"""No two levels of a mean are farther apart, unless by damage."""


def signed_count(means: int, colours: bool = True) -> int:
    """Signed features, with those of :func:`in_step` or without; their magnitudes are features too.

    Tables fitted before there were any are still read.
    """
    return NEIGHBOURS + (NEAREST + colours) * (means - 1)


def network_count(means: int) -> int:
    """One for each kind of pass and each mean."""
    return KINDS * means


def inputs(
    values: NDArray[np.int32], mean: int, step: Pass, index: int, colours: bool = True
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
    """What is known of a mean in a pass.

    Args:
        values: ``V x positions``.
        mean: which of them is to be coded.
        step: the pass.
        index: the step's feature, :func:`step_feature`.
        colours: with the features of :func:`in_step`.

    Returns:
        The neighbours' average ``P``, the network's features ``M x P`` and ``S x P``.
    """
    others = len(values) - 1
    s = np.zeros((signed_count(len(values), colours), len(step.here)), np.int32)
    base = np.zeros(len(step.here), np.int32)
    if len(step.around):
        around = values[mean][step.around]
        base = around[:NEAREST].sum(axis=0) >> 2
        s[:NEIGHBOURS] = around - base
        for other in range(mean):
            change = values[other, step.here] - values[other][step.around]
            first = NEIGHBOURS + NEAREST * other
            s[first : first + NEAREST] = change[:NEAREST]
            if colours:
                s[NEIGHBOURS + NEAREST * others + other] = in_step(change, s[:NEIGHBOURS])
    count = len(s)
    x = np.empty((count + 2, len(step.here)), np.float32)
    x[:count] = MAGNITUDE[np.minimum(np.abs(s), len(MAGNITUDE) - 1)]
    x[count], x[count + 1] = index, ONE
    return base, x, np.clip(s, -SIGNED_MAX, SIGNED_MAX).astype(np.float32)


def in_step(change: NDArray[np.int32], around: NDArray[np.int32]) -> NDArray[np.int32]:
    """What a mean would be, less its neighbours' average, if it changed with another as it does
    around: the slope of a least squares line through the neighbours, times the other's own change.

    The nearest neighbours count twice. Where the other hardly changes, the slope tends to 0. All in
    integers, so that every machine expects the same.

    Args:
        change: ``NEIGHBOURS x P``, how much the other mean is above each of its neighbours.
        around: ``NEIGHBOURS x P``, the neighbours of the mean itself, less their average.
    """
    other = change.clip(-FAR, FAR).astype(np.int64)
    beside = around.clip(-FAR, FAR).astype(np.int64)
    weight = np.ones((NEIGHBOURS, 1), np.int64)
    weight[:NEAREST] = 2
    own = other[:NEAREST].sum(axis=0)  # NEAREST times how much it is above their average
    aside = own - NEAREST * other
    together = (weight * aside * beside).sum(axis=0)
    alone = (weight * aside * aside).sum(axis=0) + NEAREST**3
    return ((2 * together * own + alone) // (2 * alone)).clip(-FAR, FAR).astype(np.int32)


def step_feature(index: int) -> int:
    """The step's index as a feature: an eighth of an octave is 2."""
    return max(-MAGNITUDE_MAX, min(MAGNITUDE_MAX, (index - 640) >> 3))


class MeanCoder:
    """Walks the means of a picture in coding order; encoder and decoder through the same code."""

    def __init__(self, networks: Networks, relative: RelativeNetworks | None, means: int) -> None:
        self._networks, self._means = FastNetworks(networks), means
        # Tables fitted before there were any are still read.
        self._relative = FastRelative(relative) if relative else None
        self._colours = networks.signed.shape[2] == signed_count(means)

    def walk(
        self, size: tuple[int, int], known: NDArray[Any] | None, coding: Coding, layout: Layout
    ) -> NDArray[np.int16]:
        """Code the means; returns them, ``V x H x W``.

        Args:
            size: H and W.
            known: the means as ``coding`` takes them; None if it gives them.
            coding: codes them.
            layout: has V means.

        Raises:
            DamagedFileError: if one that comes out has no bits in the layout.
        """
        values = np.zeros((self._means, size[0] * size[1]), np.int32)
        feature = step_feature(layout.index)
        flat = None if known is None else known.reshape(len(known), -1)
        for step in passes(*size):
            if not len(step.here):
                continue
            for mean in range(layout.means):
                base, x, s = inputs(values, mean, step, feature, self._colours)
                number = step.kind * self._means + mean
                more = self._relative(number, s) if self._relative else None
                classes, expected = self._networks(number, x, s, more)
                expected[0] += EIGHTHS * base
                given = None if flat is None else flat[mean, step.here]
                values[mean, step.here] = coding.code(classes[0], expected[0], given)
        # A layout may have cut off some of the means.
        coded = values[: layout.means]
        if known is None:
            check_levels(coded, layout.bits[: layout.means])
        return coded.reshape(layout.means, *size).astype(np.int16)
