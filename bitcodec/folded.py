"""Analysis and synthesis transforms whose latents are folded into bits (:mod:`bitcodec.folding`).

They start as the 8x8 DCT that JPEG uses, and learn to leave its blocks behind: beside the linear
path stands a convolutional network whose last layer is zero at first, and the decoder's linear
path overlaps its neighbours as soon as training lets it.
"""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor, nn

from bitcodec import dct
from bitcodec.blocks import ResidualBlock, conv
from bitcodec.folding import Folding

#: Quantization step at the start, in 8-bit levels of an orthonormal coefficient.
STEP = 45.0
#: Share of a layer's output that makes Adam's steps small beside the weights (see the decoder).
SMALL = 0.2


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
    """

    def __init__(self, channels: int, width: int, blocks: int) -> None:
        super().__init__()
        chosen, bits = dct.allocate(channels)
        half = width // 2
        self.folding = Folding(bits)
        self.linear = nn.Conv2d(3, len(bits), dct.BLOCK, stride=dct.BLOCK)
        self.stem = nn.Sequential(nn.PixelUnshuffle(4), conv(48, half))
        self.down = nn.Sequential(nn.ReLU(), nn.PixelUnshuffle(2), conv(4 * half, width))
        self.blocks = nn.Sequential(*(ResidualBlock(width) for _ in range(blocks)), nn.ReLU())
        self.head = _zeroed(conv(width, len(bits)))
        with torch.no_grad():
            self.linear.weight.copy_(dct.basis()[chosen] * (255 / STEP))
        nn.init.zeros_(self.linear.bias)  # type: ignore[arg-type]

    def forward(self, image: Tensor) -> Tensor:
        """``N x 3 x H x W`` in [0, 1] → logits ``N x C x H/8 x W/8``, in steps."""
        centred = image - 0.5
        refinement = self.head(self.blocks(self.down(self.stem(centred))))
        with _exact(image):
            return self.folding.fold(self.linear(centred.float()) + refinement.float())


class FoldedDecoder(nn.Module):
    """Code → latents → image, mirror of :class:`FoldedEncoder`; the network also sees the bits."""

    def __init__(self, channels: int, width: int, blocks: int) -> None:
        super().__init__()
        chosen, bits = dct.allocate(channels)
        half = width // 2
        self.folding = Folding(bits)
        # Scaled such that the weights are those of an orthonormal basis, about 1/8 each: a
        # learning rate that suits the network then suits this layer.
        self.linear = conv(len(bits), 3 * dct.BLOCK**2)
        self.stem = conv(len(bits) + channels, width)
        self.blocks = nn.Sequential(*(ResidualBlock(width) for _ in range(blocks)))
        self.up = nn.Sequential(nn.ReLU(), conv(width, 4 * half), nn.PixelShuffle(2))
        self.refine = nn.Sequential(ResidualBlock(half), nn.ReLU())
        self.head = _zeroed(conv(half, 48))
        self.shuffle = nn.ModuleList([nn.PixelShuffle(dct.BLOCK), nn.PixelShuffle(4)])
        with torch.no_grad():
            self.linear.weight.mul_(0.02)
            self.linear.weight[:, :, 1, 1] += dct.basis()[chosen].flatten(1).T
        nn.init.zeros_(self.linear.bias)  # type: ignore[arg-type]

    def forward(self, code: Tensor) -> Tensor:
        """``N x C x H/8 x W/8`` in [0, 1] → image ``N x 3 x H x W``, nominally in [0, 1].

        The output is not clamped: a clamp would stop the gradient of every saturated pixel.
        """
        with _exact(code):
            code = code.float()
            latents = self.folding.unfold(code)
            smooth = self.shuffle[0](self.linear(latents)) * (STEP / 255)
        seen = torch.cat([latents * 0.25, code], dim=1)
        detail = self.head(self.refine(self.up(self.blocks(self.stem(seen)))))
        return smooth + self.shuffle[1](detail.float()) * SMALL + 0.5


def _zeroed(layer: nn.Conv2d) -> nn.Conv2d:
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return layer
