"""One run: from a composed config to a trained checkpoint, panels and ``run.json``.

The folder of a run::

    run.json       state, overrides, seed, provenance, timing, final metrics
    config.yaml    the resolved config
    checkpoints/   best.ckpt (highest val/psnr_binary) and last.ckpt
    panels/        the article's figure at every validation, single pictures of the latest
    tensorboard/   events;  csv/metrics.csv: the same scalars
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import lightning.pytorch as pl
import torch
from lightning.pytorch.utilities.exceptions import MisconfigurationException
from omegaconf import DictConfig

from bitcodec.errors import InterruptedRunError, UsageError
from bitcodec.training.assembly import build_data, build_module, build_trainer
from bitcodec.training.checkpoints import checked_step, start_from
from bitcodec.training.data import PhotoDataModule
from bitcodec.training.last_checkpoint import LastCheckpoint
from bitcodec.training.loggers import PictureLog
from bitcodec.training.modules import CodecModule
from bitcodec.training.preemption import Announcements, was_preempted
from bitcodec.training.ranks import check_started, leave_together, on_this_machine
from bitcodec.training.results import print_run
from bitcodec.training.resume_facts import ResumeFacts, resume_facts
from bitcodec.training.run_folder import clear, goes_on_here, holds_result
from bitcodec.training.run_names import shown_settings
from bitcodec.training.run_record import RunRecord
from bitcodec.training.sweep_signals import side_by_side
from bitcodec.training.throughput import Throughput
from bitcodec.training.trainer_check import check_trainer


def run(
    config: DictConfig, folder: Path, overrides: list[str], varied: Mapping[str, str]
) -> dict[str, float]:
    """Train, validate and record one run.

    Args:
        config: composed from ``conf/train.yaml``.
        folder: the run's folder.
        overrides: what the user asked for, recorded in ``run.json``.
        varied: what tells the run from others, see :func:`bitcodec.training.run_names.varied`.

    Returns:
        The final metrics, named as the columns of ``experiments/article/results.csv``.

    Raises:
        BitcodecError: for wrong values, missing data, an unusable checkpoint, a folder that holds
            a finished run, or a signal.
    """
    replaces = holds_result(folder, config)
    unfinished = not replaces and goes_on_here(folder, config)
    folder.mkdir(parents=True, exist_ok=True)
    record = RunRecord.of(folder, overrides, config)
    record.after_preemption = was_preempted(folder)
    if not replaces:
        record.begin(config)
    announcements = Announcements()
    try:
        with announcements:
            parts = _prepare(config, unfinished)
            if config.overwrite and not goes_on_here(folder, config):
                clear(folder, config)
            record.begin(config)
            metrics = _train(config, folder, record, parts, varied)
    except InterruptedRunError as error:
        record.finish(error.state, error=str(error))
        leave_together()
        announcements.hand_on(error)
        raise
    except BaseException as error:
        record.finish("failed", error=str(error) or type(error).__name__)
        raise
    record.finish("finished", metrics=metrics)
    leave_together()
    return metrics


class _Parts(NamedTuple):
    """What a run is made of, known to fit together before anything of an earlier run goes."""

    module: CodecModule
    data: PhotoDataModule
    first: int
    """The step of the checkpoint that it goes on from."""
    facts: dict[str, Any]
    """What a run that goes on from this one's checkpoints has to have too."""


def _prepare(config: DictConfig, unfinished: bool) -> _Parts:
    """All that can be found wrong before the training begins.

    Args:
        config: of the run.
        unfinished: the checkpoint is that of a run which ended before it was measured.
    """
    check_trainer(config)
    pl.seed_everything(config.seed, workers=True, verbose=False)
    if config.threads:
        torch.set_num_threads(config.threads)
    module = build_module(config)
    if config.init_from:
        start_from(config.init_from, module)
    if torch.cuda.is_available():
        module.to(memory_format=torch.channels_last)
    if config.compile:
        module.encoder.compile()
        module.decoder.compile()
    data = build_data(config)
    data.processes = on_this_machine(config.trainer) * side_by_side()
    data.setup()
    facts = resume_facts(config)
    first = 0
    if config.ckpt_path:
        first = checked_step(config.ckpt_path, module, None if config.resume_changed else facts)
        _check_work_left(config, first, unfinished)
    return _Parts(module, data, first, facts)


def _check_work_left(config: DictConfig, first: int, unfinished: bool) -> None:
    wanted = config.trainer.max_steps
    if 0 <= wanted < first or (wanted == first and not unfinished):
        raise UsageError(
            f"has done {first} steps, and trainer.max_steps={wanted}: there is nothing to do; "
            "ask for more steps",
            config.ckpt_path,
        )


def _train(
    config: DictConfig,
    folder: Path,
    record: RunRecord,
    parts: _Parts,
    varied: Mapping[str, str],
) -> dict[str, float]:
    trainer = build_trainer(config, folder, parts.first, [ResumeFacts(parts.facts)])
    with ExitStack() as at_end:
        pictures = [each for each in trainer.loggers if isinstance(each, PictureLog)]
        for logger in pictures:
            at_end.callback(logger.close)
        check_started(trainer.world_size)
        seconds = _fit(trainer, config, parts)
        validated = trainer.validate(parts.module, datamodule=parts.data, verbose=False)
        metrics = final_metrics(validated[0]) | {"steps": trainer.global_step}
        for logger in pictures:
            logger.log_result(shown_settings(config, varied), metrics)
    record.timing = _timing(trainer, trainer.global_step - parts.first, seconds)
    profile = trainer.profiler.summary()  # type: ignore[attr-defined]
    if profile and trainer.is_global_zero:
        print(profile)
    if not config.quiet and trainer.is_global_zero:
        print_run(metrics, record.timing, folder)
    return metrics


def _fit(trainer: pl.Trainer, config: DictConfig, parts: _Parts) -> float:
    """Train; returns the seconds that it took.

    Raises:
        InterruptedRunError: if a signal ended it.
    """
    started = time.perf_counter()
    try:
        trainer.fit(
            parts.module, datamodule=parts.data, ckpt_path=config.ckpt_path, weights_only=True
        )
    except MisconfigurationException as error:
        raise UsageError(f"Lightning refuses: {' '.join(str(error).split())}") from error
    seconds = time.perf_counter() - started
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(callback, LastCheckpoint) and (number := callback.agreed()) is not None:
            raise InterruptedRunError(number, callback.path)
    return seconds


def _timing(trainer: pl.Trainer, steps: int, seconds: float) -> dict[str, Any]:
    """What ``run.json`` says of speed, and of what computed."""
    device = trainer.strategy.root_device
    timing: dict[str, Any] = {
        "train_seconds": round(seconds, 2),
        "steps_per_second": round(steps / seconds, 3),
        "threads": torch.get_num_threads(),
        "device": _device(device),
        "precision": str(trainer.precision),
    }
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(callback, Throughput):
            timing |= callback.summary(device, trainer.world_size)
    return timing | {"processes": trainer.world_size}


def _device(device: torch.device) -> str:
    """Such as ``cpu`` or ``cuda:0 (NVIDIA H100)``; the processor stands in the provenance."""
    if device.type != "cuda":
        return str(device)
    return f"{device} ({torch.cuda.get_device_name(device)})"


def final_metrics(validated: Mapping[str, float]) -> dict[str, float]:
    """Names without their ``val/`` prefix; the gap under its short name."""
    metrics = {key.removeprefix("val/"): float(value) for key, value in validated.items()}
    metrics["gap"] = metrics.pop("binarization_gap")
    return metrics
