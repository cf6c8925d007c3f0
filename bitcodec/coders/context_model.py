"""The integer network behind the context coder: from known bits to the probability of the next.

For each phase and each group of channels (see :mod:`bitcodec.coders.context_features`) one hidden
layer beside a linear path::

    x   features of the position, 0 or 1
    h   clip(floor((W1 x + b1) / 4), 0, 255)
    l   W2 h + L x + b2 + drift                     one per channel of the group
    p   probability[clip(floor(l / 32) + 512, 0, 1023)] / 65536

The drift follows the picture: it rises while a channel has more ones than predicted, and falls
while it has fewer (see :mod:`bitcodec.coders.context`).

Everything is an integer, yet the products run through float32 BLAS: a float32 sum of integers is
exact, in any order and with fused or separate roundings, as long as no partial sum can pass 2^24.
:meth:`ContextModel.check` proves that from the tables: it bounds the sum of absolute values. The
floor of a product with a power of two is exact too. So no thread count, BLAS or instruction set
can change a probability.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from bitcodec.coders.base import Tables
from bitcodec.coders.context_features import (
    COLUMNS_BESIDE,
    GROUP,
    PHASES,
    ROWS_ABOVE,
    ROWS_BELOW,
    known,
)
from bitcodec.errors import UnknownModelError

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


@dataclass(frozen=True)
class ContextModel:
    """The tables; shapes with P phases, G groups, M features, U hidden units.

    Attributes:
        order: ``C``, the channel at each rank of the coding order.
        features: ``P x G x M x 3``, (channel rank, dy, dx); rank -1 is a constant 0.
        hidden: ``P x G x U x M``, W1.
        hidden_bias: ``P x G x U``, b1.
        output: ``P x G x GROUP x (U + M)``, W2 and L side by side.
        output_bias: ``P x G x GROUP``, b2.
        probability: ``LEVELS``, of a one, in 1/65536.
    """

    order: NDArray[np.integer]
    features: NDArray[np.integer]
    hidden: NDArray[np.integer]
    hidden_bias: NDArray[np.integer]
    output: NDArray[np.integer]
    output_bias: NDArray[np.integer]
    probability: NDArray[np.integer]

    @classmethod
    def from_tables(cls, tables: Tables) -> Self:
        """Raises:
        UnknownModelError: if the arrays are not the tables of a context model, or if their
            sums could leave the range in which float32 is exact.
        """
        names = [field.name for field in fields(cls)]
        if any(name not in tables or tables[name].dtype.kind not in "iu" for name in names):
            raise UnknownModelError("the tables are not those of the context coder")
        model = cls(**{name: tables[name] for name in names})
        try:
            model.check()
        except (ValueError, IndexError):
            raise UnknownModelError("the tables are not those of the context coder") from None
        return model

    def tables(self) -> dict[str, NDArray[np.integer]]:
        """The arrays by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def check(self) -> None:
        """Raise ValueError unless shapes agree, every feature is known when it is needed, no
        probability is 0 or 1, and every partial sum stays exact in float32.
        """
        channels = len(self.order)
        groups = -(-channels // GROUP)
        _, _, units, count = self.hidden.shape
        lead = (PHASES, groups)
        _require(sorted(self.order.tolist()) == list(range(channels)))
        _require(self.features.shape == (*lead, count, 3))
        _require(self.hidden.shape == (*lead, units, count))
        _require(self.hidden_bias.shape == (*lead, units))
        _require(self.output.shape == (*lead, GROUP, units + count))
        _require(self.output_bias.shape == (*lead, GROUP))
        _require(self.probability.shape == (LEVELS,))
        _require(0 < self.probability.min() <= self.probability.max() < 1 << PROBABILITY_BITS)
        for phase, group, index in np.ndindex(*lead, count):
            channel, dy, dx = self.features[phase, group, index].tolist()
            _require(channel < channels and -ROWS_ABOVE <= dy <= ROWS_BELOW)
            _require(abs(dx) <= COLUMNS_BESIDE)
            _require(channel < 0 or known(group, phase, channel, dy, dx))
        wide = {name: np.abs(table.astype(np.int64)) for name, table in self.tables().items()}
        first = wide["hidden"].sum(axis=-1) + wide["hidden_bias"]
        reach = np.concatenate([np.full(units, HIDDEN_MAX), np.ones(count, np.int64)])
        second = (wide["output"] * reach).sum(axis=-1) + wide["output_bias"]
        _require(max(first.max(), second.max() + DRIFT_MAX) < EXACT)


def _require(condition: bool) -> None:
    if not condition:
        raise ValueError("not the tables of a context model")


class FastNetwork:
    """The model's arithmetic in float32 BLAS, exact (see the top of this file)."""

    def __init__(self, model: ContextModel) -> None:
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
        """``groups x M x positions`` bits and ``groups x GROUP`` drifts →
        ``groups x GROUP x positions`` rows of the probability table.
        """
        hidden = np.matmul(self._hidden[phase, groups], features)
        hidden += self._hidden_bias[phase, groups]
        hidden *= 1 / HIDDEN_STEP
        np.floor(hidden, out=hidden)
        np.clip(hidden, 0, HIDDEN_MAX, out=hidden)
        logit = np.matmul(self._output[phase, groups], hidden)
        logit += np.matmul(self._linear[phase, groups], features)
        logit += self._output_bias[phase, groups] + drift[..., None].astype(np.float32)
        logit *= 1 / LOGIT_STEP
        np.floor(logit, out=logit)
        logit += LEVELS // 2
        np.clip(logit, 0, LEVELS - 1, out=logit)
        return logit.astype(np.int32)


def reference_levels(
    model: ContextModel,
    phase: int,
    groups: slice,
    features: NDArray[np.integer],
    drift: NDArray[np.int64],
) -> NDArray[np.int64]:
    """The same as :meth:`FastNetwork.levels` in plain int64: the definition, slow."""
    x = features.astype(np.int64)
    wide = {name: table.astype(np.int64) for name, table in model.tables().items()}
    hidden = np.einsum("gum,gmn->gun", wide["hidden"][phase, groups], x)
    hidden = (hidden + wide["hidden_bias"][phase, groups, :, None]) // HIDDEN_STEP
    both = np.concatenate([np.clip(hidden, 0, HIDDEN_MAX), x], axis=1)
    logit = np.einsum("gcu,gun->gcn", wide["output"][phase, groups], both)
    logit += (wide["output_bias"][phase, groups] + drift)[..., None]
    return np.clip(logit // LOGIT_STEP + LEVELS // 2, 0, LEVELS - 1)
