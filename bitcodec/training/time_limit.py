"""``trainer.max_time``: training that ends after so long, at a step that it can go on from."""

from __future__ import annotations

from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Timer


class TimeLimit(Timer):
    """Lightning's timer, but never amid the batches of one step (`accumulate_grad_batches`)."""

    def on_train_batch_end(self, trainer: pl.Trainer, *args: Any, **kwargs: Any) -> None:
        batch_idx = kwargs["batch_idx"] if "batch_idx" in kwargs else args[3]
        if (batch_idx + 1) % trainer.accumulate_grad_batches == 0:
            super().on_train_batch_end(trainer, *args, **kwargs)
