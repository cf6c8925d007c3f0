"""Experiment trackers get the numbers and the pictures of a run, and go on with it."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import tiny_run
from tests.training.test_resume import last
from tests.training.test_run import record

TAGS = ["panel/input", "panel/sigmoid", "panel/binary", "code/sigmoid", "code/binary"]
TAGS += ["panel/article"]


def needs(package: str) -> None:
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed: pip install 'bitcodec[{package}]'")


def cut_and_continued(photos: Path, folder: Path, train: Callable, *more: str) -> None:
    """A run of four steps that goes on to the eighth, validated every four."""
    run = tiny_run(photos, folder, "noise.std=3", *more)
    outcome = train(*run, "trainer.max_steps=4")
    assert outcome.code == 0, outcome.error
    outcome = train(*run, f"ckpt_path={last(folder)}")
    assert outcome.code == 0, outcome.error


def test_mlflow_gets_numbers_and_pictures_of_one_run(
    photo_folder: Path, tmp_path: Path, train: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs("mlflow")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")  # a database takes seconds to make
    from mlflow.tracking import MlflowClient

    folder, store = tmp_path / "three", f"file:{tmp_path / 'runs'}"
    more = ["logger=[csv,mlflow]", f"logger.mlflow.tracking_uri={store}"]
    cut_and_continued(photo_folder, folder, train, *more)
    client = MlflowClient(store)
    experiment = client.get_experiment_by_name("bitcodec")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.run_name == "three" and run.data.params["noise.std"] == "3"
    assert run.data.metrics["final/psnr_binary"] == record(folder)["metrics"]["psnr_binary"]
    steps = {each.step for each in client.get_metric_history(run.info.run_id, "train/loss")}
    assert steps == set(range(8))
    pictures = [file.path for file in client.list_artifacts(run.info.run_id, "images")]
    for tag in TAGS:
        assert any(tag.replace("/", "~") in path for path in pictures), pictures


def test_wandb_offline_gets_numbers_and_pictures_of_one_run(
    photo_folder: Path, tmp_path: Path, train: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")  # Lightning sets it, and a test must not leave it
    monkeypatch.setenv("WANDB_SILENT", "true")
    folder = tmp_path / "three"
    cut_and_continued(
        photo_folder, folder, train, "logger=[csv,wandb]", "logger.wandb.offline=true"
    )
    logs = sorted(folder.glob("wandb/offline-run-*/run-*.wandb"))
    assert len(logs) == 2 and len({path.name for path in logs}) == 1, "the same run, gone on with"
    rows = [row for path in logs for row in wandb_rows(path)]
    steps = Counter(row["trainer/global_step"] for row in rows if "train/loss" in row)
    assert sorted(steps) == list(range(8))
    final = [row["final/psnr_binary"] for row in rows if "final/psnr_binary" in row]
    assert final[-1] == record(folder)["metrics"]["psnr_binary"]
    for tag in TAGS:
        shown = [row for row in rows if f"{tag}/filenames" in row]
        assert {row["trainer/global_step"] for row in shown} >= {4, 8}
        path = next(folder.glob(f"wandb/offline-run-*/files/media/images/{tag}_*.png"))
        assert path.stat().st_size > 0


def wandb_rows(path: Path) -> list[dict[str, Any]]:
    """What an offline run keeps for its upload: a LevelDB log of records."""
    from wandb.proto import wandb_internal_pb2

    block, head = 32768, 7
    data, place, part, rows = path.read_bytes(), head, b"", []
    while place < len(data):
        if block - place % block < head:
            place += block - place % block
        length, kind = int.from_bytes(data[place + 4 : place + 6], "little"), data[place + 6]
        part += data[place + head : place + head + length]
        place += head + length
        if kind in (1, 4):  # whole, or the last of its parts
            items = wandb_internal_pb2.Record.FromString(part).history.item
            rows.append({"/".join(each.nested_key): json.loads(each.value_json) for each in items})
            part = b""
    return rows


def test_aim_gets_numbers_and_pictures_of_one_run(
    photo_folder: Path, tmp_path: Path, train: Callable
) -> None:
    needs("aim")
    from aim import Run
    from aim.storage.context import Context

    folder = tmp_path / "three"
    more = ["logger=[csv,aim]", f"logger.aim.repo={tmp_path}"]
    cut_and_continued(photo_folder, folder, train, *more)
    noted = (folder / "aim" / "run_id").read_text()
    run = Run(run_hash=noted, repo=str(tmp_path), system_tracking_interval=None)
    assert run.name == "three" and run["noise.std"] == 3
    values = {each.name: each.values.sparse_numpy()[1] for each in run.metrics()}
    assert len(values["train/loss"]) == 8
    final = record(folder)["metrics"]["psnr_binary"]
    assert values["final/psnr_binary"][-1] == pytest.approx(final)
    for tag in TAGS:
        shown = run.get_image_sequence(tag, Context({}))
        assert shown is not None and len(shown.values.sparse_numpy()[1]) == 2


@pytest.mark.parametrize("package", ["wandb", "mlflow", "aim"])
def test_a_missing_package_is_named_with_its_extra(
    package: str, photo_folder: Path, tmp_path: Path, train: Callable, monkeypatch: Any
) -> None:
    monkeypatch.setitem(sys.modules, package, None)  # as if it were not installed
    outcome = train(*tiny_run(photo_folder, tmp_path, f"logger={package}"))
    assert outcome.code == 2 and outcome.error.count("\n") == 1
    assert f"pip install 'bitcodec[{package}]'" in outcome.error


def test_wandb_without_an_account_is_a_sentence(
    photo_folder: Path, tmp_path: Path, train: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs("wandb")
    monkeypatch.setenv("WANDB_API_KEY", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("WANDB_MODE", raising=False)
    monkeypatch.setenv("WANDB_SILENT", "true")
    outcome = train(
        *tiny_run(photo_folder, tmp_path / "run", "logger=wandb", "+logger.wandb.mode=online")
    )
    assert outcome.code == 1 and "logger.wandb.offline=true" in outcome.error
    assert "Traceback" not in outcome.error
