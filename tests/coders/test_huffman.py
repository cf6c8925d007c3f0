"""The Huffman coder: lossless everywhere, small on skewed planes, strict about damage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitcodec.bitmap import Bitmap, order0_bits
from bitcodec.coders.block_runs import (
    ALPHABET,
    bits_of,
    blocks_from,
    blocks_of,
    histograms,
    symbols_of,
)
from bitcodec.coders.huffman import HuffmanCoder, codec_for, lengths_of
from bitcodec.errors import DamagedFileError, UnknownModelError, UsageError
from bitcodec.layout import Layout
from tests.coders.samples import CHANNELS, bitmaps, smooth_bitmap

PLAIN = Layout((1,) * CHANNELS)
CODER = HuffmanCoder.fit([smooth_bitmap(seed, 40, 56) for seed in range(12)])


@given(bitmaps())
def test_every_bitmap_round_trips(bitmap: Bitmap) -> None:
    decoded = CODER.decode(CODER.encode(bitmap, PLAIN), bitmap.shape[1:], PLAIN)
    assert decoded.dtype == np.bool_
    assert np.array_equal(decoded, bitmap)


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 8191, 8192])
@pytest.mark.parametrize("density", [0.0, 0.001, 0.5, 1.0])
def test_wide_bitmaps_round_trip(width: int, density: float) -> None:
    bitmap = np.random.default_rng(width).random((CHANNELS, 3, width)) < density
    assert np.array_equal(
        CODER.decode(CODER.encode(bitmap, PLAIN), bitmap.shape[1:], PLAIN), bitmap
    )


def test_tables_survive_as_integers() -> None:
    tables = CODER.tables()
    assert all(table.dtype.kind in "iu" for table in tables.values())
    bitmap = smooth_bitmap(99, 33, 47)
    assert HuffmanCoder.from_tables(tables).encode(bitmap, PLAIN) == CODER.encode(bitmap, PLAIN)


def test_payload_beats_order0_on_structured_planes() -> None:
    fresh = [smooth_bitmap(seed, 64, 96) for seed in range(100, 104)]
    payload = sum(8 * len(CODER.encode(bitmap, PLAIN)) for bitmap in fresh)
    assert payload < 1.0 * sum(order0_bits(bitmap) for bitmap in fresh)


def test_payload_stays_near_order0_on_independent_bits() -> None:
    rng = np.random.default_rng(3)
    density = np.linspace(0.002, 0.5, CHANNELS)[:, None, None]
    coder = HuffmanCoder.fit([rng.random((CHANNELS, 48, 48)) < density for _ in range(12)])
    fresh = rng.random((CHANNELS, 64, 96)) < density
    assert 8 * len(coder.encode(fresh, Layout((1,) * len(fresh)))) < 1.05 * order0_bits(fresh)


def test_an_empty_bitmap_costs_a_few_bytes() -> None:
    assert len(CODER.encode(np.zeros((CHANNELS, 64, 96), bool), PLAIN)) < 3 + CHANNELS


def test_one_image_is_enough_to_fit() -> None:
    coder = HuffmanCoder.fit([np.zeros((CHANNELS, 2, 2), bool)])
    bitmap = np.random.default_rng(0).random((CHANNELS, 9, 9)) < 0.5
    assert np.array_equal(
        coder.decode(coder.encode(bitmap, PLAIN), bitmap.shape[1:], PLAIN), bitmap
    )


@given(bitmaps())
def test_blocks_and_symbols_are_inverses(bitmap: Bitmap) -> None:
    blocks = blocks_of(bitmap)
    assert np.array_equal(bits_of(blocks, bitmap.shape), bitmap)
    row = symbols_of(blocks.reshape(1, -1))[:-1]
    assert np.array_equal(blocks_from(row, blocks.size), blocks.reshape(-1))


def test_long_runs_take_few_symbols() -> None:
    blocks = np.zeros((1, 1_000_003), np.uint8)
    symbols = symbols_of(blocks)
    assert len(symbols) < 25
    assert np.array_equal(blocks_from(symbols[:-1], blocks.size), blocks[0])


def test_code_lengths_are_optimal() -> None:
    """dahuffman's code costs what bitarray's independent Huffman code costs."""
    util = pytest.importorskip("bitarray.util")
    planes = histograms(blocks_of(smooth_bitmap(1, 64, 64))).sum(axis=0)
    lengths = lengths_of(codec_for(planes), ALPHABET)
    reference = util.huffman_code({s: int(n) for s, n in enumerate(planes + 1)})
    cost = sum((int(planes[s]) + 1) * len(code) for s, code in reference.items())
    assert int(((planes + 1) * lengths).sum()) == cost


def test_a_payload_cut_or_extended_is_refused() -> None:
    bitmap = smooth_bitmap(5, 17, 22)
    payload = CODER.encode(bitmap, PLAIN)
    for end in range(len(payload)):
        with pytest.raises(DamagedFileError):
            CODER.decode(payload[:end], bitmap.shape[1:], PLAIN)
    with pytest.raises(DamagedFileError):
        CODER.decode(payload + b"\0", bitmap.shape[1:], PLAIN)


def test_a_payload_for_another_shape_is_refused() -> None:
    bitmap = smooth_bitmap(5, 16, 24)
    with pytest.raises(DamagedFileError):
        CODER.decode(CODER.encode(bitmap, PLAIN), (16, 32), PLAIN)


@given(st.binary(max_size=400), st.integers(1, 40), st.integers(1, 40))
def test_random_bytes_never_crash(payload: bytes, height: int, width: int) -> None:
    try:
        decoded = CODER.decode(payload, (height, width), PLAIN)
    except DamagedFileError:
        return
    assert decoded.shape == (CHANNELS, height, width)


def test_flipped_bits_never_crash() -> None:
    bitmap = smooth_bitmap(6, 12, 12)
    payload = CODER.encode(bitmap, PLAIN)
    for position in range(8 * len(payload)):
        damaged = bytearray(payload)
        damaged[position // 8] ^= 1 << position % 8
        try:
            decoded = CODER.decode(bytes(damaged), bitmap.shape[1:], PLAIN)
        except DamagedFileError:
            continue
        assert decoded.shape == bitmap.shape


def test_wrong_arguments_are_usage_errors() -> None:
    with pytest.raises(UsageError):
        CODER.encode(np.zeros((CHANNELS + 1, 4, 4), bool), PLAIN)
    with pytest.raises(UsageError):
        CODER.encode(np.zeros((CHANNELS, 4, 4), np.uint8), PLAIN)  # type: ignore[arg-type]
    with pytest.raises(UsageError):
        CODER.decode(b"", (4, 4), Layout((2,) * CHANNELS))
    with pytest.raises(UsageError):
        HuffmanCoder.fit([])


@pytest.mark.parametrize("change", ["missing", "float", "alphabet", "classes", "negative"])
def test_foreign_tables_are_refused(change: str) -> None:
    tables = dict(CODER.tables())
    if change == "missing":
        del tables["usage"]
    elif change == "float":
        tables["counts"] = tables["counts"].astype(np.float64)  # type: ignore[assignment]
    elif change == "alphabet":
        tables["counts"] = tables["counts"][:, :-1]
    elif change == "classes":
        tables["usage"] = tables["usage"][:, :-1]
    else:
        tables["counts"] = -1 - tables["counts"].astype(np.int64)
    with pytest.raises(UnknownModelError):
        HuffmanCoder.from_tables(tables)
