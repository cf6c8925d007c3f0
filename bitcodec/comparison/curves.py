"""Learning curves, from the ``csv/metrics.csv`` of a run."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from bitcodec.comparison.pairing import Pairing
from bitcodec.comparison.runs import Run

SCALARS = Path("csv", "metrics.csv")
SIGMOID, BINARY, TRAINING = "val/psnr_sigmoid", "val/psnr_binary", "train/mse"
"""Columns: PSNR of either reading at a validation, in dB; squared error of a training step."""
_MOST_POINTS = 120


def curve_rows(pairing: Pairing) -> list[dict[str, Any]]:
    """Points of all runs that may be compared: ``run``, whether it ``ended``, ``step``, columns.

    Each curve is thinned to what can be drawn.
    """
    found: list[dict[str, Any]] = []
    for run in pairing.runs:
        if not run.settings or run.name in pairing.superseded:
            continue
        steps: dict[int, dict[str, float]] = {}
        for column, curve in read_curves(run).items():
            stride = -(-len(curve) // _MOST_POINTS) or 1
            for step in sorted(curve)[::-stride]:
                steps.setdefault(step, {})[column] = curve[step]
        row = {"run": run.name, "ended": run.finished}
        found += [row | {"step": step, **steps[step]} for step in sorted(steps)]
    return found


def read_curves(run: Run) -> dict[str, Mapping[int, float]]:
    """Each of the three columns by the number of steps done; broken lines are passed over."""
    found: dict[str, dict[int, float]] = {SIGMOID: {}, BINARY: {}, TRAINING: {}}
    path = run.folder / SCALARS
    with suppress(OSError, csv.Error), path.open(newline="", errors="replace") as stream:
        # Of a line that was cut the last number may look whole.
        for row in csv.DictReader(line for line in stream if line.endswith("\n")):
            for column, curve in found.items():
                with suppress(KeyError, TypeError, ValueError):
                    if math.isfinite(value := float(row[column])):
                        curve[int(row["step"])] = value
    last = run.metrics.get("steps", math.inf)
    return {column: _counted(curve, last) for column, curve in found.items()}


def _counted(logged: Mapping[int, float], last: float) -> Mapping[int, float]:
    """Steps done instead of the number of the step in hand, which is logged and counts from 0.

    The validation after the end is logged with the number of steps done. Mostly it says again
    what the one before said; of a run whose number of steps is not known this gives it away.
    """
    steps = sorted(logged)
    if len(steps) > 1 and steps[-1] == steps[-2] + 1 and logged[steps[-1]] == logged[steps[-2]]:
        del steps[-1]
    return {int(min(step + 1, last)): logged[step] for step in steps}
