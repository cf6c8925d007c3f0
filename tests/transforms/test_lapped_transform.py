"""The lapped transform: orthonormal, invertible to the borders, as good as published."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data
import torch
import torch.nn.functional as F
from scipy.fft import dct

from bitcodec.transforms import lapped_transform as lapped


def test_dct_is_that_of_a_library() -> None:
    block = np.random.default_rng(0).random(8)
    torch.testing.assert_close(
        lapped.dct_matrix(8) @ torch.from_numpy(block), torch.from_numpy(dct(block, norm="ortho"))
    )


def test_basis_functions_are_orthonormal_and_so_are_their_neighbours() -> None:
    matrix = lapped.lapped_matrix()
    eye = torch.eye(8, dtype=torch.float64)
    torch.testing.assert_close(matrix @ matrix.T, eye)
    shifted = matrix[:, lapped.BLOCK :] @ matrix[:, : lapped.BLOCK].T
    torch.testing.assert_close(shifted, torch.zeros_like(eye))


def test_coding_gain_is_the_published_one() -> None:
    """9.22 dB for a correlation of 0.95 (Malvar, Signal Processing with Lapped Transforms)."""
    matrix = lapped.lapped_matrix()
    place = torch.arange(16, dtype=torch.float64)
    variance = torch.diag(matrix @ 0.95 ** (place[:, None] - place).abs() @ matrix.T)
    assert -10 * torch.log10(variance).mean().item() == pytest.approx(9.22, abs=0.05)


def test_analysis_and_synthesis_give_every_pixel_back_borders_included() -> None:
    image = torch.rand(2, 3, 24, 40, generator=torch.Generator().manual_seed(0))
    everything = lapped.basis()
    coefficients = F.conv2d(lapped.mirror_pixels(image), everything, stride=8)
    assert coefficients.shape == (2, 192, 3, 5)
    around = lapped.mirror_coefficients(coefficients, *lapped.mirror_signs(list(range(192))))
    back = F.pixel_shuffle(F.conv2d(around, lapped.synthesis(everything)), 8)
    torch.testing.assert_close(back, image, atol=1e-5, rtol=0)


def test_the_rule_of_deviations_describes_photographs() -> None:
    """Within a factor of two for the coefficients that get bits, on photographs it never saw."""
    photos = (skimage.data.astronaut(), skimage.data.coffee(), skimage.data.chelsea())
    chosen = lapped.deviations().argsort(descending=True)[:64]
    coefficients = []
    for photo in photos:
        image = torch.from_numpy(np.ascontiguousarray(photo)).permute(2, 0, 1)[None].float()
        coefficients.append(
            F.conv2d(
                lapped.mirror_pixels(image[..., : image.shape[-2] // 8 * 8, :] - 127.5),
                lapped.basis()[chosen],
                stride=8,
            ).flatten(2)[0]
        )
    measured = torch.cat(coefficients, dim=1).std(dim=1)
    ratio = measured / lapped.deviations()[chosen]
    assert 0.5 < ratio.median() < 2
    assert (ratio.log2().abs() < 1.5).float().mean() > 0.8
