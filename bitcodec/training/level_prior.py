"""A prior on levels, for training: it prices what the context coder will pay.

Every level gets a Laplace distribution, mixed with a wider one for what nothing announced. Scale
and centre come from levels that the coder knows by then, in its own order
(:mod:`bitcodec.coders.context`): the means first, each from those around it, then the other latents
in groups, a group in four phases of positions. It is dense and in floats where the coder is sparse
and in integers, and is thrown away after training; the coder's tables are fitted to the levels that
came out.

Latents are ordered, and a coarse step has only the first M of them: all weights are cut to those.
"""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bitcodec.coders.context_planes import GROUP, PHASES, groups_of
from bitcodec.coders.means import MIDDLE, NEAREST, NEIGHBOURS, SIDE
from bitcodec.transforms.precision import single_precision

UNITS = 16
LOW = 21
"""So many of the first latents, the means among them, tell where the centres of others lie."""
AROUND = (tuple((2 * dy, 2 * dx) for dy, dx in MIDDLE), MIDDLE, SIDE, SIDE)
"""Neighbours of a mean in each phase. Those of the first belong to coarser grids, which the coder
walks one by one; one of them stands for all."""
LEAST_SCALE = 0.08
MOST_OCTAVES = 9.0
"""Logarithms of scales are at most this, so that no gradient overflows."""
LARGEST = 64.0
REFERENCE_STEP = 32.0
TAIL = (-4.0, 1.5, -1.0)
"""Where the wider part of each mixture starts: the logit of its weight, how many octaves wider its
scale is, and the logarithm to base 2 of what is added to that. The coder's tables keep the
histograms as they are. Under a Laplace density alone one level of 20 among zeros costs hundreds of
bits, and such levels were half the price of the finest steps."""


class LevelPrior(nn.Module):
    """Bits of levels, differentiable.

    Args:
        latents: L, of which the first ``means`` are means.
        means: so many.
    """

    _before: Tensor
    _low: Tensor
    _earlier: Tensor

    def __init__(self, latents: int, means: int) -> None:
        super().__init__()
        self.means, self.low = means, min(LOW, latents)
        phases, groups = len(PHASES), groups_of(latents, means)
        # Means: what is around, and by how much the earlier means miss what is around them.
        seen = means * NEIGHBOURS + means
        self.means_centre = nn.Parameter(torch.zeros(phases, means, seen))
        self.means_units = nn.Parameter(0.05 * torch.randn(phases, means * UNITS, seen))
        self.means_output = nn.Parameter(torch.zeros(phases, means, UNITS))
        self.means_bias = nn.Parameter(torch.tensor([0.4, -0.7, 0]).repeat(phases, means, 1))
        self.means_tail = nn.Parameter(torch.tensor(TAIL).repeat(means, 1))
        earlier = torch.ones(means, seen)
        earlier[:, means * NEIGHBOURS :] = torch.ones(means, means).tril(-1)
        self.register_buffer("_earlier", earlier, persistent=False)
        # The others: sizes in the groups before, and in their own group in earlier phases.
        self.before = nn.Parameter(0.02 * torch.randn(groups * UNITS, 2, latents))
        self.own = nn.Parameter(torch.zeros(groups * UNITS, GROUP, phases, 3, 3))
        self.units_bias = nn.Parameter(torch.zeros(groups * UNITS))
        self.output = nn.Parameter(torch.zeros(groups * GROUP, UNITS))
        self.bias = nn.Parameter(torch.tensor([0.0, -0.7, 0]).repeat(groups * GROUP, 1))
        self.tail = nn.Parameter(torch.tensor(TAIL).repeat(groups * GROUP, 1))
        self.centre = nn.Parameter(torch.zeros(groups * GROUP, self.low, 3, 3))
        rank, group = torch.arange(latents), torch.arange(groups)
        before = rank < means + group.repeat_interleave(UNITS)[:, None] * GROUP
        self.register_buffer("_before", before.float()[:, None], persistent=False)
        low = rank[: self.low] < means + group.repeat_interleave(GROUP)[:, None] * GROUP
        self.register_buffer("_low", low.float()[:, :, None, None], persistent=False)

    def forward(self, levels: Tensor, step: Tensor) -> Tensor:
        """Levels ``N x M x h x w``, h and w even, and a step of shape ``[1]`` → bits in all."""
        with single_precision(levels):
            levels = levels.float()
            bits = self._bits_of_means(levels[:, : self.means], step)
            if levels.shape[1] > self.means:
                bits = bits + self._bits_of_others(levels, step)
            return bits

    def _bits_of_means(self, means: Tensor, step: Tensor) -> Tensor:
        height, width = means.shape[2:]
        reach = max(abs(d) for offsets in AROUND for pair in offsets for d in pair)
        padded = F.pad(means, (reach,) * 4, mode="replicate")
        bits = means.new_zeros(())
        for phase, (rows, columns) in enumerate(PHASES):
            around = torch.stack(
                [
                    padded[..., reach + rows + dy :, reach + columns + dx :][
                        ..., : height - rows : 2, : width - columns : 2
                    ]
                    for dy, dx in AROUND[phase]
                ],
                dim=2,
            )
            base = around[:, :, :NEAREST].mean(dim=2)
            miss = means[..., rows::2, columns::2] - base
            relative = (around - base.unsqueeze(2)).flatten(1, 2)
            seen = torch.cat([relative, miss], dim=1).clamp(-LARGEST, LARGEST)
            centre = F.conv2d(seen, _pointwise(self.means_centre[phase] * self._earlier))
            units = self.means_units[phase] * self._earlier.repeat_interleave(UNITS, dim=0)
            hidden = torch.relu(F.conv2d(_size(seen), _pointwise(units)))
            scale = F.conv2d(hidden, _pointwise(self.means_output[phase]), groups=self.means)
            scale = scale + _by_step(self.means_bias[phase], step)
            bits = bits + mixture_bits(miss - centre, _scale(scale), self.means_tail).sum()
        return bits

    def _bits_of_others(self, levels: Tensor, step: Tensor) -> Tensor:
        latents, means = levels.shape[1], levels[:, : self.means]
        count, groups = latents - self.means, groups_of(latents, self.means)
        size = _size(torch.cat([_slopes(means), levels[:, self.means :]], dim=1))
        # Here, and on average around here.
        both = torch.cat([size, F.avg_pool2d(size, 3, 1, 1)], dim=1)
        weight = (self.before * self._before)[: groups * UNITS, :, :latents].flatten(1)
        hidden = F.conv2d(both, _pointwise(weight), self.units_bias[: groups * UNITS])
        hidden = torch.relu(hidden + self._own_group(size[:, self.means :], groups))
        scale = F.conv2d(hidden, _pointwise(self.output[: groups * GROUP]), groups=groups)
        scale = _scale(scale[:, :count] + _by_step(self.bias[:count], step))
        low = min(self.low, latents)
        around = F.avg_pool2d(F.pad(means, (1, 1, 1, 1), mode="replicate"), 3, 1)
        signed = torch.cat([means - around, levels[:, self.means : low]], dim=1)
        centre = F.conv2d(
            signed.clamp(-LARGEST, LARGEST), (self.centre * self._low)[:count, :low], padding=1
        )
        return mixture_bits(levels[:, self.means :] - centre, scale, self.tail[:count]).sum()

    def _own_group(self, size: Tensor, groups: int) -> Tensor:
        """What earlier phases of each group say to its units: ``N x groups * UNITS x h x w``."""
        count, height, width = size.shape[1:]
        padded = F.pad(size, (0, 0, 0, 0, 0, groups * GROUP - count))
        result = size.new_zeros(len(size), groups * UNITS, height, width)
        known = size.new_zeros(height, width)
        for phase, (rows, columns) in enumerate(PHASES):
            if phase:
                weight = self.own[: groups * UNITS, :, phase]
                seen = F.conv2d(padded * known, weight, padding=1, groups=groups)
                result[:, :, rows::2, columns::2] = seen[:, :, rows::2, columns::2]
            known = known.clone()
            known[rows::2, columns::2] = 1
        return result


def mixture_bits(x: Tensor, scale: Tensor, tail: Tensor) -> Tensor:
    """Bits of levels ``N x C x h x w`` under a mixture of two Laplace densities with one centre.

    Args:
        x: distances from the centre.
        scale: of the narrow part.
        tail: of each channel, as :data:`TAIL`: ``C x 3``.
    """
    weight, wider, least = tail.view(1, -1, 3, 1, 1).unbind(2)
    wide = scale.clamp_min(LEAST_SCALE) * torch.exp2(wider) + torch.exp2(least)
    narrow = F.logsigmoid(-weight) - math.log(2) * laplace_bits(x, scale)
    return -torch.logaddexp(
        narrow, F.logsigmoid(weight) - math.log(2) * laplace_bits(x, wide)
    ) / math.log(2)


def laplace_bits(x: Tensor, scale: Tensor) -> Tensor:
    """Bits of a level at a distance ``x`` from the centre of a Laplace density, its mass over one
    level; scales below :data:`LEAST_SCALE` count as that.
    """
    b = scale.clamp_min(LEAST_SCALE)
    distance = x.abs()
    near = distance.clamp_max(0.5)
    inside = 1 - 0.5 * (torch.exp((near - 0.5) / b) + torch.exp(-(near + 0.5) / b))
    # log of (exp(0.5 / b) - exp(-0.5 / b)) / 2
    sinh = 0.5 / b + torch.log(-torch.expm1(-1 / b)) - math.log(2)
    nats = torch.where(distance < 0.5, -torch.log(inside.clamp_min(1e-9)), distance / b - sinh)
    return nats / math.log(2)


def _scale(octaves: Tensor) -> Tensor:
    """Scale of a density from its logarithm to base 2. What tells it are logarithms of sizes too: a
    scale must be able to grow as fast as the levels do when the step gets finer.
    """
    return torch.exp2(_Bounded.apply(octaves))


class _Bounded(torch.autograd.Function):
    """Logarithms of scales within their bounds. Gradients pass where they lead back inside, as in
    the lower bound of Ballé et al., "Variational image compression with a scale hyperprior"
    (2018); a clamp stops them, and what has once left the bounds drifts on.
    """

    @staticmethod
    def forward(ctx: Any, octaves: Tensor) -> Tensor:
        ctx.save_for_backward(octaves)
        return octaves.clamp(math.log2(LEAST_SCALE), MOST_OCTAVES)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        (octaves,) = ctx.saved_tensors
        low = (octaves >= math.log2(LEAST_SCALE)) | (gradient < 0)
        high = (octaves <= MOST_OCTAVES) | (gradient > 0)
        return gradient * (low & high)


def _size(levels: Tensor) -> Tensor:
    """``log2(1 + |n|)``, at most 8: how large a level is, without its sign."""
    return torch.log2(1 + levels.abs()).clamp_max(8)


def _slopes(means: Tensor) -> Tensor:
    """How much means change across a position, along rows and columns together: of what
    :func:`bitcodec.coders.context_planes.slopes` gives, the sizes of the first two.
    """
    padded = F.pad(means, (1, 1, 1, 1), mode="replicate")
    along = padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]
    down = padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]
    return along.abs() + down.abs()


def _pointwise(weight: Tensor) -> Tensor:
    """``out x in`` as the weight of a 1x1 convolution."""
    return weight[:, :, None, None]


def _by_step(coefficients: Tensor, step: Tensor) -> Tensor:
    """``a + b t + c t**2`` with t the step's logarithm: ``C x 3`` → ``1 x C x 1 x 1``."""
    t = torch.log2(step / REFERENCE_STEP)
    return (coefficients @ torch.cat([torch.ones_like(t), t, t * t / 4])).view(1, -1, 1, 1)
