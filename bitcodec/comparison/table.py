"""All runs as one table: ``runs.csv`` for programs, and rows for the page and its charts."""

from __future__ import annotations

import csv
import io
import os
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

from bitcodec.comparison.metrics import METRICS
from bitcodec.comparison.pairing import GROUP, Pairing
from bitcodec.comparison.runs import Run
from bitcodec.comparison.settings import AXIS_NAMES, NOISE, SEED, WEIGHT, Value, number, shown

_FACTS = ("wall_seconds", "steps_per_second", "commit", "dirty", "device", "error")
_SHOWN = ("psnr_sigmoid", "psnr_binary", "gap", "ones", "bpp")
_MOST_COLUMNS = 6
"""Settings in the page's table; runs that differ in more say the rest when they are chosen."""


def to_csv(pairing: Pairing) -> str:
    """One line for each run, numbers in full; what is not known is empty.

    Columns: folder, state, group, every overridden or differing key with its resolved value,
    seed, the final metrics, and what the run says of its making.
    """
    typed = [key for run in pairing.runs for key in run.overrides]
    known = dict.fromkeys([GROUP, *typed, *pairing.differing_keys])
    keys = [*(key for key in known if key != SEED), SEED]
    lines = [
        {"folder": run.shown, "state": run.state}
        | {key: _full(run.value(key)) for key in keys}
        | {key: _full(run.metrics.get(key)) for key in _metric_keys(pairing)}
        | {name: _full(getattr(run, name)) for name in _FACTS}
        for run in pairing.runs
    ]
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, lines[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return buffer.getvalue()


def columns(pairing: Pairing) -> list[dict[str, Any]]:
    """The page's columns: ``heading``, whether ``numeric``, and whether a ``metric``."""
    found: list[tuple[str, bool, bool]] = [("run", False, False), ("state", False, False)]
    for key in pairing.differing_keys[:_MOST_COLUMNS]:
        values = [run.value(key) for run in pairing.runs]
        numeric = all(value is None or number(value) is not None for value in values)
        found.append((AXIS_NAMES.get(key, key), numeric, False))
    found += [(METRICS[key].heading, True, True) for key in _SHOWN]
    return [dict(zip(("heading", "numeric", "metric"), each, strict=True)) for each in found]


def rows(pairing: Pairing, page: Path) -> list[dict[str, Any]]:
    """What the page and the charts know of every run.

    Args:
        pairing: of the runs.
        page: the folder from which links lead to those of the runs.

    Returns:
        For each run its name as ``run``, ``cells`` of the :func:`columns` (what is shown, and what
        it is sorted by, None last), ``details`` (name and text), ``href``, ``command`` (empty if
        its record does not say), whether it is ``drawn``, ``x_noise`` and ``x_weight`` as numbers,
        ``noise`` and ``penalty`` as texts, ``seed``, and its metrics, shares in percent.
    """
    keys, drawn = pairing.differing_keys, {run.name for run in pairing.drawn}
    others = [key for key in _metric_keys(pairing) if key in METRICS and key not in _SHOWN]
    found = []
    for run in pairing.runs:
        texts = {key: _full(run.value(key)) for key in keys}
        figures = {key: number(run.metrics.get(key)) for key in _SHOWN}
        commit = f"{run.commit[:7]}{' +changes' if run.dirty else ''}" if run.commit else None
        seconds = None if run.wall_seconds is None else f"{run.wall_seconds:,.0f}"
        made = {"seconds": seconds, "device": run.device, "commit": commit, "error": run.error}
        details = {METRICS[key].heading: _text(run, key) for key in others} | texts | made
        noise, weight = (number(run.settings.get(key)) for key in (NOISE, WEIGHT))
        group = f"{run.settings[GROUP]} " if GROUP in keys and run.settings else ""
        link = Path(os.path.relpath(run.folder.resolve(), page.resolve())).as_posix()
        found.append(
            {
                "run": run.name,
                "cells": [(run.name, run.name), (run.state, run.state)]
                + [(texts[key], _rank(run.value(key))) for key in keys[:_MOST_COLUMNS]]
                + [(_text(run, key), figures[key]) for key in _SHOWN],
                "details": [(name, text) for name, text in details.items() if text],
                "href": quote_from_bytes(os.fsencode(link)) + "/",
                "command": shlex.join(["python", "train.py", *run.typed]) if run.typed else "",
                "drawn": run.name in drawn,
                "x_noise": noise,
                "x_weight": weight,
                "noise": "unset" if noise is None else f"{noise:g}",
                "penalty": group + ("unset" if weight is None else f"{weight:g}"),
                "seed": run.seed,
                **{k: v if v is None else METRICS[k].factor * v for k, v in figures.items()},
            }
        )
    return found


def _metric_keys(pairing: Pairing) -> list[str]:
    """Those that any run has: the known ones in their order, then others."""
    found = {key for run in pairing.runs for key in run.metrics}
    return [key for key in METRICS if key in found] + sorted(found - METRICS.keys())


def _text(run: Run, key: str) -> str:
    return METRICS[key].text(run.metrics[key]) if key in run.metrics else ""


def _rank(value: Value) -> float | str | None:
    return value if value is None or number(value) is not None else shown(value)


def _full(value: Value) -> str:
    return "" if value is None else shown(value)
