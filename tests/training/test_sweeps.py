"""Sweeps: what each config composes to, resuming, failures, runs side by side."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from bitcodec import machine
from bitcodec.training.sweep_signals import share_of_cores
from tests.conftest import REPOSITORY, tiny_run

STDS = [0, 0.1, 0.3, 1, 3, 5, 10, 15]
WEIGHTS = [0, 0.001, 0.003, 0.01, 0.03, 0.1]
SHORT = ("trainer.max_steps=4", "trainer.val_check_interval=4", "callbacks.last.every=2")


def jobs(*overrides: str) -> list[list[str]]:
    """The overrides of every run of ``python train.py -m OVERRIDES``."""
    parser = OverridesParser.create()
    fixed = [o for o in overrides if not parser.parse_override(o).is_sweep_override()]
    with initialize_config_dir(str(REPOSITORY / "conf"), version_base="1.3"):
        config = compose("train", overrides=fixed, return_hydra_config=True)
        params = OmegaConf.select(config, "hydra.sweeper.params") or {}
    texts = [f"{key}={value}" for key, value in params.items()]
    parsed = parser.parse_overrides([*texts, *overrides])
    (batch,) = BasicSweeper.split_arguments(parsed, None)
    return batch


def composed(*overrides: str) -> list[DictConfig]:
    """The configs of the same runs."""
    batch = jobs(*overrides)
    with initialize_config_dir(str(REPOSITORY / "conf"), version_base="1.3"):
        return [compose("train", overrides=job) for job in batch]


SWEEPS: list[tuple[list[str], str, list[Any]]] = [
    (["sweep=noise"], "noise.std", STDS),
    (["sweep=penalty"], "penalty.weight", WEIGHTS),
    (["sweep=binarizer"], "binarizer", ["noise", "ste", "bernoulli"]),
    (["sweep=noise", "noise.std=0,7"], "noise.std", [0, 7]),
    (["sweep=noise", "noise.std=7"], "noise.std", [7]),
    (["noise.std=0,5,15"], "noise.std", [0, 5, 15]),
    (["sweep=noise", "penalty.weight=0.1"], "penalty.weight", [0.1] * len(STDS)),
]


@pytest.mark.parametrize(("overrides", "key", "values"), SWEEPS)
def test_a_sweep_composes_to_its_runs(overrides: list[str], key: str, values: list[Any]) -> None:
    assert [OmegaConf.select(run, key) for run in composed(*overrides)] == values


def test_the_grid_has_every_pair_once() -> None:
    pairs = [tuple(job[:2]) for job in jobs("sweep=noise_penalty")]
    wanted = {(f"noise.std={s}", f"penalty.weight={w}") for s in STDS for w in WEIGHTS}
    assert len(pairs) == len(wanted) and set(pairs) == wanted


LAUNCHERS = [
    ("hydra_joblib_launcher", "joblib", "n_jobs=2", "JoblibLauncher"),
    ("hydra_submitit_launcher", "submitit_slurm", "partition=gpu", "SlurmLauncher"),
    ("hydra_ray_launcher", "ray", "ray.remote.num_cpus=2", "RayLauncher"),
]


@pytest.mark.parametrize(("plugin", "name", "option", "target"), LAUNCHERS)
def test_launchers_of_the_extras_compose(plugin: str, name: str, option: str, target: str) -> None:
    if importlib.util.find_spec(f"hydra_plugins.{plugin}") is None:
        pytest.skip(f"{plugin} is not installed")
    key, _, value = option.partition("=")
    prefix = "+" if name == "ray" else ""
    overrides = [f"hydra/launcher={name}", f"{prefix}hydra.launcher.{option}", "sweep=noise"]
    with initialize_config_dir(str(REPOSITORY / "conf"), version_base="1.3"):
        config = compose("train", overrides=overrides, return_hydra_config=True)
    assert config.hydra.launcher._target_.endswith(f".{target}")
    assert str(OmegaConf.select(config.hydra.launcher, key)) == value
    assert config.hydra.sweeper.params["noise.std"].startswith("0,0.1")


def record(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "run.json").read_text())


def states(root: Path) -> list[str]:
    folders = sorted(path.parent for path in root.glob("*/run.json"))
    return [record(folder)["state"] for folder in folders]


def test_a_sweep_that_is_repeated_does_only_what_is_left(
    photo_folder: Path, tmp_path: Path, train: Callable
) -> None:
    sweep = ["-m", *tiny_run(photo_folder, None, *SHORT), f"hydra.sweep.dir={tmp_path}"]
    assert train(*sweep, "noise.std=0,15,3").code == 0
    folders = [tmp_path / f"noise.std={std}" for std in (0, 15, 3)]
    before = [record(folder) for folder in folders]
    assert states(tmp_path) == ["finished"] * 3

    # As if the second run had been killed after its checkpoint, and the third in writing one.
    half = before[1] | {"state": "running", "metrics": {}}
    (folders[1] / "run.json").write_text(json.dumps(half))
    half = before[2] | {"state": "running", "metrics": {}}
    (folders[2] / "run.json").write_text(json.dumps(half))
    torn = folders[2] / "checkpoints" / "last.ckpt"
    torn.write_bytes(torn.read_bytes()[:3000])

    outcome = train(*sweep, "noise.std=0,15,3", "resume_sweep=true", "threads=1", "quiet=true")
    assert outcome.code == 0
    after = [record(folder) for folder in folders]
    assert after[0] == before[0], "a finished run is left alone"
    for number in (1, 2):
        assert after[number]["state"] == "finished"
        assert after[number]["started"] > before[number]["started"]
        assert after[number]["metrics"] == before[number]["metrics"]
    logs = [(folder / "train.log").read_text() for folder in folders]
    assert "finished before, skipped" in logs[0]
    assert "goes on from last.ckpt" in logs[1]
    assert "the run starts anew" in logs[2]
    assert list(tmp_path.rglob("*.part")) == []


def test_a_folder_with_another_run_is_left_alone(
    photo_folder: Path, tmp_path: Path, train: Callable
) -> None:
    sweep = ["-m", *tiny_run(photo_folder, None, *SHORT), f"hydra.sweep.dir={tmp_path}"]
    assert train(*sweep, "noise.std=3,15").code == 0
    folders = [tmp_path / f"noise.std={std}" for std in (15, 5, 7)]
    folders[1].mkdir()
    (folders[1] / "run.json").write_text("{")
    before = (folders[0] / "run.json").read_bytes()
    outcome = train(*sweep, "noise.std=15,5,7", "penalty.weight=1", "resume_sweep=true")
    sentences = outcome.error.strip().split("\n")
    assert outcome.code == 0 and len(sentences) == 2 and "Traceback" not in outcome.error
    assert f"{folders[0]}: holds another run" in sentences[0]
    assert "noise.std=15" in sentences[0] and "hydra.sweep.dir" in sentences[0]
    assert f"{folders[1] / 'run.json'}: not readable; remove it" in sentences[1]
    assert (folders[0] / "run.json").read_bytes() == before
    assert record(folders[2])["state"] == "finished", "the sweep went on"


def side_by_side(photos: Path, root: Path, *more: str) -> list[str]:
    """`python train.py -m ...` with two runs at a time, threads left to the launcher."""
    arguments = [a for a in tiny_run(photos, None, *more) if not a.startswith("threads")]
    launcher = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2", f"hydra.sweep.dir={root}"]
    return [sys.executable, "train.py", "-m", *arguments, *launcher]


@pytest.mark.slow
def test_a_failed_run_does_not_stop_the_others_side_by_side(
    photo_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(machine.THREADS, raising=False)
    memory, photos = machine.memory(), 10 * 3 * 32 * 32
    assert memory is not None
    room = f"data.memory_share={1.5 * photos / memory}"  # for one run's photographs, not for two's
    command = side_by_side(photo_folder, tmp_path, *SHORT, room, "noise.std=0,-1,15")
    environment = {key: value for key, value in os.environ.items() if "NUM_THREADS" not in key}
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert states(tmp_path) == ["failed", "finished", "finished"]
    assert "noise std must be zero or more" in record(tmp_path / "noise.std=-1")["error"]
    assert "noise std must be zero or more" in done.stderr and "Traceback" not in done.stderr
    for std in (0, 15):
        assert record(tmp_path / f"noise.std={std}")["timing"]["threads"] == share_of_cores(2)
        log = (tmp_path / f"noise.std={std}" / "train.log").read_text()
        assert "they are read from disk" in log, "both runs' photographs count"


@pytest.mark.slow
def test_an_interrupted_sweep_ends_its_runs_and_begins_no_others(
    photo_folder: Path, tmp_path: Path
) -> None:
    endless = ("trainer.max_steps=100000", "callbacks.last.every=2", "noise.std=0,3,5,15")
    command = side_by_side(photo_folder, tmp_path, *endless, "threads=1")
    process = subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.PIPE, text=True)
    try:
        places = [tmp_path / f"noise.std={std}" for std in (0, 3)]
        checkpoints = [place / "checkpoints" / "last.ckpt" for place in places]
        deadline = time.monotonic() + 200
        while not all(path.exists() for path in checkpoints):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=100)
    finally:
        process.kill()
    assert process.returncode == 128 + signal.SIGINT
    assert states(tmp_path) == ["interrupted"] * 2, "the third and fourth have no record"
    assert error.count("interrupted; go on with") == 2 and "Traceback" not in error


def test_cores_are_divided_among_the_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(machine.THREADS, raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)
    shares = {jobs: share_of_cores(jobs) for jobs in (1, 2, 3, 8, 20, -1, -7, -8, -100)}
    assert shares == {1: 8, 2: 4, 3: 2, 8: 1, 20: 1, -1: 1, -7: 4, -8: 8, -100: 8}
    monkeypatch.setenv(machine.THREADS, "4")
    shares = {jobs: share_of_cores(jobs) for jobs in (1, 2, 8, -1, -7)}
    assert shares == {1: 4, 2: 2, 8: 1, -1: 1, -7: 2}
