"""The article's three experiments on CIFAR-10, three seeds each, and one long run.

    python -m experiments.article.run --data CIFAR

CIFAR is a folder with `train/` and `test/` PNG images. Writes `results.csv`, `sizes.csv` and the
figures beside this file; finished runs below `outputs/article` are not trained again.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from experiments.article.report import Result, passing, write_report
from experiments.runs import Run, run_all

EXPERIMENTS = ("article_plain", "article_penalty", "article_noise")
SEEDS = (0, 1, 2)
STEPS = 3_000
LONG_STEPS = 12_500
"""The original's 5 epochs over 50,000 images, 20 at a time."""


def plan() -> list[tuple[str, int, int]]:
    """Experiment, seed and steps of every run, the long one first: it must not outlast the rest.

    Nothing in these recipes depends on the length of the run, so the long run passes through
    exactly the state in which a short one of its seed ends; that one is not trained again.
    """
    long = ("article_noise", 0, LONG_STEPS)
    short = [(name, seed, STEPS) for seed in SEEDS for name in EXPERIMENTS]
    return [long, *(run for run in short if run[:2] != long[:2])]


def as_runs(wanted: Sequence[tuple[str, int, int]], data: Path) -> list[Run]:
    """What `train.py` is asked for: recipe, steps and seed of each run."""
    return [
        Run(
            f"{name}-{steps}-seed{seed}",
            (
                f"experiment={name}",
                f"seed={seed}",
                f"trainer.max_steps={steps}",
                "trainer.val_check_interval=1500",
                "data=folder",
                f"data.root={data / 'train'}",
                f"data.val_root={data / 'test'}",
                "data.val_images=500",
                "data.batch.flip=false",
            ),
        )
        for name, seed, steps in wanted
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with train/ and test/")
    parser.add_argument("--out", type=Path, default=Path("outputs/article"))
    parser.add_argument("--jobs", type=int, default=2, help="runs side by side")
    parser.add_argument("--threads", type=int, default=1, help="threads of each run")
    arguments = parser.parse_args()
    root = arguments.out.resolve()
    data = arguments.data.resolve()
    wanted = plan()
    runs = as_runs(wanted, data)
    records = run_all(runs, root, arguments.jobs, arguments.threads)
    folders = [root / run.name for run in runs]
    results = [
        Result(name, steps, record, folder)
        for (name, _, steps), record, folder in zip(wanted, records, folders, strict=True)
    ]
    write_report([*results, passing(results[0], STEPS)], data / "test")


if __name__ == "__main__":
    main()
