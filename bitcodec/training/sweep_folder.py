"""The folder of a sweep, before its first run: nobody's finished results are replaced."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from bitcodec.errors import DamagedFileError, UsageError
from bitcodec.training.run_record import NAME, RunRecord, is_result


class SweepFolder(Callback):
    """Hydra calls this in the process that starts a sweep."""

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        try:
            refuse_results(Path(config.hydra.sweep.dir), config)
        except UsageError as error:
            # Hydra makes a warning of every other exception, and runs the sweep.
            print(error, file=sys.stderr)
            sys.exit(error.exit_code)


def refuse_results(folder: Path, config: DictConfig) -> None:
    """Refuse a sweep whose folder holds finished runs, unless the user has said what for.

    Raises:
        UsageError: in that case, or if asked to keep and to replace them.
    """
    if config.resume_sweep and config.overwrite:
        raise UsageError("resume_sweep=true keeps finished runs, overwrite=true replaces them")
    if config.resume_sweep or config.overwrite:
        return
    finished = [each for each in sorted(folder.rglob(NAME)) if _is_result(each.parent)]
    if finished:
        raise UsageError(
            f"holds {len(finished)} finished run{'s' * (len(finished) > 1)}; do the rest of that "
            "sweep with resume_sweep=true, replace its runs with overwrite=true, or give "
            "hydra.sweep.dir another folder",
            folder,
        )


def _is_result(folder: Path) -> bool:
    try:
        record = RunRecord.read(folder)
    except DamagedFileError:
        return False  # its own run says so
    return record is not None and is_result(record)
