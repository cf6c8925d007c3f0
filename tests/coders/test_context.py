"""The context coder: lossless everywhere, exact on every machine, small, strict about damage."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import constriction
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitcodec.bitmap import Bitmap, order0_bits
from bitcodec.coders import context, save_tables
from bitcodec.coders.context import ContextCoder
from bitcodec.coders.context_features import GROUP, PHASES, known
from bitcodec.coders.context_model import ContextModel
from bitcodec.coders.huffman import HuffmanCoder
from bitcodec.coders.integer_network import (
    DRIFT_MAX,
    LEVELS,
    FastNetwork,
    reference_levels,
    sigmoid_table,
)
from bitcodec.coders.mean_model import NumberModel
from bitcodec.errors import DamagedFileError, UnknownModelError, UsageError
from tests.coders.samples import CHANNELS, bitmaps, smooth_bitmap, spoiled


def random_model(
    channels: int, seed: int, units: int = 5, count: int = 7, numbers: NumberModel | None = None
) -> ContextModel:
    """Valid tables with nothing learnt: extreme weights, any feature that is known in time."""
    rng = np.random.default_rng(seed)
    taken = [c for row in numbers.members for c in row] if numbers else []
    order = [c for c in rng.permutation(channels).tolist() if c not in taken]
    groups = -(-len(order) // GROUP)
    ranks = [*range(len(order))]
    if numbers:
        ranks += range(groups * GROUP, groups * GROUP + numbers.planes)
    lead = (PHASES, groups)
    features = np.full((*lead, count, 3), -1, np.int16)
    for phase, group, index in np.ndindex(*lead, count):
        triple = rng.choice(ranks), rng.integers(-2, 2), rng.integers(-2, 3)
        if known(group, phase, *map(int, triple), groups):
            features[phase, group, index] = triple
    return ContextModel(
        order=np.array(order),
        features=features,
        hidden=rng.integers(-512, 513, (*lead, units, count)),
        hidden_bias=rng.integers(-900, 900, (*lead, units)),
        output=rng.integers(-200, 201, (*lead, GROUP, units + count)),
        output_bias=rng.integers(-3000, 3000, (*lead, GROUP)),
        probability=sigmoid_table(),
        numbers=numbers,
    )


RANDOM = ContextCoder(random_model(CHANNELS, 0))
SMALL = ContextCoder(random_model(5, 1))


@given(bitmaps())
def test_every_bitmap_round_trips(bitmap: Bitmap) -> None:
    decoded = RANDOM.decode(RANDOM.encode(bitmap), bitmap.shape)
    assert decoded.dtype == np.bool_
    assert np.array_equal(decoded, bitmap)


@settings(max_examples=20)
@given(bitmap=bitmaps())
def test_every_bitmap_round_trips_through_a_fitted_model(
    fitted: ContextCoder, bitmap: Bitmap
) -> None:
    assert np.array_equal(fitted.decode(fitted.encode(bitmap), bitmap.shape), bitmap)


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5, 31])
def test_any_number_of_channels(channels: int) -> None:
    coder = ContextCoder(random_model(channels, channels))
    bitmap = np.random.default_rng(0).random((channels, 7, 9)) < 0.3
    assert np.array_equal(coder.decode(coder.encode(bitmap), bitmap.shape), bitmap)


@pytest.mark.parametrize("shape", [(1, 8192), (3, 8191), (8192, 1), (700, 2)])
@pytest.mark.parametrize("density", [0.0, 0.001, 0.5, 1.0])
def test_wide_and_tall_bitmaps_round_trip(shape: tuple[int, int], density: float) -> None:
    coder = ContextCoder(random_model(5, 1))
    bitmap = np.random.default_rng(0).random((5, *shape)) < density
    assert np.array_equal(coder.decode(coder.encode(bitmap), bitmap.shape), bitmap)


def test_bands_round_trip_and_see_the_rows_above(
    fitted: ContextCoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    bitmap = smooth_bitmap(50, 61, 48)
    whole = fitted.encode(bitmap)
    for rows in (1, 2, 7):
        monkeypatch.setattr(context, "BAND_POSITIONS", 48 * rows)
        payload = fitted.encode(bitmap)
        assert payload != whole
        assert np.array_equal(fitted.decode(payload, bitmap.shape), bitmap)
    assert len(payload) < 1.1 * len(whole)


def test_the_drift_learns_a_density_that_training_never_saw() -> None:
    """Tables that always say one half: the cost of sparse bits falls to their entropy."""
    blank = {
        name: np.zeros_like(table) if name in ("hidden", "output", "output_bias") else table
        for name, table in random_model(4, 0).tables().items()
    }
    coder = ContextCoder.from_tables(blank)
    bitmap = np.random.default_rng(0).random((4, 400, 64)) < 0.03
    short, long = len(coder.encode(bitmap[:, :200])), len(coder.encode(bitmap))
    assert 8 * (long - short) < 1.1 * order0_bits(bitmap[:, 200:])


def test_payload_beats_huffman_and_order0(fitted: ContextCoder) -> None:
    train = [smooth_bitmap(seed, 40, 56) for seed in range(12)]
    fresh = [smooth_bitmap(seed, 64, 96) for seed in range(100, 104)]
    payload = sum(len(fitted.encode(bitmap)) for bitmap in fresh)
    huffman = HuffmanCoder.fit(train)
    assert payload < 0.9 * sum(len(huffman.encode(bitmap)) for bitmap in fresh)
    assert payload < 0.7 * sum(order0_bits(bitmap) for bitmap in fresh) / 8


@given(st.integers(0, 2**32 - 1), st.integers(1, 300), st.integers(0, 1))
def test_fast_network_equals_the_integer_definition(seed: int, positions: int, phase: int) -> None:
    model = random_model(12, seed, units=32, count=64)
    x = np.random.default_rng(seed).random((3, 64, positions)) < 0.5
    groups = slice(0, 3)
    drift = np.random.default_rng(seed).integers(-DRIFT_MAX, DRIFT_MAX + 1, (3, GROUP))
    fast = FastNetwork(model).levels(phase, groups, x.astype(np.float32), drift)
    assert np.array_equal(fast, reference_levels(model, phase, groups, x, drift))


def test_fitted_network_equals_the_integer_definition(fitted: ContextCoder) -> None:
    model = ContextModel.from_tables(fitted.tables())
    groups, count = model.features.shape[1:3]
    x = np.random.default_rng(0).random((groups, count, 500)) < 0.2
    drift = np.zeros((groups, GROUP), np.int64)
    for phase in range(PHASES):
        fast = FastNetwork(model).levels(phase, slice(0, groups), x.astype(np.float32), drift)
        reference = reference_levels(model, phase, slice(0, groups), x, drift)
        assert np.array_equal(fast, reference)
        assert len(np.unique(reference)) > 50


def test_range_coder_uses_exactly_the_integer_intervals() -> None:
    """The payload lies in the interval that plain integer arithmetic predicts for it."""
    rng = np.random.default_rng(0)
    one = np.concatenate([[1, 65535, 1, 65535], rng.integers(1, 65536, 20_000)])
    bits = (rng.random(len(one)) * 65536 < one).astype(np.int32)
    bits[:4] = 0, 0, 1, 1
    encoder = constriction.stream.queue.RangeEncoder()
    bernoulli = constriction.stream.model.Bernoulli(perfect=False)
    encoder.encode(bits, bernoulli, one / 65536)
    words = encoder.get_compressed()

    low, size, shifts = 0, (1 << 64) - 1, 2
    for bit, weight in zip(bits.tolist(), one.tolist(), strict=True):
        border = ((65536 - weight) * ((1 << 24) - 2) >> 16) + 1
        unit = size >> 24
        low += unit * border if bit else 0
        size = unit * ((1 << 24) - border if bit else border)
        if size < 1 << 32:
            low, size, shifts = low << 32, size << 32, shifts + 1
    value = int.from_bytes(words.astype(">u4").tobytes(), "big") << 32 * (shifts - len(words))
    assert low <= value < low + size


def test_same_bytes_whatever_the_number_of_threads(fitted: ContextCoder, tmp_path: Path) -> None:
    save_tables(fitted, tmp_path)
    bitmap = smooth_bitmap(70, 40, 200)
    np.save(tmp_path / "bitmap.npy", bitmap)
    program = (
        "import sys, pathlib, numpy\n"
        "from bitcodec.coders import load_coder\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "bitmap = numpy.load(folder / 'bitmap.npy')\n"
        "coder = load_coder('context', folder)\n"
        "payload = coder.encode(bitmap)\n"
        "assert (coder.decode(payload, bitmap.shape) == bitmap).all()\n"
        "assert 'torch' not in sys.modules\n"
        "sys.stdout.buffer.write(payload)\n"
    )
    expected = fitted.encode(bitmap)
    for threads, kernel in (("1", "Haswell"), ("2", "Sandybridge"), ("2", "Prescott")):
        # OpenBLAS picks its kernels by processor; other BLAS builds ignore the wish.
        env = os.environ | {"OPENBLAS_CORETYPE": kernel}
        env |= dict.fromkeys(
            ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), threads
        )
        done = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)], env=env, capture_output=True, check=True
        )
        assert done.stdout == expected


def test_few_tiny_bitmaps_are_enough_to_fit() -> None:
    pytest.importorskip("torch")
    coder = ContextCoder.fit(
        [np.zeros((6, 3, 2), bool), np.ones((6, 1, 9), bool)], steps=3, progress=False
    )
    bitmap = np.random.default_rng(0).random((6, 9, 9)) < 0.5
    assert np.array_equal(coder.decode(coder.encode(bitmap), bitmap.shape), bitmap)


def test_cut_payloads_are_refused_or_decode_to_something_else() -> None:
    bitmap = np.random.default_rng(1).random((5, 9, 10)) < 0.3
    payload = SMALL.encode(bitmap)
    for end in range(len(payload)):
        try:
            decoded = SMALL.decode(payload[:end], bitmap.shape)
        except DamagedFileError:
            continue
        assert end and end % 4 == 0
        assert not np.array_equal(decoded, bitmap)


def test_extended_payloads_are_refused_or_harmless() -> None:
    bitmap = np.random.default_rng(2).random((5, 9, 10)) < 0.3
    payload = SMALL.encode(bitmap)
    for extra in (b"\0", b"\xff" * 20, b"\1" * 4000):
        with pytest.raises(DamagedFileError):
            SMALL.decode(payload + extra, bitmap.shape)
    # constriction cannot tell a word or two of zeros from the end of the stream.
    assert np.array_equal(SMALL.decode(payload + bytes(4), bitmap.shape), bitmap)


@given(st.binary(max_size=400), st.integers(1, 40), st.integers(1, 40))
def test_random_bytes_never_crash(payload: bytes, height: int, width: int) -> None:
    try:
        decoded = RANDOM.decode(payload, (CHANNELS, height, width))
    except DamagedFileError:
        return
    assert decoded.shape == (CHANNELS, height, width)


def test_flipped_bits_never_crash() -> None:
    bitmap = np.random.default_rng(3).random((5, 4, 6)) < 0.3
    payload = SMALL.encode(bitmap)
    for position in range(8 * len(payload)):
        damaged = bytearray(payload)
        damaged[position // 8] ^= 1 << position % 8
        try:
            decoded = SMALL.decode(bytes(damaged), bitmap.shape)
        except DamagedFileError:
            continue
        assert decoded.shape == bitmap.shape


def test_codes_that_constriction_refuses_are_damaged_files() -> None:
    with pytest.raises(DamagedFileError):
        RANDOM.decode(b"\xff" * 200, (CHANNELS, 40, 40))


def test_wrong_arguments_are_usage_errors() -> None:
    with pytest.raises(UsageError):
        RANDOM.encode(np.zeros((CHANNELS + 1, 4, 4), bool))
    with pytest.raises(UsageError):
        RANDOM.decode(b"", (CHANNELS, 0, 4))
    with pytest.raises(UsageError):
        ContextCoder.fit([])


@pytest.mark.parametrize(
    "name, index, value",
    [
        ("features", (0, 0, 0), (0, 0, 0)),  # the very bit that is to be predicted
        ("features", (0, 1, 0), (0, 1, 0)),  # a row that the group before has not reached
        ("features", (0, 1, 0), (0, 0, 5)),  # outside the padding
        ("hidden", (0, 0, 0, 0), 1 << 24),  # a sum that float32 would round
        ("output", (1, 0, 0, 0), 1 << 17),
        ("probability", (0,), 0),
        ("order", (0,), 77),
    ],
)
def test_tables_that_could_not_decode_are_refused(
    name: str, index: tuple[int, ...], value: object
) -> None:
    with pytest.raises(UnknownModelError):
        ContextCoder.from_tables(spoiled(RANDOM, name, index, value))


def test_foreign_tables_are_refused() -> None:
    tables = RANDOM.tables()
    for name in tables:
        with pytest.raises(UnknownModelError):
            ContextCoder.from_tables({k: v for k, v in tables.items() if k != name})
        with pytest.raises(UnknownModelError):
            ContextCoder.from_tables(tables | {name: tables[name].astype(float)})
        cut = tables[name][tables[name] != 0] if name == "order" else tables[name][:-1]
        with pytest.raises(UnknownModelError):
            ContextCoder.from_tables(tables | {name: cut})


def test_probability_table_is_a_rising_sigmoid() -> None:
    table = sigmoid_table().astype(int)
    assert (np.diff(table) >= 0).all()
    assert np.abs(table + table[::-1] - 65536).max() <= 1
    assert table[LEVELS // 2] > 32768
