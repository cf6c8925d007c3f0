"""How fast training goes: megapixels a second, and which share of the hardware's peak that is."""

from __future__ import annotations

import time
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.loggers import TensorBoardLogger
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

#: Dense bfloat16 matrix rate in FLOP/s by a part of the device's name (makers' data sheets).
PEAKS = {"H200": 989e12, "H100": 989e12, "A100": 312e12, "L40S": 362e12, "RTX 4090": 165e12}


class Throughput(pl.Callback):
    """Shows ``train/megapixels_per_second`` in TensorBoard; knows the totals when training ends.

    Time in validation does not count. The first step, which compiles and allocates, does not
    either. Times stay out of the metrics file, which is the same for every run of one seed.

    Attributes:
        megapixels_per_second: of all processes, mean over the training so far; 0 before the second
            step.
        flops_per_second: the same in floating-point operations of forward and backward passes.
    """

    def __init__(self) -> None:
        self._seconds = 0.0
        self._pixels = 0
        self._steps = 0
        self._flops_per_pixel = 0.0
        self._since: float | None = None

    @property
    def megapixels_per_second(self) -> float:
        """Pixels trained on, of this process, in millions a second."""
        return self._pixels / 1e6 / self._seconds if self._seconds else 0.0

    @property
    def flops_per_second(self) -> float:
        """Floating-point operations of this process a second."""
        return self.megapixels_per_second * 1e6 * self._flops_per_pixel

    def summary(self, device: torch.device, world: int = 1) -> dict[str, float]:
        """Figures for ``run.json``; with the share of the peak where the device's is known.

        Args:
            device: of this process.
            world: number of such devices.
        """
        found = {
            "megapixels_per_second": round(self.megapixels_per_second, 4),
            "gflops_per_second": round(self.flops_per_second / 1e9, 2),
        }
        name = torch.cuda.get_device_name(device) if device.type == "cuda" else ""
        for part, peak in PEAKS.items():
            if part in name:
                found["share_of_peak"] = round(self.flops_per_second / (peak * world), 4)
        return found

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Tensor, batch_idx: int
    ) -> None:
        if not self._flops_per_pixel:
            self._flops_per_pixel = _training_flops(pl_module, batch) / _pixels(batch)
        if self._since is None and self._steps:
            self._since = _now(pl_module)

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Tensor,
        batch_idx: int,
    ) -> None:
        self._steps += 1
        if self._since is not None:
            self._pixels += _pixels(batch) * trainer.world_size
            if trainer.global_step % trainer.log_every_n_steps == 0:  # type: ignore[attr-defined]
                self._since = self._count_time(pl_module)
                for logger in trainer.loggers:
                    if isinstance(logger, TensorBoardLogger):
                        tag, speed = "train/megapixels_per_second", self.megapixels_per_second
                        logger.experiment.add_scalar(tag, speed, trainer.global_step)

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._count_time(pl_module)
        self._since = None

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._count_time(pl_module)
        self._since = None

    def _count_time(self, module: pl.LightningModule) -> float:
        now = _now(module)
        if self._since is not None:
            self._seconds += now - self._since
        return now


def _pixels(batch: Tensor) -> int:
    return batch[:, 0].numel()


def _now(module: pl.LightningModule) -> float:
    """Seconds, once the device has done what it was given."""
    if module.device.type == "cuda":
        torch.cuda.synchronize(module.device)
    return time.perf_counter()


def _training_flops(module: pl.LightningModule, batch: Tensor) -> int:
    """Of one step: the forward pass, and twice as much for the backward pass."""
    with FlopCounterMode(display=False) as counter:
        module.pass_through(batch[:1])  # type: ignore[operator]
    return 3 * counter.get_total_flops() * len(batch)
