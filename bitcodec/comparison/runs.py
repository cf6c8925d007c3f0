"""Run folders as they lie on disk: finished, failed, half-written or broken."""

from __future__ import annotations

import csv
import json
import math
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import yaml

from bitcodec.errors import UsageError
from bitcodec.files import read_regular

RECORD, CONFIG, LOG = "run.json", "config.yaml", Path("csv", "metrics.csv")
SIGMOID, BINARY, TRAINING = "val/psnr_sigmoid", "val/psnr_binary", "train/mse"
"""Columns of the log: PSNR of either reading, in dB; squared error of a training step."""
_STATES = ("finished", "failed", "interrupted", "preempted", "running")
_LARGEST_FILE = 1 << 20

Value = str | float | bool | None
Settings = Mapping[str, Value]
"""Dotted key → value. Integers are floats, so that ``std: 15`` and ``std: 15.0`` are one setting;
lists are their JSON text."""


@dataclass(frozen=True)
class Run:
    """One run folder. What it does not say, or says in a broken way, is None or empty.

    ``name`` is the shortest path that tells the compared runs apart, ``typed`` are the overrides,
    ``record`` is ``run.json``, ``settings`` the resolved config, and ``problem`` what is wrong with
    that, the rest of a sentence.
    """

    folder: Path
    name: str = ""
    typed: tuple[str, ...] = ()
    record: Settings = field(default_factory=dict)
    settings: Settings = field(default_factory=dict)
    problem: str = ""

    @property
    def state(self) -> str:
        """How it ended."""
        return str(self.record.get("state", "unreadable"))

    @property
    def metrics(self) -> dict[str, float]:
        """The final ones, whatever they are."""
        found = ((k.removeprefix("metrics."), k, v) for k, v in self.record.items())
        return {name: v for name, key, v in found if name != key and isinstance(v, float)}

    @property
    def overrides(self) -> dict[str, str]:
        """``noise.std=15`` and ``+a=1`` → ``{"noise.std": "15", "a": "1"}``."""
        pairs = (text.partition("=") for text in self.typed)
        return {key.lstrip("+~"): value for key, _, value in pairs}

    def value(self, key: str) -> Value:
        """What a key is: resolved, or the option chosen of a group of configs; None if unset."""
        if key in self.settings:
            return self.settings[key]
        text = self.overrides.get(key)
        try:
            return text and float(text)
        except ValueError:
            return text

    @property
    def shown(self) -> str:
        """The folder as text that any terminal and any file can hold."""
        return printable(self.folder.as_posix())


def find_runs(folders: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """The run folders in or below ``folders``, in natural order; and those that hold none.

    A folder is a run's if it holds what a run writes first: Hydra's notes, config or record.

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
        what = "holds no run: name a folder that train.py has written, such as multirun/DATE/TIME"
        raise UsageError(what, ", ".join(map(str, folders)))
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
        name = printable(folder.resolve().relative_to(common).as_posix())
        # Everything else tells runs apart by name, and different characters can print alike.
        candidates = (f"{name} ({number})" if number > 1 else name for number in count(1))
        name = next(each for each in candidates if each not in runs)
        runs[name] = replace(read_run(folder), name=name)
    return list(runs.values())


def read_run(folder: Path) -> Run:
    """One run folder, without a name yet."""
    run = Run(folder)
    try:
        content, record = _read(folder / RECORD, json.loads, "readable JSON")
        if record.get("state") not in _STATES:
            raise ValueError("is not the record of a run")
        typed = content.get("overrides")
        words = tuple(printable(str(text)) for text in typed) if isinstance(typed, list) else ()
        run = replace(run, record=record, typed=words)
    except ValueError as error:
        never = "" if (folder / RECORD).exists() else ": the run was stopped before it began"
        run = replace(run, record={"error": f"{RECORD} {error}{never}"})
    try:
        return replace(run, settings=_read(folder / CONFIG, _parse_config, "a readable config")[1])
    except ValueError as error:
        return replace(run, problem=f"{CONFIG} {error}")


def _read(path: Path, parse: Callable[[str], Any], kind: str) -> tuple[Any, dict[str, Value]]:
    """The content of a file that may be in any condition, and the same as a flat table.

    Raises:
        ValueError: the rest of a sentence about the file, such as ``is not KIND``.
    """
    try:
        content = parse(read_regular(path, _LARGEST_FILE).decode())
        return content, dict(_leaves(content, ""))
    except FileNotFoundError:
        raise ValueError("is missing") from None
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from None
    except (yaml.YAMLError, ValueError, TypeError, ArithmeticError, RecursionError):
        raise ValueError(f"is not {kind}") from None


def _parse_config(text: str) -> Any:
    # A resolved config has no aliases, and a few of them can stand for gigabytes.
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
        raise ValueError("with aliases")
    if not isinstance(content := yaml.safe_load(text), dict) or not content:
        raise ValueError("without keys")
    return content


def _leaves(node: Any, prefix: str) -> Iterator[tuple[str, Value]]:
    for name, value in node.items() if isinstance(node, dict) else ():
        key = f"{prefix}{printable(str(name))}"
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{key}.")
        elif value is None or isinstance(value, bool | int | float):
            yield key, value if isinstance(value, bool | None) else float(value)
        else:
            text = value if isinstance(value, str) else json.dumps(value, default=str)
            yield key, printable(text)


def read_curves(run: Run) -> dict[str, dict[int, float]]:
    """Each of the log's three columns by the number of steps done; broken lines are passed over.

    Logged is the step in hand, which counts from 0. Only the validation after the end is logged
    with the number of steps done. Mostly it says again what the one before said; of a run whose
    number of steps is not known this gives it away.
    """
    found: dict[str, dict[int, float]] = {SIGMOID: {}, BINARY: {}, TRAINING: {}}
    with suppress(OSError, csv.Error), (run.folder / LOG).open(errors="replace") as stream:
        # Of a line that was cut the last number may look whole.
        for row in csv.DictReader(line for line in stream if line.endswith("\n")):
            for column, curve in found.items():
                with suppress(KeyError, TypeError, ValueError):
                    if math.isfinite(value := float(row[column])):
                        curve[int(row["step"])] = value
    end = run.metrics.get("steps", math.inf)
    for column, curve in found.items():
        steps = sorted(curve)
        if len(steps) > 1 and steps[-1] == steps[-2] + 1 and curve[steps[-1]] == curve[steps[-2]]:
            del steps[-1]
        found[column] = {int(min(step + 1, end)): curve[step] for step in steps}
    return found


def number(value: object) -> float | None:
    """The value if it is a finite number, else None."""
    return value if isinstance(value, float) and math.isfinite(value) else None


def shown(value: Value) -> str:
    """A value as people write it: ``15``, ``0.001``, ``true``, ``null``."""
    if isinstance(value, str):
        return value
    return repr(value).removesuffix(".0") if isinstance(value, float) else json.dumps(value)


def printable(text: str) -> str:
    """One line without control characters, which a terminal would obey, and half characters."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in text)
