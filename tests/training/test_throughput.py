"""The speed of training as it is recorded."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import lightning.pytorch as pl
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from bitcodec.training import throughput
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


def test_the_speed_is_that_of_all_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    speeds = []
    for world in (1, 2):
        seconds = itertools.count()
        monkeypatch.setattr(throughput, "_now", lambda module, clock=seconds: next(clock))
        monkeypatch.setattr(throughput, "_training_flops", lambda module, batch: 1)
        callback, module = throughput.Throughput(), pl.LightningModule()
        trainer: Any = SimpleNamespace(world_size=world, global_step=1, log_every_n_steps=50)
        for step in range(4):
            callback.on_train_batch_start(trainer, module, torch.zeros(5, 3, 10, 20), step)
            callback.on_train_batch_end(trainer, module, None, torch.zeros(5, 3, 10, 20), step)
        callback.on_train_end(trainer, module)
        speeds.append(callback.megapixels_per_second)
    assert speeds == [0.003, 0.006], "three steps of 1,000 pixels a process, in one second"
