"""The tables of the context coder, and the proof that they are usable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from bitcodec.coders.base import Tables
from bitcodec.coders.context_planes import GROUP, PHASES, REACH, groups_of, known
from bitcodec.coders.integer_network import Networks
from bitcodec.coders.learning_tables import LearningTables
from bitcodec.coders.mean_coder import network_count, signed_count
from bitcodec.coders.relative_network import RelativeNetworks
from bitcodec.coders.symbol_tables import CodingTables, SymbolTables
from bitcodec.errors import UnknownModelError

RELATIVE = "relative_"
"""What the names of these tables begin with."""
PROPORTIONS, LEARNING = 1, 2
"""Stand behind the numbers of latents and means: the first where there are tables of proportions,
the second where the other latents' tables of symbols learn, too. A program of before there was one
of these, or of before whatever comes next, refuses the tables, not uses a part.
"""


@dataclass(frozen=True)
class ContextModel:
    """The tables, for L latents of which V are means.

    Attributes:
        features: ``N x (M - 2) x 3``, (plane, dy, dx) of the magnitudes that each network sees,
            one network for each group and phase, phase by phase; see
            :mod:`bitcodec.coders.context_planes`. After them come the step and ONE.
        signed_features: ``N x S x 3``, of the signed planes.
        networks: for each group and phase.
        mean_networks: for each kind of pass and each mean; None without means.
        relative: what is added to those; None in tables of before there were any.
        symbols: the tables of remainders: of the means, and of the others.
        latents: L.
        means: V.
        learning: whether the tables of the others learn from the picture that they code.
    """

    features: NDArray[np.integer]
    signed_features: NDArray[np.integer]
    networks: Networks
    mean_networks: Networks | None
    relative: RelativeNetworks | None
    symbols: list[SymbolTables]
    latents: int
    means: int
    learning: bool

    @classmethod
    def from_tables(cls, tables: Tables) -> Self:
        """The model with these tables.

        Raises:
            UnknownModelError: if the arrays are not the tables of a context model, or if their
                sums could leave the range in which float32 is exact.
        """
        try:
            latents, means, *more = (int(value) for value in tables["latents"])
            _require(more in ([], [PROPORTIONS], [LEARNING]))
            learning = more == [LEARNING]
            proportions = bool(means) if learning else bool(more)
            model = cls(
                features=tables["features"],
                signed_features=tables["signed_features"],
                networks=Networks.from_tables(tables, "other_"),
                mean_networks=Networks.from_tables(tables, "mean_") if means else None,
                relative=RelativeNetworks.from_tables(tables, RELATIVE) if proportions else None,
                symbols=[SymbolTables(rows) for rows in tables["symbols"]],
                latents=latents,
                means=means,
                learning=learning,
            )
            model.check()
        except (KeyError, ValueError, IndexError, TypeError):
            raise UnknownModelError("the tables are not those of the context coder") from None
        return model

    def coding_tables(self) -> list[CodingTables]:
        """The tables of symbols for coding one picture: of the means, and of the others."""
        means, others = self.symbols
        return [means, LearningTables(others) if self.learning else others]

    def tables(self) -> dict[str, NDArray[np.integer]]:
        """The arrays by name."""
        means = self.mean_networks.tables("mean_") if self.mean_networks else {}
        relative = self.relative.tables(RELATIVE) if self.relative else {}
        kind = [LEARNING] if self.learning else [PROPORTIONS] if self.relative else []
        return {
            "latents": np.array([self.latents, self.means, *kind], np.int32),
            "features": self.features,
            "signed_features": self.signed_features,
            "symbols": np.stack([tables.probability for tables in self.symbols]),
            **self.networks.tables("other_"),
            **means,
            **relative,
        }

    @property
    def groups(self) -> int:
        """How many groups the latents that are not means make."""
        return groups_of(self.latents, self.means)

    def check(self) -> None:
        """Raise ValueError unless shapes agree and every feature is known when it is needed."""
        count = self.groups * len(PHASES)
        _require(0 <= self.means <= self.latents and self.latents >= 1)
        _require(len(self.symbols) == 2)
        _require(self.relative is None or self.mean_networks is not None)
        _require(self.networks.count == count and self.networks.outputs == GROUP)
        _require(self.features.shape == (count, self.networks.magnitudes - 2, 3))
        _require(self.signed_features.shape == (count, self.networks.signed.shape[2], 3))
        if self.mean_networks:
            networks, signed = self.mean_networks, self.mean_networks.signed.shape[2]
            _require(networks.count == network_count(self.means) and networks.outputs == 1)
            _require(signed in {signed_count(self.means, colours) for colours in (False, True)})
            _require(networks.magnitudes == signed + 2)
            if self.relative:
                _require(self.relative.hidden.shape[::2] == (networks.count, signed))
                networks.check(self.relative.most_spread, self.relative.most_expected)
        for features in (self.features, self.signed_features):
            _require(features.dtype.kind in "iu")
            plane, *offsets = np.moveaxis(features.astype(np.int64), 2, 0)
            number = np.arange(count)[:, None]
            group, phase = number // len(PHASES), number % len(PHASES)
            _require(all(((each >= -REACH) & (each <= REACH)).all() for each in offsets))
            _require(bool(known(plane, offsets[0], offsets[1], group, phase, self.means).all()))


def _require(condition: bool) -> None:
    if not condition:
        raise ValueError("not the tables of a context model")
