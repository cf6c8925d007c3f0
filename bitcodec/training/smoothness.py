"""A penalty on stairs: steps that a reconstruction adds where the original is smooth.

They count on a grid and off it. A photograph's error hides in texture; in a sky it shows as edges
of squares and blotches, which squared error hardly counts. Places and steps are those that
:mod:`bitcodec.evaluation.false_edges` counts, in a form that gradients pass.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from bitcodec.evaluation.false_edges import APART, MEAN_OF, RADIUS, SMOOTH
from bitcodec.pixels import LUMA


def stairs(reconstruction: Tensor, image: Tensor) -> Tensor:
    """Mean square of false steps over all places; ``N x 3 x H x W`` in [0, 1] each → scalar.

    Sides must be 17 pixels at least.
    """
    light = _luma(image)
    smooth = smooth_places(light)
    error = _luma(reconstruction) - light
    total = error.new_zeros(())
    for dim in (2, 3):
        step = wide_step(error, dim)
        here = smooth.narrow(dim, (MEAN_OF + APART) // 2, step.shape[dim])
        total = total + (step.square() * here).sum() / (2 * light.numel())
    return total


def wide_step(light: Tensor, dim: int) -> Tensor:
    """Differences of means along a dimension, which becomes shorter."""
    mean = F.avg_pool2d(light, (MEAN_OF, 1) if dim == 2 else (1, MEAN_OF), 1)
    size = mean.shape[dim] - APART
    return mean.narrow(dim, APART, size) - mean.narrow(dim, 0, size)


def _luma(image: Tensor) -> Tensor:
    return (image * image.new_tensor(LUMA).view(1, 3, 1, 1)).sum(dim=1, keepdim=True)


@torch.no_grad()
def smooth_places(light: Tensor) -> Tensor:
    """1 where luma ``N x 1 x H x W`` in [0, 1] is smooth, else 0."""
    change = F.pad(light.diff(dim=2).abs(), (0, 0, 0, 1)) + F.pad(light.diff(dim=3).abs(), (0, 1))
    padded = F.pad(change / 2, (RADIUS,) * 4, mode="replicate")
    return (F.avg_pool2d(padded, 2 * RADIUS + 1, 1) < SMOOTH / 255).float()
