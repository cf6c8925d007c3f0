"""A differentiable measure of the mosaic, for training: steps at block borders against the others.

The same ratio as :mod:`bitcodec.evaluation.blockiness` (Wang, Sheikh and Bovik 2002), over a batch.
"""

from __future__ import annotations

import torch
from torch import Tensor

BLOCK = 8
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


def border_ratio(image: Tensor) -> Tensor:
    """Mean step across 8-pixel borders over that inside blocks; ``N x 3 x H x W`` → scalar.

    1 without a grid. Sides must be 16 pixels at least.
    """
    luma = (image * image.new_tensor(LUMA).view(1, 3, 1, 1)).sum(dim=1)
    border, inside = image.new_zeros(()), image.new_zeros(())
    for dim in (1, 2):
        steps = luma.diff(dim=dim).abs()
        at = torch.arange(1, steps.shape[dim] + 1, device=image.device) % BLOCK == 0
        border = border + steps.index_select(dim, at.nonzero().flatten()).mean()
        inside = inside + steps.index_select(dim, (~at).nonzero().flatten()).mean()
    return border / (inside + 1e-6)


def mosaic_excess(reconstruction: Tensor, image: Tensor) -> Tensor:
    """Squared difference of the two batches' ratios: 0 where no grid was added."""
    return (border_ratio(reconstruction) - border_ratio(image)).square()
