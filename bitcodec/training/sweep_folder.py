"""The folder of a sweep: no finished results are replaced in it, and what came out is said."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, read_write

from bitcodec.errors import DamagedFileError, UsageError
from bitcodec.training.objective import FAILED
from bitcodec.training.preemption import restarts
from bitcodec.training.results import print_sweep
from bitcodec.training.run_names import name_by_what_is_swept
from bitcodec.training.run_record import NAME, RunRecord, is_result


class SweepFolder(Callback):
    """Hydra calls this in the process that starts a sweep."""

    def __init__(self) -> None:
        self._outcomes: list[bool] = []
        """Whether each run succeeded; empty where other processes carry them out."""

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        with read_write(config):
            name_by_what_is_swept(config)
        try:
            refuse_results(Path(config.hydra.sweep.dir), config)
        except UsageError as error:
            # Hydra makes a warning of every other exception, and runs the sweep.
            print(error, file=sys.stderr)
            sys.exit(error.exit_code)

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **kwargs: Any) -> None:
        self._outcomes.append(job_return._return_value != FAILED)

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        folder = Path(config.hydra.sweep.dir)
        records = _records(folder)
        if records and not config.quiet:
            print_sweep([(str(place.relative_to(folder)), each) for place, each in records], folder)
        succeeded = self._outcomes or [each["state"] == "finished" for _, each in records]
        if not any(succeeded):
            print(f"{folder}: every run of the sweep failed", file=sys.stderr)
            sys.exit(1)


def _records(folder: Path) -> list[tuple[Path, dict[str, Any]]]:
    """Folder and content of every readable record of a sweep, in the order of their beginning."""
    found = []
    for path in sorted(folder.rglob(NAME)):
        with suppress(DamagedFileError):  # its own run says so
            if (record := RunRecord.read(path.parent)) is not None:
                found.append((path.parent, record))
    return sorted(found, key=lambda pair: float(pair[1].get("started", 0.0)))


def refuse_results(folder: Path, config: DictConfig) -> None:
    """Refuse a sweep whose folder holds finished runs, unless the user has said what for, or
    SLURM has started its job anew.

    Raises:
        UsageError: in that case, or if asked to keep and to replace them.
    """
    if config.resume_sweep and config.overwrite:
        raise UsageError("resume_sweep=true keeps finished runs, overwrite=true replaces them")
    if config.resume_sweep or config.overwrite or restarts():
        return
    finished = [place for place, record in _records(folder) if is_result(record)]
    if finished:
        raise UsageError(
            f"holds {len(finished)} finished run{'s' * (len(finished) > 1)}; do the rest of that "
            "sweep with resume_sweep=true, replace its runs with overwrite=true, or give "
            "hydra.sweep.dir another folder",
            folder,
        )
