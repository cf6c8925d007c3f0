"""Planes of bits as symbols for a Huffman code: blocks of 4 x 2 bits, and runs of empty blocks.

A *plane* is one channel of one bitmap. A block with a one in it is a symbol by itself; a run of
blocks without is one or a few symbols for its length. So a dense plane is coded block by block,
which catches the correlation of neighbouring bits, and a sparse plane as runs, without the bit per
symbol that sinks a Huffman code on plain bytes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bitcodec.bitmap import Bitmap
from bitcodec.errors import DamagedFileError

BLOCK_ROWS, BLOCK_COLUMNS = 4, 2

# The alphabet: 0 ends a stream, 1 to 255 are the blocks with a one in them (bits in raster order,
# the first most significant), then runs of empty blocks: 1 to 31 in one symbol, longer ones as a
# sum of 32 * 2^k in falling order and a rest.
END = 0
SHORT_RUN = 256
SHORT_RUNS = 31
LONG_RUN = SHORT_RUN + SHORT_RUNS
LONG_RUNS = 26
ALPHABET = LONG_RUN + LONG_RUNS

RUN_LENGTH = np.ones(ALPHABET, np.int64)
RUN_LENGTH[END] = 0
RUN_LENGTH[SHORT_RUN:LONG_RUN] = np.arange(1, SHORT_RUNS + 1)
RUN_LENGTH[LONG_RUN:] = (SHORT_RUNS + 1) << np.arange(LONG_RUNS)


def block_grid(height: int, width: int) -> tuple[int, int]:
    """How many rows and columns of blocks cover a plane of ``height x width`` bits."""
    return -(-height // BLOCK_ROWS), -(-width // BLOCK_COLUMNS)


def blocks_of(bitmap: Bitmap) -> NDArray[np.uint8]:
    """``C x H x W`` bits → ``C x blocks`` bytes, blocks in raster order, zeros beyond the edges."""
    channels, height, width = bitmap.shape
    rows, columns = block_grid(height, width)
    if (height, width) != (rows * BLOCK_ROWS, columns * BLOCK_COLUMNS):
        edges = (rows * BLOCK_ROWS - height, columns * BLOCK_COLUMNS - width)
        bitmap = np.pad(bitmap, ((0, 0), (0, edges[0]), (0, edges[1])))
    cut = bitmap.reshape(channels, rows, BLOCK_ROWS, columns, BLOCK_COLUMNS)
    bits = np.ascontiguousarray(cut.transpose(0, 1, 3, 2, 4)).reshape(channels, -1)
    return np.packbits(bits, axis=1)


def bits_of(blocks: NDArray[np.uint8], shape: tuple[int, int, int]) -> Bitmap:
    """Inverse of :func:`blocks_of`; what a block says beyond the edges is dropped."""
    channels, height, width = shape
    rows, columns = block_grid(height, width)
    bits = np.unpackbits(blocks, axis=1).astype(bool)
    cut = bits.reshape(channels, rows, columns, BLOCK_ROWS, BLOCK_COLUMNS)
    whole = cut.transpose(0, 1, 3, 2, 4)
    return whole.reshape(channels, rows * BLOCK_ROWS, columns * BLOCK_COLUMNS)[:, :height, :width]


def symbols_of(blocks: NDArray[np.uint8]) -> NDArray[np.int16]:
    """``rows x blocks`` bytes → the symbols of row after row, each row ended by :data:`END`."""
    count, length = blocks.shape
    marked = np.full((count, length + 1), ALPHABET, np.int16)
    marked[:, :length] = blocks
    flat = marked.reshape(-1)
    filled = np.flatnonzero(flat)
    gaps = np.diff(filled, prepend=-1) - 1
    rest = gaps & SHORT_RUNS
    multiples = gaps >> SHORT_RUNS.bit_length()
    emitted = 1 + (rest > 0)
    long = np.flatnonzero(multiples)
    powers = (multiples[long, None] >> np.arange(LONG_RUNS)[::-1]) & 1
    emitted[long] += powers.sum(axis=1)
    ends = np.cumsum(emitted)
    symbols = np.empty(ends[-1], np.int16)
    symbols[ends - 1] = flat[filled]
    with_rest = np.flatnonzero(rest)
    symbols[ends[with_rest] - 2] = SHORT_RUN - 1 + rest[with_rest]
    index, power = np.nonzero(powers)
    place = np.cumsum(powers, axis=1)[index, power] - 1
    starts = ends[long] - emitted[long]
    symbols[starts[index] + place] = LONG_RUN + LONG_RUNS - 1 - power
    symbols[symbols == ALPHABET] = END
    return symbols


def blocks_from(symbols: NDArray[np.int16], count: int) -> NDArray[np.uint8]:
    """The ``count`` blocks that a row of symbols stands for.

    Raises:
        DamagedFileError: if the symbols stand for more blocks or for fewer.
    """
    ends = np.cumsum(RUN_LENGTH[symbols])
    if (ends[-1] if len(ends) else 0) != count:
        raise DamagedFileError("the Huffman streams do not fill the bitmap; get the file again")
    blocks = np.zeros(count, np.uint8)
    single = symbols < SHORT_RUN
    blocks[ends[single] - 1] = symbols[single]
    return blocks


def histograms(blocks: NDArray[np.uint8]) -> NDArray[np.int64]:
    """How often each symbol occurs in each plane: ``planes x alphabet``, ends not counted."""
    symbols = symbols_of(blocks).astype(np.int64)
    ends = symbols == END
    plane = np.cumsum(ends) - ends
    index = plane * ALPHABET + symbols
    counts = np.bincount(index, minlength=len(blocks) * ALPHABET).reshape(-1, ALPHABET)
    counts[:, END] = 0
    return counts
