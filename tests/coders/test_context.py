"""The context coder: lossless at every step and size, strict about damage, smaller than order 0."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import bitcodec
from bitcodec.bitmap import Bitmap, order0_bits
from bitcodec.coders import context
from bitcodec.coders.context import ContextCoder
from bitcodec.coders.symbols import LevelEncoder
from bitcodec.errors import DamagedFileError, UnknownModelError, UsageError
from bitcodec.layout import Layout
from tests.coders.samples import CHANNELS, RANGE, bitmaps, smooth_bitmap, smooth_levels

PLAIN = Layout((1,) * CHANNELS)


def sample(seed: int, height: int, width: int, index: int) -> tuple[Bitmap, Layout]:
    layout = RANGE.layout(index)
    return layout.bitmap(smooth_levels(seed, height, width, layout)), layout


@pytest.mark.parametrize("index", [RANGE.finest, 523, 600, 601, 777, RANGE.coarsest])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 1), (2, 2), (17, 23), (64, 65)])
def test_every_step_and_size_round_trips(
    stepped: ContextCoder, index: int, size: tuple[int, int]
) -> None:
    bitmap, layout = sample(3, *size, index)
    back = stepped.decode(stepped.encode(bitmap, layout), size, layout)
    assert back.dtype == np.bool_ and np.array_equal(back, bitmap)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 12))
def test_bits_of_no_structure_at_all_round_trip(
    stepped: ContextCoder, seed: int, height: int, width: int
) -> None:
    layout = RANGE.layout(RANGE.finest + seed % 400)
    bitmap = np.random.default_rng(seed).random((layout.channels, height, width)) < 0.5
    payload = stepped.encode(bitmap, layout)
    assert np.array_equal(stepped.decode(payload, (height, width), layout), bitmap)


@settings(max_examples=25)
@given(bitmaps())
def test_models_without_steps_are_served_too(fitted: ContextCoder, bitmap: Bitmap) -> None:
    payload = fitted.encode(bitmap, PLAIN)
    assert np.array_equal(fitted.decode(payload, bitmap.shape[1:], PLAIN), bitmap)


def test_bands_of_rows_round_trip(stepped: ContextCoder, monkeypatch: pytest.MonkeyPatch) -> None:
    bitmap, layout = sample(5, 37, 21, 500)
    whole = stepped.encode(bitmap, layout)
    monkeypatch.setattr(context, "BAND_POSITIONS", 21 * 10)
    banded = stepped.encode(bitmap, layout)
    assert banded != whole
    assert np.array_equal(stepped.decode(banded, (37, 21), layout), bitmap)


def test_structure_is_seen(fitted: ContextCoder) -> None:
    bitmap = smooth_bitmap(99, 48, 64)
    assert 8 * len(fitted.encode(bitmap, PLAIN)) < 0.95 * order0_bits(bitmap)


def test_the_shipped_tables_see_structure_at_every_quality() -> None:
    codec = bitcodec.load(threads=1)
    photo = Image.fromarray(skimage.data.chelsea())
    for quality in (10, 50, 90):
        layout = codec.layout(quality)
        bitmap = codec.bitmap(photo, layout)
        assert 8 * len(codec.coder().encode(bitmap, layout)) < 0.85 * order0_bits(bitmap)


def test_tables_survive_as_integers_and_give_the_same_bytes(stepped: ContextCoder) -> None:
    tables = {name: table.copy() for name, table in stepped.tables().items()}
    assert all(table.dtype.kind in "iu" for table in tables.values())
    bitmap, layout = sample(7, 20, 20, 555)
    assert ContextCoder.from_tables(tables).encode(bitmap, layout) == stepped.encode(bitmap, layout)


def test_tables_that_are_others_are_refused(stepped: ContextCoder) -> None:
    good = stepped.tables()
    for name in ("features", "signed_features"):
        for other in ({}, {name: good[name].astype(np.float32)}, {name: good[name] + 5000}):
            tables = {k: v for k, v in good.items() if k != name} | other
            with pytest.raises(UnknownModelError):
                ContextCoder.from_tables(tables)


def test_damage_is_a_damaged_file_or_another_bitmap_and_nothing_else(
    stepped: ContextCoder,
) -> None:
    bitmap, layout = sample(11, 16, 16, 500)
    payload = stepped.encode(bitmap, layout)
    rng = np.random.default_rng(0)
    for end in (0, 1, 3, len(payload) // 8 * 4):
        with pytest.raises(DamagedFileError):
            stepped.decode(payload[:end], (16, 16), layout)
    with pytest.raises(DamagedFileError):
        stepped.decode(payload + bytes(8), (16, 16), layout)
    for _ in range(60):
        damaged = bytearray(payload)
        damaged[rng.integers(len(damaged))] ^= 1 << rng.integers(8)
        try:
            back = stepped.decode(bytes(damaged), (16, 16), layout)
        except DamagedFileError:
            continue
        assert back.shape == bitmap.shape


@pytest.mark.parametrize("forged", [-32768, -2049, 2048, 32767])
def test_means_that_no_bits_can_say_are_damage(stepped: ContextCoder, forged: int) -> None:
    """An encoder never writes them; who forges a file may."""
    layout = RANGE.layout(500)
    means = np.zeros((layout.means, 4, 4), np.int16)
    means[0, ::2] = forged
    coder = LevelEncoder(stepped._model.symbols)
    stepped._code_means((4, 4), means.astype(np.int32), coder.using(context.MEANS), layout)
    with pytest.raises(DamagedFileError, match="payload is damaged"):
        stepped.decode(coder.payload() + bytes(400), (4, 4), layout)


def test_layouts_and_bitmaps_that_do_not_belong_are_usage_errors(stepped: ContextCoder) -> None:
    bitmap, layout = sample(1, 8, 8, 500)
    with pytest.raises(UsageError):
        stepped.encode(bitmap[1:], layout)
    with pytest.raises(UsageError):
        stepped.encode(bitmap.astype(np.uint8), layout)  # type: ignore[arg-type]
    with pytest.raises(UsageError):
        stepped.encode(bitmap, Layout(layout.bits, means=0, index=layout.index))
    with pytest.raises(UsageError):
        stepped.decode(b"1234", (8, 8), Layout((2,) * 40, means=3, index=500))


def test_the_fast_arithmetic_is_the_plain_one(stepped: ContextCoder) -> None:
    """float32 against int64, on features as large as they get."""
    from bitcodec.coders import integer_network

    networks = stepped._model.networks
    rng = np.random.default_rng(0)
    count, signed = networks.hidden.shape[-1], networks.signed.shape[-1]
    x = rng.integers(-integer_network.ONE, integer_network.ONE + 1, (count, 50)).astype(np.float32)
    s = rng.integers(-31, 32, (signed, 50)).astype(np.float32)
    fast = integer_network.FastNetworks(networks)
    for number in range(0, len(networks.hidden), 5):
        found = fast(number, x, s)
        expected = integer_network.reference(networks, number, x, s)
        assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))
