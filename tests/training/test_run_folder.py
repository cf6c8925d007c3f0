"""What lies in a run's or a sweep's folder already is kept, gone on with, or replaced if asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.conftest import tiny_run

SHORT = ("trainer.max_steps=2", "trainer.val_check_interval=2")


def content(folder: Path) -> dict[str, bytes]:
    """Every file in and below a folder, the logs of what was tried there aside."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".log"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_finished_run_goes_only_when_asked_and_when_the_new_one_can_begin(
    photo_folder: Path, tmp_path: Path, train: Callable
) -> None:
    folder = tmp_path / "run"
    command = tiny_run(photo_folder, folder, *SHORT)
    assert train(*command).code == 0
    mine = folder / "csv" / "mine.txt"
    (folder / "notes.txt").write_text("mine")
    before = content(folder)

    refused = train(*command, "noise.std=3")
    assert refused.code == 2 and refused.error.count("\n") == 1
    for words in (f"{folder}: holds a finished run", "ckpt_path=", "resume_sweep", "overwrite"):
        assert words in refused.error
    elsewhere = tmp_path / "other.ckpt"
    elsewhere.write_bytes((folder / "checkpoints" / "last.ckpt").read_bytes())
    assert train(*command, f"ckpt_path={elsewhere}", "trainer.max_steps=3").code == 2
    for wrong in ("data.root=/no/such/folder", "noise.std=-1", "init_from=/no/such.ckpt"):
        assert train(*command, "overwrite=true", wrong).code != 0
    assert content(folder) == before, "not a byte has changed"

    start = folder / "checkpoints" / "best.ckpt"
    kept = folder / "checkpoints" / "start.ckpt"
    start.rename(kept)
    weights = kept.read_bytes()
    mine.write_text("goes: csv/ is the run's own")
    replaced = train(*command, "overwrite=true", "noise.std=3", f"init_from={kept}")
    assert replaced.code == 0, replaced.error
    assert "noise.std=3" in json.loads((folder / "run.json").read_text())["overrides"]
    assert kept.read_bytes() == weights and (folder / "notes.txt").read_text() == "mine"
    earlier = {name for name in before if "tfevents" in name}
    assert not mine.exists() and earlier.isdisjoint(content(folder))


def test_a_killed_run_that_would_begin_anew_says_how_to_go_on(
    photo_folder: Path, tmp_path: Path, train: Callable
) -> None:
    command = tiny_run(photo_folder, tmp_path, *SHORT)
    assert train(*command).code == 0
    path, checkpoint = tmp_path / "run.json", tmp_path / "checkpoints" / "last.ckpt"
    killed = json.dumps(json.loads(path.read_text()) | {"state": "running", "metrics": {}})
    for more, warned in (([f"ckpt_path={checkpoint}"], 0), (["overwrite=true"], 0), ([], 1)):
        path.write_text(killed)
        assert train(*command, *more).code == 0
        said = (tmp_path / "train.log").read_text()
        assert said.count("did not finish, and begins anew; to go on, ") == warned
    assert f"ckpt_path={checkpoint}" in said


def test_a_sweep_refuses_a_folder_of_finished_runs_before_its_first(
    photo_folder: Path, tmp_path: Path, train: Callable
) -> None:
    sweep = ["-m", *tiny_run(photo_folder, None, *SHORT), f"hydra.sweep.dir={tmp_path}"]
    assert train(*sweep, "noise.std=0").code == 0
    before = content(tmp_path)
    refused = train(*sweep, "noise.std=3,15")
    assert refused.code == 2 and refused.error.count("\n") == 1
    assert f"{tmp_path}: holds 1 finished run;" in refused.error
    assert "resume_sweep=true" in refused.error and "overwrite=true" in refused.error
    assert train(*sweep, "noise.std=0", "resume_sweep=true", "overwrite=true").code == 2
    assert content(tmp_path) == before
    assert train(*sweep, "noise.std=3", "overwrite=true").code == 0
    assert "noise.std=3" in json.loads(next(tmp_path.rglob("run.json")).read_text())["overrides"]
