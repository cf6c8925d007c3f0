"""All runs as one table: ``runs.csv`` for programs, cells with text for the page."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass

from bitcodec.comparison.metrics import METRICS
from bitcodec.comparison.pairing import Pairing, letter
from bitcodec.comparison.runs import Run
from bitcodec.comparison.settings import SEED, Value, number, shown

_FACTS = ("wall_seconds", "steps_per_second", "commit", "dirty", "device", "error")


def to_csv(pairing: Pairing) -> str:
    """One line for each run, numbers in full; what is not known is empty.

    Columns: folder, state, group, every overridden or differing key with its resolved value,
    seed, the final metrics, and what the run says of its making.
    """
    keys = [key for key in _setting_keys(pairing) if key != SEED]
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


@dataclass(frozen=True)
class Cell:
    """What is shown, and what it is sorted by; None sorts last either way."""

    text: str
    order: float | str | None


def to_cells(pairing: Pairing) -> tuple[list[Column], list[list[Cell]]]:
    """The table of the page: of the settings only those in which the runs differ."""
    several = pairing.group_count > 1
    keys = [key for key in pairing.differing_keys if key != SEED]
    metrics = [METRICS[key] for key in _metric_keys(pairing) if key in METRICS]
    numbers = {key for key in keys if _is_numeric(pairing, key)}
    columns = [Column("run", False), Column("state", False)]
    columns += [Column("group", False)] if several else []
    columns += [Column(key, key in numbers) for key in keys] + [Column("seed", True)]
    columns += [Column(metric.heading, True) for metric in metrics]
    columns += [Column("seconds", True), Column("steps/s", True)]
    columns += [Column("device", False), Column("commit", False)]
    rows = []
    for run in pairing.runs:
        group = pairing.group(run)
        row = [Cell(run.name, run.name), Cell(run.state, run.state)]
        if several:
            row.append(_string("" if group is None else letter(group)))
        row += [_setting(pairing.value(run, key), key in numbers) for key in keys]
        row.append(_quantity(run.seed, ".0f"))
        for metric in metrics:
            value = run.metrics.get(metric.key)
            text = "" if value is None else metric.text(value)
            row.append(Cell(text, number(value)))
        row += [_quantity(run.wall_seconds, ",.0f"), _quantity(run.steps_per_second, ".1f")]
        row += [_string(run.device or ""), _string(_commit(run))]
        rows.append(row)
    return columns, rows


def _setting_keys(pairing: Pairing) -> list[str]:
    return list(dict.fromkeys([*pairing.overridden_keys, *pairing.differing_keys]))


def _metric_keys(pairing: Pairing) -> list[str]:
    """Those that any run has: the known ones in their order, then others."""
    found = {key for run in pairing.runs for key in run.metrics}
    return [key for key in METRICS if key in found] + sorted(found - METRICS.keys())


def _is_numeric(pairing: Pairing, key: str) -> bool:
    values = [pairing.value(run, key) for run in pairing.runs]
    return all(value is None or number(value) is not None for value in values)


def _setting(value: Value, numeric: bool) -> Cell:
    if value is None:
        return Cell("", None)
    return Cell(shown(value), number(value) if numeric else shown(value))


def _quantity(value: float | None, form: str) -> Cell:
    return Cell("" if value is None else format(value, form), value)


def _string(text: str) -> Cell:
    return Cell(text, text or None)


def _commit(run: Run) -> str:
    return (run.commit or "")[:7] + (" +changes" if run.commit and run.dirty else "")


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return json.dumps(value)
    return "" if value is None else shown(value)
