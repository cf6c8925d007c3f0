"""Targets: never above the bytes, never below the decibels, and the nearest step there is."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data
from PIL import Image

import bitcodec
from bitcodec.errors import BitcodecError, UsageError
from bitcodec.layout import Layout
from bitcodec.pixels import psnr
from bitcodec.targets import Target, encode_to
from tests.tiny import textured


@pytest.fixture(scope="module")
def codec() -> bitcodec.Codec:
    return bitcodec.load(threads=1)


def step_of_file(codec: bitcodec.Codec, data: bytes) -> int:
    return codec.unpack(data)[0].step


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_the_largest_file_within_a_size(codec: bitcodec.Codec, share: float) -> None:
    image = textured(120, 88)
    steps = codec.facts.steps
    assert steps is not None
    sizes = [len(codec.encode(image, step_index=i)) for i in (steps.coarsest, steps.finest)]
    limit = round(sizes[0] ** (1 - share) * sizes[1] ** share)
    data = encode_to(codec, image, Target(bytes=limit))
    assert len(data) <= limit
    finer = codec.encode(image, step_index=step_of_file(codec, data) - 1)
    assert len(finer) > limit, "one step finer would not have fitted"
    assert encode_to(codec, image, Target(bpp=limit * 8 / (120 * 88) + 1e-6)) == data


@pytest.mark.parametrize("wanted", [27.0, 33.0, 39.0])
def test_the_smallest_file_that_reaches_a_psnr(codec: bitcodec.Codec, wanted: float) -> None:
    image = Image.fromarray(skimage.data.chelsea()[80:208, 60:220])
    data = encode_to(codec, image, Target(psnr=wanted))
    pixels = np.asarray(image)
    assert psnr(pixels, np.asarray(codec.decode(data))) >= wanted
    coarser = codec.encode(image, step_index=step_of_file(codec, data) + 1)
    assert psnr(pixels, np.asarray(codec.decode(coarser))) < wanted


def test_few_steps_are_tried(codec: bitcodec.Codec, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []
    whole = bitcodec.Codec.bitmap

    def counted(self: bitcodec.Codec, image: object, layout: Layout | None = None) -> object:
        assert layout is not None
        tried.append(layout.index)
        return whole(self, image, layout)  # type: ignore[arg-type]

    monkeypatch.setattr(bitcodec.Codec, "bitmap", counted)
    encode_to(codec, textured(120, 88), Target(psnr=30))
    assert len(tried) == len(set(tried)) <= 14


def test_what_cannot_be_reached_is_said_with_what_can(codec: bitcodec.Codec) -> None:
    with pytest.raises(BitcodecError, match=r"no file of at most 20 bytes .* the smallest has"):
        encode_to(codec, textured(64, 64), Target(bytes=20))
    with pytest.raises(BitcodecError, match=r"reaches 70 dB: the best has \d\d\.\d\d dB"):
        encode_to(codec, textured(64, 64), Target(psnr=70))


def test_a_target_so_easy_that_an_end_of_the_range_reaches_it(codec: bitcodec.Codec) -> None:
    steps = codec.facts.steps
    assert steps is not None
    image = textured(64, 64)
    assert step_of_file(codec, encode_to(codec, image, Target(bytes=10**9))) == steps.finest
    assert step_of_file(codec, encode_to(codec, image, Target(psnr=1))) == steps.coarsest


@pytest.mark.parametrize("wrong", [{}, {"bytes": 5, "bpp": 1.0}, {"psnr": -1.0}, {"bytes": 0}])
def test_targets_that_are_none(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        Target(**wrong)  # type: ignore[arg-type]
