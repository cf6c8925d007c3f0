"""Numbers in a bitmap: the Gray code of folded latents, the growing thumbnail, its predictions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitcodec.bitmap import Bitmap
from bitcodec.coders.context import ContextCoder
from bitcodec.coders.integer_network import FastNetwork, reference_levels, sigmoid_table
from bitcodec.coders.mean_model import REACH, NumberCoder, NumberModel, features
from bitcodec.coders.means import CLASSES, bits, folded, passes, signs, slopes, unfolded
from bitcodec.errors import DamagedFileError, UnknownModelError
from tests.coders.samples import CHANNELS, bitmaps, spoiled
from tests.coders.test_context import random_model

MEMBERS = ((2, 9, 4, 7), (11, 0), (5, 6, 1))


def random_numbers(seed: int, units: int = 6) -> NumberModel:
    rng = np.random.default_rng(seed)
    channels = np.full((len(MEMBERS), max(map(len, MEMBERS))), -1)
    for number, row in enumerate(MEMBERS):
        channels[number, : len(row)] = row
    lead, width = (CLASSES, channels.size), features(len(MEMBERS))
    return NumberModel(
        channels=channels,
        hidden=rng.integers(-90, 91, (*lead, units, width)),
        hidden_bias=rng.integers(-900, 900, (*lead, units)),
        output=rng.integers(-200, 201, (*lead, 1, units + width)),
        output_bias=rng.integers(-3000, 3000, (*lead, 1)),
    )


RANDOM = ContextCoder(random_model(CHANNELS, 0, numbers=random_numbers(0)))


@pytest.mark.parametrize("count", [2, 3, 7])
def test_the_gray_code_is_that_of_the_folded_latents(count: int) -> None:
    torch = pytest.importorskip("torch")
    from bitcodec.transforms.gray_folding import Folding

    levels = np.arange(-(2 ** (count - 1)), 2 ** (count - 1))
    folding = Folding([count])
    latents = torch.from_numpy(levels).float().view(1, 1, 1, -1)
    code = (folding.fold(latents) > 0).numpy()[0, :, 0]
    assert np.array_equal(unfolded(signs(code)), 2 * levels + 1)
    assert np.array_equal(bits(folded(2 * levels + 1, count)), code)


@given(st.integers(1, 150), st.integers(1, 150))
def test_passes_visit_every_position_once_and_look_only_at_what_was_visited(
    height: int, width: int
) -> None:
    done = np.zeros(height * width, bool)
    for step in passes(height, width):
        assert not done[step.here].any() and len(np.unique(step.here)) == len(step.here)
        assert done[step.around].all()
        assert 0 <= step.kind < CLASSES and (step.kind == 0) == (len(step.around) == 0)
        done[step.here] = True
    assert done.all()


def test_neighbours_of_an_inner_position_lie_around_it() -> None:
    for step in passes(64, 64):
        inner = np.flatnonzero((step.here // 64 == 33) & (step.here % 64 == 32))
        if len(inner):
            around = step.around[:, inner[0]] - step.here[inner[0]]
            assert set(around[:4].tolist()) == {-64, -1, 1, 64}
            assert len(set(around.tolist())) == 12 and abs(around.sum()) == 0


@given(bitmaps())
def test_every_bitmap_round_trips(bitmap: Bitmap) -> None:
    assert np.array_equal(RANDOM.decode(RANDOM.encode(bitmap), bitmap.shape), bitmap)


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 1), (65, 129)])
@pytest.mark.parametrize("density", [0.0, 0.5, 1.0])
def test_narrow_and_large_bitmaps_round_trip(shape: tuple[int, int], density: float) -> None:
    bitmap = np.random.default_rng(0).random((CHANNELS, *shape)) < density
    assert np.array_equal(RANDOM.decode(RANDOM.encode(bitmap), bitmap.shape), bitmap)


def test_tables_round_trip() -> None:
    again = ContextCoder.from_tables(RANDOM.tables())
    bitmap = np.random.default_rng(0).random((CHANNELS, 30, 40)) < 0.3
    assert again.encode(bitmap) == RANDOM.encode(bitmap)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(1, 300))
def test_the_network_equals_the_integer_definition(seed: int, positions: int) -> None:
    model = random_numbers(seed)
    rng = np.random.default_rng(seed)
    slot, kind = int(rng.integers(model.hidden.shape[1])), int(rng.integers(CLASSES))
    x = rng.integers(-REACH, REACH + 1, (1, features(len(MEMBERS)), positions))
    only, drift = slice(slot, slot + 1), np.zeros((1, 1), np.int64)
    fast = FastNetwork(model).levels(kind, only, x.astype(np.float32), drift)
    assert np.array_equal(fast, reference_levels(model, kind, only, x, drift))


def test_the_encoder_counts_what_the_decoder_reads() -> None:
    """Bit by bit: the same probabilities on both sides, whatever the bits are."""
    coder = NumberCoder(random_numbers(3), sigmoid_table().astype(np.int64))
    bitmap = np.random.default_rng(4).random((CHANNELS, 21, 34)) < 0.4
    told: list[tuple[np.ndarray, np.ndarray]] = []

    def put(probability, known):  # type: ignore[no-untyped-def]
        told.append((probability, known))
        return known

    planes = coder.encode(bitmap, put)
    queue = iter(told)

    def take(probability, known):  # type: ignore[no-untyped-def]
        expected, answer = next(queue)
        assert known is None and np.array_equal(probability, expected)
        return answer

    decoded = np.zeros_like(bitmap)
    assert np.array_equal(coder.decode(decoded, take), planes)
    mine = [channel for row in MEMBERS for channel in row]
    assert np.array_equal(decoded[mine], bitmap[mine])
    assert len(planes) == coder.model.planes


def test_slopes_say_where_a_number_rises_and_falls() -> None:
    ramp = np.zeros((1, 5, 6), np.int32)
    ramp[0] = 2 * np.array([0, 0, 3, 6, 6, 6]) + 1
    right, far_right, left, _, down, *_ = slopes(ramp)
    assert right[0].tolist() == [False, True, True, True, False, False]
    assert far_right[0].tolist() == [False, False, True, False, False, False]
    assert not left.any() and not down.any()


def test_a_smooth_number_costs_less_when_it_is_predicted() -> None:
    pytest.importorskip("torch")
    plain = ContextCoder.fit(_pictures(range(8)), steps=150, progress=False)
    members = [[0, 1, 2, 3, 4, 5]]
    predicting = ContextCoder.fit(_pictures(range(8)), steps=150, progress=False, numbers=members)
    fresh = _pictures(range(50, 54))
    sizes = [sum(len(c.encode(b)) for b in fresh) for c in (plain, predicting)]
    assert sizes[1] < 0.9 * sizes[0]
    for bitmap in fresh:
        assert np.array_equal(predicting.decode(predicting.encode(bitmap), bitmap.shape), bitmap)


def _pictures(seeds: range) -> list[Bitmap]:
    """A smooth field written as a number of six bits, and two channels of noise."""
    found = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        field = rng.standard_normal((60, 60)).cumsum(axis=0).cumsum(axis=1)
        field = 30 * (field - field.mean()) / np.abs(field - field.mean()).max()
        value = 2 * np.rint(field + rng.standard_normal(field.shape)).clip(-32, 31) + 1
        noise = rng.random((2, 60, 60)) < 0.2
        found.append(np.concatenate([bits(folded(value.astype(np.int32), 6)), noise]))
    return found


@pytest.mark.parametrize(
    "name, index, value",
    [
        ("number_channels", (0, 0), 99),  # no such channel
        ("number_channels", (0, 0), 11),  # twice the same
        ("number_hidden", (0, 0, 0, 0), 1 << 23),
        ("number_output", (0, 0, 0, 0), 1 << 20),
    ],
)
def test_tables_that_could_not_decode_are_refused(
    name: str, index: tuple[int, ...], value: int
) -> None:
    with pytest.raises(UnknownModelError):
        ContextCoder.from_tables(spoiled(RANDOM, name, index, value))


def test_foreign_tables_are_refused() -> None:
    tables = RANDOM.tables()
    for name in (name for name in tables if name.startswith("number_")):
        for other in (None, tables[name].astype(float), tables[name][:-1]):
            changed = {k: v for k, v in tables.items() if k != name}
            with pytest.raises(UnknownModelError):
                ContextCoder.from_tables(changed | ({} if other is None else {name: other}))


@given(st.binary(max_size=400), st.integers(1, 40), st.integers(1, 40))
def test_random_bytes_never_crash(payload: bytes, height: int, width: int) -> None:
    try:
        decoded = RANDOM.decode(payload, (CHANNELS, height, width))
    except DamagedFileError:
        return
    assert decoded.shape == (CHANNELS, height, width)
