"""The checkpoint that a run goes on from, kept however its training ends.

Unlike the callbacks that watch, this one ends the training: when a signal asks to, and so that a
run is validated after its last step.
"""

from __future__ import annotations

import logging
import signal
import threading
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Checkpoint
from lightning.pytorch.trainer.states import TrainerFn
from torch import Tensor

from bitcodec.files import replacing_path
from bitcodec.training import preemption
from bitcodec.training.ranks import Agreement

log = logging.getLogger(__name__)


class LastCheckpoint(Checkpoint):
    """Keeps ``last.ckpt``: every so often, however the training ends, and when a signal asks to.

    SIGINT, SIGTERM and what announces a preemption (SIGUSR1, SIGUSR2) end the training after the
    step in hand, so that the checkpoint is one that an uninterrupted run passes through; a signal
    to one of several processes ends all; a second SIGINT or SIGTERM ends the process at once. A
    signal that the process ignores stays ignored.
    After its last step a run is validated.

    Args:
        path: the checkpoint to write.
        every: steps between two writes.
    """

    def __init__(self, path: str, every: int) -> None:
        self.path, self.every = Path(path), every
        self._asked: signal.Signals | None = None
        """What has come to this process. It is kept apart from what all have agreed on: it may come
        while they do, and must neither be lost then nor end this one alone."""
        self._signal: signal.Signals | None = None
        self._agreement: Agreement | None = None
        self._told = False
        """Whether SIGINT or SIGTERM has come, beside what a cluster announces."""
        self._previous: dict[signal.Signals, Any] = {}
        self._saved: int | None = None
        self._log_behind = False

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._agreement = Agreement()
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM, *preemption.numbers()):
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._previous[number] = signal.signal(number, self._receive)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if number not in preemption.numbers():
            if self._told:
                raise KeyboardInterrupt
            self._told = True
        if self._asked is None:  # SIGTERM may follow at the end of the time that was announced
            self._asked = signal.Signals(number)
            log.warning("%s: stopping after this step", self._asked.name)

    def agreed(self) -> signal.Signals | None:
        """The signal that ends the run, the same for all processes; they ask together."""
        if self._signal is None and self._agreement is not None:
            self._signal = self._agreement.on(self._asked)
        return self._signal

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Tensor, batch_idx: int
    ) -> None:
        if self._log_behind:
            # A run that goes on from the checkpoint does not log the steps before it again.
            for logger in trainer.loggers:
                logger.save()
            self._log_behind = False

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Tensor,
        batch_idx: int,
    ) -> None:
        if (batch_idx + 1) % trainer.accumulate_grad_batches:
            return  # a checkpoint holds no gradients: amid a step it would lose them
        stops = self.agreed() is not None
        done = 0 <= trainer.max_steps <= trainer.global_step or _ends_last_epoch(trainer)
        ends = done or stops or trainer.should_stop
        if ends or trainer.global_step % self.every == 0:
            self._save(trainer)
        if done:
            trainer.should_stop = True  # Lightning then validates, whether it is time or not
        if stops:
            trainer.should_stop = True
            trainer.limit_val_batches = 0

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        stopped_now = trainer.should_stop and self._saved != trainer.global_step
        if stopped_now and trainer.state.fn == TrainerFn.FITTING:  # by EarlyStopping
            self._save(trainer)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self._saved != trainer.global_step:  # another callback has ended the training
            self._save(trainer)

    def _save(self, trainer: pl.Trainer) -> None:
        self._saved, self._log_behind = trainer.global_step, True
        with ExitStack() as whole:
            path = self.path
            if trainer.is_global_zero:  # the others take part, but write nothing
                path.parent.mkdir(parents=True, exist_ok=True)
                path = whole.enter_context(replacing_path(path))
            trainer.save_checkpoint(path)

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous = {}


def _ends_last_epoch(trainer: pl.Trainer) -> bool:
    """Whether the batch in hand is the last one that ``max_epochs`` allows."""
    if trainer.max_epochs is None or trainer.max_epochs < 0:
        return False
    return trainer.is_last_batch and trainer.current_epoch + 1 >= trainer.max_epochs
