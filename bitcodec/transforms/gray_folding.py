"""Folding: how one latent value becomes several bits, and those become a value again.

A latent ``y`` in units of quantization steps is cut into ``2**K`` levels, level 0 around zero, and
the level is written as K bits of a reflected binary (Gray) code. The logits of those bits are made
as a folding analogue-to-digital converter makes them: each is the absolute value of the one
before, shifted (Arbel and Kurz, 1975)::

    f1 = y + 1/2      fk = |f(k-1)| - 2**(K - k)      bit k: is fk above 0?

They are continuous in ``y``; near every threshold exactly one of them crosses zero, and missing it
costs one step. So noise on the logits blurs a value by a step and never throws it across its
range, and gradients pass. The signs are chosen such that level 0 is all zeros: ones stay rare.

Levels may widen outwards (:mod:`bitcodec.transforms.bit_allocation`): then it is :func:`compress`
of ``y`` that is folded, and :func:`widen` undoes it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


def compress(values: Tensor, k: Tensor | float) -> Tensor:
    """``asinh(k y) / k``: from values in steps to levels that widen outwards; k above 0."""
    return torch.asinh(values * k) / k


def widen(levels: Tensor, k: Tensor | float) -> Tensor:
    """``sinh(k n) / k``, the inverse of :func:`compress`."""
    return torch.sinh(levels * k) / k


class Folding(nn.Module):
    """Bits of M latents, in channels ordered by latent and, within one, from coarse to fine.

    Args:
        bits: K of each latent, at least 1.
        widening: k of each latent, all above 0, or none for equal levels.
    """

    _by_stage: Tensor
    _by_latent: Tensor
    _widening: Tensor

    def __init__(self, bits: Sequence[int], widening: Sequence[float] = ()) -> None:
        super().__init__()
        self.bits = tuple(bits)
        self.widens = any(widening)
        factors = torch.tensor(widening).view(1, -1, 1, 1)
        self.register_buffer("_widening", factors, persistent=False)
        channel = [(latent, k) for latent, count in enumerate(bits) for k in range(count)]
        by_stage = sorted(range(len(channel)), key=lambda c: channel[c][1])
        self._index("_by_stage", by_stage)
        self._index("_by_latent", sorted(range(len(channel)), key=by_stage.__getitem__))
        #: Latents that have a bit at each stage.
        self.stages = [[i for i, count in enumerate(bits) if count > k] for k in range(max(bits))]
        for k, latents in enumerate(self.stages[1:], start=1):
            here = self.stages[k - 1]
            self._index(f"_going_on_{k}", [here.index(latent) for latent in latents])
            ending = [p for p, latent in enumerate(here) if latent not in latents]
            self._index(f"_ending_{k}", ending)
            # Where each latent of the stage before stands in (going on, ending).
            both = [here.index(latent) for latent in latents] + ending
            self._index(f"_together_{k}", sorted(range(len(here)), key=both.__getitem__))
            shift = torch.tensor([2.0 ** (bits[latent] - k - 1) for latent in latents])
            self.register_buffer(f"_shift_{k}", shift.view(1, -1, 1, 1), persistent=False)

    def _index(self, name: str, values: Sequence[int]) -> None:
        self.register_buffer(name, torch.tensor(values, dtype=torch.long), persistent=False)

    @staticmethod
    def _polarity(stage: int) -> float:
        """Sign that makes the bit of a value in level 0 a zero."""
        return 1.0 if stage == 1 else -1.0

    def fold(self, latents: Tensor) -> Tensor:
        """Latents ``N x M x h x w``, in steps → logits ``N x sum(bits) x h x w``, in levels."""
        if self.widens:
            latents = compress(latents, self._widening)
        folded = latents + 0.5
        logits = [folded * self._polarity(0)]
        for k in range(1, len(self.stages)):
            going_on = folded.index_select(1, getattr(self, f"_going_on_{k}"))
            folded = going_on.abs() - getattr(self, f"_shift_{k}")
            logits.append(folded * self._polarity(k))
        return torch.cat(logits, dim=1).index_select(1, self._by_latent)

    def unfold(self, code: Tensor) -> Tensor:
        """Code ``N x sum(bits) x h x w`` in [0, 1] → latents ``N x M x h x w``.

        For bits: the value that the level stands for. In between, the value moves smoothly from
        the one to the other.
        """
        signs = (2 * code - 1).index_select(1, self._by_stage)
        parts = list(signs.split([len(stage) for stage in self.stages], dim=1))
        last = len(parts) - 1
        value = parts[last] * (0.5 * self._polarity(last))
        for k in range(last, 0, -1):
            magnitude = value + getattr(self, f"_shift_{k}")
            ending = getattr(self, f"_ending_{k}")
            if len(ending):
                half = torch.full_like(parts[k - 1], 0.5).index_select(1, ending)
                magnitude = torch.cat([magnitude, half], dim=1)
                magnitude = magnitude.index_select(1, getattr(self, f"_together_{k}"))
            value = parts[k - 1] * magnitude * self._polarity(k - 1)
        value = value - 0.5
        return widen(value, self._widening) if self.widens else value
