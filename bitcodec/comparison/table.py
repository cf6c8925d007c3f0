"""All runs as one table: ``runs.csv`` for programs, and rows for the page and its charts."""

from __future__ import annotations

import csv
import io
import os
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

from bitcodec.comparison.names import AXIS_NAMES, METRICS, NOISE, SEED, WEIGHT, written
from bitcodec.comparison.pairing import GROUP, Pairing
from bitcodec.comparison.runs import Value, number, read_curves, shown

_FACTS = (
    *("timing.wall_seconds", "timing.steps_per_second"),
    *("provenance.commit", "provenance.dirty", "timing.device", "error"),
)
"""Of ``run.json``, in columns that are called by the last part of a name."""
_SHOWN = ("psnr_sigmoid", "psnr_binary", "gap", "ones", "bpp")
_MOST_COLUMNS = 6
"""Settings in the page's table; runs that differ in more say the rest when they are chosen."""
_MOST_POINTS = 120
"""Of one learning curve: more cannot be told apart."""


def lines(pairing: Pairing) -> list[dict[str, Value]]:
    """All that is known of each run, by the columns of ``runs.csv``.

    These are folder, state, group, every overridden or differing key with its resolved value,
    seed, the final metrics, and what the run says of its making.
    """
    typed = [key for run in pairing.runs for key in run.overrides]
    known = dict.fromkeys([GROUP, *typed, *pairing.differing_keys])
    keys = [*(key for key in known if key != SEED), SEED]
    found = {key for run in pairing.runs for key in run.metrics}
    metrics = [key for key in METRICS if key in found] + sorted(found - METRICS.keys())
    return [
        {"folder": run.shown, "state": run.state}
        | {key: run.value(key) for key in keys}
        | {key: run.metrics.get(key) for key in metrics}
        | {fact.rpartition(".")[2]: run.record.get(fact) for fact in _FACTS}
        for run in pairing.runs
    ]


def to_csv(pairing: Pairing) -> str:
    """``runs.csv``: a line a run, numbers in full; what is not known is empty."""
    buffer = io.StringIO(newline="")
    found = [{k: "" if v is None else shown(v) for k, v in row.items()} for row in lines(pairing)]
    writer = csv.DictWriter(buffer, found[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(found)
    return buffer.getvalue()


def headings(pairing: Pairing) -> tuple[list[str], list[str]]:
    """Of the page's columns: those of settings, run and state first, and those of metrics."""
    names = [AXIS_NAMES.get(key, key) for key in pairing.differing_keys[:_MOST_COLUMNS]]
    return ["run", "state", *names], [METRICS[key].heading for key in _SHOWN]


def rows(pairing: Pairing, page: Path) -> list[dict[str, Any]]:
    """What the page and the charts know of every run.

    That is its name as ``run``, ``cells`` below the :func:`headings`, ``details`` (name and
    text), ``href`` from the folder of the page, the ``command`` if its record says so, whether it
    is ``drawn``, its ``group``, ``noise_std`` and ``penalty_weight`` as numbers, ``noise`` and
    ``penalty`` as texts, ``seed``, and its metrics.
    """
    keys, drawn = pairing.differing_keys, {run.name for run in pairing.drawn}
    found = []
    for run, line in zip(pairing.runs, lines(pairing), strict=True):
        noise, weight = (number(run.settings.get(key)) for key in (NOISE, WEIGHT))
        group = f"{run.settings[GROUP]} " if GROUP in keys and run.settings else ""
        link = Path(os.path.relpath(run.folder.resolve(), page.resolve())).as_posix()
        cells = [_cell(key, line.get(key)) for key in [*keys[:_MOST_COLUMNS], *_SHOWN]]
        more = {k: v for k, v in line.items() if k not in ("folder", "state", *_SHOWN)}
        found.append(
            {
                "run": run.name,
                "cells": [(run.name, run.name), (run.state, run.state), *cells],
                "details": [(k, _cell(k, v)[0]) for k, v in more.items() if v is not None],
                "href": quote_from_bytes(os.fsencode(link)) + "/",
                "command": shlex.join(["python", "train.py", *run.typed]) if run.typed else "",
                "drawn": run.name in drawn,
                "group": run.settings.get(GROUP),
                "noise_std": noise,
                "penalty_weight": weight,
                "noise": "unset" if noise is None else f"{noise:g}",
                "penalty": group + ("unset" if weight is None else f"{weight:g}"),
                "seed": number(run.value(SEED)),
                **{key: number(run.metrics.get(key)) for key in _SHOWN},
            }
        )
    return found


def curve_rows(pairing: Pairing) -> list[dict[str, Any]]:
    """Points of all runs that may be compared: ``run``, whether it ``ended``, ``step``, columns."""
    found: list[dict[str, Any]] = []
    for run in pairing.runs:
        steps: dict[int, dict[str, float]] = {}
        for column, curve in read_curves(run).items():
            stride = -(-len(curve) // _MOST_POINTS) or 1
            for step in sorted(curve)[::-stride]:
                steps.setdefault(step, {})[column] = curve[step]
        if run.settings and run.name not in pairing.superseded:
            row = {"run": run.name, "ended": run.state == "finished"}
            found += [row | {"step": step, **steps[step]} for step in sorted(steps)]
    return found


def _cell(key: str, value: Value) -> tuple[str, Value]:
    """What is shown, and what it is sorted by: None comes last."""
    if isinstance(value, float):
        return written(key, value) if key in METRICS else shown(value), number(value)
    return ("", None) if value is None else (shown(value), shown(value))
