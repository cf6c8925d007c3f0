"""Two processes that train one model, however they are started, are as one; or are refused."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from bitcodec.errors import UsageError
from bitcodec.training.ranks import Agreement, check_ranks, follow
from tests.conftest import REPOSITORY, tiny_run
from tests.training.test_run import logged, record
from tests.training.test_trainer_keys import composed

WHOLE = ["data.batch.batch_size=4", "callbacks.panels.images=[0,1,2]", "trainer.max_steps=4"]
WHOLE += ["trainer.val_check_interval=2", "penalty=entropy", "data.val_batch_size=2"]
# Where hardware has bfloat16, it would round away what is to be equal.
WHOLE += ["trainer.precision=32-true"]
HALF = [*WHOLE, "data.batch.batch_size=2", "trainer=ddp", "trainer.accelerator=cpu"]


@pytest.fixture(scope="module")
def three_to_validate(photo_folder: Path) -> list[str]:
    """An odd number of validation images, so that ranks do not have the same number."""
    return [f"data.val_root={photo_folder}", "data.val_images=3"]


def started(command: list[str], place: Path) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, *command], cwd=place, env=environment, text=True, stderr=subprocess.PIPE
    )


def test_two_ranks_are_as_one(
    photo_folder: Path, tmp_path: Path, three_to_validate: list[str], train: Callable
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    process = started(
        [str(REPOSITORY / "train.py"), *tiny_run(photo_folder, two, *HALF, *three_to_validate)],
        tmp_path,
    )
    outcome = train(*tiny_run(photo_folder, one, *WHOLE, *three_to_validate))
    assert outcome.code == 0, outcome.error
    _, error = process.communicate(timeout=300)
    assert process.returncode == 0, error
    assert "Initializing distributed" not in error + (two / "train.log").read_text()

    assert record(two)["state"] == "finished" and record(two)["timing"]["processes"] == 2
    assert record(two)["metrics"] == pytest.approx(record(one)["metrics"], rel=2e-3)
    for ours, theirs in zip(logged(one), logged(two), strict=True):
        for column, value in ours.items():
            if value:
                assert float(theirs[column]) == pytest.approx(float(value), rel=2e-3), column
    for image in range(3):
        shown = [folder / f"panels/image_{image}/panel_input.png" for folder in (one, two)]
        assert np.array_equal(*(np.asarray(Image.open(path)) for path in shown))
    assert sorted(p.name for p in two.iterdir() if not p.name.endswith(".log")) == sorted(
        p.name for p in one.iterdir() if not p.name.endswith(".log")
    )

    checkpoint = f"ckpt_path={two / 'checkpoints' / 'last.ckpt'}"
    further = [*WHOLE, "data.batch.batch_size=2", *three_to_validate, "trainer.max_steps=6"]
    outcome = train(*tiny_run(photo_folder, tmp_path / "x", *further, checkpoint))
    assert outcome.code == 2 and "number of processes=2" in outcome.error
    split = ["trainer.accumulate_grad_batches=2", "resume_changed=true"]
    outcome = train(*tiny_run(photo_folder, tmp_path / "y", *further, checkpoint, *split))
    assert outcome.code == 0, outcome.error
    assert [row["step"] for row in logged(tmp_path / "y") if row["train/loss"]] == ["4", "5"]


TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


@pytest.mark.parametrize(
    ("run", "asked"),
    [(TORCHRUN, 1), ([], 1), ([], 0)],
    ids=["torchrun's second", "second", "first"],
)
def test_processes_share_a_folder_and_end_at_one_checkpoint(
    run: list[str], asked: int, photo_folder: Path, tmp_path: Path, three_to_validate: list[str]
) -> None:
    more = [*HALF, *three_to_validate, "trainer.max_steps=100000", "callbacks.last.every=5"]
    more += ["trainer.val_check_interval=100000"]
    arguments = tiny_run(photo_folder, None, *more)
    process = started([*run, str(REPOSITORY / "train.py"), *arguments], tmp_path)
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("outputs/*/*/checkpoints/last.ckpt")):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.1)
    (folder,) = tmp_path.glob("outputs/*/*")
    second = _second(process.pid)
    os.kill((process.pid, second)[asked], signal.SIGTERM)
    _, error = process.communicate(timeout=300)
    assert process.returncode != 0
    assert error.count("interrupted; go on with") == 1, error
    assert list(tmp_path.glob("outputs/*/*")) == [folder]
    assert record(folder)["state"] == "interrupted"
    step = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)["global_step"]
    assert 0 < step < 100000
    deadline = time.monotonic() + 30
    while _alive(second):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_signal_that_comes_while_the_processes_agree_is_not_lost(
    photo_folder: Path, tmp_path: Path, train: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    agree, asked = Agreement.on, []

    def slow(self: Agreement, number: signal.Signals | None) -> signal.Signals | None:
        asked.append(number)
        if len(asked) == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        return agree(self, number)

    monkeypatch.setattr(Agreement, "on", slow)
    outcome = train(*tiny_run(photo_folder, tmp_path))
    assert outcome.code == 128 + signal.SIGTERM, outcome.error
    checkpoint = torch.load(tmp_path / "checkpoints" / "last.ckpt", weights_only=True)
    assert asked == [None] * 3 + [signal.SIGTERM] and checkpoint["global_step"] == 4


def _second(parent: int) -> int:
    """The process of rank 1."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(status.read_text().rpartition(")")[2].split()[1]) != parent:
                continue
            environment = (status.parent / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"LOCAL_RANK=1" in environment:
            return int(status.parent.name)
    raise AssertionError("no such process")


def _alive(process: int) -> bool:
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


@pytest.fixture
def torchrun(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"TORCHELASTIC_RUN_ID": "none", "WORLD_SIZE": "2", "RANK": "1"}.items():
        monkeypatch.setenv(name, value)


def test_processes_that_would_not_train_together_are_refused(torchrun: None) -> None:
    with pytest.raises(UsageError, match=r"2 processes were started.*add trainer=ddp"):
        check_ranks(composed())
    check_ranks(composed("trainer=ddp"))
    with pytest.raises(UsageError, match="for a sweep"):
        follow(["-m", "seed=0,1"])
    with pytest.raises(UsageError, match="one folder"):
        follow(["seed=0"])
    assert follow(["--cfg", "job"]) == ["--cfg", "job"]


def test_strategies_and_sweeps_that_start_processes_amiss_are_refused() -> None:
    with pytest.raises(UsageError, match="use trainer=ddp, or torchrun"):
        check_ranks(composed("trainer.strategy=ddp_spawn", "trainer.devices=2"))
    with pytest.raises(UsageError, match="sweep"):
        check_ranks(composed("trainer=ddp"), sweep=True)
