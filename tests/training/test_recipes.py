"""Whole runs with other networks, binarizers and penalties than the article's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.conftest import tiny_run
from tests.training.test_run import logged, record

RECIPES = {
    "straight-through": ["model=stride8", "noise=unit_rms", "binarizer=ste"],
    "Bernoulli": ["model=stride8", "noise=unit_rms", "binarizer=bernoulli"],
    "static prior": ["model=stride8", "noise=unit_rms", "penalty=entropy"],
}


@pytest.mark.parametrize("recipe", RECIPES)
def test_other_binarizers_and_networks_train(
    recipe: str, photo_folder: Path, tmp_path: Path, train: Callable
) -> None:
    arguments = [*RECIPES[recipe], "model.width=16"]
    arguments += ["trainer.max_steps=30", "trainer.val_check_interval=30"]
    outcome = train(*tiny_run(photo_folder, tmp_path / "run", *arguments))
    assert outcome.code == 0, outcome.error
    losses = [float(row["train/mse"]) for row in logged(tmp_path / "run") if row["train/mse"]]
    assert len(losses) == 30 and np.mean(losses[-5:]) < 0.7 * np.mean(losses[:5])
    # 128 bits for 64 pixels and a file header of 33 bytes at most.
    assert 0 < record(tmp_path / "run")["metrics"]["bpp"] < 2.5 + 33 * 8 / 1024


def _changed(one: Path, other: Path) -> list[str]:
    """Names of the weights that two runs ended with differently."""
    states = [
        torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
        for run in (one, other)
    ]
    return [name for name in states[0] if not torch.equal(states[0][name], states[1][name])]


def test_the_codecs_recipe_trains_for_every_step_and_goes_on_from_its_weights(
    photo_folder: Path, tmp_path: Path, train: Callable
) -> None:
    small = ["data.batch.batch_size=2", "model.width=8", "model.blocks=0", "data.batch.crop=32"]
    small += ["trainer.max_steps=50", "trainer.val_check_interval=50", "penalty.weight=3e-6"]
    photos = tiny_run(photo_folder, None)
    base, again, fresh = (tmp_path / name for name in ("base", "again", "fresh"))
    recipe = [*photos, "experiment=codec", *small]
    assert train(*recipe, f"hydra.run.dir={base}").code == 0
    start = f"init_from={base / 'checkpoints' / 'last.ckpt'}"
    short = [*recipe, "trainer.max_steps=2", "trainer.val_check_interval=2"]
    assert train(*short, start, f"hydra.run.dir={again}").code == 0
    assert train(*short, f"hydra.run.dir={fresh}").code == 0
    went_on, untrained, before = (record(folder)["metrics"] for folder in (again, fresh, base))
    assert before["loss"] < untrained["loss"]
    assert went_on["loss"] < untrained["loss"], "weights and prior came along"
    for metrics in (before, untrained):
        assert metrics["psnr/step12"] > metrics["psnr/step54"] > metrics["psnr/step118"]
    half = tmp_path / "half"
    assert train(*short, start, "frozen=[decoder,penalty]", f"hydra.run.dir={half}").code == 0
    moved = {name.split(".")[0] for name in _changed(base, half)}
    assert moved == {"encoder"}, "the rest keeps its weights"
    assert {"decoder", "penalty"} < {name.split(".")[0] for name in _changed(base, again)}
    other = train(*recipe, start, "model.width=4", f"hydra.run.dir={tmp_path / 'x'}")
    assert other.code == 1 and "last.ckpt" in other.error and "init_from" in other.error
