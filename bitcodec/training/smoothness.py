"""A penalty on stairs: steps that a reconstruction adds where the original is smooth.

It asks on no grid where they lie. A photograph's error hides in texture; in a sky it shows as edges
of squares and blotches, which squared error hardly counts.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601

REACH = 2
"""A step is the difference of means of three pixels whose middles are twice this far apart."""
AROUND = 8
"""Smoothness is judged over so many pixels on either side."""
SMOOTH = 2 / 255
"""A place is smooth where neighbouring pixels differ by less than this on average."""


def stairs(reconstruction: Tensor, image: Tensor) -> Tensor:
    """Mean square of false steps over all places; ``N x 3 x H x W`` in [0, 1] each → scalar.

    Sides must be 17 pixels at least.
    """
    light = _luma(image)
    smooth = _smooth(light)
    error = _luma(reconstruction) - light
    total = error.new_zeros(())
    for dim in (2, 3):
        mean = F.avg_pool2d(error, (3, 1) if dim == 2 else (1, 3), 1)
        size = mean.shape[dim] - 2 * REACH
        step = mean.narrow(dim, 2 * REACH, size) - mean.narrow(dim, 0, size)
        here = smooth.narrow(dim, REACH + 1, size)
        total = total + (step.square() * here).sum() / (2 * light.numel())
    return total


def _luma(image: Tensor) -> Tensor:
    return (image * image.new_tensor(LUMA).view(1, 3, 1, 1)).sum(dim=1, keepdim=True)


@torch.no_grad()
def _smooth(light: Tensor) -> Tensor:
    """1 where the original is smooth, else 0."""
    change = F.pad(light.diff(dim=2).abs(), (0, 0, 0, 1)) + F.pad(light.diff(dim=3).abs(), (0, 1))
    padded = F.pad(change / 2, (AROUND, AROUND, AROUND, AROUND), mode="replicate")
    return (F.avg_pool2d(padded, 2 * AROUND + 1, 1) < SMOOTH).float()
