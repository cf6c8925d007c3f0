"""PSNR and MS-SSIM agree with implementations that share no line with ours."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from PIL import Image

from bitcodec.evaluation.metrics import MsSsim, decibels, ms_ssim
from bitcodec.pixels import psnr


def jpeg(image: Image.Image, quality: int) -> np.ndarray:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


@pytest.mark.parametrize("quality", [3, 20, 75, 97])
def test_psnr_agrees_with_scikit_image(coffee: Image.Image, quality: int) -> None:
    metrics = pytest.importorskip("skimage.metrics")
    original, decoded = np.asarray(coffee), jpeg(coffee, quality)
    theirs = metrics.peak_signal_noise_ratio(original, decoded, data_range=255)
    assert psnr(original, decoded) == pytest.approx(theirs, abs=1e-4)


def reference_ms_ssim(original: np.ndarray, decoded: np.ndarray) -> float:
    """The implementation that CompressAI reports with, in double precision.

    torchmetrics is no reference: it lets the padded rim into the coarsest scale, which moves the
    figure by up to 0.006 on images of this size.
    """
    package = pytest.importorskip("pytorch_msssim")
    torch = pytest.importorskip("torch")
    a, b = (torch.from_numpy(x.copy()).double().permute(2, 0, 1) for x in (original, decoded))
    return float(package.ms_ssim(a[None], b[None], data_range=255))


@pytest.mark.parametrize("quality", [3, 20, 75, 97])
def test_ms_ssim_agrees_with_pytorch_msssim(coffee: Image.Image, quality: int) -> None:
    original, decoded = np.asarray(coffee), jpeg(coffee, quality)
    assert ms_ssim(original, decoded) == pytest.approx(
        reference_ms_ssim(original, decoded), abs=1e-5
    )


def test_ms_ssim_of_unlike_images_agrees_with_pytorch_msssim() -> None:
    a, b = np.random.default_rng(1).integers(0, 256, (2, 192, 208, 3), dtype=np.uint8)
    assert ms_ssim(a, b) == pytest.approx(reference_ms_ssim(a, b), abs=1e-5)


def test_equal_images_are_perfect(coffee: Image.Image) -> None:
    pixels = np.asarray(coffee)
    assert psnr(pixels, pixels) == math.inf
    assert ms_ssim(pixels, pixels) == pytest.approx(1, abs=1e-6)


def test_one_level_everywhere_is_48_db() -> None:
    black = np.zeros((8, 8, 3), np.uint8)
    assert psnr(black, black + np.uint8(1)) == pytest.approx(48.1308, abs=1e-4)


@pytest.mark.parametrize("size", [(161, 161), (170, 175), (161, 300)])
def test_odd_sides_over_160_are_defined(coffee: Image.Image, size: tuple[int, int]) -> None:
    image = coffee.resize(size)
    value = ms_ssim(np.asarray(image), jpeg(image, 50))
    assert 0.9 < value < 1


def test_ms_ssim_is_undefined_up_to_160(coffee: Image.Image) -> None:
    pixels = np.asarray(coffee.resize((300, 160)))
    assert math.isnan(ms_ssim(pixels, pixels))


def test_one_original_serves_many_decoded_images(coffee: Image.Image) -> None:
    original = np.asarray(coffee)
    against = MsSsim(original)
    values = [against(jpeg(coffee, quality)) for quality in (5, 30, 90)]
    assert values == sorted(values)
    assert values[1] == ms_ssim(original, jpeg(coffee, 30))


def test_different_shapes_are_refused(coffee: Image.Image) -> None:
    pixels = np.asarray(coffee)
    with pytest.raises(ValueError, match="shapes"):
        psnr(pixels, pixels[1:])
    with pytest.raises(ValueError, match="shapes"):
        ms_ssim(pixels, pixels[1:])


def test_decibels() -> None:
    assert decibels(0.99) == pytest.approx(20)
    assert decibels(1.0) == math.inf
