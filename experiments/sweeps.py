"""Sweeps of the article's network on CIFAR-10, started as a user would start them."""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from experiments.runs import REPOSITORY


@dataclass(frozen=True)
class Sweep:
    """One sweep of an experiment: its folder's name and what `train.py -m` is given."""

    name: str
    overrides: tuple[str, ...]


def arguments(description: str | None, default_out: str) -> argparse.Namespace:
    """The options that every experiment of this kind has."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with train/ and test/")
    parser.add_argument("--out", type=Path, default=Path(default_out), help="where the runs go")
    parser.add_argument("--jobs", type=int, default=1, help="runs side by side")
    parser.add_argument("--threads", type=int, default=1, help="threads of each run")
    parser.add_argument("--train-only", action="store_true", help="write no report")
    return parser.parse_args()


def train(sweep: Sweep, options: argparse.Namespace) -> Path:
    """Train what is not finished yet; returns the sweep's folder.

    Raises:
        SystemExit: if the sweep ends early.
    """
    folder = options.out.resolve() / sweep.name
    data = options.data.resolve()
    command = [
        *(sys.executable, "train.py", "-m", "experiment=short", *sweep.overrides),
        *("data=folder", f"data.root={data / 'train'}", f"data.val_root={data / 'test'}"),
        *("data.batch.flip=false", f"threads={options.threads}", "quiet=true"),
        *("resume_sweep=true", f"hydra.sweep.dir={folder}"),
    ]
    if options.jobs > 1:
        command += ["hydra/launcher=joblib", f"hydra.launcher.n_jobs={options.jobs}"]
    done = subprocess.run(command, cwd=REPOSITORY)
    if done.returncode:
        raise SystemExit(f"the sweep in {folder} ended early; the same command goes on")
    return folder
