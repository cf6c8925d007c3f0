"""Learning curves, from the ``csv/metrics.csv`` of a run."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import NamedTuple

from bitcodec.comparison.runs import Run

SCALARS = Path("csv", "metrics.csv")


class CurvePoint(NamedTuple):
    """A validation: training steps before it, and the two readings' PSNR in dB."""

    step: int
    psnr_sigmoid: float
    psnr_binary: float


def read_curve(run: Run) -> list[CurvePoint]:
    """The validations of a run by step; lines that are not whole are passed over."""
    found: dict[int, CurvePoint] = {}
    last = run.metrics.get("steps", math.inf)
    try:
        with (run.folder / SCALARS).open(newline="", errors="replace") as stream:
            for row in csv.DictReader(stream):
                point = _point(row)
                if point is not None:
                    # Training writes the number of the step just done, counted from 0; the last
                    # validation of all comes after training and writes the number of steps.
                    step = int(min(point.step + 1, last))
                    found[step] = point._replace(step=step)
    except (OSError, csv.Error):
        pass
    return [found[step] for step in sorted(found)]


def _point(row: dict[str, str]) -> CurvePoint | None:
    try:
        point = CurvePoint(
            int(row["step"]), float(row["val/psnr_sigmoid"]), float(row["val/psnr_binary"])
        )
    except (KeyError, TypeError, ValueError):
        return None
    return point if all(map(math.isfinite, point)) else None
