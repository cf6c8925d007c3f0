"""The keys of ``trainer``: what cannot work is said before anything is loaded or written."""

from __future__ import annotations

import re
from typing import Any

import torch
from omegaconf import DictConfig

from bitcodec.errors import UsageError

PRECISIONS = ("auto", "32-true", "bf16-mixed", "16-mixed")
PROFILERS = ("simple", "advanced", "pytorch")
COUNTS = ("val_check_interval", "log_every_n_steps", "accumulate_grad_batches")


def check_trainer(config: DictConfig) -> None:
    """Refuse values of ``trainer`` that would end in a traceback or not end at all.

    Raises:
        UsageError: naming the key.
    """
    trainer = config.trainer
    for name in COUNTS:
        if not _count(trainer[name]):
            raise _wrong(trainer, name, "give a whole number of at least 1")
    for name in ("max_epochs", "limit_train_batches"):
        if trainer[name] is not None and not _count(trainer[name]):
            raise _wrong(trainer, name, "give a whole number of at least 1, or null")
    _check_end(config)
    _check_epochs(trainer)
    _check_validation(trainer)
    _check_hardware(trainer)
    if trainer.profiler is not None and trainer.profiler not in PROFILERS:
        raise _wrong(trainer, "profiler", f"choose {', '.join(PROFILERS)} or null")
    dev = trainer.fast_dev_run
    if not isinstance(dev, bool) and not _count(dev):
        raise _wrong(trainer, "fast_dev_run", "give true, false or a number of steps")


def _check_end(config: DictConfig) -> None:
    """Some steps, or another limit and nothing that is laid over the steps."""
    trainer = config.trainer
    time = trainer.max_time
    if time is not None and not (isinstance(time, str) and re.fullmatch(r"\d+(:\d\d){3}", time)):
        raise _wrong(trainer, "max_time", "give DD:HH:MM:SS, such as 00:01:30:00")
    if _count(trainer.max_steps):
        return
    if trainer.max_steps != -1 or isinstance(trainer.max_steps, bool):
        raise _wrong(trainer, "max_steps", "give a whole number of at least 1")
    if time is None and trainer.max_epochs is None:
        raise _wrong(
            trainer, "max_steps", "the run would never end; give a number of steps, or max_time"
        )
    if {config.noise.schedule, config.optimizer.schedule} != {"constant"} or config.noise.hard:
        raise _wrong(
            trainer,
            "max_steps",
            "the schedules of noise and optimizer are laid over the steps; give their number",
        )


def _check_epochs(trainer: DictConfig) -> None:
    if trainer.max_epochs is not None and trainer.limit_train_batches is None:
        raise _wrong(
            trainer,
            "max_epochs",
            "batches are an endless stream without epochs; give trainer.max_steps, or the length "
            "of an epoch with trainer.limit_train_batches",
        )
    if (trainer.limit_train_batches or 0) % trainer.accumulate_grad_batches:
        raise _wrong(
            trainer, "limit_train_batches", "give a multiple of trainer.accumulate_grad_batches"
        )


def _check_validation(trainer: DictConfig) -> None:
    limit = trainer.limit_val_batches
    share = isinstance(limit, float) and 0 < limit <= 1
    if limit is not None and not _count(limit) and not share:
        raise _wrong(
            trainer,
            "limit_val_batches",
            "a run is judged by its validation images; give at least 1, a share of them above 0, "
            "or fewer with data.val_images",
        )


def _check_hardware(trainer: DictConfig) -> None:
    if trainer.precision not in PRECISIONS and str(trainer.precision) != "32":
        raise _wrong(
            trainer, "precision", f"weights are float32 here; choose {', '.join(PRECISIONS)}"
        )
    there = {
        "gpu": torch.cuda.is_available() or torch.backends.mps.is_available(),
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if not there.get(trainer.accelerator, True):
        raise _wrong(trainer, "accelerator", "this machine has none; give cpu or auto")


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _wrong(trainer: DictConfig, name: str, what: str) -> UsageError:
    return UsageError(f"trainer.{name}={trainer[name]}: {what}")
