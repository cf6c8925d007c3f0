"""The errors that a user may meet; each is one sentence that says what to do."""

from __future__ import annotations

import re
import shlex
import signal
from pathlib import Path
from typing import Self


class BitcodecError(Exception):
    """Something the user can act on. ``str(error)`` is one sentence, printed without traceback.

    Args:
        what: what is wrong and what to do about it.
        path: the file or folder concerned; named first in the sentence.
    """

    exit_code = 1

    def __init__(self, what: str, path: str | Path | None = None) -> None:
        super().__init__(what if path is None else f"{path}: {what}")
        self.path = path

    def at(self, path: str | Path) -> Self:
        """The same error with the file's name in front, unless it names one already."""
        return self if self.path is not None else type(self)(str(self), path)


class UsageError(BitcodecError):
    """A wrong option, value or combination of options (exit code 2)."""

    exit_code = 2


class DamagedFileError(BitcodecError):
    """Bytes that are not a complete, intact file of the expected kind."""


class UnknownModelError(BitcodecError):
    """A model name, fingerprint or folder that is not there or not usable."""


class NoSuchModelError(UnknownModelError, UsageError):
    """A name or a quality, given as an option, that no installed model has (exit code 2)."""


def typed(key: str, path: str | Path) -> str:
    """``key=path`` as a shell and Hydra read it, with as few quotes as they need."""
    if re.fullmatch(r"[\w/.:%+@~-]+", str(path), re.ASCII):
        return f"{key}={path}"
    return shlex.quote(f'{key}="{path}"')


PREEMPTING = ("SIGUSR1", "SIGUSR2")
"""Signals by which clusters announce that they will end a run, to start it again later."""


class InterruptedRunError(BitcodecError):
    """A signal ended a training run early; what it had done is kept.

    The exit code is 128 plus the number of the signal, as shells have it. ``state`` is the run's
    from then on: ``interrupted`` or, announced by a cluster, ``preempted``.

    Args:
        number: the signal.
        checkpoint: where to go on, if the run has got that far.
    """

    def __init__(self, number: int, checkpoint: Path | None = None) -> None:
        way = typed("ckpt_path", checkpoint) if checkpoint else "the same command"
        preempted = signal.Signals(number).name in PREEMPTING
        self.state = "preempted" if preempted else "interrupted"
        super().__init__(f"{self.state}; go on with {way}")
        self.number, self.exit_code = number, 128 + number
