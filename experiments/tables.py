"""Runs as rows: what experiments write of their runs, as CSV and as Markdown."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

Row = dict[str, Any]

METRICS = ("psnr_sigmoid", "psnr_binary", "gap", "ones", "entropy_bpp", "bpp", "mse", "loss")
COLUMNS = ("experiment", "noise_std", "penalty_weight", "seed", "steps", *METRICS)
"""Of every ``results.csv`` of runs."""


def row_of(
    record: Row, experiment: str, noise_std: float, penalty_weight: float, steps: int
) -> Row:
    """A run's row in ``results.csv``, from its ``run.json``."""
    row = {"experiment": experiment, "noise_std": noise_std, "penalty_weight": penalty_weight}
    row |= {"seed": record["seed"], "steps": steps}
    return row | {key: float(f"{record['metrics'][key]:.6g}") for key in METRICS}


def groups(rows: Iterable[Row], keys: Sequence[str]) -> list[list[Row]]:
    """Rows that are alike in these columns, in the order in which the first of each comes."""
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row[key] for key in keys), []).append(row)
    return list(found.values())


def average(rows: Sequence[Row], key: str, form: str, spread: bool = True) -> str:
    """The mean of a column and, of several rows, ± the sample standard deviation."""
    values = [row[key] for row in rows]
    deviation = f" ± {stdev(values):{form}}" if spread and len(values) > 1 else ""
    return f"{mean(values):{form}}{deviation}"


def markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table as documents quote it."""
    lines = [f"| {' | '.join(cells)} |" for cells in (heads, *rows)]
    lines.insert(1, "|---" * len(heads) + "|")
    return "\n".join(lines) + "\n"


def write_csv(path: Path, rows: Sequence[Row], columns: Sequence[str] | None = None) -> None:
    """Rows with their heads, by default in the order of the first row."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns or list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def published(overrides: Iterable[str]) -> list[str]:
    """Of a run's overrides those that name no folder of the machine it ran on."""
    return [text for text in overrides if "/" not in text]
