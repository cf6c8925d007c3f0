"""The baseline of the experiment: static tables of 2,048 contexts a channel.

The context of a bit: its left, upper, upper-left and upper-right neighbours in its own channel,
and the bits at its own place in the seven earlier channels whose bits correlate most with its
own. Positions go along diagonals (column + 2 * row), so that a whole diagonal is coded at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Self

import constriction
import numpy as np
from numpy.typing import NDArray

from bitcodec.bitmap import Bitmap
from bitcodec.coders.context_features import coding_order

OWN = ((0, -1), (-1, 0), (-1, -1), (-1, 1))
EARLIER = 7
CONTEXTS = 1 << (len(OWN) + EARLIER)
UNIT = 65536


class TableCoder:
    """Encodes and decodes bitmaps of one shape of channels under static tables.

    Args:
        order: the channels in coding order.
        earlier: ``C x 7``, ranks of the channels that each one looks at; -1 for none.
        ones: ``C x 2048``, probability of a one in 1/65536.
    """

    name = "tables"

    def __init__(
        self, order: NDArray[np.int64], earlier: NDArray[np.int64], ones: NDArray[np.int64]
    ) -> None:
        self.order, self.earlier, self.ones = order, earlier, ones
        self._bernoulli = constriction.stream.model.Bernoulli(perfect=False)

    @classmethod
    def fit(cls, bitmaps: Sequence[Bitmap]) -> Self:
        """Count ones and zeros in every context of every channel."""
        order = coding_order(bitmaps)
        sample = np.concatenate([b[order].reshape(len(order), -1)[:, ::3] for b in bitmaps], axis=1)
        spread = sample.std(axis=1, dtype=np.float64)
        centred = (sample - sample.mean(axis=1, keepdims=True)).astype(np.float32)
        covariance = centred @ centred.T / sample.shape[1]
        correlation = np.abs(covariance) / np.maximum(np.outer(spread, spread), 1e-9)
        earlier = np.full((len(order), EARLIER), -1, np.int64)
        for rank in range(len(order)):
            best = np.argsort(-correlation[rank, :rank], kind="stable")[:EARLIER]
            earlier[rank, : len(best)] = best
        counts = np.zeros((2, len(order) * CONTEXTS))
        coder = cls(order, earlier, np.zeros((len(order), CONTEXTS), np.int64))
        for bitmap in bitmaps:
            planes = _padded(bitmap[order])
            at = np.ogrid[1 : bitmap.shape[1] + 1, 1 : bitmap.shape[2] + 1]
            for rank in range(len(order)):
                index = rank * CONTEXTS + coder._context(planes, rank, at[0], at[1])
                bits = planes[rank, at[0], at[1]] > 0
                for value in (0, 1):
                    counts[value] += np.bincount(index[bits == value], minlength=counts.shape[1])
        share = (counts[1] + 0.4) / (counts.sum(axis=0) + 0.8)
        ones = np.clip(np.rint(share * UNIT), 1, UNIT - 1).astype(np.int64)
        return cls(order, earlier, ones.reshape(len(order), CONTEXTS))

    def encode(self, bitmap: Bitmap) -> bytes:
        """The payload of a bitmap."""
        planes = _padded(bitmap[self.order])
        encoder = constriction.stream.queue.RangeEncoder()
        for rank in range(len(planes)):
            for y, x in _diagonals(*bitmap.shape[1:]):
                p = self.ones[rank, self._context(planes, rank, y, x)] / UNIT
                encoder.encode(planes[rank, y, x].astype(np.int32), self._bernoulli, p)
        return encoder.get_compressed().astype("<u4").tobytes()

    def decode(self, payload: bytes, shape: tuple[int, int, int]) -> Bitmap:
        """The bitmap of a payload that :meth:`encode` wrote."""
        planes = _padded(np.zeros(shape, bool))
        decoder = constriction.stream.queue.RangeDecoder(np.frombuffer(payload, np.uint32).copy())
        for rank in range(len(planes)):
            for y, x in _diagonals(*shape[1:]):
                p = self.ones[rank, self._context(planes, rank, y, x)] / UNIT
                planes[rank, y, x] = decoder.decode(self._bernoulli, p)
        bitmap = np.empty(shape, bool)
        bitmap[self.order] = planes[:, 1:-1, 1:-1] > 0
        return bitmap

    def _context(
        self, planes: NDArray[np.int64], rank: int, y: NDArray[np.int64], x: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        seen = [planes[rank, y + dy, x + dx] for dy, dx in OWN]
        seen += [planes[other, y, x] for other in self.earlier[rank] if other >= 0]
        return np.sum([bits << place for place, bits in enumerate(seen)], axis=0)


def _padded(bitmap: Bitmap) -> NDArray[np.int64]:
    return np.pad(bitmap, ((0, 0), (1, 1), (1, 1))).astype(np.int64)


def _diagonals(height: int, width: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Row and column (in the padded plane) of the positions on each diagonal."""
    rows = np.arange(height)
    for diagonal in range(width + 2 * height - 2):
        y = rows[(diagonal - 2 * rows >= 0) & (diagonal - 2 * rows < width)]
        yield y + 1, diagonal - 2 * y + 1
