"""The convolution and the residual block that all networks for photographs are built from."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def conv(inputs: int, outputs: int, size: int = 3) -> nn.Conv2d:
    """A convolution that keeps height and width (zeros outside)."""
    return nn.Conv2d(inputs, outputs, size, padding=size // 2)


class ResidualBlock(nn.Module):
    """``x + conv(relu(conv(relu(x))))`` at constant width; starts as the identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = conv(width, width)
        self.second = conv(width, width)
        # A block that begins as the identity lets the linear path set the scale first.
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(torch.relu(self.first(torch.relu(x))))
