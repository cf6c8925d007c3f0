"""From a composed config to what a run is made of: module, data, trainer with its loggers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from lightning.pytorch.callbacks import LearningRateMonitor
from omegaconf import DictConfig, ListConfig, OmegaConf

from bitcodec.errors import BitcodecError, UsageError
from bitcodec.training.data import PhotoDataModule
from bitcodec.training.loggers import options
from bitcodec.training.modules import CodecModule, module_class
from bitcodec.training.progress import StepBar
from bitcodec.training.time_limit import TimeLimit

PARTS = ("encoder", "decoder", "penalty")
"""What ``frozen`` may name."""


def build_module(config: DictConfig) -> CodecModule:
    """The module of a config; everything in it becomes plain scalars first."""
    groups = {name: _plain(config[name]) for name in ("model", "noise", "penalty", "optimizer")}
    kind = module_class(config.model.kind)
    module = kind(binarizer=config.binarizer, seed=config.seed, **groups)
    _freeze(module, config.frozen)
    return module


def _freeze(module: CodecModule, parts: Any) -> None:
    """Let parts of the module keep their weights.

    Raises:
        UsageError: for anything but a list of parts that leaves something to learn.
    """
    if not isinstance(parts, ListConfig) or not all(part in PARTS for part in parts):
        raise UsageError(f"frozen={parts}: give a list of {', '.join(PARTS)}, such as [{PARTS[0]}]")
    for part in parts:
        getattr(module, part).requires_grad_(False)
    if not any(parameter.requires_grad for parameter in module.parameters()):
        raise UsageError(f"frozen={parts}: nothing is left to learn")


def build_data(config: DictConfig) -> PhotoDataModule:
    """The data of a config, drawn with its seed; nothing is read yet."""
    data: PhotoDataModule = _instantiate(config.data, seed=config.seed)
    return data


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
        where = str(error).rpartition("full_key: ")[2]
        wrong = re.search(r"unexpected keyword argument '(\w+)'", str(error.__cause__))
        if wrong:
            raise UsageError(f"{where}.{wrong[1]}: {node._target_} has no such argument") from error
        raise UsageError(f"{where}: {' '.join(str(error.__cause__ or error).split())}") from error


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
