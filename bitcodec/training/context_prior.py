"""A prior that looks at context, for training: what the context coder will know, it knows.

Each bit's probability comes from the bits that precede it: those of earlier channels in a 3x3
window, its own channel's in the row above, and in odd columns its own channel's to the left and
right (:mod:`bitcodec.coders.context_features` codes in that order). A linear path and a few
rectified units for each group of channels, as in the coder's network, but dense and in floats: it
is thrown away after training, and the coder's tables are fitted to the bits that came out.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

GROUP = 4
UNITS = 8


class ContextPenalty(nn.Module):
    """Bits per image pixel that a context coder spends on the code, differentiable.

    The gradient also passes through the contexts: bits that help to predict others are cheap.

    Args:
        channels: C, in coding order, the most telling first; a multiple of :data:`GROUP`.
    """

    _linear_mask: Tensor
    _hidden_mask: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        groups = channels // GROUP
        self.bias = nn.Parameter(torch.zeros(2, channels, 1, 1))
        self.linear = nn.Parameter(torch.zeros(channels, channels, 3, 3))
        self.beside = nn.Parameter(torch.zeros(channels, 1, 1, 3))
        self.hidden = nn.Parameter(torch.randn(groups * UNITS, channels, 3, 3) * 0.02)
        self.hidden_bias = nn.Parameter(torch.zeros(groups * UNITS))
        self.output = nn.Parameter(torch.zeros(channels, UNITS, 1, 1))
        rank = torch.arange(channels)
        group = torch.arange(groups).repeat_interleave(UNITS)
        self._mask("_linear_mask", rank[None] < rank[:, None], rank[None] <= rank[:, None])
        before, within = group[:, None] * GROUP, (group[:, None] + 1) * GROUP
        self._mask("_hidden_mask", rank[None] < before, rank[None] < within)

    def _mask(self, name: str, below: Tensor, above: Tensor) -> None:
        """Window mask ``out x in x 3 x 3`` from who may be seen in the row above, and elsewhere."""
        mask = below[:, :, None, None].float().repeat(1, 1, 3, 3)
        mask[:, :, 0] = above[:, :, None].float()
        self.register_buffer(name, mask, persistent=False)

    def logits(self, code: Tensor) -> Tensor:
        """Code ``N x C x h x w`` → logits of the probability of a one, same shape."""
        seen = 2 * code
        logits = F.conv2d(seen, self.linear * self._linear_mask, padding=1)
        hidden = F.conv2d(seen, self.hidden * self._hidden_mask, self.hidden_bias, padding=1)
        groups = code.shape[1] // GROUP
        logits = logits.float() + F.conv2d(torch.relu(hidden), self.output, groups=groups).float()
        sides = torch.ones(3, device=code.device)
        sides[1] = 0  # never the bit itself
        beside = F.conv2d(seen, self.beside * sides, padding=(0, 1), groups=code.shape[1]).float()
        odd = (torch.arange(code.shape[-1], device=code.device) % 2).float()
        return logits + (1 - odd) * self.bias[0] + odd * (self.bias[1] + beside)

    def forward(self, code: Tensor, pixels: int) -> Tensor:
        """Code ``N x C x h x w`` in [0, 1] → scalar, bits per pixel of ``pixels`` in all."""
        nats = F.binary_cross_entropy_with_logits(self.logits(code), code.float(), reduction="sum")
        return nats / (pixels * math.log(2))
