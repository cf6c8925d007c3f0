"""The article's three experiments on CIFAR-10, three seeds each, and one long run.

    python -m experiments.article.run --data CIFAR

CIFAR is a folder with `train/` and `test/` PNG images. Writes `results.csv`, `sizes.csv` and the
figures beside this file; finished runs below `outputs/article` are not trained again.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from experiments.article.report import write_report
from experiments.runs import Run, run_all

EXPERIMENTS = ("article_plain", "article_penalty", "article_noise")
SEEDS = (0, 1, 2)
STEPS = 3_000
LONG_STEPS = 12_500
"""The original's 5 epochs over 50,000 images, 20 at a time."""


def plan(data: Path) -> list[Run]:
    """The long run first, so that it does not outlast the others."""
    wanted = [("article_noise", 0, LONG_STEPS)]
    wanted += [(name, seed, STEPS) for seed in SEEDS for name in EXPERIMENTS]
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
    runs = plan(arguments.data.resolve())
    records = run_all(runs, root, arguments.jobs, arguments.threads)
    write_report(records, [root / run.name for run in runs], arguments.data.resolve() / "test")


if __name__ == "__main__":
    main()
