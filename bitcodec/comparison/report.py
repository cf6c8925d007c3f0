"""A comparison folder, whole: ``runs.csv``, the plots as PNG, and ``index.html``."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

import vl_convert

from bitcodec.comparison import photographs
from bitcodec.comparison.charts import Charts
from bitcodec.comparison.curves import read_curves
from bitcodec.comparison.decision import decide, sentence
from bitcodec.comparison.notes import notes, summary
from bitcodec.comparison.pairing import Pairing
from bitcodec.comparison.runs import Run
from bitcodec.comparison.table import to_cells, to_csv, values
from bitcodec.errors import UsageError
from bitcodec.files import replacing_folder, write_file
from bitcodec.pages import document

TABLE, PAGE = "runs.csv", "index.html"
GENERATOR = "bitcodec compare"
"""What the page says of its origin; a folder with such a page may be replaced."""

_PLOTS = ("gap.png", "psnr.png", "penalty.png", "rate_distortion.png", "learning_curves.png")
_FILES = frozenset({TABLE, PAGE, *_PLOTS, "contact_sheet.png"})  # the last is of older versions
_LARGEST_HEAD = 4096
_MOST_POINTS = 120


@dataclass(frozen=True)
class Written:
    """Names of a comparison's files, and sentences: what to know before, and what it decides."""

    files: list[str]
    notes: list[str]
    decisions: list[str]


def refuse_foreign(folder: Path) -> None:
    """Object to a folder that may not be replaced: one that holds anything but a comparison.

    Raises:
        UsageError: with what to do.
    """
    try:
        if not folder.exists():
            return
        if not folder.is_dir():
            raise UsageError("this is a file: name a folder with -o", folder)
        held = sorted(path.name for path in folder.iterdir())
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror})", folder) from None
    foreign = [name for name in held if name not in _FILES]
    if foreign:
        raise UsageError(
            f"holds {foreign[0]}, which is no part of a comparison: name another folder with -o",
            folder,
        )
    if held and not _is_ours(folder / PAGE):
        raise UsageError(
            f"holds no {PAGE} by bitcodec compare, so it is not replaced: name another with -o",
            folder,
        )


def _is_ours(page: Path) -> bool:
    try:
        with page.open("rb") as stream:
            return f'content="{GENERATOR}"'.encode() in stream.read(_LARGEST_HEAD)
    except OSError:
        return False


def effort(runs: Sequence[Run]) -> int:
    """How often :func:`write` calls ``advance``, at most."""
    return 2 * len(runs) + len(_PLOTS)


def write(runs: Sequence[Run], folder: Path, advance: Callable[[], Any]) -> Written:
    """Write a comparison of ``runs`` as ``folder``, whole or not at all.

    Args:
        runs: at least one.
        folder: replaced if it is there; see :func:`refuse_foreign`.
        advance: called now and then, for a progress bar.

    Raises:
        UsageError: if the folder cannot be written.
    """
    pairing = Pairing(runs)
    decisions = decide(pairing)
    rows = values(pairing)
    charts = Charts(rows, _curves(pairing, rows, advance))
    every, left_out = charts.every()
    shown, too_large = photographs.of(pairing.drawn, advance)
    sentences = notes(pairing) + left_out + too_large
    columns, cells, details = to_cells(pairing)
    data = {
        "title": "Runs compared",
        "summary": summary(runs),
        "notes": sentences,
        "decisions": decisions,
        "charts": [
            {
                "key": f"{name}_{number}" if len(found) > 1 else name,
                "spec": charts.finished(chart),
            }
            for name, found in every.items()
            for number, chart in enumerate(found)
        ],
        "parallel": charts.finished(charts.parallel()),
        "datasets": charts.data,
        "legend": charts.legend,
        "columns": [asdict(column) for column in columns],
        "rows": [
            {"run": run.name, "state": run.state, "cells": row, "details": more}
            | {"href": _link(run, folder), "command": command(run)}
            for run, row, more in zip(runs, cells, details, strict=True)
        ],
        "photographs": shown,
    }
    page = document.render(
        "bitcodec.comparison",
        "compare",
        data,
        scripts=["charts.js", "photographs.js", "compare.js"],
        libraries=[vl_convert.javascript_bundle()],  # type: ignore[call-arg]
        generator=GENERATOR,
    )
    with replacing_folder(folder) as new:
        write_file(new / TABLE, to_csv(pairing).encode())
        for name, found in every.items():
            write_file(new / f"{name}.png", charts.png(found))
            advance()
        write_file(new / PAGE, page.encode())
        files = sorted(path.name for path in new.iterdir())
    return Written(files, sentences, [sentence(each) for each in decisions])


def command(run: Run) -> str:
    """What repeats a run; empty if its record does not say."""
    return " ".join(["python", "train.py", *map(shlex.quote, run.typed)]) if run.typed else ""


def _link(run: Run, folder: Path) -> str:
    """From the page to the run's folder, whatever characters that has."""
    path = os.path.relpath(run.folder.resolve(), folder.resolve())
    return quote_from_bytes(os.fsencode(Path(path).as_posix())) + "/"


def _curves(
    pairing: Pairing, rows: list[dict[str, Any]], advance: Callable[[], Any]
) -> list[dict[str, Any]]:
    """The learning curves of all runs that may be compared, thinned to what can be drawn."""
    looks = {row["run"]: {key: row[key] for key in ("noise", "penalty")} for row in rows}
    found: list[dict[str, Any]] = []
    for run in pairing.runs:
        advance()
        if not run.settings or run.name in pairing.superseded:
            continue
        steps: dict[int, dict[str, float]] = {}
        for column, curve in read_curves(run).items():
            stride = -(-len(curve) // _MOST_POINTS) or 1
            for step in sorted(curve)[::-stride]:
                steps.setdefault(step, {})[column] = curve[step]
        row = {"run": run.name, "ended": run.finished, **looks[run.name]}
        found += [row | {"step": step, **steps[step]} for step in sorted(steps)]
    return found
