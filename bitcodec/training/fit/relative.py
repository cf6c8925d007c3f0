"""The float twin of the context coder's networks of proportions."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bitcodec.coders.integer_network import CLASS_STEP
from bitcodec.coders.relative_network import (
    HIDDEN_STEP,
    PROPORTION,
    PROPORTION_MAX,
    SPREAD_STEP,
    TURN_MAX,
    RelativeNetworks,
)

# What one unit of the integer tables is worth here, and bounds with which no sum gets too large.
HIDDEN_SCALE = TURN_MAX * HIDDEN_STEP // PROPORTION
SPREAD_SCALE = CLASS_STEP * SPREAD_STEP // TURN_MAX
EXPECTED_SCALE = TURN_MAX
MAX_HIDDEN, MAX_SPREAD, MAX_EXPECTED = 8.0, 8.0, 4.0


class Relative(nn.Module):
    """See :mod:`bitcodec.coders.relative_network`.

    Args:
        count: N, how many networks.
        signed: S.
        units: U.
    """

    def __init__(self, count: int, signed: int, units: int) -> None:
        super().__init__()
        chance = torch.Generator().manual_seed(0)
        self.hidden = nn.Parameter(0.1 * torch.randn(count, units, signed, generator=chance))
        self.spread = nn.Parameter(torch.zeros(count, 1, 2 * units))
        self.expected = nn.Parameter(torch.zeros(count, 1, units))

    def forward(self, s: Tensor) -> tuple[Tensor, Tensor]:
        """``N x S x P`` → what to add to classes and to expectations in levels, ``N x 1 x P``."""
        size = s.abs().mean(dim=1, keepdim=True) + 0.5
        most = PROPORTION_MAX / PROPORTION
        turned = torch.bmm(self.hidden, (s / size).clamp(-most, most)).clamp(-1, 1)
        spread = torch.bmm(self.spread, torch.cat([turned, turned.abs()], dim=1))
        return spread, size * torch.bmm(self.expected, turned)

    def rounded(self) -> RelativeNetworks:
        """The integer networks."""

        def integers(value: Tensor, scale: int, bound: float) -> NDArray[np.int16]:
            clipped = value.detach().clamp(-bound, bound).double().numpy()
            return np.rint(clipped * scale).astype(np.int16)

        networks = RelativeNetworks(
            integers(self.hidden, HIDDEN_SCALE, MAX_HIDDEN),
            integers(self.spread, SPREAD_SCALE, MAX_SPREAD),
            integers(self.expected, EXPECTED_SCALE, MAX_EXPECTED),
        )
        networks.check()
        return networks
