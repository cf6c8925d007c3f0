"""Folding: how one latent value becomes several bits, and those become a value again.

A latent ``y`` in quantization steps is cut into ``2**K`` levels, level 0 around zero, and the level
is written as K bits of a reflected binary (Gray) code. The logits of those bits are made as a
folding analogue-to-digital converter makes them: each is the absolute value of the one before,
shifted (Arbel and Kurz, 1975)::

    f1 = y + 1/2      fk = |f(k-1)| - 2**(K - k)      bit k: is fk above 0?

They are continuous in ``y``; near every threshold exactly one of them crosses zero, and missing it
costs one step. So noise on the logits blurs a value by a step and never throws it across its
range, and gradients pass. The signs are chosen such that level 0 is all zeros: ones stay rare.

The integer twin, which the codec uses, is :class:`bitcodec.layout.Layout`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from bitcodec.layout import Layout


class Folding(nn.Module):
    """Bits of M latents, in channels ordered by latent and, within one, from coarse to fine.

    Args:
        bits: K of each latent, at least 1.
    """

    _members: Tensor
    _channels: Tensor

    def __init__(self, bits: Sequence[int]) -> None:
        super().__init__()
        layout = Layout(tuple(bits))
        #: Latents of one number of bits are folded together: (K, how many), in this order.
        self.kinds = [(count, layout.bits.count(count)) for count in sorted(set(layout.bits))]
        members = [i for count, _ in self.kinds for i, own in enumerate(bits) if own == count]
        # Channels as they come out: of each kind, stage after stage.
        channels, start = [], 0
        for count, size in self.kinds:
            own = members[start : start + size]
            channels += [layout.first[latent] + k for k in range(count) for latent in own]
            start += size
        self.register_buffer("_members", torch.tensor(members), persistent=False)
        self.register_buffer("_channels", torch.tensor(channels), persistent=False)

    def fold(self, latents: Tensor) -> Tensor:
        """Latents ``N x M x h x w``, in steps → logits ``N x sum(bits) x h x w``, in levels."""
        logits = []
        sizes = [size for _, size in self.kinds]
        parts = latents.index_select(1, self._members).split(sizes, dim=1)
        for (count, _), part in zip(self.kinds, parts, strict=True):
            folded = part + 0.5
            logits.append(-folded)
            for k in range(1, count):
                folded = folded.abs() - 2.0 ** (count - k - 1)
                logits.append(_polarity(k) * folded)
        return torch.cat(logits, dim=1).index_select(1, self._channels.argsort())

    def unfold(self, code: Tensor) -> Tensor:
        """Code ``N x sum(bits) x h x w`` in [0, 1] → latents ``N x M x h x w``.

        For bits: the value that the level stands for. In between, the value moves smoothly from
        the one to the other.
        """
        signs = (2 * code - 1).index_select(1, self._channels)
        sizes = [size for count, size in self.kinds for _ in range(count)]
        stages = iter(signs.split(sizes, dim=1))
        values = []
        for count, _ in self.kinds:
            own = [next(stages) for _ in range(count)]
            value = 0.5 * _polarity(count - 1) * own[-1]
            for k in range(count - 2, -1, -1):
                value = _polarity(k) * own[k] * (value + 2.0 ** (count - k - 2))
            values.append(value - 0.5)
        return torch.cat(values, dim=1).index_select(1, self._members.argsort())


def _polarity(stage: int) -> float:
    """Sign that makes the bit of a value in level 0 a zero."""
    return 1.0 if stage == 1 else -1.0
