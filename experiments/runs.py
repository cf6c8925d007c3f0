"""Running many `train.py` runs for an experiment: each once, resumable, a few side by side."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.progress import Progress

REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Run:
    """One training run of an experiment: a folder name and the overrides of `train.py`."""

    name: str
    overrides: tuple[str, ...]


def run_all(
    runs: Sequence[Run], root: Path, jobs: int, threads: int, progress: bool = True
) -> list[dict[str, Any]]:
    """Train what is not finished yet below ``root``; returns the ``run.json`` of each.

    A run that was interrupted goes on from its last checkpoint, as ``resume_sweep=true`` has it.

    Raises:
        SystemExit: if a run fails, or its folder holds another one; its log is named.
    """
    with Progress(disable=not progress) as bar, ThreadPoolExecutor(jobs) as pool:
        task = bar.add_task("runs", total=len(runs))

        def one(run: Run) -> dict[str, Any]:
            record = _train(run, root / run.name, threads)
            bar.advance(task)
            return record

        return list(pool.map(one, runs))


def _train(run: Run, folder: Path, threads: int) -> dict[str, Any]:
    arguments = [*run.overrides, f"hydra.run.dir={folder}", f"threads={threads}", "quiet=true"]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "output.log").open("a") as output:
        done = subprocess.run(
            [sys.executable, "train.py", *arguments, "resume_sweep=true"],
            cwd=REPOSITORY,
            stdout=output,
            stderr=output,
        )
    if done.returncode:
        raise SystemExit(f"run {run.name} failed; see {folder / 'output.log'}")
    return json.loads((folder / "run.json").read_text())
