"""What every training module does alike, however a step's batch is split over ranks and time."""

from __future__ import annotations

from typing import Any

import lightning.pytorch as pl
import torch
from torch import Tensor

from bitcodec.training.draws import VALIDATION, Draws, first_position
from bitcodec.training.resume_facts import ACCUMULATE, KEY


class WholeBatchModule(pl.LightningModule):
    """Base of the modules: keys of random numbers, and what a step logs.

    Attributes:
        seed: of the run.
    """

    seed: int

    def __init__(self) -> None:
        super().__init__()
        self._micro_batches: list[Tensor] = []
        self._sums: dict[str, Tensor] = {}
        self._images = 0

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

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Count a run's batches anew where it goes on with other micro-batches."""
        before = checkpoint.get(KEY, {}).get(ACCUMULATE)
        now = self._trainer.accumulate_grad_batches if self._trainer else before
        if not before or before == now:
            return
        progress = checkpoint["loops"]["fit_loop"]["epoch_loop.batch_progress"]
        for counts in (progress["total"], progress["current"]):
            more = counts["ready"] // before * now - counts["ready"]
            for name in counts:
                counts[name] += more

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

    def log_validation(self, values: dict[str, Tensor], images: int) -> None:
        """Take in the means over a validation batch; logged are those over all images."""
        self._images += images
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0) + value.detach().double() * images

    def on_validation_epoch_end(self) -> None:
        # Lightning's own mean over ranks is right only where each has as many images.
        if not self._images:
            return
        names = list(self._sums)
        totals = torch.stack([*self._sums.values(), self._sums[names[0]].new_tensor(self._images)])
        self._sums, self._images = {}, 0
        totals = self.trainer.strategy.reduce(totals, reduce_op="sum")
        means = (totals[:-1] / totals[-1]).float()
        self.log_dict(dict(zip(names, means, strict=True)))
