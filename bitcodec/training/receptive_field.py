"""How far a network sees, found from its gradient: what margins tiles need."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn

from bitcodec.transforms.stepped import LATENTS, StepDecoder, StepEncoder

TRACED_STEP = 32.0
"""A middling step, for networks that take one."""


def encoder_radius(encoder: nn.Module, stride: int) -> int:
    """How many code positions away a pixel can be and still change a logit, rounded up."""
    twin = _at_a_step(_all_positive(encoder))
    reach = _nonzero_reach(lambda side: torch.ones(1, 3, side * stride, side * stride), twin)
    return -(-reach // stride)


def decoder_radius(decoder: nn.Module, channels: int) -> int:
    """How many code positions away a bit, or a level, can be and still change a pixel."""
    if isinstance(decoder, StepDecoder):
        channels = LATENTS
    twin = _at_a_step(_all_positive(decoder))
    # Between zero and one: a sigmoid or a rectified unit must not be saturated, and of levels all
    # but the means count as zero, so that the means are smoothed.
    return _nonzero_reach(lambda side: torch.full((1, channels, side, side), 0.25), twin)


def _at_a_step(network: nn.Module) -> Callable[[Tensor], Tensor]:
    """The network at a middling step, if it takes one."""
    if isinstance(network, StepEncoder | StepDecoder):
        return lambda x: network(x, torch.tensor([TRACED_STEP]))
    return network


def _nonzero_reach(make_input: Callable[[int], Tensor], network: Callable[[Tensor], Tensor]) -> int:
    """Largest distance, in input samples, from which the middle code position is touched.

    The gradient of a network whose weights are all positive is nonzero exactly where there is a
    path from input to output.
    """
    side = 31
    while True:
        x = make_input(side).requires_grad_()
        y = network(x)
        scale_out, scale_in = max(1, y.shape[-1] // side), x.shape[-1] // side
        middle = slice(side // 2 * scale_out, (side // 2 + 1) * scale_out)
        # Unequal weights: outputs that share a path must not cancel each other.
        weights = torch.linspace(1, 2, y.shape[1]).view(-1, 1, 1)
        (y[..., middle, middle] * weights).sum().backward()
        assert x.grad is not None
        touched = x.grad.abs().sum(dim=(0, 1, 2)).nonzero().flatten()
        first, last = int(touched.min()), int(touched.max())
        if first > 0 and last < x.shape[-1] - 1:
            start = side // 2 * scale_in
            return max(start - first, last - (start + scale_in - 1), 0)
        side = 2 * side + 1


def _all_positive(network: nn.Module) -> nn.Module:
    """A copy without dead units, whose activations stay near one."""
    twin = copy.deepcopy(network).float().eval()
    with torch.no_grad():
        for parameter in twin.parameters():
            fan_in = parameter[0].numel() if parameter.dim() > 1 else 0
            parameter.fill_(1 / fan_in if fan_in else 0)
    return twin
