"""The module of every step: its shortcut is the whole folding, and trade-offs follow the step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from bitcodec.errors import BitcodecError, UsageError
from bitcodec.training.checkpoints import start_from
from bitcodec.training.draws import Draws
from bitcodec.training.stepped_module import LevelsConfig, SteppedModule
from bitcodec.transforms.gray_folding import Folding

MODEL = {"kind": "stepped", "stride": 8, "width": 8, "blocks": 1}
MODEL |= {"finest": 6.0, "coarsest": 172.0, "shown": 54.0}
NOISE = {"std": 15.0, "schedule": "constant", "start": 2.5, "ramp": 0.6, "logit_norm": "none"}
NOISE |= {"gain": 150.0, "gain_start": 10.0, "hard": 0.0, "surrogate_slope": 1.7}
PENALTY = {"kind": "levels", "weight": 6.5e-7, "tilt": 0.5, "smooth": 1.0, "structure": 0.5}
OPTIMIZER = {"lr": 1e-3, "schedule": "cosine", "warmup": 1, "prior_lr": 5e-3, "eps": 1e-12}


def module(**changes: Any) -> SteppedModule:
    torch.manual_seed(0)
    groups = {"model": MODEL, "noise": NOISE, "penalty": PENALTY, "optimizer": OPTIMIZER}
    groups = {name: group | changes.get(name, {}) for name, group in groups.items()}
    return SteppedModule(binarizer=changes.get("binarizer", "noise"), seed=0, **groups)


def test_the_bit_in_doubt_alone_gives_what_all_noisy_bits_give() -> None:
    """The same noise on every bit, sigmoid and unfolding, against the one bit that training draws:
    apart only where noise of six deviations would have to reach a second threshold.
    """
    levels = torch.linspace(-7.9, 6.9, 4001).view(1, 1, 1, -1).double()
    folding = Folding([4])
    net = module(noise={"std": 6.0})  # at std 15, one in a thousand reaches a second threshold
    logits = folding.fold(levels)
    code = net.binarizer.sample(logits, 1.0, Draws(1))
    whole = folding.unfold(code)
    short = net._noisy(levels, 1.0, Draws(1))
    # One draw each: their distributions agree, seen through their means over many neighbours.
    window = torch.ones(1, 1, 1, 81, dtype=torch.float64) / 81
    means = [torch.nn.functional.conv2d(values, window) for values in (whole, short)]
    assert (means[0] - means[1]).abs().max() < 0.15
    assert (whole.round() - short.round()).abs().max() <= 1
    sure = (levels - levels.floor() - 0.5).abs() > 0.35
    torch.testing.assert_close(whole[sure], short[sure], atol=1e-3, rtol=0)


def test_a_bit_weighs_more_at_coarse_steps_and_never_less_than_theory_asks() -> None:
    config = LevelsConfig("levels", 6.5e-7, 0.5, 0.0, 0.0)
    assert config.at(40.0) == pytest.approx(6.5e-7 * 1600)
    assert config.at(160.0) == pytest.approx(config.at(40.0) * 16 * 2)


def test_both_readings_come_from_all_channels_of_the_shown_step() -> None:
    net = module()
    image = torch.rand(2, 3, 32, 48)
    reading = net.read(image)
    layout = net.steps.layout(net.steps.finest)
    fine = net.read(image, net.steps.finest)
    assert fine.bitmap.shape == (2, layout.channels, 4, 6)
    assert reading.bitmap.shape[1] < layout.channels
    assert torch.equal(net.bitmaps(image), reading.bitmap)
    assert (fine.binary - image).square().mean() < (reading.binary - image).square().mean()
    gap = (fine.sigmoid - fine.binary).square().mean().sqrt() * 255
    assert gap < 2, "an untrained pair already agrees: its bits are nearly sure"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"binarizer": "ste"}, "binarizer=ste"),
        ({"model": {"stride": 4}}, "stride 8"),
        ({"model": {"finest": 60.0}}, "model.finest=60.0"),
        ({"penalty": {"kind": "sparsity"}}, "penalty=levels"),
        ({"penalty": {"weight": -1.0}}, "penalty.weight"),
        ({"model": {"depth": 3}}, "model.depth"),
    ],
)
def test_wrong_settings_get_a_sentence(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        module(**changes)


def test_a_model_grows_by_blocks_that_change_nothing_yet(tmp_path: Path) -> None:
    small, large = module(), module(model={"blocks": 2})
    image = torch.rand(1, 3, 32, 48)
    torch.nn.init.normal_(small.decoder.head.weight, std=0.1)
    path = tmp_path / "small.ckpt"
    parts = {"hyper_parameters": {}, "global_step": 1}
    torch.save({**parts, "state_dict": small.state_dict()}, path)
    assert not torch.equal(small.read(image).binary, large.read(image).binary)
    start_from(str(path), large)
    torch.testing.assert_close(small.read(image).binary, large.read(image).binary)
    torch.nn.init.constant_(large.decoder.blocks[1].second.bias, 0.1)
    with pytest.raises(BitcodecError, match=r"small\.ckpt.*init_from"):
        start_from(str(path), large)
