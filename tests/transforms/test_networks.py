from __future__ import annotations

import pytest
import skimage.data
import torch
import yaml
from torch import nn

from bitcodec.errors import UsageError
from bitcodec.training.module import psnr
from bitcodec.transforms.networks import build_transforms
from tests.conftest import REPOSITORY


def test_article_network_has_the_layers_of_the_article() -> None:
    encoder, decoder = build_transforms("article", 128, 1)

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


@pytest.mark.parametrize("name", ["stride8", "folded"])
def test_sizes_are_within_budget(name: str) -> None:
    config = yaml.safe_load((REPOSITORY / "conf" / "model" / f"{name}.yaml").read_text())
    pair = build_transforms(**(config | ({"gates": True} if name == "folded" else {})))
    assert sum(p.numel() for network in pair for p in network.parameters()) <= 2_500_000


def test_the_folded_pair_starts_as_a_quantized_lapped_transform() -> None:
    """Before any training it compresses a photograph about as JPEG would."""
    photo = torch.from_numpy(skimage.data.astronaut().copy()).permute(2, 0, 1)[None] / 255
    encoder, decoder = build_transforms("folded", 128, 8, 16, 1, 45.0, 1.0)
    with torch.no_grad():
        bits = (encoder(photo) > 0).float()
        picture = decoder(bits).clamp(0, 1)
    assert psnr(picture, photo).item() > 27
    assert bits.mean() < 0.2, "ones are rare"


def test_gates_change_nothing_until_they_are_trained_and_then_scale_the_latents() -> None:
    torch.manual_seed(0)
    without = build_transforms("folded", 128, 8, 16, 1, 45.0, 1.0)
    gated = build_transforms("folded", 128, 8, 16, 1, 45.0, 1.0, True)
    photo = torch.from_numpy(skimage.data.astronaut().copy())[:64, :64].permute(2, 0, 1)[None] / 255
    for plain, other in zip(without, gated, strict=True):
        missing, unexpected = other.load_state_dict(plain.state_dict(), strict=False)
        assert set(missing) == {"gate.weight", "gate.bias"} and not unexpected
    logits, same = without[0](photo), gated[0](photo)
    assert torch.equal(logits, same)
    bits = (logits > 0).float()
    assert torch.equal(without[1](bits), gated[1](bits))
    torch.nn.init.constant_(gated[1].gate.bias, -1.0)
    assert gated[1](bits).std() < 0.01, "all latents scaled to nothing: a grey picture"


@pytest.mark.parametrize("kind", ["residual", "folded"])
def test_decoders_are_shift_equivariant_in_code_positions(kind: str) -> None:
    """A code moved by one position moves the picture by one stride: no grid is built in."""
    torch.manual_seed(0)
    _, decoder = build_transforms(kind, 8, 8, 16, 1, 45.0, 1.0)
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
        (("article", 128, 8), "stride"),
        (("residual", 128, 7, 128, 2), "stride"),
        (("residual", 128, 8, 127, 2), "even"),
        (("residual", 128, 8), "even"),
        (("folded", 128, 16, 64, 1, 45.0), "stride 8"),
        (("folded", 128, 8, 64, 1, 0.0), "model.step"),
        (("folded", 128, 8, 64, 1, 45.0, -1.0), "model.widening"),
        (("unet", 128, 8, 128, 2), "unet"),
    ],
)
def test_wrong_networks_are_named(arguments: tuple, word: str) -> None:
    with pytest.raises(UsageError, match=word):
        build_transforms(*arguments)
