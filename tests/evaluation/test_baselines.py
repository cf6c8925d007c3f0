"""Every classical codec really encodes, and its bytes are those of a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bitcodec.errors import UsageError
from bitcodec.evaluation.baselines import (
    BASELINES,
    ImageCodec,
    PillowCodec,
    Setting,
    baselines,
)
from bitcodec.evaluation.curves import curves
from bitcodec.evaluation.measure import Original, Sweep, run
from bitcodec.evaluation.published import published
from bitcodec.pixels import psnr


@pytest.fixture(params=BASELINES, ids=lambda codec: codec.name)
def codec(request: pytest.FixtureRequest) -> ImageCodec:
    if reason := request.param.missing():
        pytest.skip(reason)
    return request.param


def test_settings_rise_in_rate_and_in_quality(codec: ImageCodec, coffee: Image.Image) -> None:
    settings = [codec.settings[0], codec.settings[len(codec.settings) // 2], codec.settings[-1]]
    assert set(settings) <= set(codec.all_settings) or codec.family == "jpeg2000"
    files = [codec.encode(coffee, setting) for setting in settings]
    images = [codec.decode(data, setting) for data, setting in zip(files, settings, strict=True)]
    assert [image.mode for image in images] == ["RGB"] * 3
    distortions = [psnr(np.asarray(coffee), np.asarray(image)) for image in images]
    assert [len(data) for data in files] == sorted(len(data) for data in files)
    assert distortions == sorted(distortions)
    assert distortions[-1] > 33


def test_bytes_in_memory_are_the_bytes_on_disk(
    codec: ImageCodec, coffee: Image.Image, tmp_path: Path
) -> None:
    assert isinstance(codec, PillowCodec)
    setting = codec.settings[3]
    path = tmp_path / "image"
    options = codec.options | codec.rate_options(setting)
    coffee.save(path, codec.pillow_format, **options)
    data = codec.encode(coffee, setting)
    assert path.read_bytes() == data
    row = Original("coffee", coffee).measure(codec, setting)
    assert row.bpp == path.stat().st_size * 8 / (coffee.width * coffee.height)


def test_huffman_tables_and_scan_order_change_no_pixel(coffee: Image.Image) -> None:
    by_name = {codec.name: codec for codec in BASELINES}
    for subsampling in ("420", "444"):
        variants = [
            by_name[f"jpeg-{subsampling}{suffix}"] for suffix in ("", "-optimize", "-progressive")
        ]
        files = [codec.encode(coffee, 30) for codec in variants]
        pixels = [
            np.asarray(codec.decode(data, 30)) for codec, data in zip(variants, files, strict=True)
        ]
        assert all(np.array_equal(pixels[0], other) for other in pixels[1:])
        assert len(files[1]) < len(files[0])


def test_a_missing_plugin_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    codec = PillowCodec("x", "x", "X", (1,), plugin="no_such_plugin", install="pip install x")
    assert codec.missing() == "pip install x adds it"
    assert "built without" in (PillowCodec("x", "x", "NO SUCH FORMAT", (1,)).missing() or "")
    monkeypatch.setattr("bitcodec.evaluation.baselines.BASELINES", (codec,))
    monkeypatch.setattr("bitcodec.evaluation.baselines.FAMILIES", ("x",))
    assert baselines(["x"]) == ([], {"x": "pip install x adds it"})


def test_an_unknown_codec_is_refused() -> None:
    with pytest.raises(UsageError, match="gif"):
        baselines(["jpeg", "gif"])


class UnsmoothedJpeg(PillowCodec):
    """Pillow's JPEG files, decoded without smoothing the chroma planes between their samples.

    CompressAI's figures come from Pillow 7, whose IJG libjpeg did not smooth; libjpeg-turbo, which
    Pillow has used since, does, and is up to 0.13 dB and 0.005 MS-SSIM better on the same file.
    """

    def decode(self, data: bytes, setting: Setting) -> Image.Image:
        simplejpeg = pytest.importorskip("simplejpeg")
        return Image.fromarray(simplejpeg.decode_jpeg(data, fastupsample=True))


# CompressAI gave Pillow a quality and nothing else: JPEG in 4:2:0 with the standard's Huffman
# tables, WebP by method 4.
@pytest.mark.parametrize(
    ("codec", "psnr_tolerance", "ms_ssim_tolerance"),
    [
        (UnsmoothedJpeg("jpeg", "jpeg", "JPEG", (10, 40, 80)), 0.3, 0.003),
        (PillowCodec("jpeg", "jpeg", "JPEG", (10, 40, 80)), 0.3, 0.005),
        (PillowCodec("webp", "webp", "WEBP", (10, 40, 80), {"method": 4}), 0.05, 0.0005),
    ],
    ids=["jpeg as published", "jpeg as decoded today", "webp"],
)
def test_published_points_are_reproduced(
    kodak: list[Path], codec: PillowCodec, psnr_tolerance: float, ms_ssim_tolerance: float
) -> None:
    theirs = published(drawn_only=False)[codec.name]
    tasks = [Sweep(path, codec) for path in kodak]
    for point in curves(run(tasks, jobs=1))[codec.name].points:
        assert point.psnr == pytest.approx(theirs.at(point.bpp, "psnr"), abs=psnr_tolerance)
        assert point.ms_ssim == pytest.approx(
            theirs.at(point.bpp, "ms_ssim"), abs=ms_ssim_tolerance
        )
