"""The module's metrics agree with other implementations, and the learning rate with its formula."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio

from bitcodec import pixels
from bitcodec.bitmap import order0_bits
from bitcodec.training.module import OptimizerConfig, entropy_bpp, psnr


def test_psnr_is_per_image_on_8_bit_pixels_and_agrees_with_its_twin_and_scikit_image() -> None:
    rng = np.random.default_rng(0)
    image = rng.random((2, 3, 16, 16))
    noisy = np.clip(image + rng.normal(0, [[[[0.02]]], [[[0.2]]]], image.shape), 0, 1)
    ours = psnr(torch.from_numpy(noisy), torch.from_numpy(image))
    for number in range(2):
        a, b = (np.rint(x[number] * 255).astype(np.uint8) for x in (image, noisy))
        twin = pixels.psnr(a.transpose(1, 2, 0), b.transpose(1, 2, 0))
        assert ours[number].item() == pytest.approx(twin, abs=1e-4)
        assert twin == pytest.approx(peak_signal_noise_ratio(a, b), abs=1e-9)


def test_psnr_of_an_exact_copy_is_finite() -> None:
    image = torch.rand(1, 3, 8, 8)
    assert 60 < psnr(image, image).item() < 200


def test_entropy_bpp_is_that_of_the_bitmap_module() -> None:
    bitmap = torch.rand(3, 5, 4, 6) < 0.2
    image = torch.zeros(3, 3, 32, 48)
    expected = [order0_bits(b.numpy()) / (32 * 48) for b in bitmap]
    assert entropy_bpp(bitmap, image).tolist() == pytest.approx(expected, rel=1e-5)


def test_cosine_warms_up_and_ends_at_a_hundredth() -> None:
    config = OptimizerConfig(1e-3, "cosine", 10, 1e-2, 1e-8)
    factors = [config.factor(step, 1000) for step in range(1001)]
    assert factors[0] == pytest.approx(1 / 11, rel=1e-3)
    assert max(factors) == pytest.approx(math.cos(math.pi / 200) ** 2, abs=1e-3)
    assert factors[-1] == pytest.approx(0.01)
    assert factors[500] == pytest.approx(0.5, abs=1e-6)
