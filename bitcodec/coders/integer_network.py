"""The arithmetic of the context coder's networks: integers, in float32, exact.

One hidden layer beside a linear path::

    x   features, integers
    h   clip(floor((W1 x + b1) / 4), 0, 255)
    l   W2 h + L x + b2 + drift
    p   probability[clip(floor(l / 32) + 512, 0, 1023)] / 65536

Everything is an integer, yet the products run through float32 BLAS: a float32 sum of integers is
exact, in any order and with fused or separate roundings, as long as no partial sum can pass 2^24.
The models prove that from their tables: they bound the sum of absolute values. The floor of a
product with a power of two is exact too. So no thread count, BLAS or instruction set can change a
probability.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

HIDDEN_STEP = 4
HIDDEN_MAX = 255
LOGIT_STEP = 32
LEVELS = 1024
PROBABILITY_BITS = 16
EXACT = 1 << 24
DRIFT_MAX = 4096

# What one unit of the integer tables is worth in the float network that they are rounded from.
WEIGHT_SCALE = 64
HIDDEN_SCALE = WEIGHT_SCALE // HIDDEN_STEP
LOGIT_SCALE = HIDDEN_SCALE * WEIGHT_SCALE


def sigmoid_table() -> NDArray[np.uint16]:
    """Probability of a one at each level, in 1/65536, never 0 nor 65536 (train time only)."""
    logit = (np.arange(LEVELS) - LEVELS // 2 + 0.5) * LOGIT_STEP / LOGIT_SCALE
    p = np.rint((1 << PROBABILITY_BITS) / (1 + np.exp(-logit)))
    return np.clip(p, 1, (1 << PROBABILITY_BITS) - 1).astype(np.uint16)


class Layers(Protocol):
    """Weights for each of ``P x G`` networks with M features, U hidden units and B outputs."""

    @property
    def hidden(self) -> NDArray[np.integer]:
        """``P x G x U x M``, W1."""
        ...

    @property
    def hidden_bias(self) -> NDArray[np.integer]:
        """``P x G x U``, b1."""
        ...

    @property
    def output(self) -> NDArray[np.integer]:
        """``P x G x B x (U + M)``, W2 and L side by side."""
        ...

    @property
    def output_bias(self) -> NDArray[np.integer]:
        """``P x G x B``, b2."""
        ...


class FastNetwork:
    """The model's arithmetic in float32 BLAS, exact (see the top of this file)."""

    def __init__(self, model: Layers) -> None:
        self._hidden = model.hidden.astype(np.float32)
        self._hidden_bias = model.hidden_bias.astype(np.float32)[..., None]
        units = model.hidden.shape[2]
        self._output = np.ascontiguousarray(model.output[..., :units], np.float32)
        self._linear = np.ascontiguousarray(model.output[..., units:], np.float32)
        self._output_bias = model.output_bias.astype(np.float32)[..., None]

    def levels(
        self,
        phase: int,
        groups: slice,
        features: NDArray[np.float32],
        drift: NDArray[np.int64],
    ) -> NDArray[np.int32]:
        """``groups x M x positions`` features and ``groups x B`` drifts →
        ``groups x B x positions`` rows of the probability table.
        """
        hidden = np.matmul(self._hidden[phase, groups], features)
        hidden += self._hidden_bias[phase, groups]
        hidden *= 1 / HIDDEN_STEP
        np.floor(hidden, out=hidden)
        _limit(hidden, 0, HIDDEN_MAX)
        logit = np.matmul(self._output[phase, groups], hidden)
        logit += np.matmul(self._linear[phase, groups], features)
        logit += self._output_bias[phase, groups] + drift[..., None].astype(np.float32)
        logit *= 1 / LOGIT_STEP
        np.floor(logit, out=logit)
        logit += LEVELS // 2
        _limit(logit, 0, LEVELS - 1)
        return logit.astype(np.int32)


def _limit(values: NDArray[np.float32], low: int, high: int) -> None:
    """``np.clip`` in place; on small arrays, most of np.clip's time goes elsewhere."""
    np.maximum(values, np.float32(low), out=values)
    np.minimum(values, np.float32(high), out=values)


def reference_levels(
    model: Layers,
    phase: int,
    groups: slice,
    features: NDArray[np.integer],
    drift: NDArray[np.int64],
) -> NDArray[np.int64]:
    """The same as :meth:`FastNetwork.levels` in plain int64: the definition, slow."""
    x = features.astype(np.int64)
    names = ("hidden", "hidden_bias", "output", "output_bias")
    wide = {name: getattr(model, name).astype(np.int64) for name in names}
    hidden = np.einsum("gum,gmn->gun", wide["hidden"][phase, groups], x)
    hidden = (hidden + wide["hidden_bias"][phase, groups, :, None]) // HIDDEN_STEP
    both = np.concatenate([np.clip(hidden, 0, HIDDEN_MAX), x], axis=1)
    logit = np.einsum("gcu,gun->gcn", wide["output"][phase, groups], both)
    logit += (wide["output_bias"][phase, groups] + drift)[..., None]
    return np.clip(logit // LOGIT_STEP + LEVELS // 2, 0, LEVELS - 1)
