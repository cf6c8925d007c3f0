"""The article's network and the residual one: layers, shapes, sizes and refusals."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import yaml
from torch import nn

from bitcodec.errors import UsageError
from bitcodec.transforms.networks import build_transforms
from tests.conftest import REPOSITORY


def test_article_network_has_the_layers_of_the_article() -> None:
    encoder, decoder = build_transforms("article", channels=128, stride=1)

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
    encoder, decoder = build_transforms("residual", channels=32, stride=stride, width=16, blocks=1)
    x = torch.rand(2, 3, 4 * stride, 3 * stride)
    logits = encoder(x)
    assert logits.shape == (2, 32, 4, 3)
    assert decoder(torch.sigmoid(logits)).shape == x.shape


def test_the_size_is_within_budget() -> None:
    config = yaml.safe_load((REPOSITORY / "conf" / "model" / "stride8.yaml").read_text())
    pair = build_transforms(**config)
    assert sum(p.numel() for network in pair for p in network.parameters()) <= 2_500_000


def test_the_residual_decoder_is_shift_equivariant_in_code_positions() -> None:
    """A code moved by one position moves the picture by one stride: no grid is built in."""
    torch.manual_seed(0)
    _, decoder = build_transforms("residual", channels=8, stride=8, width=16, blocks=1)
    for parameter in decoder.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    code = torch.zeros(1, 8, 25, 25)
    moved = code.clone()
    code[:, :, 12, 12] = 1
    moved[:, :, 12, 13] = 1
    empty = decoder(torch.zeros_like(code))
    here, there = decoder(code) - empty, decoder(moved) - empty
    torch.testing.assert_close(here[..., 8:-16], there[..., 16:-8], atol=1e-4, rtol=1e-4)
    assert here.abs().max() > 0.01


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"kind": "article", "channels": 128, "stride": 8}, "stride"),
        ({"kind": "residual", "channels": 8, "stride": 7, "width": 8, "blocks": 2}, "stride"),
        ({"kind": "residual", "channels": 8, "stride": 8, "width": 127, "blocks": 2}, "even"),
        ({"kind": "residual", "channels": 8, "stride": 8}, "see conf/model"),
        ({"kind": "unet", "channels": 8, "stride": 8}, "unet"),
    ],
)
def test_wrong_networks_are_named(arguments: dict[str, Any], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        build_transforms(**arguments)
