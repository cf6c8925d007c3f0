"""Arithmetic coding of the bitmap under an integer network that sees the bits already coded.

The order of coding lets many bits go at once (:mod:`bitcodec.coders.context_features`): in step s
and phase k, group j codes the columns of phase k of row s - j. A step is a few numpy calls and
one call to constriction's range coder; encoder and decoder walk the same steps through the same
code, the one handing bits to the range coder and the other taking them from it.

Channels that are numbers, as the means of folded latents, go before all others, from neighbours on
all sides (:mod:`bitcodec.coders.means`).

Static tables know the average picture. Each channel therefore carries a drift, an integer that is
added to its logits and moves after every half row by the ones that came less the ones that were
expected.

Large bitmaps are coded in bands of rows, which bounds the memory; a band sees the rows above it,
and takes those below as zeros.

constriction turns a probability p into an integer interval by itself: for the symbols 0 and 1 the
border lies at floor((1 - p) * (2^24 - 2)) + 1 of 2^24. With p a multiple of 1/65536 both 1 - p
and the product (40 bits) are exact in float64, so that this is integer arithmetic as well.

Payload: the range coder's 32-bit words, little-endian.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Self

import constriction
import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view
from numpy.typing import NDArray

from bitcodec.bitmap import Bitmap
from bitcodec.coders.base import Tables, check_bitmap, check_shape
from bitcodec.coders.context_features import (
    COLUMNS_BESIDE,
    GROUP,
    PHASES,
    ROWS_ABOVE,
    ROWS_BELOW,
)
from bitcodec.coders.context_model import ContextModel
from bitcodec.coders.integer_network import DRIFT_MAX, PROBABILITY_BITS, FastNetwork
from bitcodec.coders.mean_model import CodeBits, NumberCoder
from bitcodec.errors import DamagedFileError

BAND_POSITIONS = 1 << 16
"""Rows x columns of a band: 128 channels of that size take 35 MB in float32."""

WORD = np.dtype("<u4")
EDGE = COLUMNS_BESIDE // PHASES
"""Columns of padding on each side of a half row."""

DRIFT_RATE = 32, 64
"""The drift moves by 1/32 of a surplus of one bit, in 1/65536, per column; rows of fewer than 64
columns count as 64, because a few bits say little."""


class _Band:
    """The bits of some rows as float32, in coding order, padded, even and odd columns apart.

    Axes: ``phase x row x channel rank x half column``. Ranks from ``channels`` on fill up the last
    group, and are 0 as is the last rank of all; in between are ``planes`` that are known already.
    """

    def __init__(
        self, channels: int, planes: int, rows: int, width: int, above: _Band | None
    ) -> None:
        self.channels, self.rows, self.width = channels, rows, width
        self.groups = -(-channels // GROUP)
        self.half = -(-width // PHASES)
        ranks = self.groups * GROUP + planes + 1
        padded = (ROWS_ABOVE + rows + ROWS_BELOW, ranks, self.half + 2 * EDGE)
        self._bits = np.zeros((PHASES, *padded), np.float32)
        if above is not None:
            self._bits[:, :ROWS_ABOVE] = above._bits[:, above.rows : above.rows + ROWS_ABOVE]
        self._half_rows = sliding_window_view(self._bits.reshape(-1), self.half)

    def columns(self, phase: int) -> int:
        """How many columns the phase has (there may be one odd column fewer)."""
        return (self.width - phase + PHASES - 1) // PHASES

    def _inside(self, phase: int, first: int, count: int) -> NDArray[np.float32]:
        """``row x rank x column``: a view of some ranks of the phase without padding."""
        inner = self._bits[phase, ROWS_ABOVE : ROWS_ABOVE + self.rows, first : first + count]
        return inner[..., EDGE : EDGE + self.columns(phase)]

    def put(self, channels: Bitmap, planes: Bitmap) -> None:
        """Fill in channels, in coding order (none when decoding), and planes."""
        for first, bits in ((0, channels), (self.groups * GROUP, planes)):
            for phase in range(PHASES):
                part = bits[:, :, phase::PHASES].transpose(1, 0, 2)
                self._inside(phase, first, len(bits))[:] = part

    def take(self, bitmap: Bitmap, order: NDArray[np.integer]) -> None:
        """Copy the channels to their places in ``bitmap``."""
        for phase in range(PHASES):
            part = self._inside(phase, 0, self.channels).transpose(1, 0, 2)
            bitmap[order, :, phase::PHASES] = part

    def starts(self, features: NDArray[np.integer], phase: int) -> NDArray[np.intp]:
        """Where in memory the half row of every feature begins in step 0: ``groups x M``."""
        rank, dy, dx = np.moveaxis(features.astype(np.intp), -1, 0)
        _, rows, ranks, length = self._bits.shape
        rank = np.where(rank < 0, ranks - 1, rank)
        source, shift = (phase + dx) % PHASES, (phase + dx) // PHASES
        row = ROWS_ABOVE + dy - np.arange(self.groups)[:, None]
        return ((source * rows + row) * ranks + rank) * length + EDGE + shift

    def gather(self, starts: NDArray[np.intp], step: int, columns: int) -> NDArray[np.float32]:
        """The features of some groups in a step: ``groups x M x columns``."""
        stride = self._bits.shape[2] * self._bits.shape[3]
        return self._half_rows[starts + step * stride][..., :columns]

    def front(self, phase: int, step: int, groups: slice) -> NDArray[np.float32]:
        """The bits that a step codes: ``groups x GROUP x columns``, a view along a diagonal."""
        first = self._bits[phase, ROWS_ABOVE + step - groups.start, groups.start * GROUP :, EDGE:]
        _, by_row, by_rank, by_column = self._bits.strides
        shape = (groups.stop - groups.start, GROUP, self.columns(phase))
        return as_strided(first, shape, (GROUP * by_rank - by_row, by_rank, by_column))


class ContextCoder:
    """The coder described at the top of this file."""

    name: ClassVar[str] = "context"
    id: ClassVar[int] = 2

    def __init__(self, model: ContextModel) -> None:
        self._model = model
        self._network = FastNetwork(model)
        self._ones = model.probability.astype(np.int64)
        self._numbers = NumberCoder(model.numbers, self._ones) if model.numbers else None
        # "perfect" would search for the best rounding with logarithms; this is plain arithmetic.
        self._bernoulli = constriction.stream.model.Bernoulli(perfect=False)

    @property
    def channels(self) -> int:
        return self._model.channels

    def encode(self, bitmap: Bitmap) -> bytes:
        """The payload of a bitmap ``C x H x W``.

        Raises:
            UsageError: if the bitmap has another number of channels than the tables.
        """
        check_bitmap(bitmap, self.channels)
        coder = constriction.stream.queue.RangeEncoder()

        def put(
            probability: NDArray[np.float64], bits: NDArray[np.int32] | None
        ) -> NDArray[np.int32]:
            assert bits is not None
            coder.encode(bits, self._bernoulli, probability)
            return bits

        planes = self._numbers.encode(bitmap, put) if self._numbers else bitmap[:0]
        above, drift, order = None, self._no_drift(), self._model.order
        for top, rows in _bands(*bitmap.shape[1:]):
            band = _Band(len(order), len(planes), rows, bitmap.shape[2], above)
            band.put(bitmap[order, top : top + rows], planes[:, top : top + rows])
            self._walk(band, drift, put, known=True)
            above = band
        return np.asarray(coder.get_compressed()).astype(WORD).tobytes()

    def decode(self, payload: bytes, shape: tuple[int, int, int]) -> Bitmap:
        """The bitmap of ``shape`` that :meth:`encode` turned into ``payload``.

        Most damage shows only as a wrong bitmap: an arithmetic code has no redundancy. The
        container's checksum is what detects it.

        Raises:
            DamagedFileError: if no bitmap of this shape has this payload.
            UsageError: if the shape has another number of channels than the tables.
        """
        check_shape(shape, self.channels)
        if not payload or len(payload) % WORD.itemsize:
            raise DamagedFileError("the payload is cut off; get the file again")
        words = np.frombuffer(payload, WORD).astype(np.uint32)
        coder = constriction.stream.queue.RangeDecoder(words)

        def take(
            probability: NDArray[np.float64], bits: NDArray[np.int32] | None
        ) -> NDArray[np.int32]:
            try:
                return coder.decode(self._bernoulli, probability)
            except AssertionError:  # what constriction raises for a code it never writes
                raise DamagedFileError("the payload is damaged; get the file again") from None

        bitmap = np.empty(shape, bool)
        planes = self._numbers.decode(bitmap, take) if self._numbers else bitmap[:0]
        above, drift, order = None, self._no_drift(), self._model.order
        for top, rows in _bands(*shape[1:]):
            band = _Band(len(order), len(planes), rows, shape[2], above)
            band.put(bitmap[:0, top : top + rows], planes[:, top : top + rows])
            self._walk(band, drift, take, known=False)
            band.take(bitmap[:, top : top + rows], order)
            above = band
        if not coder.maybe_exhausted():
            raise DamagedFileError(
                "the payload does not end where the bitmap does; get the file again"
            )
        return bitmap

    def _no_drift(self) -> NDArray[np.int64]:
        return np.zeros(self._model.output_bias.shape[1:], np.int64)

    def _walk(self, band: _Band, drift: NDArray[np.int64], code: CodeBits, known: bool) -> None:
        """Code the bits of a band, all groups side by side, each a row behind the one before."""
        starts = [band.starts(self._model.features[phase], phase) for phase in range(PHASES)]
        for step in range(band.rows + band.groups - 1):
            groups = slice(max(0, step - band.rows + 1), min(band.groups, step + 1))
            real = min(groups.stop * GROUP, band.channels) - groups.start * GROUP
            for phase in range(PHASES):
                columns = band.columns(phase)
                if not columns:
                    continue
                features = band.gather(starts[phase][groups], step, columns)
                levels = self._network.levels(phase, groups, features, drift[groups])
                ones = self._ones[levels.reshape(-1, columns)[:real]]
                probability = ones.reshape(-1) / float(1 << PROBABILITY_BITS)
                front = band.front(phase, step, groups)
                bits = np.zeros(front.shape, np.int32)
                if known:
                    bits[:] = front
                flat = bits.reshape(-1, columns)[:real]
                coded = code(probability, flat.reshape(-1) if known else None)
                if not known:
                    flat[:] = coded.reshape(flat.shape)
                    front[:] = bits
                self._follow(drift[groups], flat, ones)

    @staticmethod
    def _follow(drift: NDArray[np.int64], bits: NDArray[np.int32], ones: NDArray[np.int64]) -> None:
        """Move the drifts (in place) of the channels that have coded a half row each."""
        slowness, least = DRIFT_RATE
        surplus = (bits.sum(axis=1, dtype=np.int64) << PROBABILITY_BITS) - ones.sum(axis=1)
        moved = drift.reshape(-1)[: len(bits)]
        moved += surplus // (slowness * max(least, bits.shape[1]))
        np.clip(moved, -DRIFT_MAX, DRIFT_MAX, out=moved)

    def tables(self) -> dict[str, NDArray[np.integer]]:
        """See :class:`ContextModel` for the arrays."""
        return self._model.tables()

    @classmethod
    def from_tables(cls, tables: Tables) -> Self:
        """Raises:
        UnknownModelError: if the arrays are not those of this coder.
        """
        return cls(ContextModel.from_tables(tables))

    @classmethod
    def fit(cls, bitmaps: Iterable[Bitmap], **settings: Any) -> Self:
        """Fit the network to bitmaps of training images; needs torch.

        Takes minutes; see :func:`bitcodec.training.fit.context.fit_context` for the settings.
        """
        from bitcodec.training.fit.context import fit_context  # torch stays out of the base install

        return cls(fit_context(list(bitmaps), **settings))


def _bands(height: int, width: int) -> Iterator[tuple[int, int]]:
    """(first row, number of rows) of the bands of a bitmap."""
    rows = max(1, BAND_POSITIONS // width)
    for top in range(0, height, rows):
        yield top, min(rows, height - top)
