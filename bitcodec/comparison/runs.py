"""Run folders as they lie on disk: finished, failed, half-written or broken."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from bitcodec.comparison.settings import (
    SEED,
    Settings,
    Value,
    number,
    parse_settings,
    printable,
    printable_path,
    read_whole,
)
from bitcodec.errors import UsageError

RECORD, CONFIG = "run.json", "config.yaml"
_STATES = ("finished", "failed", "interrupted", "preempted", "running")


@dataclass(frozen=True)
class Run:
    """One run folder. What it does not say, or says in a broken way, is None or empty.

    ``name`` is the shortest path that tells the compared runs apart, ``typed`` are the overrides,
    ``overrides`` the same by key, ``settings`` the resolved config, and ``metrics`` and times are
    those of ``run.json``. ``problems`` are what is wrong with the folder, each the rest of a
    sentence about it, and ``error`` is why it did not finish.
    """

    folder: Path
    name: str = ""
    state: str = "unreadable"
    typed: tuple[str, ...] = ()
    settings: Settings = field(default_factory=dict)
    seed: float | None = None
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
    def overrides(self) -> dict[str, str]:
        """``noise.std=15`` and ``+a=1`` → ``{"noise.std": "15", "a": "1"}``."""
        pairs = (text.partition("=") for text in self.typed)
        return {key.lstrip("+~"): value for key, _, value in pairs}

    def value(self, key: str) -> Value:
        """What a key is: resolved, or the option chosen of a group of configs; None if unset."""
        if key == SEED or key in self.settings:
            return self.seed if key == SEED else self.settings[key]
        text = self.overrides.get(key)
        try:
            return text and float(text)
        except ValueError:
            return text

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
        runs = []
        for path, below, files in os.walk(top):
            if RECORD in files or CONFIG in files or ".hydra" in below:
                runs.append(Path(path))
                below.clear()
        for folder in sorted(runs, key=natural):
            found.setdefault(folder.resolve(), folder)
        empty += [] if runs else [top]
    if not found:
        raise UsageError(
            "holds no run: name a folder that train.py has written, such as multirun/DATE/TIME",
            ", ".join(map(str, folders)),
        )
    return list(found.values()), empty


def natural(path: Path) -> list[tuple[int, str]]:
    """A sort key that puts ``2`` before ``10``."""
    parts = re.split(r"(\d+)", str(path))
    return [(int(text) if text.isdecimal() else -1, text) for text in parts]


def read_runs(folders: Sequence[Path]) -> list[Run]:
    """All of the run folders; whatever is wrong with one is noted in it."""
    common = os.path.commonpath([folder.resolve().parent for folder in folders])
    runs: dict[str, Run] = {}
    for folder in folders:
        name = printable_path(folder.resolve().relative_to(common).as_posix())
        # Everything else tells runs apart by name, and different characters can print alike.
        candidates = (f"{name} ({number})" if number > 1 else name for number in count(1))
        name = next(each for each in candidates if each not in runs)
        runs[name] = replace(read_run(folder), name=name)
    return list(runs.values())


def read_run(folder: Path) -> Run:
    """One run folder, without a name yet."""
    run = Run(folder)
    try:
        content = read_whole(folder / RECORD, partial(json.loads, parse_int=float), "readable JSON")
        run = replace(run, **_record(content))
    except ValueError as error:
        never = "" if (folder / RECORD).exists() else ": the run was stopped before it began"
        run = replace(run, error=f"{RECORD} {error}{never}")
    try:
        settings = read_whole(folder / CONFIG, parse_settings, "a readable config")
    except ValueError as error:
        return replace(run, problems=(f"{CONFIG} {error}",))
    seed = number(settings.get(SEED)) if run.seed is None else run.seed
    return replace(run, settings=settings, seed=seed)


def _record(content: Any) -> dict[str, Any]:
    """The fields of a :class:`Run` that ``run.json`` holds, whatever the types of its own.

    Raises:
        ValueError: if it is not the record of a run.
    """
    if not isinstance(content, dict) or content.get("state") not in _STATES:
        raise ValueError("is not the record of a run")
    timing, provenance, metrics = (
        found if isinstance(found := content.get(key), dict) else {}
        for key in ("timing", "provenance", "metrics")
    )
    typed, dirty = content.get("overrides"), provenance.get("dirty")
    return {
        "state": content["state"],
        "typed": tuple(printable(str(text)) for text in typed) if isinstance(typed, list) else (),
        "seed": number(content.get("seed")),
        "started": number(content.get("started")) or 0.0,
        "metrics": {printable(k): v for k, v in metrics.items() if isinstance(v, float)},
        "wall_seconds": number(timing.get("wall_seconds")),
        "steps_per_second": number(timing.get("steps_per_second")),
        "device": _text(timing.get("device")),
        "commit": _text(provenance.get("commit")),
        "dirty": dirty if isinstance(dirty, bool) else None,
        "error": _text(content.get("error")),
    }


def _text(value: object) -> str | None:
    return printable(str(value)) if value is not None else None
