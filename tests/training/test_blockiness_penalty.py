from __future__ import annotations

import io

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image

from bitcodec.evaluation.blockiness import blockiness
from bitcodec.training.blockiness_penalty import border_ratio, mosaic_excess


def tensor(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.array(pixels)).permute(2, 0, 1)[None].float() / 255


@pytest.mark.parametrize("shape", [(512, 512), (100, 345), (16, 200)])
def test_it_is_the_measure_of_the_evaluation(shape: tuple[int, int]) -> None:
    photo = skimage.data.astronaut()[: shape[0], : shape[1]]
    assert border_ratio(tensor(photo)).item() == pytest.approx(blockiness(photo), rel=2e-4)


def test_jpeg_at_low_quality_adds_a_mosaic_and_its_gradient_points_away_from_it() -> None:
    photo = skimage.data.coffee()[:256, :256]
    buffer = io.BytesIO()
    Image.fromarray(photo).save(buffer, "JPEG", quality=8)
    original, blocky = tensor(photo), tensor(np.asarray(Image.open(buffer))).requires_grad_()
    excess = mosaic_excess(blocky, original)
    assert excess > 0.05 > mosaic_excess(original, original) == 0
    excess.backward()
    assert blocky.grad is not None
    better = blocky.detach() - 0.01 * blocky.grad / blocky.grad.abs().max()
    assert mosaic_excess(better, original) < excess
