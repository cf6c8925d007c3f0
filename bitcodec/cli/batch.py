"""One file or thousands: several at a time, and what happens when one of them fails."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bitcodec.cli.manifest import Done, Manifest
from bitcodec.cli.plan import Task, is_there
from bitcodec.cli.streams import say, silent_libraries
from bitcodec.cli.workers import Work, outcomes
from bitcodec.errors import BitcodecError
from bitcodec.machine import cores

if TYPE_CHECKING:
    from rich.console import Console

MOST_JOBS = 256
"""More than that are a slip of the finger, and more than a system may give."""


class Interrupted(KeyboardInterrupt):
    """A signal that asks the process to end, as Ctrl-C does."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


@cache
def console() -> Console:
    """Standard error, so that standard output stays free for pictures and JSON."""
    from rich.console import Console

    return Console(stderr=True, soft_wrap=True)


def run(
    tasks: list[Task],
    work: Work,
    jobs: int,
    quiet: bool,
    done: str,
    manifest: Manifest | None = None,
    skip_existing: bool = False,
) -> None:
    """Do all tasks, several at a time; report failures as they come and a summary at the end.

    Args:
        tasks: what to do.
        work: does one.
        jobs: how many at a time.
        quiet: print failures only.
        done: the participle of the summary, "encoded".
        manifest: where each outcome is written down; what it has as done is left out.
        skip_existing: leave out what has an output already.

    Raises:
        BitcodecError: the failure of a task that is the only one.
        typer.Exit: with the exit code, if any of several failed or a signal came.
    """
    careful = _careful(work, Manifest(None) if manifest is None else manifest, skip_existing)
    with silent_libraries():
        _run(tasks, careful, jobs, quiet, done)


def _run(tasks: list[Task], careful: Work, jobs: int, quiet: bool, done: str) -> None:
    if len(tasks) == 1:
        outcome = careful(tasks[0])
        if not quiet:
            line = f"{tasks[0].target}: is there already" if outcome is None else outcome.line
            say(line)
        return
    count, skipped, failures = 0, 0, []
    try:
        with outcomes(tasks, careful, jobs) as results, _bar(len(tasks), quiet) as advance:
            for result in results:
                advance()
                if isinstance(result, BitcodecError):
                    failures.append(result)
                    say(str(result), wrong=True)
                elif result is None:
                    skipped += 1
                else:
                    count += 1
    except KeyboardInterrupt as stop:
        say(
            f"interrupted: {count} of {len(tasks)} {done}; the same command with "
            "--skip-existing goes on",
            wrong=True,
        )
        raise typer.Exit(128 + getattr(stop, "number", signal.SIGINT)) from None
    if not quiet:
        rest = f", {skipped} were there already" if skipped else ""
        rest += f", {len(failures)} failed" if failures else ""
        say(f"{count} of {len(tasks)} {done}{rest}")
    if failures:
        raise typer.Exit(min(error.exit_code for error in failures))


def readable(pictures: Sequence[Path]) -> tuple[list[Path], list[BitcodecError]]:
    """Those pictures that can be read, and why the others cannot, which is also printed.

    For commands whose result is about all pictures together.

    Raises:
        BitcodecError: if none can be read.
    """
    from bitcodec.images import open_rgb

    good, failures = [], []
    with silent_libraries():
        for picture in pictures:
            try:
                open_rgb(picture)
                good.append(picture)
            except BitcodecError as error:
                failures.append(error)
    if not good:
        raise failures[0]
    for failure in failures:
        say(str(failure), wrong=True)
    return good, failures


def end_with(failures: Sequence[BitcodecError], of: int) -> None:
    """Say how many pictures a result is without, and end the program accordingly.

    Raises:
        typer.Exit: with the exit code, if there are any.
    """
    if failures:
        say(f"{len(failures)} of {of} pictures are left out")
        raise typer.Exit(min(error.exit_code for error in failures))


def _careful(work: Work, record: Manifest, skip_existing: bool) -> Work:
    """The work, but that whatever goes wrong is a sentence about this task, and written down."""

    def careful(task: Task) -> Done | None:
        start = time.monotonic()
        try:
            if task.problem is not None:
                raise task.problem
            if record.has(task) or (skip_existing and is_there(task)):
                return None
            outcome = work(task)
        except BitcodecError as error:
            # Somebody else was quicker, as is the last process of a run that was killed.
            if skip_existing and task.problem is None and is_there(task):
                return None
            record.failed(task, error, time.monotonic() - start)
            raise
        except BrokenPipeError:
            # Standard output's reader went away: that ends the program, silently.
            raise
        except Exception as error:
            reason = ": ".join([type(error).__name__, *str(error).splitlines()[:1]])
            what = f"cannot be done ({reason})"
            sentence = BitcodecError(what, task.name)
            record.failed(task, sentence, time.monotonic() - start)
            raise sentence from error
        if outcome is not None:
            record.done(task, outcome, time.monotonic() - start)
        return outcome

    return careful


@contextmanager
def _bar(count: int, quiet: bool) -> Iterator[Callable[[], None]]:
    """What to call after each task, for a bar on a terminal; a log wants the summary alone."""
    if quiet or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(), transient=True) as progress:
        bar = progress.add_task("", total=count)
        yield lambda: progress.advance(bar)


def share_cores(jobs: int | None, tasks: int) -> tuple[int, int | None]:
    """Pictures at a time, and threads for each: one, or all there are (None) for one by one."""
    jobs = min(jobs or cores(), max(1, tasks), MOST_JOBS)
    return jobs, None if jobs == 1 else 1
