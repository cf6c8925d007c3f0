"""One file or thousands: where each output goes, and what happens when one of them fails."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bitcodec.errors import BitcodecError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

STANDARD = "-"


@dataclass(frozen=True)
class Task:
    """One input and its output; None is standard input or output."""

    source: Path | None
    target: Path | None

    @property
    def name(self) -> Path:
        """What messages call the input."""
        return self.source or Path("standard input")


@cache
def console() -> Console:
    """Standard error, so that standard output stays free for pictures and JSON."""
    from rich.console import Console

    return Console(stderr=True, soft_wrap=True)


def plan(
    inputs: Iterable[Path], output: str | None, suffix: str, wanted: Callable[[Path], bool]
) -> list[Task]:
    """Say where the output of every input goes.

    Args:
        inputs: files, folders (searched for files that are ``wanted``), or ``-``.
        output: as ``-o``: None for a neighbour of each input.
        suffix: of the outputs.
        wanted: which files of a folder count.

    Raises:
        UsageError: if several outputs would share a file, or a folder holds nothing to do.
    """
    inputs = list(inputs)
    several = len(inputs) > 1 or any(path.is_dir() for path in inputs)
    into_folder = output is not None and output != STANDARD and _is_folder(output, several)
    if several and output == STANDARD:
        raise UsageError("-o -: standard output takes one picture; name a folder for several")
    tasks = []
    for path in inputs:
        for source, relative in _sources(path, wanted):
            if output is None and source is not None:
                target = source.with_suffix(suffix)
            elif output is None or output == STANDARD:
                target = None
            elif into_folder:
                target = Path(output) / relative.with_suffix(suffix)
            else:
                target = Path(output)
            tasks.append(Task(source, target))
    _refuse_shared_targets(tasks)
    return tasks


def _is_folder(output: str, several: bool) -> bool:
    if several and Path(output).is_file():
        raise UsageError("this is a file: name a folder for several pictures", output)
    return several or Path(output).is_dir() or output.endswith(("/", os.sep))


def _sources(path: Path, wanted: Callable[[Path], bool]) -> list[tuple[Path | None, Path]]:
    """Pairs of a file and its path below the output folder."""
    if str(path) == STANDARD:
        return [(None, Path("standard-input"))]
    if not path.is_dir():
        return [(path, Path(path.name))]
    found = [file for file in sorted(path.rglob("*")) if file.is_file() and wanted(file)]
    if not found:
        raise UsageError("nothing to do in this folder", path)
    return [(file, file.relative_to(path)) for file in found]


def _refuse_shared_targets(tasks: list[Task]) -> None:
    owners: dict[Path, Task] = {}
    for task in tasks:
        if task.target is not None:
            other = owners.setdefault(task.target, task)
            if other is not task:
                raise UsageError(
                    f"{other.name} and {task.name} would both become this file: give them "
                    "different names, or encode them one at a time with -o",
                    task.target,
                )


def make_room(task: Task, overwrite: bool) -> None:
    """Create the output's folder, and object to an output that is there already.

    Raises:
        UsageError: if it is there and not to be overwritten, or is the input itself.
    """
    if task.target is None:
        if sys.stdout.isatty():
            raise UsageError("a terminal cannot show this: redirect it, or name a file with -o")
        return
    if task.source is not None and task.source.resolve() == task.target.resolve():
        raise UsageError("the output would replace the input: name another with -o", task.target)
    if task.target.exists() and not overwrite:
        raise UsageError("exists already: add --overwrite to replace it", task.target)
    try:
        task.target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot be created ({error.strerror})", task.target.parent) from None


def run(tasks: list[Task], work: Callable[[Task], str], jobs: int, quiet: bool, done: str) -> None:
    """Do all tasks, several at a time; report failures as they come and a summary at the end.

    Args:
        tasks: what to do.
        work: does one and returns a line about it.
        jobs: how many at a time.
        quiet: print failures only.
        done: the participle of the summary, "encoded".

    Raises:
        BitcodecError: the failure of a task that is the only one.
        typer.Exit: with the exit code, if any of several failed.
    """
    if len(tasks) == 1:
        line = work(tasks[0])
        if not quiet:
            console().print(line, markup=False, highlight=False)
        return
    failures = []
    for error in _finished(tasks, work, jobs, quiet):
        if error is not None:
            failures.append(error)
            console().print(str(error), markup=False, highlight=False, style="red")
    if not quiet:
        good = len(tasks) - len(failures)
        rest = f", {len(failures)} failed" if failures else ""
        console().print(f"{good} of {len(tasks)} {done}{rest}", highlight=False)
    if failures:
        raise typer.Exit(min(error.exit_code for error in failures))


def _finished(
    tasks: list[Task], work: Callable[[Task], str], jobs: int, quiet: bool
) -> Iterable[BitcodecError | None]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    # A log file wants the summary, not the bar.
    hidden = quiet or not console().is_terminal
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        ThreadPoolExecutor(jobs) as pool,
        Progress(*columns, console=console(), transient=True, disable=hidden) as progress,
    ):
        bar = progress.add_task("", total=len(tasks))
        pending: set[Future[str]] = {pool.submit(work, task) for task in tasks}
        try:
            while pending:
                finished, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in finished:
                    progress.advance(bar)
                    error = future.exception()
                    if error is not None and not isinstance(error, BitcodecError):
                        raise error
                    yield error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def share_cores(jobs: int | None, tasks: int) -> tuple[int, int | None]:
    """Pictures at a time, and threads for each (None: as many as there are cores)."""
    cores = os.cpu_count() or 1
    jobs = min(jobs or cores, max(1, tasks))
    return jobs, None if jobs == 1 else max(1, cores // jobs)
