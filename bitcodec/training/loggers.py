"""Loggers that a resumed run goes on with: rows and events before its checkpoint stay."""

from __future__ import annotations

import csv
import io
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from lightning.pytorch.loggers.csv_logs import ExperimentWriter
from lightning.pytorch.loggers.logger import rank_zero_experiment
from omegaconf import DictConfig

from bitcodec.files import write_file


class PictureLog(ABC):
    """What shows a run's pictures and its result, beside the numbers that every logger gets."""

    @abstractmethod
    def log_picture(self, name: str, pixels: np.ndarray, step: int) -> None:
        """Show ``H x W x 3`` uint8 under a tag."""

    @abstractmethod
    def log_result(self, settings: Mapping[str, Any], result: Mapping[str, float]) -> None:
        """Show what tells the run from others, and its final metrics."""

    def close(self) -> None:  # noqa: B027 - most have nothing left to do
        """End what the logger holds open, at the end of a run, however it ends."""


class CsvLog(CSVLogger):
    """``metrics.csv``, without the rows that the checkpoint does not know of yet.

    Args:
        first: the step of the checkpoint; without one (0), an earlier file goes.
        options: Lightning's.
    """

    def __init__(self, first: int = 0, **options: Any) -> None:
        super().__init__(**options)
        self._first = first

    @property
    @rank_zero_experiment
    def experiment(self) -> ExperimentWriter:
        if self._experiment is None:
            Path(self.root_dir).mkdir(parents=True, exist_ok=True)
            self._experiment = _Rows(self.log_dir, self._first)
        return self._experiment  # type: ignore[return-value]


class _Rows(ExperimentWriter):
    def __init__(self, log_dir: str, first: int) -> None:
        self._first = first
        super().__init__(log_dir)

    def _check_log_dir_exists(self) -> None:
        """Lightning's would delete the file."""
        path = Path(self.metrics_file_path)
        if not path.is_file():
            return
        with path.open(newline="") as file:
            reader = csv.DictReader(file)
            rows = [row for row in reader if _step(row) < self._first]
        if not rows or reader.fieldnames is None:
            path.unlink()
            return
        self.metrics_keys = list(reader.fieldnames)
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, self.metrics_keys)
        writer.writeheader()
        writer.writerows(rows)
        write_file(path, text.getvalue().encode())


def _step(row: dict[str, str]) -> float:
    """The step of a row; a row that a kill has cut off lies behind every checkpoint."""
    if None in row or None in row.values():
        return float("inf")
    with suppress(KeyError, ValueError):
        return int(row["step"])
    return float("inf")


class TensorBoardLog(TensorBoardLogger, PictureLog):
    """Events, of which TensorBoard shows none from after the checkpoint that was gone on from.

    Args:
        first: the step of the checkpoint; without one (0), no earlier events are shown.
        options: Lightning's.
    """

    def __init__(self, first: int = 0, **options: Any) -> None:
        # The scalars of a step are logged before it counts as done, its pictures after.
        super().__init__(purge_step=first + 1 if first else 0, **options)

    def log_picture(self, name: str, pixels: np.ndarray, step: int) -> None:
        self.experiment.add_image(name, pixels, step, dataformats="HWC")

    def log_result(self, settings: Mapping[str, Any], result: Mapping[str, float]) -> None:
        self.log_hyperparams(
            dict(settings), {f"final/{name}": value for name, value in result.items()}
        )
        self.save()


def options(node: DictConfig, first: int) -> dict[str, int]:
    """What a logger of the config is told when a run goes on at step ``first``."""
    return {"first": first} if node._target_.startswith("bitcodec.training.") else {}
