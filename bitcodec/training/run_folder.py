"""The folder that a run writes to: what lies there already, and what of it may go."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path

from omegaconf import DictConfig

from bitcodec.errors import DamagedFileError, UsageError, typed
from bitcodec.training.ranks import rank
from bitcodec.training.run_record import RunRecord, is_result

log = logging.getLogger(__name__)

TRACKERS = ("wandb", "mlflow", "aim")
OUTPUTS = ("run.json", "config.yaml", "checkpoints", "panels", "tensorboard", "csv", *TRACKERS)
"""All that a run writes; whatever else lies in its folder is never removed."""


def holds_result(folder: Path, config: DictConfig) -> bool:
    """Whether a finished run lies in ``folder``, which this one may go on with or replace.

    Raises:
        UsageError: if it may not: the user has asked for neither.
        DamagedFileError: if its record cannot be read, and nobody said that it may go.
    """
    if rank():
        return False
    try:
        earlier = RunRecord.read(folder)
    except DamagedFileError:
        if config.overwrite:
            return True
        raise
    if earlier is None:
        return False
    asked = config.overwrite or goes_on_here(folder, config)
    checkpoint = folder / "checkpoints" / "last.ckpt"
    if not is_result(earlier):
        left = earlier["state"] != "finished" and checkpoint.is_file()
        if left and not asked and not config.resume_sweep:
            log.warning(
                "%s: the run here did not finish, and begins anew; to go on, stop now and add %s",
                folder,
                typed("ckpt_path", checkpoint),
            )
        return False
    if asked:
        return True
    raise UsageError(
        f"holds a finished run; train it further with {typed('ckpt_path', checkpoint)} (a sweep: "
        "resume_sweep=true), replace it with overwrite=true, or name another folder",
        folder,
    )


def goes_on_here(folder: Path, config: DictConfig) -> bool:
    """Whether the run goes on from a checkpoint of this very folder."""
    if not config.ckpt_path:
        return False
    return Path(config.ckpt_path).resolve().is_relative_to(folder.resolve())


def clear(folder: Path, config: DictConfig) -> None:
    """Remove what an earlier run left, but no checkpoint that this one starts from."""
    if rank():
        return
    kept = {Path(path).resolve() for path in (config.ckpt_path, config.init_from) if path}
    for name in OUTPUTS:
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            _clear(path, kept)
        elif path.resolve() not in kept:
            path.unlink(missing_ok=True)


def _clear(top: Path, kept: set[Path]) -> None:
    for place, folders, files in os.walk(top, topdown=False):
        for name in (*files, *folders):
            path = Path(place, name)
            if path.is_dir() and not path.is_symlink():
                with suppress(OSError):  # what is kept lies in it
                    path.rmdir()
            elif path.resolve() not in kept:
                path.unlink()
    with suppress(OSError):
        top.rmdir()
