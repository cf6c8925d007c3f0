"""Means smoothed within what rounding leaves open: skies without squares, and no bit more.

A mean whose level is n was anywhere from n - 1/2 to n + 1/2. Where nothing but the means has bits
and the levels of neighbours are close, the picture is most likely smooth, and the smoothest means
that those levels allow are nearer to it than the middles of the cells: steps of a whole level,
which an eye sees as squares, become slopes. They are found by averaging neighbours again and again,
never leaving the cells (projected Jacobi iterations for the least sum of squared differences).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

ROUNDS = 8
"""So many times neighbours are averaged; so many positions far a mean is felt."""
STRENGTH = 0.8
"""The share of the way to the smoothest means that is gone; squared error would like 0.6 best."""
CLOSE = 2.5
"""Levels of neighbours that differ by more are an edge."""


def smooth_means(levels: Tensor, means: int) -> Tensor:
    """Levels ``N x M x H x W`` → the first ``means`` of them, smoothed, ``N x means x H x W``.

    A whole plane of equal levels, a mean beside an edge, and one beside other levels than zero stay
    what they are; none moves by more than half a level.
    """
    middle = levels[:, :means]
    weights = _weights(levels.detach(), means)
    lowest, highest = middle - 0.5, middle + 0.5
    smooth = middle
    for _ in range(ROUNDS):
        pulls = [w * (x - smooth) for w, x in zip(weights, _neighbours(smooth), strict=True)]
        smooth = torch.minimum(torch.maximum(smooth + sum(pulls), lowest), highest)
    return middle + STRENGTH * (smooth - middle)


def _weights(levels: Tensor, means: int) -> list[Tensor]:
    """How much each of the four neighbours counts, ``N x 1 x H x W``: 1 in all, or nothing."""
    middle, others = levels[:, :means], levels[:, means:]
    calm = torch.ones_like(middle[:, :1])
    if others.shape[1]:
        calm = (others.abs().amax(1, keepdim=True) < 0.5).float()
    # Zeros around: nothing lies beyond the picture.
    calm_around = _cut(F.pad(calm, (1, 1, 1, 1)))
    close = [
        ((each - middle).abs().amax(1, keepdim=True) <= CLOSE).float()
        for each in _neighbours(middle)
    ]
    chosen = [calm * near * other for near, other in zip(close, calm_around, strict=True)]
    total = torch.stack(chosen).sum(0).clamp_min(1)
    return [each / total for each in chosen]


def _neighbours(x: Tensor) -> list[Tensor]:
    """The planes to the left, the right, above and below, the outermost repeated."""
    return _cut(F.pad(x, (1, 1, 1, 1), mode="replicate"))


def _cut(padded: Tensor) -> list[Tensor]:
    inner = slice(1, -1)
    return [
        padded[..., inner, :-2],
        padded[..., inner, 2:],
        padded[..., :-2, inner],
        padded[..., 2:, inner],
    ]
