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
    last = run.metrics.get("steps", math.inf)
    try:
        with (run.folder / SCALARS).open(newline="", errors="replace") as stream:
            # Of a line that was cut the last number may look whole.
            for row in csv.DictReader(line for line in stream if line.endswith("\n")):
                for column, curve in found.items():
                    point = _point(row, column)
                    if point is not None:
                        # Training writes the number of the step just done, counted from 0; the
                        # last validation of all comes after training and writes the number of
                        # steps.
                        curve[int(min(point[0] + 1, last))] = point[1]
    except (OSError, csv.Error):
        pass
    return {column: dict(sorted(curve.items())) for column, curve in found.items()}


def _point(row: dict[str, str], column: str) -> tuple[int, float] | None:
    try:
        step, value = int(row["step"]), float(row[column])
    except (KeyError, TypeError, ValueError):
        return None
    return (step, value) if math.isfinite(value) else None
