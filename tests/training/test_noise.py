"""From logits to a code: what each binarizer does to values and gradients."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from bitcodec.errors import UsageError
from bitcodec.training.draws import Draws
from bitcodec.training.noise import NoiseConfig, build_binarizer

ARTICLE: dict[str, Any] = {
    "std": 15.0,
    "schedule": "constant",
    "start": 0.1,
    "ramp": 0.5,
    "logit_norm": "none",
    "gain": 1.0,
    "gain_start": 1.0,
    "hard": 0.0,
    "surrogate_slope": 1.7,
}


def config(**changes: Any) -> NoiseConfig:
    return NoiseConfig(**(ARTICLE | changes))


def test_noise_is_gaussian_of_the_given_std_and_added_before_the_sigmoid() -> None:
    layer = build_binarizer("noise", config(std=3.0))
    logits = torch.full((1, 8, 64, 64), 1.5)
    code = layer(logits, 0.0, Draws(0)).double()
    noise = torch.logit(code.clamp(1e-7, 1 - 1e-7)) - 1.5
    # 32,768 draws: mean within 5 standard errors, std within 2 %.
    assert abs(noise.mean().item()) < 5 * 3 / 32768**0.5
    assert noise.std().item() == pytest.approx(3.0, rel=0.02)


def test_without_noise_the_code_is_the_sigmoid() -> None:
    logits = torch.randn(2, 4, 5, 5)
    layer = build_binarizer("noise", config(std=0.0))
    assert torch.equal(layer(logits, 0.3, Draws(0)), torch.sigmoid(logits))
    assert torch.equal(layer.soft(logits), torch.sigmoid(logits))


@pytest.mark.parametrize("kind", ["noise", "bernoulli", "ste"])
def test_one_key_of_draws_gives_one_code(kind: str) -> None:
    logits = torch.randn(2, 4, 5, 5)
    layer = build_binarizer(kind, config())
    first, again = (layer(logits, 0.0, Draws(7)) for _ in range(2))
    assert torch.equal(first, again)
    if kind != "ste":
        assert not torch.equal(first, layer(logits, 0.0, Draws(8)))


def test_schedules() -> None:
    linear, geometric = config(schedule="linear"), config(schedule="geometric")
    assert linear.std_at(0) == pytest.approx(0.1)
    assert linear.std_at(0.25) == pytest.approx((0.1 + 15) / 2)
    assert geometric.std_at(0.25) == pytest.approx((0.1 * 15) ** 0.5)
    for ramp in (linear, geometric):
        assert ramp.std_at(0.5) == ramp.std_at(1.0) == 15
    assert config().std_at(0) == 15
    assert config(std=0.0, schedule="geometric").std_at(0.2) == 0


def test_unit_rms_fixes_the_scale_and_keeps_every_bit() -> None:
    logits = torch.randn(2, 16, 6, 6) * 1e4
    layer = build_binarizer("noise", config(logit_norm="unit_rms", gain=30.0))
    rms = layer.normalise(logits).square().mean(dim=1).sqrt()
    torch.testing.assert_close(rms, torch.ones_like(rms))
    assert torch.equal(layer.hard(logits), layer.hard(layer.normalise(logits)))
    scaled = layer.scale(logits, 1.0).square().mean(dim=1).sqrt()
    torch.testing.assert_close(scaled, torch.full_like(scaled, 30.0))


def test_the_gain_follows_the_same_ramp_as_the_noise() -> None:
    ramp = config(gain=30.0, gain_start=8.0, schedule="linear", ramp=0.6)
    layer = build_binarizer("noise", ramp)
    logits = torch.randn(1, 16, 4, 4)
    for progress, gain in ((0.0, 8.0), (0.3, 19.0), (0.6, 30.0), (1.0, 30.0)):
        torch.testing.assert_close(layer.scale(logits, progress), gain * logits)
    geometric = config(gain=150.0, gain_start=1.5, schedule="geometric", ramp=0.5)
    assert geometric.gain_at(0.25) == pytest.approx(15.0)
    assert config(gain=30.0, gain_start=8.0).gain_at(0.0) == 30.0


def test_straight_through_is_hard_forward_and_a_sigmoid_backward() -> None:
    logits = torch.randn(2, 4, 5, 5, requires_grad=True)
    code = build_binarizer("ste", config())(logits, 0.0, Draws(0))
    assert torch.equal(code.detach().round(), (logits > 0).float())
    assert (code - code.round()).abs().max() < 1e-6
    code.sum().backward()
    p = torch.sigmoid(1.7 * logits.detach())
    torch.testing.assert_close(logits.grad, 1.7 * p * (1 - p))


def test_bernoulli_draws_bits_with_the_probability_of_the_sigmoid() -> None:
    logits = torch.full((1, 1, 300, 300), -1.0, requires_grad=True)
    code = build_binarizer("bernoulli", config())(logits, 0.0, Draws(0))
    assert set(code.detach().round(decimals=5).unique().tolist()) == {0.0, 1.0}
    p = torch.sigmoid(torch.tensor(-1.0)).item()
    assert code.mean().item() == pytest.approx(p, abs=5 * (p * (1 - p) / 90_000) ** 0.5)
    code.sum().backward()
    torch.testing.assert_close(logits.grad, torch.full_like(logits, p * (1 - p)))


def test_the_last_share_of_training_uses_hard_bits() -> None:
    layer = build_binarizer("noise", config(hard=0.2))
    logits = torch.randn(1, 4, 8, 8)
    soft, hard = layer(logits, 0.79, Draws(0)), layer(logits, 0.81, Draws(0))
    assert not torch.equal(soft.round(), soft)
    torch.testing.assert_close(hard, (logits > 0).float())


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"std": -1.0}, "noise.std=-1"),
        ({"std": float("nan")}, "noise.std=nan"),
        ({"schedule": "cubic"}, "geometric"),
        ({"logit_norm": "max"}, "unit_rms"),
        ({"start": 0.0}, "noise.start"),
        ({"gain": 0.0}, "noise.gain"),
        ({"hard": 1.5}, "noise.hard"),
        ({"surrogate_slope": 0.0}, "surrogate_slope"),
    ],
)
def test_impossible_values_are_named(change: dict[str, Any], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        config(**change)


def test_unknown_binarizer_is_named() -> None:
    with pytest.raises(UsageError, match="noise, ste, bernoulli"):
        build_binarizer("round", config())
