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
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from lightning.pytorch.callbacks import RichProgressBar
from lightning.pytorch.loggers import TensorBoardLogger
from omegaconf import DictConfig, OmegaConf

from bitcodec.errors import BitcodecError, InterruptedRunError, UsageError
from bitcodec.training.callbacks import LastCheckpoint
from bitcodec.training.checkpoints import checked_step, start_from
from bitcodec.training.data import PhotoDataModule
from bitcodec.training.modules import CodecModule, module_class
from bitcodec.training.run_record import RunRecord
from bitcodec.training.throughput import Throughput

log = logging.getLogger(__name__)


def run(config: DictConfig, folder: Path, overrides: list[str]) -> dict[str, float]:
    """Train, validate and record one run.

    Args:
        config: composed from ``conf/train.yaml``.
        folder: the run's folder.
        overrides: what the user asked for, recorded in ``run.json``.

    Returns:
        The final metrics, named as the columns of ``experiments/article/results.csv``.

    Raises:
        BitcodecError: for wrong values, missing data, an unusable checkpoint, or a signal.
    """
    folder.mkdir(parents=True, exist_ok=True)
    record = RunRecord.start(folder, overrides, config)
    try:
        metrics = _train(config, folder, record)
    except InterruptedRunError as error:
        record.finish("interrupted", error=str(error))
        raise
    except BaseException as error:
        record.finish("failed", error=str(error) or type(error).__name__)
        raise
    record.finish("finished", metrics=metrics)
    return metrics


def _train(config: DictConfig, folder: Path, record: RunRecord) -> dict[str, float]:
    pl.seed_everything(config.seed, workers=True, verbose=False)
    if config.threads:
        torch.set_num_threads(config.threads)
    module = build_module(config)
    first = checked_step(config.ckpt_path, module) if config.ckpt_path else 0
    if config.init_from:
        start_from(config.init_from, module)
    if torch.cuda.is_available():
        module.to(memory_format=torch.channels_last)
    if config.compile:
        module.encoder.compile()
        module.decoder.compile()
    data: PhotoDataModule = _instantiate(config.data, seed=config.seed)
    data.setup()
    trainer = build_trainer(config, folder)
    stop = next(c for c in trainer.callbacks if isinstance(c, LastCheckpoint))  # type: ignore[attr-defined]
    started = time.perf_counter()
    trainer.fit(module, datamodule=data, ckpt_path=config.ckpt_path, weights_only=True)
    seconds = time.perf_counter() - started
    if stop.signal is not None:
        raise InterruptedRunError(stop.signal, stop.path)
    metrics = final_metrics(trainer.validate(module, datamodule=data, verbose=False)[0])
    metrics["steps"] = trainer.global_step
    for logger in trainer.loggers:
        if isinstance(logger, TensorBoardLogger):
            logger.log_hyperparams(dict(module.hparams), _hparam_metrics(metrics))
            logger.save()
    record.timing = {
        "train_seconds": round(seconds, 2),
        "steps_per_second": round((trainer.global_step - first) / seconds, 3),
        "threads": torch.get_num_threads(),
        "device": _device(trainer.strategy.root_device),
        "precision": str(trainer.precision),
    }
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(callback, Throughput):
            record.timing |= callback.summary(trainer.strategy.root_device)
    if not config.quiet:
        print(", ".join(f"{name} {value}" for name, value in record.timing.items()))
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


def build_trainer(config: DictConfig, folder: Path) -> pl.Trainer:
    """Trainer, callbacks and loggers of a config, writing below ``folder``."""
    callbacks = [_instantiate(node) for node in config.callbacks.values() if node]
    if not config.quiet:
        callbacks.append(RichProgressBar(leave=True))
    loggers = [_instantiate(node) for node in config.logger.values() if node]
    accumulate = config.trainer.get("accumulate_grad_batches") or 1
    return _instantiate(
        config.trainer,
        # Lightning counts batches here, and steps everywhere else.
        val_check_interval=config.trainer.val_check_interval * accumulate,
        use_distributed_sampler=False,  # batches and validation images are shared out in data.py
        precision=resolve_precision(config.trainer.precision),
        callbacks=callbacks,
        logger=loggers,
        default_root_dir=str(folder),
        enable_progress_bar=not config.quiet,
        enable_model_summary=False,
    )


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


def _hparam_metrics(metrics: dict[str, float]) -> dict[str, float]:
    return {f"final/{name}": value for name, value in metrics.items()}


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
