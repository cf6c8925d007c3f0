"""Train the models that ship, fit their coders' tables and put them into `bitcodec/models/`.

    python -m experiments.codec.run --photos PHOTOS

PHOTOS holds `train/` and `validation/`. One base model is trained, then fine-tuned step by step to
lower rates (q3, q2, q1) and to higher ones (q4, q5, q6). Finished runs and exported models below
`--out` are not made again. `models.json` and `models.md` beside this file say how each came about.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from experiments.runs import REPOSITORY, Run, run_all

HERE = Path(__file__).resolve().parent
MODELS = REPOSITORY / "bitcodec" / "models"
#: Of the context coder. 1,500 and 400 made files of q4 2 % larger than 4,000 and 800.
FIT_STEPS, FIT_PICTURES = 3000, 800
CHAINS = (("q3", "q2", "q1"), ("q4", "q5", "q6"))


def last(folder: Path) -> Path:
    return folder / "checkpoints" / "last.ckpt"


def as_run(name: str, photos: Path, root: Path, start: str | None) -> Run:
    """The base model (without ``start``), or one that goes on from the run called ``start``."""
    overrides = [
        f"experiment=codec_{name}" if start else "experiment=codec",
        f"data.root={photos / 'train'}",
        f"data.val_root={photos / 'validation'}",
    ]
    return Run(name, (*overrides, *([f"init_from={last(root / start)}"] if start else [])))


def train(photos: Path, root: Path, jobs: int, threads: int) -> dict[str, dict[str, Any]]:
    """Train and export every model; returns the ``run.json`` of each, the base included."""
    records = {"base": run_all([as_run("base", photos, root, None)], root, 1, threads)[0]}

    def chain(names: tuple[str, ...]) -> None:
        for start, name in zip(("base", *names), names, strict=False):
            run = as_run(name, photos, root, start)
            records[name] = run_all([run], root, 1, threads, progress=False)[0] | {"start": start}
            export(name, root, photos, threads)

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(chain, CHAINS))
    return records


def export(name: str, root: Path, photos: Path, threads: int) -> None:
    """Make the model folder of a run, beside its checkpoints."""
    fresh = root / name / "model"
    if fresh.exists():
        return
    command = [sys.executable, "-m", "bitcodec", "export", str(last(root / name)), "-o", str(fresh)]
    command += ["--name", name, "--quality", name[1:], "--images", str(photos / "train"), "--quiet"]
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    command += ["--most", str(FIT_PICTURES), "--fit-steps", str(FIT_STEPS)]
    subprocess.run(command, check=True, cwd=REPOSITORY, env=environment)


def install(root: Path) -> None:
    """Replace the shipped models, all at once: no run must find a tree that another changed."""
    for name in itertools.chain(*CHAINS):
        shutil.rmtree(MODELS / name, ignore_errors=True)
        shutil.copytree(root / name / "model", MODELS / name)


def summary(record: dict[str, Any]) -> dict[str, Any]:
    """What of a ``run.json`` is published: no folder of the machine it ran on."""
    kept = {key: record[key] for key in ("seed", "provenance", "timing", "metrics")}
    kept["overrides"] = [text for text in record["overrides"] if "/" not in text]
    return kept | ({"start": record["start"]} if "start" in record else {})


def table(models: dict[str, dict[str, Any]]) -> str:
    lines = [
        "| model | from | binarized dB | gap dB | ones | prior bpp | steps | training s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, record in models.items():
        metrics, timing = record["metrics"], record["timing"]
        lines.append(
            f"| {name} | {record.get('start', 'scratch')} | {metrics['psnr_binary']:.2f} "
            f"| {metrics['gap']:.2f} | {metrics['ones']:.1%} | {metrics['prior_bpp']:.3f} "
            f"| {metrics['steps']:,} | {timing['train_seconds']:,.0f} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, required=True, help="with train/ and validation/")
    parser.add_argument("--out", type=Path, default=Path("outputs/codec"))
    parser.add_argument("--jobs", type=int, default=2, help="chains side by side")
    parser.add_argument("--threads", type=int, default=1, help="threads of each run")
    options = parser.parse_args()
    root, photos = options.out.resolve(), options.photos.resolve()
    records = train(photos, root, options.jobs, options.threads)
    install(root)
    content = {name: summary(record) for name, record in sorted(records.items())}
    (HERE / "models.json").write_text(json.dumps(content, indent=1) + "\n")
    (HERE / "models.md").write_text(table(content))


if __name__ == "__main__":
    main()
