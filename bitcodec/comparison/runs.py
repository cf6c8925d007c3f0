"""Run folders as they lie on disk: finished, failed, half-written or broken."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from bitcodec.comparison.settings import (
    SEED,
    Settings,
    number,
    printable,
    printable_path,
    read_settings,
    split_overrides,
)
from bitcodec.errors import UsageError

RECORD, CONFIG = "run.json", "config.yaml"
STATES = ("finished", "failed", "interrupted", "preempted", "running")
UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Run:
    """One run folder. What it does not say, or says in a broken way, is None or empty.

    Attributes:
        folder: as the user would type it.
        name: the shortest path that tells the compared runs apart.
        state: one of :data:`STATES`, or ``unreadable``.
        typed: overrides, as typed.
        overrides: key → value as typed.
        settings: the resolved config; empty if it cannot be read.
        started: Unix time in seconds.
        metrics: final metrics, named as in ``run.json``.
        error: why it did not finish.
        problems: what is wrong with the folder, each the rest of a sentence about it.
    """

    folder: Path
    name: str = ""
    state: str = UNREADABLE
    typed: tuple[str, ...] = ()
    overrides: Mapping[str, str] = field(default_factory=dict)
    settings: Settings = field(default_factory=dict)
    seed: int | None = None
    started: float = 0.0
    metrics: Mapping[str, float] = field(default_factory=dict)
    wall_seconds: float | None = None
    steps_per_second: float | None = None
    device: str | None = None
    commit: str | None = None
    dirty: bool | None = None
    error: str | None = None
    problems: tuple[str, ...] = ()

    @property
    def finished(self) -> bool:
        """Whether it ran to its end."""
        return self.state == "finished"

    @property
    def shown(self) -> str:
        """The folder as text that any terminal and any file can hold."""
        return printable_path(self.folder.as_posix())


def find_runs(folders: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """The run folders in or below ``folders``, in natural order and each once.

    A folder is a run's if it holds what a run writes first: Hydra's own notes, the config or the
    record.

    Returns:
        The run folders, and those of ``folders`` that hold none.

    Raises:
        UsageError: if one of ``folders`` is not a folder, or there is no run in any of them.
    """
    found: dict[Path, Path] = {}
    empty = []
    for top in folders:
        # Path.is_dir would let some errors through, os.path.isdir is just false.
        if not os.path.isdir(top):  # noqa: PTH112
            raise UsageError("there is no such folder of runs", top)
        runs = sorted(_below(top), key=natural)
        if not runs:
            empty.append(top)
        for folder in runs:
            found.setdefault(folder.resolve(), folder)
    if not found:
        raise UsageError(
            "holds no run: name a folder that train.py has written, such as multirun/DATE/TIME",
            ", ".join(map(str, folders)),
        )
    return list(found.values()), empty


def _below(top: Path) -> list[Path]:
    found = []
    for path, folders, files in os.walk(top):
        if RECORD in files or CONFIG in files or ".hydra" in folders:
            found.append(Path(path))
            folders.clear()
    return found


def natural(path: Path) -> list[tuple[int, str]]:
    """A sort key that puts ``2`` before ``10``."""
    parts = re.split(r"(\d+)", str(path))
    return [(int(text) if text.isdecimal() else -1, text) for text in parts]


def read_runs(folders: Sequence[Path]) -> list[Run]:
    """All of the run folders; whatever is wrong with one is noted in it."""
    runs = [read_run(folder) for folder in folders]
    common = os.path.commonpath([folder.resolve().parent for folder in folders])
    names: list[str] = []
    for folder in folders:
        name = printable_path(folder.resolve().relative_to(common).as_posix())
        # Everything else tells runs apart by name, and different characters can print alike.
        candidates = (f"{name} ({number})" if number > 1 else name for number in count(1))
        names.append(next(each for each in candidates if each not in names))
    return [replace(run, name=name) for run, name in zip(runs, names, strict=True)]


def read_run(folder: Path) -> Run:
    """One run folder, without a name yet."""
    run = Run(folder)
    try:
        run = replace(run, **_record(folder / RECORD))
    except ValueError as error:
        run = replace(run, error=f"{RECORD} {error}")
    try:
        settings = read_settings(folder / CONFIG)
    except ValueError as error:
        return replace(run, problems=(f"{CONFIG} {error}",))
    seed = number(settings.get(SEED))
    if run.seed is None and seed is not None:
        run = replace(run, seed=int(seed))
    return replace(run, settings=settings)


def _record(path: Path) -> dict[str, Any]:
    """The fields of a :class:`Run` that ``run.json`` holds.

    Raises:
        ValueError: if it is not the record of a run; the text says why.
    """
    try:
        content = json.loads(path.read_text("utf-8"), parse_int=float)
    except FileNotFoundError:
        raise ValueError("is missing: the run was stopped before it began") from None
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError):
        raise ValueError("is not readable JSON") from None
    if not isinstance(content, dict) or content.get("state") not in STATES:
        raise ValueError("is not the record of a run")
    timing, provenance = _mapping(content, "timing"), _mapping(content, "provenance")
    listed = content.get("overrides")
    typed = [str(text) for text in listed] if isinstance(listed, list) else []
    seed = number(content.get("seed"))
    return {
        "state": content["state"],
        "typed": tuple(map(printable, typed)),
        "overrides": split_overrides(typed),
        "seed": None if seed is None else int(seed),
        "started": number(content.get("started")) or 0.0,
        "metrics": {
            printable(name): value
            for name, value in _mapping(content, "metrics").items()
            if isinstance(value, float)
        },
        "wall_seconds": number(timing.get("wall_seconds")),
        "steps_per_second": number(timing.get("steps_per_second")),
        "device": _text(timing.get("device")),
        "commit": _text(provenance.get("commit")),
        "dirty": provenance["dirty"] if isinstance(provenance.get("dirty"), bool) else None,
        "error": _text(content.get("error")),
    }


def _mapping(content: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = content.get(key)
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return printable(str(value)) if value is not None else None
