"""What every training module does alike, however a step's batch is split over ranks and time."""

from __future__ import annotations

from typing import Any

import lightning.pytorch as pl
import torch
from torch import Tensor

from bitcodec.training.draws import VALIDATION, Draws, first_position


class WholeBatchModule(pl.LightningModule):
    """Base of the modules: keys of random numbers, and what a step logs.

    Attributes:
        seed: of the run.
    """

    seed: int

    def __init__(self) -> None:
        super().__init__()
        self._micro_batches: list[Tensor] = []

    def draws(self, batch: Tensor, batch_idx: int) -> Draws:
        """The random numbers of a training batch: those of its places in the whole batch."""
        trainer = self.trainer
        micro = batch_idx % trainer.accumulate_grad_batches
        first = first_position(micro, trainer.world_size, trainer.global_rank, len(batch))
        return Draws(self.seed, self.global_step, first)

    def validation_draws(self, batch_idx: int) -> Draws:
        """The random numbers of a validation batch: those of its places among all images."""
        data: Any = self.trainer.datamodule  # type: ignore[attr-defined]
        return Draws(self.seed, 0, data.val_firsts[batch_idx], VALIDATION)

    def log_training(self, values: dict[str, Tensor], batch_idx: int) -> None:
        """Log means over the whole batch of a step, once its last part is there."""
        self._micro_batches.append(torch.stack([v.detach().float() for v in values.values()]))
        if (batch_idx + 1) % self.trainer.accumulate_grad_batches:
            return
        mean = torch.stack(self._micro_batches).mean(dim=0)
        self._micro_batches = []
        if self.trainer.world_size > 1:
            mean = self.trainer.strategy.reduce(mean, reduce_op="mean")
        self.log_dict(dict(zip(values, mean, strict=True)))
