"""Keys of the trainer: refused in a sentence where they cannot work, and really at work."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from bitcodec.errors import UsageError
from bitcodec.training.trainer_check import check_trainer
from tests.conftest import REPOSITORY, tiny_run


def composed(*overrides: str) -> DictConfig:
    with initialize_config_dir(str(REPOSITORY / "conf"), version_base="1.3"):
        return compose("train", overrides=list(overrides))


WRONG = {
    "trainer.max_steps=-1": "the run would never end",
    "trainer.max_steps=0": "at least 1",
    "trainer.max_steps=2.5": "at least 1",
    "trainer.max_epochs=3": "endless stream without epochs",
    "trainer.max_time=10": "DD:HH:MM:SS",
    "trainer.limit_val_batches=0": "judged by its validation images",
    "trainer.val_check_interval=0.5": "whole number",
    "trainer.accumulate_grad_batches=0": "whole number",
    "trainer.precision=bf16-true": "choose auto, 32-true",
    "trainer.precision=64": "choose auto, 32-true",
    "trainer.profiler=quick": "choose simple",
    "trainer.fast_dev_run=maybe": "a number of steps",
}


@pytest.mark.parametrize("override", WRONG)
def test_values_that_cannot_work_are_refused(override: str) -> None:
    with pytest.raises(UsageError, match=WRONG[override]) as refused:
        check_trainer(composed(override))
    assert str(refused.value).startswith(override)


def test_limits_that_go_together_are_fine_and_others_are_not() -> None:
    epochs = ["trainer.max_steps=-1", "trainer.max_epochs=2", "trainer.limit_train_batches=9"]
    check_trainer(composed(*epochs))
    check_trainer(composed("trainer.max_steps=-1", "trainer.max_time=00:01:00:00"))
    with pytest.raises(UsageError, match="laid over the steps"):
        check_trainer(composed(*epochs, "noise.schedule=linear"))
    with pytest.raises(UsageError, match=r"multiple of trainer\.accumulate_grad_batches"):
        check_trainer(composed(*epochs, "trainer.accumulate_grad_batches=2"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is one")
def test_a_gpu_that_is_not_there_is_missed() -> None:
    with pytest.raises(UsageError, match=r"trainer\.accelerator=gpu: this machine has none"):
        check_trainer(composed("trainer=gpu"))


def test_every_trainer_and_the_debugging_run_compose() -> None:
    assert composed("trainer=cpu").trainer.accelerator == "cpu"
    assert composed("trainer=ddp").trainer.strategy == "ddp"
    debug = composed("experiment=codec", "data.root=x", "debug=default", "trainer.max_steps=7")
    assert (debug.trainer.max_steps, debug.data.val_images) == (7, 2)
    check_trainer(debug)


def test_loggers_are_chosen_and_put_together() -> None:
    chosen = {"[]": "none", "['csv']": "csv", "['tensorboard', 'csv']": "[tensorboard,csv]"}
    for names, choice in chosen.items():
        assert str([*composed(f"logger={choice}").logger]) == names
    assert [*composed().logger] == ["tensorboard", "csv"]


def test_a_trial_of_all_parts_says_so_and_profiles(
    photo_folder: Path, tmp_path: Path, train: Callable
) -> None:
    trial = ["trainer.fast_dev_run=true", "trainer.profiler=simple", "~logger"]
    for _ in range(2):  # as it is no result that has to be kept
        outcome = train(*tiny_run(photo_folder, tmp_path, *trial))
        assert outcome.code == 0, outcome.error
    assert "run_training_batch" in outcome.output
    record = json.loads((tmp_path / "run.json").read_text())
    assert record["fast_dev_run"] and record["metrics"]["steps"] == 1
    assert not (tmp_path / "tensorboard").exists() and not (tmp_path / "csv").exists()
