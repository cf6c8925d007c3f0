"""The progress bar: steps of those asked for, the loss, and the gap of the last validation."""

from __future__ import annotations

import time
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import ProgressBar
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

_SECONDS = 0.25
"""Between two looks at the loss, which an accelerator has to be waited for."""


class StepBar(ProgressBar):
    """One line: ``120 of 3000 steps, loss 0.0123, gap 0.4 dB``."""

    def __init__(self) -> None:
        super().__init__()
        self._bar: Progress | None = None
        self._shown = 0.0
        self._texts = {"loss": "", "gap": ""}
        self._enabled = True

    def disable(self) -> None:
        self._enabled = False

    def enable(self) -> None:
        self._enabled = True

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if not self._enabled:
            return
        steps = trainer.max_steps if trainer.max_steps > 0 else None
        text = f"{{task.completed:.0f}} of {steps} steps" if steps else "{task.completed:.0f} steps"
        columns = (TextColumn(text), BarColumn(), TextColumn("{task.fields[figures]}"))
        self._bar = Progress(*columns, TimeRemainingColumn())
        self._bar.start()
        self._bar.add_task("steps", total=steps, completed=trainer.global_step, figures="")

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        if self._bar is None:
            return
        now = time.monotonic()
        if now - self._shown > _SECONDS:
            self._shown = now
            self._note(trainer, "loss", "train/loss", "{:.4f}")
        self._move(trainer)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._note(trainer, "gap", "val/binarization_gap", "{:.2f} dB")
        self._move(trainer)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._end()

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        self._end()

    def _note(self, trainer: pl.Trainer, name: str, metric: str, form: str) -> None:
        value = trainer.callback_metrics.get(metric)
        if value is not None:
            self._texts[name] = f"{name} {form.format(float(value))}"

    def _move(self, trainer: pl.Trainer) -> None:
        if self._bar is not None:
            figures = ", ".join(filter(None, self._texts.values()))
            task = self._bar.task_ids[0]
            self._bar.update(task, completed=trainer.global_step, figures=figures)

    def _end(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
