"""The operating point of each image: nearest file size, or smallest file that is good enough."""

from __future__ import annotations

import pytest
from PIL import Image

from bitcodec.evaluation.baselines import BASELINES
from bitcodec.evaluation.measure import Original
from bitcodec.evaluation.operating_point import BppTarget, PsnrTarget, operating_point

BY_NAME = {codec.name: codec for codec in BASELINES}
JPEG = [BY_NAME[name] for name in ("jpeg-420-optimize", "jpeg-444-optimize")]


@pytest.fixture(scope="module")
def original(coffee: Image.Image) -> Original:
    return Original("coffee", coffee)


@pytest.mark.parametrize("bpp", [0.5, 1.0, 2.0])
def test_nearest_file_size(original: Original, bpp: float) -> None:
    codec = BY_NAME["webp"]
    row = operating_point(original, [codec], BppTarget(bpp))
    index = codec.all_settings.index(row.setting)
    for neighbour in codec.all_settings[max(0, index - 1) : index + 2]:
        other = original.bpp(codec.encode(original.image, neighbour))
        assert abs(row.bpp - bpp) <= abs(other - bpp) + 0.01


def test_the_better_variant_wins_at_a_file_size(original: Original) -> None:
    row = operating_point(original, JPEG, BppTarget(1.0))
    each = [operating_point(original, [codec], BppTarget(1.0)) for codec in JPEG]
    assert row.psnr == max(other.psnr for other in each)


def test_another_codec_sets_the_file_size(original: Original) -> None:
    jpeg = BY_NAME["jpeg-420"]
    row = operating_point(original, [BY_NAME["jpeg2000"]], BppTarget(like=(jpeg, 50)))
    wanted = original.bpp(jpeg.encode(original.image, 50))
    assert row.bpp == pytest.approx(wanted, rel=0.03)


def test_smallest_file_that_reaches_a_psnr(original: Original) -> None:
    row = operating_point(original, JPEG, PsnrTarget(32.0))
    assert row.psnr >= 32
    for codec in JPEG:
        for setting in codec.all_settings[::5]:
            other = original.measure(codec, setting)
            assert other.psnr < 32 or other.bpp >= 0.999 * row.bpp


def test_out_of_reach_is_the_best_there_is(original: Original) -> None:
    codec = BY_NAME["webp"]
    assert operating_point(original, [codec], PsnrTarget(80.0)).setting in (99, 100)
    assert operating_point(original, [codec], BppTarget(0.001)).setting == 1
