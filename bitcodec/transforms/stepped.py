"""Analysis and synthesis transforms for every quality: the quantization step is their input.

They start as the lapped transform of 8x8 blocks (:mod:`bitcodec.transforms.lapped_transform`) and
learn from there. Beside that linear path stands a convolutional network whose last layers are zero
at first; it refines the latents and, through gates, scales each of them. How coarse the step is
reaches the network through scales and biases of its features, made from the step's logarithm.

::

    image N x 3 x H x W, step ── StepEncoder ──► levels N x L x H/8 x W/8, in steps, not rounded
    levels N x M x H/8 x W/8, step ── StepDecoder ──► image N x 3 x H x W

Latents are ordered by importance: the three means first, then by falling deviation, so that a
coarse step uses the first M of all L (:mod:`bitcodec.layout`). The means have a finer step than the
rest, because what is wrong with them shows as stairs in skies, and the decoder smooths them within
what rounding leaves open (:mod:`bitcodec.transforms.smooth_means`). No network touches them, and
training may shape their functions but not what a flat picture makes of them: squared error hardly
counts those stairs, so it would scale the means down, take that step back, and move flat colours
off the levels that hold them exactly.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bitcodec.layout import MOST_BITS, PER_OCTAVE, StepRange
from bitcodec.transforms import lapped_transform as lapped
from bitcodec.transforms.blocks import ResidualBlock, conv
from bitcodec.transforms.fineness import FINE_MEANS, ROUNDED, fineness
from bitcodec.transforms.precision import single_precision
from bitcodec.transforms.smooth_means import smooth_means

LATENTS = lapped.COLOURS * lapped.BLOCK**2
MEANS = len(lapped.MEANS)

# Adam moves every weight by about the learning rate: these scales make the weights of the linear
# paths so large, and those of the networks' last layers so small, that one rate suits them all.
ENCODER_SCALE, DECODER_SCALE = 45.0, 0.2
#: About the deviation of a latent, in 8-bit levels.
SEEN_SCALE = 180.0

REFERENCE_STEP = 32.0
"""The step at which the network gets a zero for the step's logarithm."""

MOST_DEAD = 0.45
"""By how much of a level the encoder may move the thresholds between levels, away from zero or
towards it: as far as the features of a place ask for."""

DEAD_RATE = 4.0
"""How much faster these features' weights learn than others: at one rate they hardly move."""

IDLE = 1 / 8
"""A latent has no bits where its expected deviation is below this share of the step."""


def latent_order() -> list[int]:
    """Indices into :func:`bitcodec.transforms.lapped_transform.basis`, most important first."""
    falling = torch.argsort(lapped.deviations(), descending=True, stable=True).tolist()
    return [*lapped.MEANS, *(index for index in falling if index not in lapped.MEANS)]


def step_index(step: float) -> int:
    """The index of the nearest step that a layout can have."""
    return round(math.log2(step) * PER_OCTAVE)


def step_range(finest: int, coarsest: int) -> StepRange:
    """The layouts of these transforms from one step index to another.

    Args:
        finest, coarsest: step indices, :data:`bitcodec.layout.PER_OCTAVE` to an octave.

    Raises:
        ValueError: if they are no range, or a latent would need too many bits.
    """
    order = latent_order()
    largest = 127.5 * lapped.basis()[order].abs().sum(dim=(1, 2, 3)).double()
    reach = torch.ceil(largest.log2() * PER_OCTAVE)
    reach[:MEANS] += PER_OCTAVE * math.log2(FINE_MEANS * ROUNDED)
    cutoff = torch.floor((lapped.deviations()[order].double() / IDLE).log2() * PER_OCTAVE)
    cutoff[:MEANS] = (1 << 16) - 1
    # Latents go in the order of their deviations, but for the means; equal ones go together.
    most = finest + (MOST_BITS - 1) * PER_OCTAVE
    return StepRange(
        finest,
        coarsest,
        means=MEANS,
        reach=tuple(int(value) for value in reach.clamp_max(most).tolist()),
        cutoff=tuple(int(value) for value in cutoff.tolist()),
    )


class StepScale(nn.Module):
    """Features scaled and shifted as the step asks; unchanged at first."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(2, 16)
        self.output = nn.Linear(16, 2 * width)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def forward(self, x: Tensor, step: Tensor) -> Tensor:
        """``N x width x h x w`` and a step of shape ``[1]`` → the same shape."""
        t = torch.log2(step / REFERENCE_STEP)
        code = self.output(torch.relu(self.hidden(torch.cat([t, t * t / 4]))))
        scale, shift = code.view(2, 1, -1, 1, 1).unbind(0)
        return x * (1 + scale) + shift


def toward_zero(levels: Tensor, dead: Tensor) -> Tensor:
    """Levels such that rounding them has its thresholds at n + 1/2 + dead instead of n + 1/2.

    A dead zone around zero, where ``dead`` is above 0: fewer levels that cost many bits for little.

    Args:
        levels: not rounded, of any shape.
        dead: of the same shape, within half a level of 0.
    """
    size = levels.abs()
    within = size * (0.5 / (0.5 + dead))
    return torch.sign(levels) * torch.where(size < 0.5 + dead, within, size - dead)


class StepEncoder(nn.Module):
    """Image → levels.

    Args:
        width: feature channels of the network; even.
        blocks: residual blocks.
    """

    _flat: Tensor

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        half = width // 2
        self.linear = nn.Conv2d(3, LATENTS, lapped.SUPPORT, stride=lapped.BLOCK)
        self.stem = nn.Sequential(nn.PixelUnshuffle(4), conv(48, half))
        self.down = nn.Sequential(nn.PixelUnshuffle(2), conv(4 * half, width))
        self.first_scale, self.last_scale = StepScale(half), StepScale(width)
        self.blocks = nn.Sequential(*(ResidualBlock(width) for _ in range(blocks)))
        self.head = zeroed(conv(width, LATENTS - MEANS))
        self.gate = zeroed(nn.Conv2d(width, LATENTS - MEANS, 1))
        self.dead = zeroed(nn.Conv2d(width, LATENTS - MEANS, 1))
        functions = lapped.basis()[latent_order()] * (255 / ENCODER_SCALE)
        flat = functions[:MEANS].sum((2, 3), keepdim=True)
        self.register_buffer("_flat", flat, persistent=False)
        with torch.no_grad():
            self.linear.weight.copy_(functions)
        nn.init.zeros_(self.linear.bias)  # type: ignore[arg-type]

    def forward(self, image: Tensor, step: Tensor, latents: int = LATENTS) -> Tensor:
        """``N x 3 x H x W`` in [0, 1] → levels ``N x latents x H/8 x W/8``, in steps.

        Args:
            image: H and W multiples of 8.
            step: shape ``[1]``, in 8-bit levels of a coefficient of the orthonormal basis.
            latents: how many of the first latents are wanted.
        """
        centred = image - 0.5
        seen = self.down(torch.relu(self.first_scale(self.stem(centred), step)))
        seen = torch.relu(self.last_scale(self.blocks(seen), step))
        gain = 1 + _first(self.gate, seen, latents - MEANS).float()
        refinement = _first(self.head, seen, latents - MEANS).float()
        dead = MOST_DEAD * torch.tanh(DEAD_RATE * _first(self.dead, seen, latents - MEANS).float())
        with single_precision(image):
            pixels = lapped.mirror_pixels(centred.float())
            assert self.linear.bias is not None
            means = _summing_to(self._flat, self.linear.weight[:MEANS])
            weight = torch.cat([means, self.linear.weight[MEANS:latents]])
            bias = F.pad(self.linear.bias[MEANS:latents], (MEANS, 0))
            values = F.conv2d(pixels, weight, bias, lapped.BLOCK)
            others = values[:, MEANS:] * gain + refinement
            values = torch.cat([values[:, :MEANS] * fineness(step), others], dim=1)
            levels = values * (ENCODER_SCALE / step)
            return torch.cat([levels[:, :MEANS], toward_zero(levels[:, MEANS:], dead)], dim=1)


class StepDecoder(nn.Module):
    """Levels → image, mirror of :class:`StepEncoder`.

    Attributes:
        smoothing: whether the means are smoothed; False only to see what that is worth.
    """

    smoothing = True

    _rows: Tensor
    _columns: Tensor
    _flat: Tensor

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        half = width // 2
        self.linear = nn.Conv2d(LATENTS, 3 * lapped.BLOCK**2, 3)
        self.stem = conv(MEANS + LATENTS, width)
        self.first_scale, self.last_scale = StepScale(width), StepScale(width)
        self.blocks = nn.Sequential(*(ResidualBlock(width) for _ in range(blocks)))
        self.gate = zeroed(nn.Conv2d(width, LATENTS - MEANS, 1))
        self.up = nn.Sequential(conv(width, 4 * half), nn.PixelShuffle(2))
        self.refine = nn.Sequential(ResidualBlock(half), nn.ReLU())
        self.head = zeroed(conv(half, 48))
        self.shuffle = nn.ModuleList([nn.PixelShuffle(lapped.BLOCK), nn.PixelShuffle(4)])
        rows, columns = lapped.mirror_signs(latent_order())
        self.register_buffer("_rows", rows, persistent=False)
        self.register_buffer("_columns", columns, persistent=False)
        kernel = lapped.synthesis(lapped.basis()[latent_order()])
        # Of a flat picture the transform's own means draw a faint lattice, which its other latents
        # take away; these are cut off, so the means must draw it flat by themselves.
        flat = kernel[:, :MEANS].sum((2, 3)).view(3, lapped.BLOCK**2, MEANS).mean(1, keepdim=True)
        flat = flat.expand(-1, lapped.BLOCK**2, -1).reshape(-1, MEANS, 1, 1).contiguous()
        self.register_buffer("_flat", flat, persistent=False)
        with torch.no_grad():
            self.linear.weight.copy_(kernel)
        nn.init.zeros_(self.linear.bias)  # type: ignore[arg-type]

    def forward(self, levels: Tensor, step: Tensor) -> Tensor:
        """``N x M x H/8 x W/8``, the first M latents → image ``N x 3 x H x W``, about in [0, 1].

        The output is not clamped: a clamp would stop the gradient of every saturated pixel.
        """
        count = levels.shape[1]
        with single_precision(levels):
            levels = levels.float()
            if self.smoothing:
                levels = torch.cat([smooth_means(levels, MEANS), levels[:, MEANS:]], dim=1)
            means = levels[:, :MEANS] * (step / fineness(step))
            # What is small must be told from zero, what is large must not drown it.
            small = levels / (1 + levels.abs() / 4)
        both = torch.cat([means / SEEN_SCALE, small], dim=1)
        stem = F.conv2d(both, self.stem.weight[:, : MEANS + count], self.stem.bias, padding=1)
        seen = self.blocks(self.first_scale(stem, step))
        active = torch.relu(self.last_scale(seen, step))
        gain = 1 + _first(self.gate, active, count - MEANS).float()
        with single_precision(levels):
            rows, columns = self._rows[:, :count], self._columns[:, :count]
            values = torch.cat([means, levels[:, MEANS:] * step * gain], dim=1)
            around = lapped.mirror_coefficients(values, rows, columns)
            own = _summing_to(self._flat, self.linear.weight[:, :MEANS])
            kernel = torch.cat([own, self.linear.weight[:, MEANS:count]], dim=1)
            blocks = F.conv2d(around, kernel, self.linear.bias)
            smooth = self.shuffle[0](blocks) / 255
        detail = self.head(self.refine(self.up(active)))
        return smooth + DECODER_SCALE * self.shuffle[1](detail.float()) + 0.5


def _summing_to(flat: Tensor, weight: Tensor) -> Tensor:
    """Kernels, each moved by a constant so that its sum, what a flat input gives, is as wanted."""
    return weight + (flat - weight.sum((2, 3), keepdim=True)) / weight[0, 0].numel()


def _first(layer: nn.Conv2d, x: Tensor, outputs: int) -> Tensor:
    """A convolution of which only the first output channels are wanted."""
    if outputs == layer.out_channels:
        return layer(x)
    assert layer.bias is not None
    weight, bias = layer.weight[:outputs], layer.bias[:outputs]
    return F.conv2d(x, weight, bias, layer.stride, layer.padding)


def zeroed(layer: nn.Conv2d) -> nn.Conv2d:
    """The layer with weights and bias of zero: it changes nothing before it is trained."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return layer
