"""What a run and a sweep say at their end, and what their folders and settings are called."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from omegaconf import OmegaConf
from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from bitcodec.training.run_names import run_name, shown_settings
from tests.conftest import tiny_run

SHORT = ("trainer.max_steps=2", "trainer.val_check_interval=2")


def hparams(folder: Path) -> list[str]:
    events = EventAccumulator(str(folder / "tensorboard"))
    events.Reload()
    data = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    return list(HParamsPluginData.FromString(data).session_start_info.hparams)


def test_a_sweep_names_its_runs_by_what_was_swept_and_ends_with_a_table(
    photo_folder: Path, tmp_path: Path, train: Callable
) -> None:
    keys = [key for key in tiny_run(photo_folder, None, *SHORT) if key != "quiet=true"]
    sweep = ["-m", *keys, f"hydra.sweep.dir={tmp_path}", "seed=0,2", "noise.std=15,-1"]
    outcome = train(*sweep)
    assert outcome.code == 0, outcome.error
    good = ["noise.std=15,seed=0", "noise.std=15,seed=2"]
    names = sorted(path.parent.name for path in tmp_path.glob("*/run.json"))
    assert names == ["noise.std=-1,seed=0", "noise.std=-1,seed=2", *good]
    lines = outcome.output.splitlines()
    for name in good:
        metrics = json.loads((tmp_path / name / "run.json").read_text())["metrics"]
        row = next(line for line in lines if line.startswith(name))
        for key in ("psnr_sigmoid", "psnr_binary", "gap"):
            assert f"{metrics[key]:.2f} dB" in row
        assert f"{metrics['bpp']:.3f}" in row and " s" in row
        assert set(hparams(tmp_path / name)) == {"noise.std", "seed"}
        assert str(tmp_path / name) in lines, "each run says where it lies"
    assert "failed" in next(line for line in lines if line.startswith("noise.std=-1,seed=0"))
    assert lines[-1] == f"bitcodec compare {tmp_path}"
    bars = [line for line in lines if line.startswith("2 of 2 steps")]
    assert len(bars) == 2 and all("loss 0." in bar and ", gap" in bar for bar in bars)

    kept = [(tmp_path / name / "run.json").read_bytes() for name in good]
    assert train(*sweep, "resume_sweep=true", "quiet=true").code == 0
    assert [(tmp_path / name / "run.json").read_bytes() for name in good] == kept


def test_a_sweep_whose_every_run_failed_fails(
    photo_folder: Path, tmp_path: Path, train: Callable
) -> None:
    sweep = ["-m", *tiny_run(photo_folder, None), f"hydra.sweep.dir={tmp_path}"]
    outcome = train(*sweep, "noise.std=-1,-2")
    assert outcome.code == 1
    assert f"{tmp_path}: every run of the sweep failed" in outcome.error


@pytest.mark.parametrize(
    ("swept", "name"),
    [
        ("noise.std=15,seed=2", "noise.std=15,seed=2"),
        ('data.root="/my photos/a"', "data.root=_my_photos_a"),
        ("", "7"),
        ("x=" + "1" * 200, "7"),
    ],
)
def test_names_of_runs_are_names_of_folders(swept: str, name: str) -> None:
    assert run_name(swept, 7) == name


def test_noise_and_penalty_come_first_among_the_settings_shown() -> None:
    config = OmegaConf.create(
        {"seed": 2, "noise": {"std": 3.0}, "penalty": {"weight": 0.1}, "model": {"width": 4}}
    )
    typed = {"model": "stepped", "seed": "2", "penalty.weight": "1e-1", "noise.std": "3"}
    shown = shown_settings(config, typed)
    assert list(shown.items()) == [
        ("noise.std", 3.0),
        ("penalty.weight", 0.1),
        ("model", "stepped"),
        ("seed", 2),
    ]
    assert list(shown_settings(config, {})) == ["noise.std", "penalty.weight"]
