"""One run: from a composed config to a trained checkpoint, panels and ``run.json``.

The folder of a run::

    run.json       state, overrides, seed, provenance, timing, final metrics
    config.yaml    the resolved config
    checkpoints/   best.ckpt (highest val/psnr_binary) and last.ckpt
    panels/        the article's figure at every validation, single pictures of the latest
    tensorboard/   events;  csv/metrics.csv: the same scalars
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import lightning.pytorch as pl
import torch
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from lightning.pytorch.callbacks import LearningRateMonitor
from lightning.pytorch.utilities.exceptions import MisconfigurationException
from omegaconf import DictConfig, OmegaConf

from bitcodec.errors import BitcodecError, InterruptedRunError, UsageError
from bitcodec.training.checkpoints import checked_step, start_from
from bitcodec.training.data import PhotoDataModule
from bitcodec.training.last_checkpoint import LastCheckpoint
from bitcodec.training.loggers import PictureLog, options
from bitcodec.training.modules import CodecModule, module_class
from bitcodec.training.preemption import Announcements, was_preempted
from bitcodec.training.progress import StepBar
from bitcodec.training.ranks import check_started, leave_together, on_this_machine
from bitcodec.training.results import print_run
from bitcodec.training.resume_facts import ResumeFacts, resume_facts
from bitcodec.training.run_folder import clear, goes_on_here, holds_result
from bitcodec.training.run_names import shown_settings
from bitcodec.training.run_record import RunRecord
from bitcodec.training.sweep_signals import side_by_side
from bitcodec.training.throughput import Throughput
from bitcodec.training.time_limit import TimeLimit
from bitcodec.training.trainer_check import check_trainer

log = logging.getLogger(__name__)


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
    data: PhotoDataModule = _instantiate(config.data, seed=config.seed)
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
    try:
        check_started(trainer.world_size)
        return _trained(trainer, config, folder, record, parts, varied)
    finally:
        for logger in trainer.loggers:
            if isinstance(logger, PictureLog):
                logger.close()


def _trained(
    trainer: pl.Trainer,
    config: DictConfig,
    folder: Path,
    record: RunRecord,
    parts: _Parts,
    varied: Mapping[str, str],
) -> dict[str, float]:
    module, data, first, _ = parts
    started = time.perf_counter()
    try:
        trainer.fit(module, datamodule=data, ckpt_path=config.ckpt_path, weights_only=True)
    except MisconfigurationException as error:
        raise UsageError(f"Lightning refuses: {' '.join(str(error).split())}") from error
    seconds = time.perf_counter() - started
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(callback, LastCheckpoint) and callback.signal is not None:
            raise InterruptedRunError(callback.signal, callback.path)
    metrics = final_metrics(trainer.validate(module, datamodule=data, verbose=False)[0])
    metrics["steps"] = trainer.global_step
    for logger in trainer.loggers:
        if isinstance(logger, PictureLog):
            logger.log_result(shown_settings(config, varied), metrics)
    record.timing = {
        "train_seconds": round(seconds, 2),
        "steps_per_second": round((trainer.global_step - first) / seconds, 3),
        "threads": torch.get_num_threads(),
        "device": _device(trainer.strategy.root_device),
        "precision": str(trainer.precision),
    }
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(callback, Throughput):
            record.timing |= callback.summary(trainer.strategy.root_device, trainer.world_size)
    record.timing["processes"] = trainer.world_size
    profile = trainer.profiler.summary()  # type: ignore[attr-defined]
    if profile and trainer.is_global_zero:
        print(profile)
    if not config.quiet and trainer.is_global_zero:
        print_run(metrics, record.timing, folder)
    return metrics


def _device(device: torch.device) -> str:
    """Such as ``cpu`` or ``cuda:0 (NVIDIA H100)``; the processor stands in the provenance."""
    if device.type != "cuda":
        return str(device)
    return f"{device} ({torch.cuda.get_device_name(device)})"


def build_module(config: DictConfig) -> CodecModule:
    """The module of a config; everything in it becomes plain scalars first."""
    groups = {name: _plain(config[name]) for name in ("model", "noise", "penalty", "optimizer")}
    return module_class(config.model.kind)(binarizer=config.binarizer, seed=config.seed, **groups)


def build_trainer(
    config: DictConfig, folder: Path, first: int = 0, more: Sequence[pl.Callback] = ()
) -> pl.Trainer:
    """Trainer, callbacks and loggers of a config, writing below ``folder``.

    Args:
        config: of the run.
        folder: of the run.
        first: the step of the checkpoint that the run goes on from.
        more: callbacks beside those of the config.
    """
    loggers = [_instantiate(node, **options(node, first)) for node in _nodes(config, "logger")]
    callbacks = [_instantiate(node) for node in _nodes(config, "callbacks")]
    if not loggers:
        callbacks = [c for c in callbacks if not isinstance(c, LearningRateMonitor)]
    callbacks += more
    if config.trainer.max_time is not None:
        callbacks.append(TimeLimit(config.trainer.max_time))
    if not config.quiet:
        callbacks.append(StepBar())
    return _instantiate(
        config.trainer,
        max_time=None,  # TimeLimit keeps it
        # Lightning counts batches here, and steps everywhere else.
        val_check_interval=config.trainer.val_check_interval
        * config.trainer.accumulate_grad_batches,
        use_distributed_sampler=False,  # batches and validation images are shared out in data.py
        precision=resolve_precision(str(config.trainer.precision)),
        callbacks=callbacks,
        logger=loggers,
        default_root_dir=str(folder),
        enable_progress_bar=not config.quiet,
        enable_model_summary=False,
    )


def _nodes(config: DictConfig, group: str) -> list[DictConfig]:
    """What a group of the config lists; `logger=null` takes the whole group away."""
    return [node for node in (config.get(group) or {}).values() if node]


def _instantiate(node: DictConfig, **more: Any) -> Any:
    """Hydra's instantiate, but our own errors come through as they are.

    Raises:
        BitcodecError: also for arguments that the target does not take.
    """
    try:
        return instantiate(node, **more)
    except InstantiationException as error:
        if isinstance(error.__cause__, BitcodecError):
            raise error.__cause__ from None
        raise UsageError(" ".join(str(error).split())) from error


def final_metrics(validated: Mapping[str, float]) -> dict[str, float]:
    """Names without their ``val/`` prefix; the gap under its short name."""
    metrics = {key.removeprefix("val/"): float(value) for key, value in validated.items()}
    metrics["gap"] = metrics.pop("binarization_gap")
    return metrics


def _plain(node: DictConfig) -> dict[str, Any]:
    return OmegaConf.to_container(node, resolve=True)  # type: ignore[return-value]


def resolve_precision(wanted: str) -> str:
    """Resolve ``auto``: bfloat16 where the hardware has it, else float32.

    On a CPU without bfloat16 instructions it would be emulated, and slower than float32.
    """
    if wanted != "auto":
        return wanted
    if torch.cuda.is_available():
        return "bf16-mixed" if torch.cuda.is_bf16_supported() else "32-true"
    return "bf16-mixed" if torch.backends.mkldnn.is_available() and _cpu_has_bf16() else "32-true"


def _cpu_has_bf16() -> bool:
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags
