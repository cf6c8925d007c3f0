"""Learning curves, from the ``csv/metrics.csv`` of a run."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from pathlib import Path

from bitcodec.comparison.runs import Run

SCALARS = Path("csv", "metrics.csv")
SIGMOID, BINARY, TRAINING = "val/psnr_sigmoid", "val/psnr_binary", "train/mse"
"""Columns: PSNR of either reading at a validation, in dB; squared error of a training step."""

Curve = Mapping[int, float]
"""Number of training steps done → value, by step."""


def read_curves(run: Run) -> dict[str, Curve]:
    """A curve for each of the three columns; lines that are not whole are passed over."""
    found: dict[str, dict[int, float]] = {SIGMOID: {}, BINARY: {}, TRAINING: {}}
    try:
        with (run.folder / SCALARS).open(newline="", errors="replace") as stream:
            # Of a line that was cut the last number may look whole.
            for row in csv.DictReader(line for line in stream if line.endswith("\n")):
                for column, curve in found.items():
                    point = _point(row, column)
                    if point is not None:
                        curve[point[0]] = point[1]
    except (OSError, csv.Error):
        pass
    last = run.metrics.get("steps", math.inf)
    return {column: _counted(curve, last) for column, curve in found.items()}


def _counted(logged: Mapping[int, float], last: float) -> Curve:
    """Steps done instead of the number of the step in hand, which is logged and counts from 0.

    The validation after the end is logged with the number of steps done. Mostly it says again
    what the one before said; of a run whose number of steps is not known this gives it away.
    """
    steps = sorted(logged)
    if len(steps) > 1 and steps[-1] == steps[-2] + 1 and logged[steps[-1]] == logged[steps[-2]]:
        del steps[-1]
    return {int(min(step + 1, last)): logged[step] for step in steps}


def _point(row: dict[str, str], column: str) -> tuple[int, float] | None:
    try:
        step, value = int(row["step"]), float(row[column])
    except (KeyError, TypeError, ValueError):
        return None
    return (step, value) if math.isfinite(value) else None
