"""What an optimising sweeper is told, and a study of a few trials."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from bitcodec.errors import UsageError
from bitcodec.training.objective import objective
from tests.conftest import tiny_run

METRICS = {"loss": 0.02, "mse": 0.01, "psnr_binary": 30.0, "bpp": 0.5}


def test_rate_distortion_cost_is_the_file_s_error_and_size() -> None:
    assert objective(METRICS, "rd_cost", 0.01) == pytest.approx(0.001 + 0.005)
    assert objective(METRICS, "loss", 0.01) == 0.02
    better = METRICS | {"psnr_binary": 33.0}
    smaller = METRICS | {"bpp": 0.4}
    for other in (better, smaller):
        assert objective(other, "rd_cost", 0.01) < objective(METRICS, "rd_cost", 0.01)


@pytest.mark.parametrize(
    ("name", "weight", "words"),
    [("psnr_binary", 1.0, "rd_cost"), ("loss", -1.0, "above zero"), ("loss", "much", "rd_weight")],
)
def test_an_objective_that_cannot_be_minimised_is_refused(
    name: str, weight: Any, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        objective(METRICS, name, weight)


def test_a_wrong_objective_is_refused_before_training(tmp_path: Path, train: Callable) -> None:
    outcome = train("objective=psnr", f"hydra.run.dir={tmp_path}")
    assert outcome.code == 2
    assert outcome.error.startswith("objective=psnr: choose") and outcome.error.count("\n") == 1


@pytest.mark.slow
def test_a_study_finds_the_least_cost_and_can_be_repeated(
    photo_folder: Path, tmp_path: Path, train: Callable
) -> None:
    """Three trials, some of which fail; the second time nothing is trained again."""
    pytest.importorskip("hydra_plugins.hydra_optuna_sweeper", reason="needs bitcodec[optuna]")
    study = tiny_run(photo_folder, None, "trainer.max_steps=2", "trainer.val_check_interval=2")
    study += ["sweep=rate_distortion", "hydra.sweeper.n_trials=3", f"hydra.sweep.dir={tmp_path}"]
    study += ["noise.std=choice(-1,15)", "rd_weight=0.01"]
    assert train("-m", *study).code == 0

    records = {n: json.loads((tmp_path / f"{n}/run.json").read_text()) for n in range(3)}
    assert {r["state"] for r in records.values()} == {"finished", "failed"}, "seed 0 proposes both"
    finished = [n for n, r in records.items() if r["state"] == "finished"]
    costs = [objective(records[n]["metrics"], "rd_cost", 0.01) for n in finished]
    best = OmegaConf.load(tmp_path / "optimization_results.yaml")
    assert best.best_value == min(costs)
    assert best.best_params["noise.std"] == 15
    assert 0.0003 <= best.best_params["penalty.weight"] <= 0.1

    checkpoints = [tmp_path / f"{n}/checkpoints/last.ckpt" for n in finished]
    written = [path.stat().st_mtime_ns for path in checkpoints]
    assert train("-m", *study, "resume_sweep=true").code == 0
    assert [path.stat().st_mtime_ns for path in checkpoints] == written
    assert OmegaConf.load(tmp_path / "optimization_results.yaml") == best
