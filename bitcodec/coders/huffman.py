"""Huffman coding of the bitmap: every plane under the codebook that makes it smallest.

What is coded are the symbols of :mod:`bitcodec.coders.block_runs`. The model holds a few codebooks,
one per *class* of planes (from nearly empty to dense, found by Lloyd's iteration on training
bitmaps). Every plane of a file names the class that codes it cheapest, which adapts static tables
to the density of each channel in each image.

Payload: the class ranks of all channels as one Huffman stream, then for every class in use, in
order, the number of its symbols (LEB128) and one Huffman stream over the planes of the class,
laid end to end. dahuffman pads a stream to whole bytes with bits that may decode to more symbols;
the counts say where to stop.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from bitcodec.bitmap import Bitmap
from bitcodec.coders.base import Tables, check_bitmap, check_layout
from bitcodec.coders.block_runs import (
    ALPHABET,
    END,
    RUN_LENGTH,
    SHORT_RUN,
    bits_of,
    block_grid,
    blocks_from,
    blocks_of,
    histograms,
    symbols_of,
)
from bitcodec.errors import DamagedFileError, UnknownModelError, UsageError
from bitcodec.layout import Layout
from bitcodec.varint import varint

if TYPE_CHECKING:
    from dahuffman import HuffmanCodec

CLASSES = 8
LLOYD_ROUNDS = 8
CHUNK = 1 << 16


def codec_for(counts: NDArray[np.integer]) -> HuffmanCodec:
    """A Huffman code over symbols 0, 1, … where 0 ends the stream and every one has a code.

    Counts go in as integers and none as zero: dahuffman gives the end symbol the weight 1, and an
    unseen symbol must stay encodable.
    """
    from dahuffman import HuffmanCodec  # Which the files of most models never need.

    frequencies = {symbol: int(count) for symbol, count in enumerate(counts + 1)}
    return HuffmanCodec.from_frequencies(frequencies, eof=END)


def lengths_of(codec: HuffmanCodec, alphabet: int) -> NDArray[np.int64]:
    """Code length in bits of the symbols 0 to ``alphabet`` - 1."""
    table = codec.get_code_table()
    return np.array([table[symbol][0] for symbol in range(alphabet)], np.int64)


class HuffmanCoder:
    """The coder described at the top of this file.

    Args:
        counts: ``classes x alphabet``, how often each symbol occurred in each class in training.
        usage: ``channels x classes``, how often the planes of each channel chose each class.
    """

    name: ClassVar[str] = "huffman"
    id: ClassVar[int] = 1

    def __init__(self, counts: NDArray[np.integer], usage: NDArray[np.integer]) -> None:
        self._counts = counts
        self._usage = usage
        self._codecs = [codec_for(row) for row in counts]
        self._lengths = np.stack([lengths_of(codec, ALPHABET) for codec in self._codecs])
        # A class is named by its rank among the channel's classes: one code serves all channels.
        self._class_at = np.argsort(-usage.astype(np.int64), axis=1, kind="stable")
        self._rank_of = np.argsort(self._class_at, axis=1, kind="stable")
        ranked = -np.sort(-usage.astype(np.int64), axis=1)
        self._rank_codec = codec_for(np.concatenate([[0], ranked.sum(axis=0)]))
        self._rank_lengths = lengths_of(self._rank_codec, len(counts) + 1)[1:]

    @property
    def channels(self) -> int:
        """C, how many channels the tables know."""
        return len(self._usage)

    @property
    def latents(self) -> int:
        """How many channels the tables know, each a latent of one bit."""
        return self.channels

    def encode(self, bitmap: Bitmap, layout: Layout) -> bytes:
        """The payload of a bitmap ``C x H x W``.

        Raises:
            UsageError: if bitmap, layout and tables do not belong together.
        """
        self._check(layout)
        check_bitmap(bitmap, layout)
        blocks = blocks_of(bitmap)
        cost = histograms(blocks) @ self._lengths.T
        cost += self._rank_lengths[self._rank_of]
        chosen = np.argmin(cost, axis=1)
        ranks = self._rank_of[np.arange(self.channels), chosen]
        parts = [self._rank_codec.encode((ranks + 1).tolist())]
        for index in np.flatnonzero(np.bincount(chosen)):
            symbols = symbols_of(blocks[chosen == index].reshape(1, -1))[:-1]
            chunks = (symbols[at : at + CHUNK].tolist() for at in range(0, len(symbols), CHUNK))
            parts.append(varint(len(symbols)))
            parts.append(self._codecs[index].encode(chain.from_iterable(chunks)))
        return b"".join(parts)

    def _check(self, layout: Layout) -> None:
        """Raise UsageError for the layout of a model with steps, whose channels change with it."""
        check_layout(layout, self.channels, 0)
        if layout.channels != self.channels:
            raise UsageError(
                f"the Huffman coder's tables are for {self.channels} channels, not for "
                f"{layout.channels}"
            )

    def decode(self, payload: bytes, size: tuple[int, int], layout: Layout) -> Bitmap:
        """The bitmap of ``size`` (rows, columns) that :meth:`encode` turned into ``payload``.

        Raises:
            DamagedFileError: if the streams do not fill exactly this shape, or bytes are left.
            UsageError: if the layout is not that of the tables.
        """
        self._check(layout)
        shape = (self.channels, *size)
        source = iter(payload)
        limit = 8 * len(payload)
        ranks = _read(self._rank_codec, source, self.channels) - 1
        chosen = self._class_at[np.arange(self.channels), ranks]
        per_plane = math.prod(block_grid(*size))
        blocks = np.empty((self.channels, per_plane), np.uint8)
        for index in np.flatnonzero(np.bincount(chosen)):
            planes = chosen == index
            total = int(planes.sum()) * per_plane
            count = _read_count(source)
            if count > min(limit, total):
                raise DamagedFileError("the Huffman streams are damaged; get the file again")
            symbols = _read(self._codecs[index], source, count)
            blocks[planes] = blocks_from(symbols, total).reshape(-1, per_plane)
        if next(source, None) is not None:
            raise DamagedFileError("bytes are left after the Huffman streams; get the file again")
        return bits_of(blocks, shape)

    def tables(self) -> dict[str, NDArray[np.integer]]:
        """``counts`` and ``usage`` as given to the constructor."""
        return {"counts": self._counts, "usage": self._usage}

    @classmethod
    def from_tables(cls, tables: Tables) -> Self:
        """The coder with these tables.

        Raises:
            UnknownModelError: if the arrays are not those of this coder.
        """
        counts, usage = tables.get("counts"), tables.get("usage")
        if (
            counts is None
            or usage is None
            or any(
                t.ndim != 2 or t.dtype.kind not in "iu" or t.min(initial=0) < 0
                for t in (counts, usage)
            )
            or counts.shape != (usage.shape[1], ALPHABET)
        ):
            raise UnknownModelError("the tables are not those of the huffman coder")
        return cls(counts, usage)

    @classmethod
    def fit(cls, bitmaps: Iterable[Bitmap], classes: int = CLASSES) -> Self:
        """Fit to bitmaps of training images (all with the same channels).

        Lloyd's iteration (1957): planes go to the class that codes them in the fewest bits,
        classes get the counts of their planes. It starts from classes of falling density.

        Raises:
            UsageError: if there is no bitmap.
        """
        per_image = [histograms(blocks_of(bitmap)).astype(np.uint32) for bitmap in bitmaps]
        if not per_image:
            raise UsageError("the huffman coder cannot be fitted to no bitmap at all")
        channels = len(per_image[0])
        planes = np.concatenate(per_image)
        patterns = planes[:, 1:SHORT_RUN].sum(axis=1) / np.maximum(1, planes @ RUN_LENGTH)
        chosen = np.argsort(np.argsort(-patterns, kind="stable")) * classes // len(planes)
        for _ in range(LLOYD_ROUNDS):
            counts = np.stack([planes[chosen == c].sum(axis=0) for c in range(classes)])
            usage = np.stack(
                [np.bincount(chosen[c::channels], minlength=classes) for c in range(channels)]
            )
            bits = -np.log2((counts + 1) / (counts + 1).sum(axis=1, keepdims=True))
            naming = -np.log2((usage + 1) / (usage + 1).sum(axis=1, keepdims=True))
            cost = planes.astype(np.float32) @ bits.T.astype(np.float32)
            cost += np.tile(naming, (len(per_image), 1))
            chosen = np.argmin(cost, axis=1)
        return cls(counts.astype(np.uint32), usage.astype(np.uint32))


def _read_count(source: Iterator[int]) -> int:
    value = 0
    for shift, byte in zip(range(0, 42, 7), source, strict=False):
        value |= (byte & 127) << shift
        if byte < 128:
            return value
    raise DamagedFileError("a count in the Huffman streams is damaged; get the file again")


def _read(codec: HuffmanCodec, source: Iterator[int], count: int) -> NDArray[np.int16]:
    """Exactly ``count`` symbols; leaves the source after the byte that holds the last one."""
    if not count:
        return np.empty(0, np.int16)
    try:
        return np.fromiter(islice(codec.decode_streaming(source), count), np.int16, count)
    except ValueError:
        raise DamagedFileError("a Huffman stream ends too early; get the file again") from None
