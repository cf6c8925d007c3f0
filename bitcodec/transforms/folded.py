"""Analysis and synthesis transforms whose latents are folded into bits.

They start as a lapped transform of 8x8 blocks (:mod:`bitcodec.transforms.lapped_transform`),
quantized and folded (:mod:`bitcodec.transforms.gray_folding`), and learn from there: beside
the linear path stands a convolutional network whose last layer is zero at first.
Gates let that network also scale each latent, on either side by what it sees around: small values
amid nothing shrink, and the decoder puts a value where, in its level, it is likely to have been.
"""

from __future__ import annotations

import contextlib
import itertools
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor, nn

from bitcodec.transforms import lapped_transform as lapped
from bitcodec.transforms.bit_allocation import Allocation, allocate
from bitcodec.transforms.blocks import ResidualBlock, conv
from bitcodec.transforms.gray_folding import Folding

# Adam moves every weight by about the learning rate: these scales make the weights of the linear
# paths so large, and those of the networks' last layers so small, that one rate suits them all.
ENCODER_SCALE, DECODER_SCALE = 45.0, 0.2
#: About the deviation of a latent, in 8-bit levels.
SEEN_SCALE = 180.0


def _exact(x: Tensor) -> AbstractContextManager[Any]:
    """Single precision inside an autocast region: 7 bits of a latent do not fit bfloat16.

    Outside of autocast nothing at all, so that exporters do not see it.
    """
    if torch.is_autocast_enabled(x.device.type):
        return torch.autocast(x.device.type, enabled=False)
    return contextlib.nullcontext()


class FoldedEncoder(nn.Module):
    """Image → latents → logits in quantization steps, stride 8.

    Args:
        channels: bits at each code position.
        width: feature channels of the network; even.
        blocks: residual blocks.
        step: quantization step in 8-bit levels of a coefficient of the orthonormal basis. Weights
            do not depend on it: with another one, they are the same transform at another rate.
        widening: how much levels widen outwards
            (:func:`bitcodec.transforms.bit_allocation.allocate`); 0: not.
        gates: whether the network may scale the latents.
    """

    def __init__(
        self,
        channels: int,
        width: int,
        blocks: int,
        step: float,
        widening: float,
        gates: bool,
    ) -> None:
        super().__init__()
        found = allocate(channels, widening, step)
        latents, half = len(found.bits), width // 2
        self.step = step
        self.folding = Folding(found.bits, found.widening)
        #: The channels of each latent that is a mean, coarse to fine: coders may predict these.
        self.numbers = _means(found)
        self.linear = nn.Conv2d(3, latents, lapped.SUPPORT, stride=lapped.BLOCK)
        self.stem = nn.Sequential(nn.PixelUnshuffle(4), conv(48, half))
        self.down = nn.Sequential(nn.ReLU(), nn.PixelUnshuffle(2), conv(4 * half, width))
        self.blocks = nn.Sequential(*(ResidualBlock(width) for _ in range(blocks)), nn.ReLU())
        self.head = _zeroed(conv(width, latents))
        self.gate = _zeroed(conv(width, latents)) if gates else None
        with torch.no_grad():
            self.linear.weight.copy_(lapped.basis()[found.coefficients] * (255 / ENCODER_SCALE))
        nn.init.zeros_(self.linear.bias)  # type: ignore[arg-type]

    def forward(self, image: Tensor) -> Tensor:
        """``N x 3 x H x W`` in [0, 1] → logits ``N x C x H/8 x W/8``, in steps."""
        centred = image - 0.5
        seen = self.blocks(self.down(self.stem(centred)))
        gain, refinement = _gain(self.gate, seen), self.head(seen)
        with _exact(image):
            levels = self.linear(lapped.mirror_pixels(centred.float())) * gain + refinement.float()
            return self.folding.fold(levels * (ENCODER_SCALE / self.step))


class FoldedDecoder(nn.Module):
    """Code → latents → image, mirror of :class:`FoldedEncoder`; the network also sees the bits."""

    _rows: Tensor
    _columns: Tensor

    def __init__(
        self,
        channels: int,
        width: int,
        blocks: int,
        step: float,
        widening: float,
        gates: bool,
    ) -> None:
        super().__init__()
        found = allocate(channels, widening, step)
        latents, half = len(found.bits), width // 2
        self.step = step
        self.folding = Folding(found.bits, found.widening)
        self.linear = nn.Conv2d(latents, 3 * lapped.BLOCK**2, 3)
        self.stem = conv(latents + channels, width)
        self.blocks = nn.Sequential(*(ResidualBlock(width) for _ in range(blocks)))
        self.gate = _zeroed(conv(width, latents)) if gates else None
        self.up = nn.Sequential(nn.ReLU(), conv(width, 4 * half), nn.PixelShuffle(2))
        self.refine = nn.Sequential(ResidualBlock(half), nn.ReLU())
        self.head = _zeroed(conv(half, 48))
        self.shuffle = nn.ModuleList([nn.PixelShuffle(lapped.BLOCK), nn.PixelShuffle(4)])
        rows, columns = lapped.mirror_signs(found.coefficients)
        self.register_buffer("_rows", rows, persistent=False)
        self.register_buffer("_columns", columns, persistent=False)
        with torch.no_grad():
            self.linear.weight.copy_(lapped.synthesis(lapped.basis()[found.coefficients]))
        nn.init.zeros_(self.linear.bias)  # type: ignore[arg-type]

    def forward(self, code: Tensor) -> Tensor:
        """``N x C x H/8 x W/8`` in [0, 1] → image ``N x 3 x H x W``, nominally in [0, 1].

        The output is not clamped: a clamp would stop the gradient of every saturated pixel.
        """
        with _exact(code):
            code = code.float()
            latents = self.step * self.folding.unfold(code)
        seen = self.blocks(self.stem(torch.cat([latents / SEEN_SCALE, code], dim=1)))
        gain = _gain(self.gate, torch.relu(seen))
        with _exact(code):
            around = lapped.mirror_coefficients(latents * gain, self._rows, self._columns)
            smooth = self.shuffle[0](self.linear(around)) / 255
        detail = self.head(self.refine(self.up(seen)))
        return smooth + DECODER_SCALE * self.shuffle[1](detail.float()) + 0.5


def _means(found: Allocation) -> list[list[int]]:
    ends = list(itertools.accumulate(found.bits))
    return [
        list(range(end - count, end))
        for index, count, end in zip(found.coefficients, found.bits, ends, strict=True)
        if index in lapped.MEANS
    ]


def _gain(gate: nn.Conv2d | None, seen: Tensor) -> Tensor | float:
    """What a gate multiplies the latents by; 1 without a gate, and before it is trained."""
    return 1.0 if gate is None else 1 + gate(seen).float()


def _zeroed(layer: nn.Conv2d) -> nn.Conv2d:
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return layer
