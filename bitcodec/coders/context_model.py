"""The tables of the context coder: from known bits to the probability of the next.

For each phase and each group of channels (see :mod:`bitcodec.coders.context_features`) a network
(:mod:`bitcodec.coders.integer_network`) whose features are bits, one output for each channel of the
group. The drift follows the picture: it rises while a channel has more ones than predicted, and
falls while it has fewer (see :mod:`bitcodec.coders.context`).

Channels that together are a number can be coded first, by a model of their own
(:mod:`bitcodec.coders.mean_model`); the others' features may then be bits of these, and slopes.
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
from bitcodec.coders.integer_network import (
    DRIFT_MAX,
    EXACT,
    HIDDEN_MAX,
    LEVELS,
    PROBABILITY_BITS,
)
from bitcodec.coders.mean_model import NumberModel
from bitcodec.errors import UnknownModelError


@dataclass(frozen=True)
class ContextModel:
    """The tables; shapes with P phases, G groups, M features, U hidden units.

    Attributes:
        order: the channel at each rank of the coding order; those of numbers are not among them.
        features: ``P x G x M x 3``, (channel rank, dy, dx); rank -1 is a constant 0, and ranks from
            ``G * GROUP`` on are the planes that come with the numbers.
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
    numbers: NumberModel | None = None

    @property
    def channels(self) -> int:
        """Channels of a bitmap, those of numbers included."""
        return len(self.order) + sum(map(len, self._members()))

    def _members(self) -> list[list[int]]:
        return self.numbers.members if self.numbers else []

    @classmethod
    def from_tables(cls, tables: Tables) -> Self:
        """Raises:
        UnknownModelError: if the arrays are not the tables of a context model, or if their
            sums could leave the range in which float32 is exact.
        """
        names = cls._names()
        if any(name not in tables or tables[name].dtype.kind not in "iu" for name in names):
            raise UnknownModelError("the tables are not those of the context coder")
        arrays = {name: tables[name] for name in names}
        try:
            model = cls(**arrays, numbers=NumberModel.from_tables(tables))
            model.check()
        except (ValueError, IndexError):
            raise UnknownModelError("the tables are not those of the context coder") from None
        return model

    def tables(self) -> dict[str, NDArray[np.integer]]:
        """The arrays by name."""
        own = {name: getattr(self, name) for name in self._names()}
        return own | (self.numbers.tables() if self.numbers else {})

    @classmethod
    def _names(cls) -> list[str]:
        return [field.name for field in fields(cls) if field.name != "numbers"]

    def check(self) -> None:
        """Raise ValueError unless shapes agree, every feature is known when it is needed, no
        probability is 0 or 1, and every partial sum stays exact in float32.
        """
        groups = -(-len(self.order) // GROUP)
        planes = 0
        if self.numbers:
            self.numbers.check()
            planes = self.numbers.planes
        _, _, units, count = self.hidden.shape
        lead = (PHASES, groups)
        every = [*self.order.tolist(), *(c for row in self._members() for c in row)]
        _require(sorted(every) == list(range(len(every))))
        _require(self.features.shape == (*lead, count, 3))
        _require(self.hidden.shape == (*lead, units, count))
        _require(self.hidden_bias.shape == (*lead, units))
        _require(self.output.shape == (*lead, GROUP, units + count))
        _require(self.output_bias.shape == (*lead, GROUP))
        _require(self.probability.shape == (LEVELS,))
        _require(0 < self.probability.min() <= self.probability.max() < 1 << PROBABILITY_BITS)
        for phase, group, index in np.ndindex(*lead, count):
            channel, dy, dx = self.features[phase, group, index].tolist()
            _require(channel < len(self.order) or 0 <= channel - groups * GROUP < planes)
            _require(-ROWS_ABOVE <= dy <= ROWS_BELOW)
            _require(abs(dx) <= COLUMNS_BESIDE)
            _require(channel < 0 or known(group, phase, channel, dy, dx, groups))
        wide = {name: np.abs(getattr(self, name).astype(np.int64)) for name in self._names()}
        first = wide["hidden"].sum(axis=-1) + wide["hidden_bias"]
        reach = np.concatenate([np.full(units, HIDDEN_MAX), np.ones(count, np.int64)])
        second = (wide["output"] * reach).sum(axis=-1) + wide["output_bias"]
        _require(max(first.max(), second.max() + DRIFT_MAX) < EXACT)


def _require(condition: bool) -> None:
    if not condition:
        raise ValueError("not the tables of a context model")
