"""What a checkpoint has to know of its run beside the module: batches and photographs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
from omegaconf import DictConfig

from bitcodec.errors import UsageError
from bitcodec.training.photos import find_images
from bitcodec.training.ranks import processes

KEY = "bitcodec_run"
"""Where the facts stand in a checkpoint."""
ACCUMULATE = "trainer.accumulate_grad_batches"


def resume_facts(config: DictConfig) -> dict[str, Any]:
    """What must not change from a run to its continuation: the name of each fact, its value."""
    batch = {f"data.batch.{name}": value for name, value in config.data.batch.items()}
    batch["frozen"] = sorted(config.frozen)
    batch[ACCUMULATE] = config.trainer.accumulate_grad_batches
    if together := processes(config.trainer):
        batch["number of processes"] = together
    return batch | {"training images": _contents(config.data)}


def _contents(data: DictConfig) -> str:
    """Names and sizes of the files that are trained on, wherever their folder lies."""
    kind = data._target_.rpartition(".")[2]
    if kind != "FolderData":
        return kind
    root = Path(data.root)
    digest, paths = hashlib.sha256(), find_images(root)
    for path in paths:
        digest.update(f"{path.relative_to(root).as_posix()}\0{path.stat().st_size}\0".encode())
    chosen = "all" if data.val_root else "nine in ten"
    return f"{chosen} of {len(paths)} files ({digest.hexdigest()[:12]})"


def check_facts(checkpoint: Mapping[str, Any], facts: Mapping[str, Any], path: str | Path) -> None:
    """Refuse to go on with other batches or photographs; an older checkpoint knows of none.

    Raises:
        UsageError: naming the first fact that differs.
    """
    theirs = checkpoint.get(KEY, {})
    for name in sorted(theirs.keys() & facts.keys()):
        if theirs[name] != facts[name]:
            raise UsageError(
                f"was trained with {name}={theirs[name]}, and this run has {facts[name]}: repeat "
                "what the first run had, or go on all the same with resume_changed=true",
                path,
            )


class ResumeFacts(pl.Callback):
    """Writes the facts into every checkpoint."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self.facts = dict(facts)

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        checkpoint[KEY] = self.facts
