"""Running a sweep again in the folder of an earlier one: ``resume_sweep=true``.

Finished runs are skipped, all others go on where they stopped. What was measured is never
overwritten by a different run. A job that a cluster queues again does the same by itself.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from bitcodec.errors import BitcodecError, UsageError
from bitcodec.training.assembly import build_module
from bitcodec.training.checkpoints import checked
from bitcodec.training.control_keys import CONTROL_KEYS
from bitcodec.training.resume_facts import check_facts, resume_facts
from bitcodec.training.run import run
from bitcodec.training.run_record import RunRecord, is_result

log = logging.getLogger(__name__)


def resume(
    config: DictConfig, folder: Path, overrides: list[str], varied: Mapping[str, str]
) -> dict[str, float]:
    """As :func:`bitcodec.training.run`, but only what the folder's earlier run has left to do.

    Raises:
        UsageError: if the folder holds a run with other overrides; it is left alone.
        BitcodecError: as from ``run``.
    """
    earlier = RunRecord.read(folder)
    if earlier is None:
        return run(config, folder, overrides, varied)
    if wanted(earlier["overrides"]) != wanted(overrides):
        raise UsageError(
            f"holds another run ({' '.join(sorted(wanted(earlier['overrides'])))}); "
            "repeat its values, or name another folder (hydra.sweep.dir, hydra.run.dir)",
            folder,
        )
    if is_result(earlier):
        log.info("%s: finished before, skipped", folder)
        return earlier["metrics"]
    if checkpoint := usable_checkpoint(config, folder):
        log.info("%s: goes on from %s", folder, checkpoint.name)
        config = config.copy()
        OmegaConf.update(config, "ckpt_path", str(checkpoint))
    return run(config, folder, overrides, varied)


def wanted(overrides: list[str]) -> set[str]:
    """The overrides that say what a run computes, in no order."""
    return {text for text in overrides if text.partition("=")[0].lstrip("+~") not in CONTROL_KEYS}


def usable_checkpoint(config: DictConfig, folder: Path) -> Path | None:
    """The folder's last checkpoint if this run can go on from it.

    Raises:
        UsageError: if it can but for other batches or photographs: to start anew would lose it.
    """
    path = folder / "checkpoints" / "last.ckpt"
    if not path.is_file():
        return None
    try:
        checkpoint = checked(str(path), build_module(config))
    except BitcodecError as error:
        log.warning("%s; the run starts anew", error)
        return None
    if not config.resume_changed:
        check_facts(checkpoint, resume_facts(config), path)
    return path
