"""Arithmetic coding of a bitmap's levels under integer networks that see what is coded already.

A bitmap is the levels of its latents (:mod:`bitcodec.layout`), and as levels it is coded, in few
and large steps::

    1. the means, all rows           a thumbnail that grows, each from neighbours on all sides
                                     (mean_coder)

    2. the other latents,       group 0        group 1        group 2   ...   8 latents each
       band by band of rows    0 2 0 2 0      0 2 0 2 0                       positions in four
                               3 1 3 1 3      3 1 3 1 3                       phases: all those of
                               0 2 0 2 0      0 2 0 2 0                       one phase of a group
                               3 1 3 1 3      3 1 3 1 3                       are a step

       a step sees             all positions of the groups before, the earlier phases of its own,
                               the slopes of the means, the band above  (context_planes)

       and makes of that       for each level a class (how wide the spread is) and an expectation
                               in eighths of a level                    (integer_network)

    3. a level less what was expected, rounded, is a symbol of a table that class and fraction
       choose; equal tables go to the range coder together              (symbols)
       and go on counting what occurs                                   (learning_tables)

Encoder and decoder walk the same steps through the same code, the one handing levels to the range
coder and the other taking them from it. Bands bound the memory; a band sees the rows above it, and
takes those below as zeros.

Payload: the range coder's 32-bit words, little-endian.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from bitcodec.bitmap import Bitmap
from bitcodec.coders.base import Tables, check_bitmap, check_layout, check_levels
from bitcodec.coders.choosing import MEAN_BIT, OTHER_BIT, Choosing, at_step
from bitcodec.coders.context_model import ContextModel
from bitcodec.coders.context_planes import GROUP, PHASES, Planes, groups_of, slopes
from bitcodec.coders.integer_network import ONE, FastNetworks
from bitcodec.coders.mean_coder import MeanCoder, step_feature
from bitcodec.coders.symbols import Coding, LevelDecoder, LevelEncoder
from bitcodec.layout import Layout

BAND_POSITIONS = 1 << 15
"""Rows x columns of a band: the planes of 192 latents take 60 MB."""

MEANS, OTHERS = 0, 1
"""Sets of tables."""


class ContextCoder:
    """The coder described at the top of this file."""

    name: ClassVar[str] = "context"
    id: ClassVar[int] = 2

    def __init__(self, model: ContextModel) -> None:
        self._model = model
        self._networks = FastNetworks(model.networks)
        self._means: MeanCoder | None = None
        if model.mean_networks:
            self._means = MeanCoder(model.mean_networks, model.relative, model.means)

    @property
    def latents(self) -> int:
        """How many latents the tables know."""
        return self._model.latents

    def encode(self, bitmap: Bitmap, layout: Layout) -> bytes:
        """The payload of a bitmap.

        Raises:
            UsageError: if bitmap, layout and tables do not belong together.
        """
        check_layout(layout, self._model.latents, self._model.means)
        check_bitmap(bitmap, layout)
        coder = LevelEncoder(self._model.coding_tables())
        shallow = layout.of_means()
        means = shallow.levels(bitmap[: shallow.channels])
        self._code_means(means.shape[1:], means.astype(np.int32), coder.using(MEANS), layout)
        bands, coding = self._bands(means, layout), coder.using(OTHERS)
        for rows, planes in bands:
            levels = layout.levels(bitmap[:, rows])
            self._walk(planes, levels, levels, coding, layout)
        return coder.payload()

    def decode(self, payload: bytes, size: tuple[int, int], layout: Layout) -> Bitmap:
        """The bitmap that :meth:`encode` turned into ``payload``; see :meth:`decode_levels`."""
        return layout.bitmap(self.decode_levels(payload, size, layout))

    def decode_levels(
        self, payload: bytes, size: tuple[int, int], layout: Layout
    ) -> NDArray[np.int16]:
        """The levels ``M x H x W`` of a payload's bitmap, which take less memory than that.

        Most damage shows only as wrong levels: an arithmetic code has no redundancy. The
        container's checksum is what detects it.

        Raises:
            DamagedFileError: if no bitmap of this size and layout has this payload.
            UsageError: if layout and tables do not belong together.
        """
        check_layout(layout, self._model.latents, self._model.means)
        coder = LevelDecoder(self._model.coding_tables(), payload)
        means = self._code_means(size, None, coder.using(MEANS), layout)
        levels = np.zeros((layout.latents, *size), np.int16)
        levels[: layout.means] = means
        bands, coding = self._bands(means, layout), coder.using(OTHERS)
        for rows, planes in bands:
            self._walk(planes, levels[:, rows], None, coding, layout)
        coder.finish()
        return levels

    def choose(
        self,
        found: NDArray[np.float32],
        layout: Layout,
        out: NDArray[np.int16] | None = None,
    ) -> tuple[NDArray[np.int16], bytes]:
        """Of the two levels next to each value, the one that costs less, error and bits together.

        Args:
            found: what an encoder network gives, ``M x H x W`` in steps.
            layout: with M latents.
            out: where the levels go; it may share ``found``'s memory, value by value.

        Returns:
            The levels ``M x H x W``, and the payload of their bitmap.

        Raises:
            UsageError: if layout and tables do not belong together.
        """
        check_layout(layout, self._model.latents, self._model.means)
        tables = self._model.coding_tables()
        coder = LevelEncoder(tables)
        bit = at_step(MEAN_BIT, layout.index)
        coding: Coding = Choosing(tables[MEANS], bit, coder.using(MEANS))
        within = layout.of_means().within(found)
        means = self._code_means(found.shape[1:], within, coding, layout)
        levels = np.empty(found.shape, np.int16) if out is None else out
        levels[: layout.means] = means
        bit = at_step(OTHER_BIT, layout.index)
        coding = Choosing(tables[OTHERS], bit, coder.using(OTHERS))
        for rows, planes in self._bands(means, layout):
            self._walk(planes, levels[:, rows], layout.within(found[:, rows]), coding, layout)
        return levels, coder.payload()

    def _code_means(
        self, size: tuple[int, ...], known: NDArray[Any] | None, coding: Coding, layout: Layout
    ) -> NDArray[np.int16]:
        height, width = size
        if self._means is None:
            return np.zeros((0, height, width), np.int16)
        return self._means.walk((height, width), known, coding, layout)

    def _bands(self, means: NDArray[np.int16], layout: Layout) -> Iterator[tuple[slice, Planes]]:
        """Rows of the bands, and planes that hold what is known of each from outside it."""
        height, width = means.shape[1:]
        groups = groups_of(layout.latents, layout.means)
        slope = slopes(means)
        rows = max(2, BAND_POSITIONS // width & -2)
        above = None
        for top in range(0, height, rows):
            here = slice(top, min(top + rows, height))
            planes = Planes(layout.means, groups, (here.stop - top, width), above)
            planes.put_slopes(slope[:, here])
            yield here, planes
            above = planes

    def _walk(
        self,
        planes: Planes,
        levels: NDArray[np.int16],
        given: NDArray[Any] | None,
        coding: Coding,
        layout: Layout,
    ) -> None:
        """Code the levels of a band that are not means, and put what was coded in their place.

        ``given`` is what ``coding`` takes: the levels, values to choose them from, or nothing.
        """
        step = step_feature(layout.index)
        size = levels.shape[1:]
        for group, first in enumerate(range(layout.means, layout.latents, GROUP)):
            members = slice(first, first + GROUP)
            for phase, (row, column) in enumerate(PHASES):
                if row >= size[0] or column >= size[1]:
                    continue
                here = levels[members, row::2, column::2]
                number = group * len(PHASES) + phase
                features, signed = self._model.features[number], self._model.signed_features[number]
                x = np.empty((len(features) + 2, planes.span), np.float32)
                x[:-2] = planes.gather(0, planes.starts(features, phase))
                x[-2], x[-1] = step, ONE
                s = planes.gather(1, planes.starts(signed, phase))
                classes, expected = self._networks(number, x, s)
                coded = coding.code(
                    planes.inside(phase, classes[: len(here)]),
                    planes.inside(phase, expected[: len(here)]),
                    None if given is None else given[members, row::2, column::2],
                )
                if given is None:
                    check_levels(coded, layout.bits[members])
                here[:] = coded
                planes.put_group(group, phase, coded)

    def tables(self) -> dict[str, NDArray[np.integer]]:
        """See :class:`ContextModel` for the arrays."""
        return self._model.tables()

    @classmethod
    def from_tables(cls, tables: Tables) -> Self:
        """The coder with these tables.

        Raises:
            UnknownModelError: if the arrays are not those of this coder.
        """
        return cls(ContextModel.from_tables(tables))
