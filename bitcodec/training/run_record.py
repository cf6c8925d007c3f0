"""``run.json``: what a run was, how it went, what it measured."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from bitcodec.errors import DamagedFileError
from bitcodec.files import write_file
from bitcodec.provenance import provenance
from bitcodec.training.ranks import rank

NAME = "run.json"


def is_result(record: Mapping[str, Any]) -> bool:
    """Whether the content of a record is that of a run which has been through; no mere trial."""
    return record["state"] == "finished" and not record.get("fast_dev_run")


@dataclass
class RunRecord:
    """Written when the run starts and when it ends, so that a killed run reads ``running``.

    Attributes:
        folder: the run's folder.
        state: ``running``, ``finished``, ``failed``, ``interrupted`` or ``preempted``.
        overrides: the user's overrides, as typed.
        seed: the run's seed.
        started: Unix time, seconds.
        provenance: see :func:`bitcodec.provenance.provenance`.
        timing: seconds, steps per second, device, precision, threads.
        metrics: final validation metrics, named as the columns of ``results.csv``.
        error: the sentence that ended a run that did not finish.
        fast_dev_run: whether a step or two were a trial of all parts, and no training.
        after_preemption: whether it goes on after a cluster had ended it.
        begun: whether it is on disk; until then an earlier run's stays.
    """

    folder: Path
    state: str
    overrides: list[str]
    seed: int
    started: float
    provenance: dict[str, Any]
    timing: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    error: str | None = None
    fast_dev_run: bool = False
    after_preemption: bool = False
    begun: bool = False

    @staticmethod
    def read(folder: Path) -> dict[str, Any] | None:
        """The content of a folder's record, or None where no run has begun.

        Raises:
            DamagedFileError: if it is not the record of a run.
        """
        path = folder / NAME
        try:
            content = json.loads(path.read_text())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise DamagedFileError("not readable; remove it to start anew", path) from error
        needed = {"state", "overrides", "metrics"}
        if not isinstance(content, dict) or not needed <= content.keys():
            raise DamagedFileError("not the record of a run; remove it to start anew", path)
        return content

    @classmethod
    def of(cls, folder: Path, overrides: list[str], config: DictConfig) -> RunRecord:
        """The record of a run that begins now."""
        record = cls(folder, "running", overrides, config.seed, time.time(), provenance())
        record.fast_dev_run = bool(config.trainer.fast_dev_run)
        return record

    def begin(self, config: DictConfig) -> None:
        """Write the record and the resolved config."""
        self.begun = True
        if rank():
            return
        (self.folder / "config.yaml").write_text(OmegaConf.to_yaml(config, resolve=True))
        self._write()

    def finish(
        self, state: str, metrics: dict[str, float] | None = None, error: str | None = None
    ) -> None:
        """Write how the run ended, unless it never began."""
        if not self.begun:
            return
        self.state, self.metrics, self.error = state, metrics or {}, error
        self.timing["wall_seconds"] = round(time.time() - self.started, 2)
        self._write()

    def _write(self) -> None:
        if rank():
            return
        content = asdict(self)
        del content["folder"], content["begun"]
        write_file(self.folder / NAME, (json.dumps(content, indent=2) + "\n").encode())
