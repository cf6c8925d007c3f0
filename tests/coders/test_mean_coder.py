"""The means: round trips of any size and level, and what a pass may know of them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from bitcodec.coders.context import MEANS, ContextCoder
from bitcodec.coders.integer_network import MAGNITUDE_MAX, ONE, SIGNED_MAX
from bitcodec.coders.mean_coder import in_step, inputs, signed_count, step_feature
from bitcodec.coders.means import NEAREST, NEIGHBOURS, passes
from bitcodec.coders.symbols import LevelDecoder, LevelEncoder
from bitcodec.errors import DamagedFileError
from bitcodec.layout import MOST_BITS, Layout
from tests.coders import made

LARGEST = 1 << (MOST_BITS - 1)
WIDE = Layout((MOST_BITS,) * made.MEANS, made.MEANS, index=500)


@pytest.fixture(scope="module")
def coder() -> ContextCoder:
    return made.coder()


def there_and_back(
    coder: ContextCoder, means: NDArray[np.int16], layout: Layout
) -> NDArray[np.int16]:
    """What is decoded of means alone."""
    encoder = LevelEncoder(coder._model.symbols)
    size = means.shape[1:]
    coder._code_means(size, means.astype(np.int32), encoder.using(MEANS), layout)
    decoder = LevelDecoder(coder._model.symbols, encoder.payload())
    back = coder._code_means(size, None, decoder.using(MEANS), layout)
    decoder.finish()
    return back


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 1), (1, 130), (66, 3), (65, 65)])
@pytest.mark.parametrize("kind", ["zeros", "outermost", "checks", "chance"])
def test_means_of_every_size_and_level_round_trip(
    coder: ContextCoder, size: tuple[int, int], kind: str
) -> None:
    shape = (made.MEANS, *size)
    checks = np.indices(shape).sum(axis=0) % 2
    means = {
        "zeros": np.zeros(shape, int),
        "outermost": np.full(shape, -LARGEST),
        "checks": np.where(checks, LARGEST - 1, -LARGEST),
        "chance": made.numbers(11, shape, LARGEST - 1),
    }[kind].astype(np.int16)
    assert np.array_equal(there_and_back(coder, means, WIDE), means)


@pytest.mark.parametrize("latents", [1, 2, 3])
def test_layouts_with_fewer_latents_than_means_round_trip(
    coder: ContextCoder, latents: int
) -> None:
    """At a coarse step a model may have cut off some of its means."""
    layout = Layout((7, 5, 4)[:latents], latents, index=800)
    bitmap = made.numbers(12, (layout.channels, 6, 7), 1) > 0
    payload = coder.encode(bitmap, layout)
    assert np.array_equal(coder.decode(payload, (6, 7), layout), bitmap)


@pytest.mark.parametrize("level", [-17, 16])
def test_one_mean_beyond_its_own_bits_is_damage(coder: ContextCoder, level: int) -> None:
    """The other means have more bits, which must not excuse it."""
    layout = Layout((12, 5, 12), made.MEANS, index=500)
    means = np.zeros((made.MEANS, 3, 3), np.int16)
    means[[0, 2]] = level
    assert np.array_equal(there_and_back(coder, means, layout), means)
    means[1, 2, 2] = level
    with pytest.raises(DamagedFileError):
        there_and_back(coder, means, layout)


def test_a_pass_sees_only_what_the_decoder_knows() -> None:
    """Levels that come later, or are being coded, change nothing of what networks are told."""
    values = made.numbers(13, (made.MEANS, 9 * 11), 500).astype(np.int32)
    done = np.zeros(9 * 11, bool)
    for step in passes(9, 11):
        for mean in range(made.MEANS):
            told = inputs(values, mean, step, 3)
            other = values.copy()
            other[:, ~done] = -777
            other[:mean, step.here] = values[:mean, step.here]
            for a, b in zip(told, inputs(other, mean, step, 3), strict=True):
                assert np.array_equal(a, b)
        done[step.here] = True
    assert done.all()


def test_features_stay_within_what_the_proof_of_exactness_assumes() -> None:
    """Differences as large as any two means have, and as damage makes them."""
    for size in (LARGEST, 1 << 26):
        values = np.where(made.numbers(14, (made.MEANS, 12 * 12), 1) > 0, size - 1, -size)
        for step in passes(12, 12):
            base, x, s = inputs(values.astype(np.int32), 2, step, step_feature(1))
            assert base.shape == (len(step.here),) and len(s) == signed_count(made.MEANS)
            assert np.abs(x).max(initial=0) <= MAGNITUDE_MAX
            assert np.abs(s).max(initial=0) <= SIGNED_MAX
            assert (x[-1] == ONE).all()
            if len(step.around):
                around = values[2][step.around[:NEAREST]]
                assert np.array_equal(base, around.sum(axis=0) // NEAREST)


def test_colours_in_step_are_expected_to_stay_so() -> None:
    """Chroma that is a third of lightness plus a constant follows it exactly, however lightness
    jumps; where lightness does not change, nothing is said.
    """
    lightness = 3 * made.numbers(15, (9, 11), 30).astype(np.int32)
    values = np.stack([lightness, lightness // 3 + 50, lightness * 0]).reshape(3, -1)
    flat = np.stack([lightness * 0 + 7, lightness, lightness]).reshape(3, -1)
    row = NEIGHBOURS + 2 * NEAREST
    for step in passes(9, 11):
        if not len(step.around):
            continue
        base, _, s = inputs(values, 1, step, 0)
        # Where all neighbours are alike there is no slope.
        some = np.ptp(values[0][step.around], axis=0) > 0
        # A slope of a third, less what keeps it finite; averages are rounded down.
        assert np.abs(base + s[row] - values[1, step.here])[some].max(initial=0) <= 2
        assert not inputs(flat, 1, step, 0)[2][row].any()
        assert not inputs(values, 0, step, 0)[2][row:].any()


def test_the_slope_of_colours_is_a_known_number() -> None:
    """By hand: lightness 4 above and below its average around and 8 above it here, chroma 2 above
    and below.
    """
    nearest = np.array([4, 12, 4, 12])[:, None] * np.ones((1, 3), np.int32)
    change = np.concatenate([nearest, np.full((NEIGHBOURS - NEAREST, 3), 8)]).astype(np.int32)
    around = np.zeros((NEIGHBOURS, 3), np.int32)
    around[:NEAREST] = np.array([2, -2, 2, -2])[:, None]
    # 4 * (2 * 16 * 2) = 256 over 4 * 2 * 256 + 64 = 2112, times 32: 3.88
    assert in_step(change, around).tolist() == [4, 4, 4]
    assert in_step(change, -around).tolist() == [-4, -4, -4]


@pytest.mark.parametrize("kind", made.KINDS)
def test_older_tables_are_still_read(kind: str) -> None:
    """Those of models that were fitted before there were the features, or networks, of today."""
    tables = made.tables(kind)
    assert (tables["mean_signed"].shape[2] == signed_count(made.MEANS)) == (kind != made.FIRST)
    assert ("relative_hidden" in tables) == (kind in {made.PROPORTIONS, made.NEWEST})
    coder = ContextCoder.from_tables(tables)
    assert coder.tables().keys() == tables.keys()
    means = made.numbers(16, (made.MEANS, 9, 10), 40).astype(np.int16)
    layout = Layout((12,) * made.MEANS, made.MEANS, index=500)
    assert np.array_equal(there_and_back(coder, means, layout), means)


def test_the_step_is_a_feature_within_bounds() -> None:
    assert [step_feature(index) for index in (1, 639, 640, 648, 1144, 65535)] == [
        -MAGNITUDE_MAX,
        -1,
        0,
        1,
        MAGNITUDE_MAX,
        MAGNITUDE_MAX,
    ]
