"""The article's encoder and decoder, a residual pair, and which of them a config names.

They are plain ``nn.Module`` pairs that know nothing of noise, rate or Lightning::

    image  N x 3 x H x W in [0, 1]  ── encoder ──►  logits  N x C x H/s x W/s, unbounded
    code   N x C x H/s x W/s in [0, 1]  ── decoder ──►  image  N x 3 x H x W

``s`` is the stride (1 in the article). H and W must be multiples of s.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

from torch import Tensor, nn

from bitcodec.errors import UsageError
from bitcodec.transforms.blocks import ResidualBlock, conv


class ArticleEncoder(nn.Sequential):
    """Four 3x3 convolutions 3→16→32→64→C at stride 1, ELU between, none after the last."""

    def __init__(self, channels: int) -> None:
        widths = [3, 16, 32, 64, channels]
        layers: list[nn.Module] = []
        for inputs, outputs in itertools.pairwise(widths):
            layers += [conv(inputs, outputs), nn.ELU()]
        super().__init__(*layers[:-1])

    def forward(self, image: Tensor) -> Tensor:
        """``N x 3 x H x W`` in [0, 1] → logits ``N x C x H x W``."""
        return super().forward(image - 0.5)


class ArticleDecoder(nn.Sequential):
    """The mirror C→64→32→16→3, ELU between, a sigmoid at the end."""

    def __init__(self, channels: int) -> None:
        widths = [channels, 64, 32, 16, 3]
        layers: list[nn.Module] = []
        for inputs, outputs in itertools.pairwise(widths):
            layers += [conv(inputs, outputs), nn.ELU()]
        super().__init__(*layers[:-1], nn.Sigmoid())


class ResidualEncoder(nn.Module):
    """Residual analysis transform for photographs, stride 8 or 16.

    Two scales only (s/2 and s): nearly all work happens where the maps are small, so that it
    trains and runs on a CPU. A linear path (one s x s convolution of stride s) stands beside the
    network: it makes a usable transform from the first steps on, and the network refines it.
    """

    def __init__(self, channels: int, stride: int, width: int, blocks: int) -> None:
        super().__init__()
        half = width // 2
        inner = stride // 2
        self.stem = nn.Sequential(nn.PixelUnshuffle(inner), conv(3 * inner * inner, half))
        self.down = nn.Sequential(nn.ReLU(), nn.PixelUnshuffle(2), conv(4 * half, width))
        self.blocks = nn.Sequential(*(ResidualBlock(width) for _ in range(blocks)))
        self.head = conv(width, channels)
        self.linear = nn.Conv2d(3, channels, stride, stride=stride, bias=False)

    def forward(self, image: Tensor) -> Tensor:
        """``N x 3 x H x W`` in [0, 1] → logits ``N x C x H/s x W/s``."""
        centred = image - 0.5
        features = self.blocks(self.down(self.stem(centred)))
        return self.head(features) + self.linear(centred)


class ResidualDecoder(nn.Module):
    """Residual synthesis transform, mirror of :class:`ResidualEncoder`.

    Its linear path is a 3x3 convolution before the pixel shuffle, that is a lapped transform of
    support 3s: blocks that overlap leave no grid of s pixels in the picture.
    """

    def __init__(self, channels: int, stride: int, width: int, blocks: int) -> None:
        super().__init__()
        half = width // 2
        inner = stride // 2
        self.stem = conv(channels, width)
        self.blocks = nn.Sequential(*(ResidualBlock(width) for _ in range(blocks)))
        self.up = nn.Sequential(nn.ReLU(), conv(width, 4 * half), nn.PixelShuffle(2))
        self.refine = ResidualBlock(half)
        self.head = nn.Sequential(conv(half, 3 * inner * inner), nn.PixelShuffle(inner))
        self.linear = nn.Sequential(conv(channels, 3 * stride * stride), nn.PixelShuffle(stride))

    def forward(self, code: Tensor) -> Tensor:
        """``N x C x H/s x W/s`` in [0, 1] → image ``N x 3 x H x W``, nominally in [0, 1].

        The output is not clamped: a clamp would stop the gradient of every saturated pixel.
        Whoever shows or measures the picture clamps it.
        """
        features = self.refine(self.up(self.blocks(self.stem(code))))
        return self.head(features) + self.linear(code) + 0.5


def _article(channels: int, stride: int) -> tuple[nn.Module, nn.Module]:
    if stride != 1:
        raise UsageError(f"model.stride={stride}: the article's network has stride 1")
    return ArticleEncoder(channels), ArticleDecoder(channels)


def _residual(channels: int, stride: int, width: int, blocks: int) -> tuple[nn.Module, nn.Module]:
    if stride not in (4, 8, 16, 32) or width < 2 or width % 2:
        raise UsageError(
            f"model.stride={stride}, model.width={width}: the residual network takes a "
            "stride of 4, 8, 16 or 32 and an even width of at least 2"
        )
    sizes = (channels, stride, width, blocks)
    return ResidualEncoder(*sizes), ResidualDecoder(*sizes)


KINDS: dict[str, Callable[..., tuple[nn.Module, nn.Module]]] = {
    "article": _article,
    "residual": _residual,
}


def build_transforms(kind: str, **sizes: int) -> tuple[nn.Module, nn.Module]:
    """Return the (encoder, decoder) pair of one rate that a ``model`` config describes.

    Args:
        kind: ``"article"`` (stride 1) or ``"residual"``; the codec's own pair for every rate is
            :mod:`bitcodec.transforms.stepped`.
        sizes: ``channels`` C of the code and ``stride``, pixels per code position along each
            side; for ``residual`` also ``width``, feature channels at the full stride (even, at
            least 2), and ``blocks``, residual blocks on each side.

    Raises:
        UsageError: for a kind, a size or a stride that no pair has.
    """
    if kind not in KINDS:
        raise UsageError(f"model.kind={kind}: choose {', '.join(KINDS)} or stepped")
    try:
        return KINDS[kind](**sizes)
    except TypeError:
        raise UsageError(
            f"model.kind={kind} does not take the settings {', '.join(sizes)}: see conf/model"
        ) from None
