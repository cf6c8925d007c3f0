"""What a reconstruction lacks of an image's structure, as MS-SSIM measures it.

Squared error counts a lost texture of low contrast for almost nothing, and it is the first thing
that goes. See :mod:`bitcodec.evaluation.metrics` for the measure's source.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from bitcodec.evaluation.metrics import C2, SCALE_WEIGHTS, SIGMA, WINDOW
from bitcodec.transforms.precision import single_precision


def dissimilarity(reconstruction: Tensor, image: Tensor) -> Tensor:
    """About ``1 - MS-SSIM``, ``N x 3 x H x W`` in [0, 1] each → scalar.

    The mean of the scales' contrast and structure terms stands for their product, whose gradient
    has no bound where one of them is 0; close to 1 they are the same. Scales at which no window of
    11 pixels fits do not count: of a crop of 128 pixels, the fifth.
    """
    side = min(image.shape[2:])
    scales = [weight for at, weight in enumerate(SCALE_WEIGHTS) if side >> at >= WINDOW]
    total = image.new_zeros(())
    with single_precision(image):
        one, other = reconstruction.float(), image.float()
        for number, weight in enumerate(scales):
            if number:
                one, other = F.avg_pool2d(one, 2), F.avg_pool2d(other, 2)
            total = total + weight / sum(scales) * (1 - contrast_structure(one, other).mean())
    return total


def contrast_structure(one: Tensor, other: Tensor) -> Tensor:
    """``(2 cov + C2) / (var + var + C2)`` in each window that lies inside the image."""
    planes = torch.cat([one, other, one * one, other * other, one * other], dim=1)
    count = one.shape[1]
    mean, mean_other, square, square_other, product = _windowed(planes).split(count, dim=1)
    covariance = product - mean * mean_other
    variances = square + square_other - mean * mean - mean_other * mean_other
    return (2 * covariance + C2) / (variances + C2)


def _windowed(planes: Tensor) -> Tensor:
    """Gaussian means: one dimension after the other, a fifth of the work of both at once."""
    place = torch.arange(WINDOW, device=planes.device) - WINDOW // 2
    window = torch.exp(-((place / SIGMA) ** 2) / 2)
    kernel = (window / window.sum()).expand(planes.shape[1], 1, 1, -1)
    along = F.conv2d(planes, kernel, groups=planes.shape[1])
    return F.conv2d(along, kernel.mT, groups=planes.shape[1])
