"""The speed of training as it is recorded."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from bitcodec.transforms.networks import build_transforms
from tests.conftest import tiny_run


def test_the_record_has_the_speed_without_the_time_of_validation(
    photo_folder: Path, tmp_path: Path, train: Callable
) -> None:
    arguments = tiny_run(photo_folder, tmp_path / "run", "trainer.max_steps=12")
    assert train(*arguments).code == 0
    timing = json.loads((tmp_path / "run" / "run.json").read_text())["timing"]
    pixels = 2 * 16 * 16
    over_all = pixels * timing["steps_per_second"] / 1e6
    assert timing["megapixels_per_second"] > over_all, "validation counts in one, not in the other"
    encoder, decoder = build_transforms("article", channels=128, stride=1)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        decoder(encoder(torch.zeros(1, 3, 16, 16)))
    flops = 3 * counter.get_total_flops() / 256
    expected = timing["megapixels_per_second"] * 1e6 * flops / 1e9
    assert timing["gflops_per_second"] == pytest.approx(expected, rel=0.01)
