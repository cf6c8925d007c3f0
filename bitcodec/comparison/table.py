"""All runs as one table: ``runs.csv`` for programs, cells with text for the page."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import Any

from bitcodec.comparison.metrics import METRICS
from bitcodec.comparison.pairing import Pairing, letter
from bitcodec.comparison.runs import Run
from bitcodec.comparison.settings import AXIS_NAMES, NOISE, SEED, WEIGHT, Value, number, shown

_FACTS = ("wall_seconds", "steps_per_second", "commit", "dirty", "device", "error")
_SHOWN = ("psnr_sigmoid", "psnr_binary", "gap", "ones", "bpp")
GROUP = "group"
_MOST_COLUMNS = 6
"""Settings in the page's table; runs that differ in more say the rest when they are chosen."""


def to_csv(pairing: Pairing) -> str:
    """One line for each run, numbers in full; what is not known is empty.

    Columns: folder, state, group, every overridden or differing key with its resolved value,
    seed, the final metrics, and what the run says of its making.
    """
    known = dict.fromkeys([*pairing.overridden_keys, *pairing.differing_keys])
    keys = [key for key in known if key != SEED]
    metrics = _metric_keys(pairing)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["folder", "state", "group", *keys, SEED, *metrics, *_FACTS])
    for run in pairing.runs:
        group = pairing.group(run)
        writer.writerow(
            [
                run.shown,
                run.state,
                "" if group is None else letter(group),
                *(_text(pairing.value(run, key)) for key in keys),
                "" if run.seed is None else run.seed,
                *(_text(run.metrics.get(key)) for key in metrics),
                *(_text(getattr(run, name)) for name in _FACTS),
            ]
        )
    return buffer.getvalue()


@dataclass(frozen=True)
class Column:
    """A column of the page's table; ``numeric`` ones are set flush right."""

    heading: str
    numeric: bool
    metric: bool = False


Cell = tuple[str, float | str | None]
"""What is shown, and what it is sorted by; None sorts last either way."""


def to_cells(
    pairing: Pairing,
) -> tuple[list[Column], list[list[Cell]], list[list[tuple[str, str]]]]:
    """The page's table: columns, a row of cells a run, and what else is told of a run by name."""
    keys = varied(pairing)[:_MOST_COLUMNS]
    numbers = {key for key in keys if _is_numeric(pairing, key)}
    columns = [Column("run", False), Column("state", False)]
    columns += [Column(AXIS_NAMES.get(key, key), key in numbers) for key in keys]
    columns += [Column(METRICS[key].heading, True, True) for key in _SHOWN]
    rows, details = [], []
    for run in pairing.runs:
        row: list[Cell] = [(run.name, run.name), (run.state, run.state)]
        row += [_setting(value_of(pairing, run, key), key in numbers) for key in keys]
        row += [_metric(run, key) for key in _SHOWN]
        rows.append(row)
        others = [key for key in _metric_keys(pairing) if key in METRICS and key not in _SHOWN]
        more = [(METRICS[key].heading, _metric(run, key)[0]) for key in others]
        more += [(key, _setting(value_of(pairing, run, key), False)[0]) for key in varied(pairing)]
        seconds = "" if run.wall_seconds is None else f"{run.wall_seconds:,.0f}"
        more += [("seconds", seconds), ("device", run.device or ""), ("commit", _commit(run))]
        details.append([(name, text) for name, text in (*more, ("error", run.error or "")) if text])
    return columns, rows, details


def values(pairing: Pairing) -> list[dict[str, Any]]:
    """What the charts know of every run: see :class:`bitcodec.comparison.charts.Charts`."""
    rows = []
    drawn = {run.name for run in pairing.drawn}
    for run in pairing.runs:
        noise, weight = (number(run.settings.get(key)) for key in (NOISE, WEIGHT))
        group = pairing.group(run)
        penalty = "unset" if weight is None else f"{weight:g}"
        several = pairing.group_count > 1 and group is not None
        metrics = {key: number(run.metrics.get(key)) for key in _SHOWN}
        rows.append(
            {
                "run": run.name,
                "drawn": run.name in drawn,
                "x_noise": noise,
                "x_weight": weight,
                "noise": "unset" if noise is None else f"{noise:g}",
                "group": letter(group) if group is not None else "",
                "penalty": f"{letter(group or 0)} {penalty}" if several else penalty,
                "seed": run.seed,
                **metrics,
            }
        )
    return rows


def varied(pairing: Pairing) -> list[str]:
    """What tells the runs apart: the keys in which they differ, and groups if there are several."""
    return [*pairing.differing_keys, *([GROUP] if pairing.group_count > 1 else [])]


def value_of(pairing: Pairing, run: Run, key: str) -> Value:
    """What one of the keys of :func:`varied` is in a run; None if it is not known."""
    group = pairing.group(run)
    if key == GROUP:
        return None if group is None else letter(group)
    return float(run.seed) if key == SEED and run.seed is not None else pairing.value(run, key)


def _metric(run: Run, key: str) -> Cell:
    value = run.metrics.get(key)
    return ("" if value is None else METRICS[key].text(value), number(value))


def _metric_keys(pairing: Pairing) -> list[str]:
    """Those that any run has: the known ones in their order, then others."""
    found = {key for run in pairing.runs for key in run.metrics}
    return [key for key in METRICS if key in found] + sorted(found - METRICS.keys())


def _is_numeric(pairing: Pairing, key: str) -> bool:
    found = [value_of(pairing, run, key) for run in pairing.runs]
    return all(value is None or number(value) is not None for value in found)


def _setting(value: Value, numeric: bool) -> Cell:
    if value is None:
        return "", None
    return shown(value), number(value) if numeric else shown(value)


def _commit(run: Run) -> str:
    return (run.commit or "")[:7] + (" +changes" if run.commit and run.dirty else "")


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return json.dumps(value)
    return "" if value is None else shown(value)
