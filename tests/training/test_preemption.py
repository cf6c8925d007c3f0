"""A cluster ends a run before its time, and the run goes on when its job is queued again."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import pytest

from bitcodec.training.preemption import was_preempted
from tests.conftest import REPOSITORY, tiny_run
from tests.training.test_resume import last, metrics, rows, step
from tests.training.test_run import record

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGUSR2"), reason="no such signals here")


class SignalAt(pl.Callback):
    """Announces a preemption at a step, as a cluster would."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_train_batch_end(self, trainer: pl.Trainer, *rest: Any) -> None:
        if trainer.global_step == self.step:
            os.kill(os.getpid(), signal.SIGUSR2)


def command(photos: Path, folder: Path, step: int) -> list[str]:
    target = f"+callbacks.announce._target_={SignalAt.__module__}.SignalAt"
    return tiny_run(photos, folder, target, f"+callbacks.announce.step={step}")


@pytest.fixture
def former(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets what handles SIGUSR2 before a run, as submitit does."""
    before = signal.getsignal(signal.SIGUSR2)
    yield lambda handler: signal.signal(signal.SIGUSR2, handler)
    signal.signal(signal.SIGUSR2, before)


def test_a_preempted_run_saves_hands_the_signal_on_and_goes_on_by_itself(
    photo_folder: Path, tmp_path: Path, train: Callable, former: Callable
) -> None:
    photos = shutil.copytree(photo_folder, tmp_path / "photos")
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert train(*command(photos, whole, 100)).code == 0
    seen = []

    def requeue(number: int, frame: object) -> None:
        seen.append((number, record(cut)["state"], step(last(cut))))
        raise SystemExit(144)

    former(requeue)
    assert train(*command(photos, cut, 3)).code == 144
    assert seen == [(signal.SIGUSR2, "preempted", 3)]
    assert signal.getsignal(signal.SIGUSR2) is requeue
    half = tmp_path / "half"
    shutil.copytree(cut, half)

    outcome = train(*command(photos, cut, 3))
    assert outcome.code == 0, outcome.error
    assert "goes on from last.ckpt" in (cut / "train.log").read_text()
    assert metrics(cut) == metrics(whole) and rows(cut) == rows(whole)
    assert train(*command(photos, cut, 3)).code == 2, "a finished run is as any other"

    # Other settings or photographs are another run, which must not lose this one.
    outcome = train(*command(photos, half, 3), "noise.std=1")
    assert outcome.code == 2 and "holds another run" in outcome.error
    assert record(half)["state"] == "preempted"
    (photos / "new.png").write_bytes((photos / "00.png").read_bytes())
    outcome = train(*command(photos, half, 3))
    assert outcome.code == 2 and "training images=nine in ten of 12 files" in outcome.error
    assert record(half)["state"] == "preempted"


def test_a_job_that_slurm_starts_again_does_what_is_left(
    photo_folder: Path,
    tmp_path: Path,
    train: Callable,
    former: Callable,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    former(signal.SIG_DFL)
    run = command(photo_folder, tmp_path, 3)
    outcome = train(*run)
    assert outcome.code == 128 + signal.SIGUSR2
    assert f"preempted; go on with ckpt_path={last(tmp_path)}" in outcome.error
    killed = record(tmp_path) | {"state": "running"}
    (tmp_path / "run.json").write_text(json.dumps(killed))
    assert not was_preempted(tmp_path)

    monkeypatch.setenv("SLURM_RESTART_COUNT", "1")
    assert train(*run).code == 0
    assert [number for number, _ in rows(tmp_path)] == list(range(8))
    assert "goes on from last.ckpt" in (tmp_path / "train.log").read_text()
    before = record(tmp_path)
    assert train(*run).code == 0 and record(tmp_path) == before, "nothing is left to do"


def test_a_signal_outside_of_training_and_a_refusal_to_queue_again(
    photo_folder: Path, tmp_path: Path, train: Callable, former: Callable, monkeypatch: Any
) -> None:
    def refuse(number: int, frame: object) -> None:
        raise RuntimeError("timed-out too many times")

    former(refuse)
    loading = lambda self, stage=None: os.kill(os.getpid(), signal.SIGUSR2)  # noqa: E731
    monkeypatch.setattr("bitcodec.training.data.PhotoDataModule.setup", loading)
    outcome = train(*tiny_run(photo_folder, tmp_path))
    assert outcome.code == 1 and outcome.error.count("\n") == 1
    assert "preempted" in outcome.error and "not queued again: timed-out too" in outcome.error
    assert record(tmp_path)["state"] == "preempted"


def test_processes_that_start_later_know_that_the_run_goes_on(tmp_path: Path) -> None:
    content = {"state": "preempted", "overrides": [], "metrics": {}}
    for more, goes_on in (
        ({}, True),
        ({"state": "running"}, False),
        ({"state": "running", "after_preemption": True}, True),
        ({"state": "finished", "after_preemption": True}, False),
    ):
        (tmp_path / "run.json").write_text(json.dumps(content | more))
        assert was_preempted(tmp_path) == goes_on


@pytest.mark.slow
def test_a_sweep_under_submitit_with_a_minutes_limit(photo_folder: Path, tmp_path: Path) -> None:
    """submitit sends SIGUSR2 half a minute before the limit, and starts the job again."""
    if importlib.util.find_spec("hydra_plugins.hydra_submitit_launcher") is None:
        pytest.skip("hydra-submitit-launcher is not installed: pip install 'bitcodec[slurm]'")
    launcher = ["hydra/launcher=submitit_local", "hydra.launcher.timeout_min=1"]
    # Longer than half a minute, wherever it runs, and over soon after the checkpoint.
    folder = tmp_path / "run"
    run = tiny_run(photo_folder, None, f"hydra.sweep.dir={tmp_path}", "hydra.sweep.subdir=run")
    run += [
        "trainer.max_steps=-1",
        "trainer.max_time=00:00:00:28",
        "trainer.val_check_interval=100000",
    ]
    done = subprocess.run(
        [sys.executable, "train.py", "-m", *run, *launcher],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    logs = "".join(path.read_text() for path in tmp_path.glob(".submitit/*/*_log.*"))
    assert "Requeued job" in logs and "stopping after this step" in logs
    assert record(folder)["state"] == "finished"
    assert record(folder)["after_preemption"] is True
    assert "goes on from last.ckpt" in (folder / "train.log").read_text()
    numbers = [number for number, _ in rows(folder)]
    assert numbers == list(range(len(numbers))), "no step is lost or done twice"
