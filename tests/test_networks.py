from __future__ import annotations

import pytest
import torch
from torch import nn

from bitcodec.errors import UsageError
from bitcodec.networks import build_transforms


def test_article_network_has_the_layers_of_the_article() -> None:
    encoder, decoder = build_transforms("article", 128, 1, 0, 0)

    def widths(network: nn.Module) -> list[tuple[int, int]]:
        return [
            (layer.in_channels, layer.out_channels)
            for layer in network.modules()
            if isinstance(layer, nn.Conv2d)
        ]

    assert widths(encoder) == [(3, 16), (16, 32), (32, 64), (64, 128)]
    assert widths(decoder) == [(128, 64), (64, 32), (32, 16), (16, 3)]
    assert [type(layer) for layer in encoder.children()][-1] is nn.Conv2d
    assert [type(layer) for layer in decoder.children()][-1] is nn.Sigmoid
    x = torch.rand(1, 3, 9, 7)
    reference = encoder[0](x - 0.5)
    assert torch.equal(reference, nn.Sequential(*list(encoder.children())[:1])(x - 0.5))
    assert encoder(x).shape == (1, 128, 9, 7)
    assert decoder(encoder(x)).shape == x.shape


@pytest.mark.parametrize("stride", [8, 16])
def test_residual_pair_inverts_shapes(stride: int) -> None:
    encoder, decoder = build_transforms("residual", 32, stride, 16, 1)
    x = torch.rand(2, 3, 4 * stride, 3 * stride)
    logits = encoder(x)
    assert logits.shape == (2, 32, 4, 3)
    assert decoder(torch.sigmoid(logits)).shape == x.shape


def test_shipped_size_is_within_budget() -> None:
    pair = build_transforms("residual", 128, 8, 128, 2)
    assert sum(p.numel() for network in pair for p in network.parameters()) <= 2_500_000


def test_residual_decoder_is_shift_equivariant_in_code_positions() -> None:
    """A code moved by one position moves the picture by one stride: no grid is built in."""
    torch.manual_seed(0)
    _, decoder = build_transforms("residual", 8, 8, 16, 1)
    code = torch.zeros(1, 8, 13, 13)
    moved = code.clone()
    code[:, :, 6, 6] = 1
    moved[:, :, 6, 7] = 1
    empty = decoder(torch.zeros_like(code))
    here, there = decoder(code) - empty, decoder(moved) - empty
    torch.testing.assert_close(here[..., 8:-8, 8:-16], there[..., 8:-8, 16:-8])


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("article", 128, 8, 0, 0), "stride"),
        (("residual", 128, 7, 128, 2), "stride"),
        (("residual", 128, 8, 127, 2), "even"),
        (("unet", 128, 8, 128, 2), "unet"),
    ],
)
def test_wrong_networks_are_named(arguments: tuple, word: str) -> None:
    with pytest.raises(UsageError, match=word):
        build_transforms(*arguments)
