"""Penalties on the code: what the loss adds to the distortion.

``loss = mean((y - x)**2) + weight * penalty(code)``
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bitcodec.errors import UsageError


@dataclass(frozen=True)
class PenaltyConfig:
    """The ``penalty`` config; values come from ``conf/penalty``.

    Attributes:
        kind: ``sparsity`` (the article's) or ``entropy`` (one probability a channel). The codec's
            own penalty, for every rate, is :class:`bitcodec.training.stepped_module.LevelsConfig`.
        weight: factor of the penalty in the loss.
    """

    kind: str
    weight: float

    def __post_init__(self) -> None:
        if self.kind not in PENALTIES:
            known = ", ".join(PENALTIES)
            raise UsageError(f"penalty.kind={self.kind}: choose {known}, or levels for the codec")
        if not 0 <= self.weight < float("inf"):
            raise UsageError(f"penalty.weight={self.weight}: the weight must be zero or more")


class SparsityPenalty(nn.Module):
    """``mean(code**2)``: makes ones rare, so that an entropy coder shrinks the bitmap."""

    def forward(self, code: Tensor, pixels: int) -> Tensor:
        """Code ``N x C x h x w`` in [0, 1] → scalar in [0, 1]; ``pixels`` does not matter."""
        return code.square().mean()


class EntropyPenalty(nn.Module):
    """Bits per image pixel that an ideal coder spends under a learned prior.

    The prior is one probability of a one per channel. For a code between 0 and 1 the cost is
    interpolated linearly between that of a zero and that of a one, which is the cross-entropy.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.logit = nn.Parameter(torch.zeros(channels))

    def forward(self, code: Tensor, pixels: int) -> Tensor:
        """Code ``N x C x h x w`` in [0, 1] → scalar, bits per pixel of ``pixels`` in all."""
        prior = self.logit.view(1, -1, 1, 1).expand_as(code)
        nats = F.binary_cross_entropy_with_logits(prior, code.float(), reduction="sum")
        return nats / (pixels * torch.log(torch.tensor(2.0)).item())


PENALTIES: dict[str, Callable[[int], nn.Module]] = {
    "sparsity": lambda channels: SparsityPenalty(),
    "entropy": EntropyPenalty,
}


def build_penalty(config: PenaltyConfig, channels: int) -> nn.Module:
    """The penalty module of a config; called as ``penalty(code, pixels)``."""
    return PENALTIES[config.kind](channels)
