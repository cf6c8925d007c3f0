"""What does a second process buy? Trains with one and with two, and stores the speeds.

    python -m experiments.scale.run

Each process computes with one thread, so a machine needs two idle cores; nothing else should run.
Turns are taken; the median of the turns counts. Speeds are those of `run.json`: pixels of all
processes over seconds, without the start, the first step and validation.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from bitcodec.provenance import provenance
from experiments.runs import REPOSITORY
from experiments.tables import markdown

HERE = Path(__file__).resolve().parent
BATCH = 20
SEED = 0
SETUPS = {
    "one process, 20 images a step": ["trainer=cpu", f"data.batch.batch_size={BATCH}"],
    "two processes, 10 each: the same step": [
        "trainer=ddp",
        "trainer.accelerator=cpu",
        f"data.batch.batch_size={BATCH // 2}",
    ],
    "two processes, 20 each: twice the images": [
        "trainer=ddp",
        "trainer.accelerator=cpu",
        f"data.batch.batch_size={BATCH}",
    ],
}


def speed(overrides: list[str], steps: int) -> float:
    """Megapixels a second of one run of the article's network on the sample photographs."""
    with tempfile.TemporaryDirectory() as folder:
        common = [
            f"seed={SEED}",
            "threads=1",
            "quiet=true",
            f"trainer.max_steps={steps}",
            f"trainer.val_check_interval={steps}",
            "logger=csv",
            f"hydra.run.dir={folder}",
        ]
        subprocess.run(
            [sys.executable, "train.py", *overrides, *common],
            cwd=REPOSITORY,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            check=True,
        )
        record = json.loads(Path(folder, "run.json").read_text())
    return float(record["timing"]["megapixels_per_second"])


def table(result: dict[str, Any]) -> str:
    """The rows as documents quote them, each against the first."""
    rows, base = [], None
    for name, turns in result["megapixels_per_second"].items():
        typical = median(turns)
        base = base or typical
        rows.append((name, f"{typical:.4f}", f"{typical / base:.2f}"))
    return markdown(("article's network, crops of 32", "Mpixel/s", "against one"), rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--turns", type=int, default=3)
    arguments = parser.parse_args()
    speeds: dict[str, list[float]] = {name: [] for name in SETUPS}
    for _ in range(arguments.turns):
        for name, overrides in SETUPS.items():
            speeds[name].append(speed(overrides, arguments.steps))
    result = {
        "seed": SEED,
        "steps": arguments.steps,
        "megapixels_per_second": speeds,
        "provenance": provenance(),
    }
    (HERE / "scale.json").write_text(json.dumps(result, indent=2) + "\n")
    (HERE / "scale.md").write_text(table(result))
    print((HERE / "scale.md").read_text(), end="")


if __name__ == "__main__":
    main()
