"""How runs end, what a run that goes on keeps, and what it must have in common with the first."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.conftest import tiny_run

STOP = [
    "+callbacks.stop._target_=lightning.pytorch.callbacks.EarlyStopping",
    "+callbacks.stop.monitor=val/mse",
    "+callbacks.stop.divergence_threshold=0.0",
]
"""Ends a run at its first validation."""


def metrics(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "run.json").read_text())["metrics"]


def rows(folder: Path) -> list[tuple[int, str]]:
    """Step and loss of every logged training step, in the order of the file."""
    with (folder / "csv" / "metrics.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    return [(int(row["step"]), row["train/loss"]) for row in found if row["train/loss"]]


def step(checkpoint: Path) -> int:
    return int(torch.load(checkpoint, weights_only=True)["global_step"])


def last(folder: Path) -> Path:
    return folder / "checkpoints" / "last.ckpt"


@pytest.fixture(scope="module")
def eight(photo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of eight steps that nothing has ended early; tests copy it."""
    from bitcodec.training import entry

    folder = tmp_path_factory.mktemp("eight") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["train.py", *tiny_run(photo_folder, folder)])
        entry.main()
    return folder


ENDS = {
    "max_epochs": (["trainer.max_epochs=2", "trainer.limit_train_batches=3"], 6),
    "EarlyStopping": (STOP, 4),
    "few steps": (["trainer.max_steps=2", "trainer.val_check_interval=1000"], 2),
}


@pytest.mark.parametrize("end", ENDS)
def test_however_a_run_ends_it_is_validated_and_goes_on_as_if_it_had_not(
    end: str, eight: Path, photo_folder: Path, tmp_path: Path, train: Callable
) -> None:
    keys, steps = ENDS[end]
    outcome = train(*tiny_run(photo_folder, tmp_path, *keys))
    assert outcome.code == 0, outcome.error
    assert step(last(tmp_path)) == metrics(tmp_path)["steps"] == steps
    assert (tmp_path / "checkpoints" / "best.ckpt").exists()
    assert (tmp_path / "panels" / f"step_{steps:06d}.png").exists()

    outcome = train(*tiny_run(photo_folder, tmp_path, f"ckpt_path={last(tmp_path)}"))
    assert outcome.code == 0, outcome.error
    assert metrics(tmp_path) == metrics(eight)
    assert rows(tmp_path) == rows(eight), "no row is lost, doubled or another"


def test_a_time_limit_ends_a_run_as_its_last_step_would(
    photo_folder: Path, tmp_path: Path, train: Callable
) -> None:
    keys = ["trainer.max_steps=-1", "trainer.val_check_interval=100000"]
    outcome = train(*tiny_run(photo_folder, tmp_path, *keys, "trainer.max_time=00:00:00:01"))
    assert outcome.code == 0, outcome.error
    done = metrics(tmp_path)["steps"]
    assert done > 0 and step(last(tmp_path)) == step(tmp_path / "checkpoints" / "best.ckpt") == done


def test_rows_and_events_after_the_checkpoint_go_and_the_others_stay(
    eight: Path, photo_folder: Path, tmp_path: Path, train: Callable
) -> None:
    whole, half = tmp_path / "whole", tmp_path / "half"
    assert train(*tiny_run(photo_folder, half, "trainer.max_steps=4")).code == 0
    shutil.copytree(eight, whole)
    shutil.copy(last(half), last(whole))
    table = whole / "csv" / "metrics.csv"
    table.write_text(table.read_text() + "0.5,7")  # a row that a kill has cut off
    log = table.read_bytes()
    assert train(*tiny_run(photo_folder, whole, f"ckpt_path={last(whole)}", "seed=1")).code == 2
    assert table.read_bytes() == log
    assert train(*tiny_run(photo_folder, whole, f"ckpt_path={last(whole)}")).code == 0
    assert [number for number, _ in rows(whole)] == list(range(8))
    events = EventAccumulator(str(whole / "tensorboard"))
    events.Reload()
    shown = [event.step for event in events.Scalars("train/loss")]
    assert sorted(set(shown)) == list(range(8)) and len(shown) <= 9

    again = [*tiny_run(photo_folder, whole), "overwrite=true"]
    assert train(*again).code == 0
    assert rows(whole) == rows(eight), "a run from the start has no earlier rows"


def test_nothing_to_do_is_said(
    eight: Path, photo_folder: Path, tmp_path: Path, train: Callable
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(eight, folder)
    before = (folder / "run.json").read_bytes()
    for steps in (8, 5):
        go_on = [f"ckpt_path={last(folder)}", f"trainer.max_steps={steps}"]
        refused = train(*tiny_run(photo_folder, folder, *go_on))
        assert refused.code == 2 and refused.error.count("\n") == 1
        assert f"has done 8 steps, and trainer.max_steps={steps}: there is nothing" in refused.error
    assert (folder / "run.json").read_bytes() == before


def test_other_batches_or_photographs_are_refused_or_asked_for(
    eight: Path, photo_folder: Path, tmp_path: Path, train: Callable
) -> None:
    start = [f"ckpt_path={last(eight)}", "trainer.max_steps=10"]
    other = tmp_path / "photos"
    shutil.copytree(photo_folder, other)
    same = train(*tiny_run(other, tmp_path / "same", *start))
    assert same.code == 0, "the same photographs in another place"
    Image.new("RGB", (32, 32)).save(other / "new.png")
    changes = {
        "data.batch.batch_size=2, and this run has 3": "data.batch.batch_size=3",
        "data.batch.crop=16, and this run has 8": "data.batch.crop=8",
        "accumulate_grad_batches=1, and this run has 2": "trainer.accumulate_grad_batches=2",
        "training images=nine in ten of 12 files": f"data.root={other}",
    }
    for words, change in changes.items():
        refused = train(*tiny_run(photo_folder, tmp_path / "no", *start, change))
        assert (
            refused.code == 2 and words in refused.error and "resume_changed=true" in refused.error
        )
    asked = train(*tiny_run(other, tmp_path / "yes", *start, "resume_changed=true"))
    assert asked.code == 0 and metrics(tmp_path / "yes")["steps"] == 10
