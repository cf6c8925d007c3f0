"""Where the output of every input goes, and which inputs are this machine's to do."""

from __future__ import annotations

import os
import sys
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from bitcodec.errors import BitcodecError, UsageError
from bitcodec.files import cannot, exists_already, is_special

STANDARD = "-"


@dataclass(frozen=True)
class Task:
    """One input and its output; None is standard input or output.

    Args:
        source: the input.
        target: the output.
        relative: the input's path below the folder that was named: the same on every machine.
        problem: why this one cannot be done, known beforehand.
    """

    source: Path | None
    target: Path | None
    relative: Path = Path()
    problem: BitcodecError | None = None

    @property
    def name(self) -> Path:
        """What messages call the input."""
        return self.source or Path("standard input")


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
        UsageError: if the output cannot take what is to be done, or a folder holds nothing.
    """
    inputs = list(inputs)
    if output == "":
        raise UsageError("-o: an empty path names no file")
    several = len(inputs) > 1 or any(_is_dir(path) for path in inputs)
    into_folder = output is not None and output != STANDARD and _is_folder(output, several)
    if several and output == STANDARD:
        raise UsageError("-o -: standard output takes one picture; name a folder for several")
    tasks = []
    for path in inputs:
        for found in _sources(path, wanted):
            source, relative = found.source, found.relative
            if found.problem is not None or output == STANDARD:
                target = None
            elif output is None:
                target = source.with_suffix(suffix) if source is not None else None
            elif into_folder:
                target = Path(output) / relative.with_suffix(suffix)
            else:
                target = Path(output)
            tasks.append(replace(found, target=target))
    return _mark_shared_targets(tasks)


def share(tasks: list[Task], shard: str | None) -> list[Task]:
    """The tasks of ``K/N``: split by path, so that N machines need no coordinator.

    Raises:
        UsageError: if ``shard`` is not K/N with 0 <= K < N.
    """
    if shard is None:
        return tasks
    parts = shard.split("/")
    if not (len(parts) == 2 and all(part.isdecimal() for part in parts)):
        raise UsageError(f"--shard {shard}: write K/N, for example 0/3, 1/3 and 2/3")
    number, count = map(int, parts)
    if number >= count:
        raise UsageError(f"--shard {shard}: K goes from 0 to N - 1")
    return [task for task in tasks if _share(task.relative) % count == number]


def _share(relative: Path) -> int:
    return zlib.crc32(os.fsencode(relative.as_posix()))


def _is_dir(path: Path) -> bool:
    # Unlike Path.is_dir, never an error: what cannot be looked at is met again when it is opened.
    return os.path.isdir(path)  # noqa: PTH112


def _is_folder(output: str, several: bool) -> bool:
    folder = Path(output)
    if several and os.path.exists(folder) and not _is_dir(folder):  # noqa: PTH110
        raise UsageError("this is a file: name a folder for several pictures", output)
    return several or _is_dir(folder) or output.endswith(("/", os.sep))


def _sources(path: Path, wanted: Callable[[Path], bool]) -> list[Task]:
    """What a path of the command line stands for; parts that cannot be read carry the problem."""
    if str(path) == STANDARD:
        return [Task(None, None, Path("standard-input"))]
    if not _is_dir(path):
        return [Task(path, None, Path(path.name))]
    found = []

    def locked(error: OSError) -> None:
        folder = Path(error.filename)
        problem = UsageError(f"cannot be read ({error.strerror})", folder)
        found.append(Task(folder, None, folder.relative_to(path), problem))

    for folder, _, names in os.walk(path, onerror=locked):
        for name in names:
            file = Path(folder, name)
            if wanted(file) and _may_be_read(file):
                found.append(Task(file, None, file.relative_to(path)))
    if not found:
        raise UsageError("nothing to do in this folder", path)
    return sorted(found, key=lambda task: task.relative)


def _may_be_read(path: Path) -> bool:
    # A link that leads nowhere is named when it is opened; a device or a pipe would never end.
    return os.path.isfile(path) or not os.path.exists(path)  # noqa: PTH110, PTH113


def _mark_shared_targets(tasks: list[Task]) -> list[Task]:
    """Give a problem to all tasks whose outputs are one file, by whatever paths."""
    owners: dict[str, list[Task]] = {}
    for task in tasks:
        if task.target is not None and not is_special(task.target):
            owners.setdefault(os.path.realpath(task.target), []).append(task)
    shared = {id(task): group for group in owners.values() if len(group) > 1 for task in group}
    marked = []
    for task in tasks:
        if group := shared.get(id(task)):
            names = " and ".join(str(other.name) for other in group[:3])
            problem = UsageError(
                f"{names} would both become {task.target}: give them different names, or encode "
                "them one at a time with -o",
                task.name,
            )
            task = replace(task, problem=problem)
        marked.append(task)
    return marked


def make_room(task: Task, overwrite: bool) -> None:
    """Create the output's folder, and object to an output that is there already.

    Raises:
        UsageError: if it is there and not to be overwritten, or is the input itself.
    """
    if task.target is None:
        if sys.stdout.isatty():
            raise UsageError("a terminal cannot show this: redirect it, or name a file with -o")
        return
    if task.source is not None and _same(task.source, task.target):
        raise UsageError("the output would replace the input: name another with -o", task.target)
    if not overwrite and is_there(task):
        raise exists_already(task.target)
    try:
        task.target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot("created", error, task.target.parent) from None


def is_there(task: Task) -> bool:
    """Whether the output is a file that is there already."""
    return (
        task.target is not None
        and os.path.exists(task.target)  # noqa: PTH110
        and not is_special(task.target)
    )


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)
