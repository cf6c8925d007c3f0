"""Clusters that end a run before its time: their signals, and the run that is queued again.

SLURM sends SIGUSR1 or SIGUSR2 (`--signal`, submitit's is SIGUSR2) some time before it kills. Within
a training step :class:`bitcodec.training.last_checkpoint.LastCheckpoint` catches it and saves; here
stand the rest of a run's time, and what comes after: the handler that was there before, which is
submitit's and queues the job again, and the next start, which goes on.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from omegaconf import DictConfig

from bitcodec.errors import PREEMPTING, BitcodecError, DamagedFileError, InterruptedRunError
from bitcodec.training.ranks import rank
from bitcodec.training.run_folder import goes_on_here
from bitcodec.training.run_record import RunRecord

log = logging.getLogger(__name__)


def numbers() -> list[signal.Signals]:
    """The signals that announce a preemption, where the system has them."""
    return [each for each in signal.Signals if each.name in PREEMPTING]


def restarts() -> int:
    """How often SLURM has started this job anew."""
    count = os.environ.get("SLURM_RESTART_COUNT", "")
    return int(count) if count.isdecimal() else 0


def goes_on_by_itself(folder: Path, config: DictConfig) -> bool:
    """Whether the run in a folder goes on without being told to: its job was queued again."""
    if restarts():
        return True
    return was_preempted(folder) and not goes_on_here(folder, config)  # what was named is taken


def was_preempted(folder: Path) -> bool:
    """Whether a folder holds a run that was preempted, and has not come to an end since.

    That it goes on again stands in its record, for the processes that start after the first.
    """
    earlier = None
    with suppress(DamagedFileError):  # the run says so
        earlier = RunRecord.read(folder)
    if earlier is None:
        return False
    again = earlier["state"] == "running" and earlier.get("after_preemption", False)
    return bool(again) or earlier["state"] == "preempted"


class Announcements(AbstractContextManager["Announcements"]):
    """While it is entered, an announced preemption ends the run where no step is in hand.

    Lightning, which would queue the job again by itself with a checkpoint of its own, leaves
    signals alone that are handled.
    """

    def __init__(self) -> None:
        self._former: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Announcements:
        if threading.current_thread() is threading.main_thread():
            for number in numbers():
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._former[number] = signal.signal(number, _end)
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)

    def hand_on(self, error: InterruptedRunError) -> None:
        """Let the former handler do what it would have done; submitit's ends the process.

        Raises:
            BitcodecError: if it refuses to queue the job again.
        """
        handler = self._former.get(signal.Signals(error.number))
        if not callable(handler):
            return
        try:
            handler(error.number, None)
        except Exception as refusal:
            raise BitcodecError(f"{error}; not queued again: {refusal}") from refusal
        if rank():
            sys.exit(0)  # anything else could end the first process before it has queued the job


def _end(number: int, frame: FrameType | None) -> NoReturn:
    raise InterruptedRunError(number)
