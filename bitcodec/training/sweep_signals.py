"""Runs of a sweep in processes of their own (`hydra/launcher=joblib`): threads and signals.

Every run gets its share of the cores. Ctrl-C or SIGTERM reaches only the process that was started
by the user; it passes the wish on to the workers, each of which ends its run at the next
checkpoint and begins no other, so that ``resume_sweep=true`` finds everything in order.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from types import FrameType
from typing import Any, NoReturn

from hydra.experimental.callback import Callback
from hydra.types import RunMode
from omegaconf import DictConfig, read_write

from bitcodec import machine
from bitcodec.errors import InterruptedRunError

_stopped: int | None = None
"""The signal that asked this process to stop; a worker keeps it from one run to the next."""
_starter = False
"""Whether this process began the sweep."""
_worker = False
"""Whether this process carries out runs for another one; with one job there is no other."""
_at_once = 1


class SweepWorkers(Callback):
    """Hydra calls this in the starting process (``multirun``) and in the workers (``job``)."""

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        if not _side_by_side(config):
            return
        if config.hydra.launcher.batch_size == "auto":
            # After a few skipped runs `auto` would hand several long ones to one process.
            with read_write(config):
                config.hydra.launcher.batch_size = "1"
        global _starter
        _starter = True
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _pass_on)

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        if _stopped is not None:
            sys.exit(128 + _stopped)

    def on_job_start(self, config: DictConfig, **kwargs: Any) -> None:
        if not _side_by_side(config):
            return
        import torch

        global _worker, _at_once
        _at_once = _runs(config.hydra.launcher.n_jobs)
        if not _starter:
            _worker = True
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, _end_run)
        torch.set_num_threads(share_of_cores(config.hydra.launcher.n_jobs))

    def on_job_end(self, config: DictConfig, job_return: Any, **kwargs: Any) -> None:
        if _worker:
            signal.signal(signal.SIGTERM, _begin_no_more)


def _side_by_side(config: DictConfig) -> bool:
    hydra = config.hydra
    return hydra.mode == RunMode.MULTIRUN and hydra.launcher._target_.endswith("JoblibLauncher")


def share_of_cores(jobs: int) -> int:
    """Threads for each of ``jobs`` runs side by side, which share :func:`bitcodec.machine.cores`.

    As in joblib, -1 means as many runs as there are cores, -2 one fewer, and so on.
    """
    return max(1, machine.cores() // _runs(jobs))


def side_by_side() -> int:
    """How many runs this one is among, on this machine at once."""
    return _at_once


def _runs(jobs: int) -> int:
    return jobs if jobs > 0 else max(1, machine.granted() + 1 + jobs)


def stopped() -> bool:
    """Whether this process has been asked to begin no more runs."""
    return _stopped is not None


def end_worker(error: InterruptedRunError) -> bool:
    """Begin no more runs after an interrupted one; False where this process is no worker."""
    if _worker:
        _begin_no_more(error.exit_code - 128)
    return _worker


def _begin_no_more(number: int, frame: FrameType | None = None) -> None:
    global _stopped
    _stopped = number


def _end_run(number: int, frame: FrameType | None) -> NoReturn:
    """For the parts of a run outside of training, which saves a checkpoint first."""
    _begin_no_more(number)
    raise InterruptedRunError(number)


def _pass_on(number: int, frame: FrameType | None) -> None:
    """The starting process asks its workers to stop; a second signal does not wait for them."""
    if stopped():
        raise KeyboardInterrupt
    _begin_no_more(number)
    for worker in multiprocessing.active_children():
        if worker.pid is not None:
            os.kill(worker.pid, signal.SIGTERM)
