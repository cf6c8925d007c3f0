"""A penalty on the mosaic, for training: how much more a reconstruction steps at block borders."""

from __future__ import annotations

from torch import Tensor

from bitcodec.evaluation.blockiness import BLOCK, LUMA


def border_ratio(image: Tensor) -> Tensor:
    """Mean step across 8-pixel borders over that inside blocks; ``N x 3 x H x W`` → scalar.

    The twin of :func:`bitcodec.evaluation.blockiness.blockiness`, which defines it; over a batch
    at once, for any range of values. 1 without a grid; finite, with a gradient, on flat pictures
    too. Sides must be 16 pixels at least.
    """
    luma = (image * image.new_tensor(LUMA).view(1, 3, 1, 1)).sum(dim=1)
    border_sum, inside_sum = image.new_zeros(()), image.new_zeros(())
    border_count = inside_count = 0
    for lines in (luma, luma.mT):
        steps = lines.diff(dim=2).abs()
        border = steps[:, :, BLOCK - 1 :: BLOCK]
        border_sum = border_sum + border.sum()
        inside_sum = inside_sum + (steps.sum() - border.sum())
        border_count += border.numel()
        inside_count += steps.numel() - border.numel()
    return (border_sum / border_count) / (inside_sum / inside_count + 1e-6)


def mosaic_excess(reconstruction: Tensor, image: Tensor) -> Tensor:
    """Squared difference of the two batches' ratios: 0 where no grid was added."""
    return (border_ratio(reconstruction) - border_ratio(image)).square()
