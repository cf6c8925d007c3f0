"""Train the model that ships, fit its coders' tables and put it into `bitcodec/models/`.

    python -m experiments.codec.run --photos PHOTOS

PHOTOS holds `train/` and `validation/`. A run that was interrupted goes on from its checkpoint; a
finished run and an exported model below `--out` are not made again. `model.json`, `model.md` and
`training.csv` beside this file say how it came about and what the hours bought.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from bitcodec.training.stepped_module import SteppedModule
from experiments.runs import REPOSITORY, Run, run_all
from experiments.tables import markdown, published, write_csv

HERE = Path(__file__).resolve().parent
NAME = "photo"
FIT_PICTURES, FIT_ROUNDS, FIT_STEPS = 1135, 2, 4000
GOING_ON = (
    *("noise.schedule=constant", "optimizer.lr=4.0e-4", "optimizer.prior_lr=1.0e-3"),
    *("data.batch.enlarged=0.35", "data.batch.synthetic=0.1", "trainer.gradient_clip_val=3.0e-3"),
)
"""Of a run that starts from trained weights: they know the noise, and a full rate undoes them; what
is left to learn is in crops that are enlarged, and in text."""


def as_run(photos: Path, start: Path | None, steps: int | None, processes: int = 1) -> Run:
    """The recipe, from scratch or from the weights of a checkpoint."""
    overrides = [
        "experiment=codec",
        f"data.root={photos / 'train'}",
        f"data.val_root={photos / 'validation'}",
    ]
    if start:
        overrides += [f"init_from={start}", *GOING_ON]
    if steps:
        overrides.append(f"trainer.max_steps={steps}")
        overrides.append(f"trainer.val_check_interval={min(steps, max(1, steps // 4))}")
    if processes > 1:
        overrides += ["trainer=ddp", f"trainer.devices={processes}"]
    return Run("run", tuple(overrides))


def export(run: Path, photos: Path, out: Path) -> None:
    """Make the model folder of a run, beside its checkpoints."""
    if out.exists():
        return
    command = [sys.executable, "-m", "bitcodec", "export", str(run), "-o", str(out)]
    command += ["--name", NAME, "--images", str(photos / "train"), "--quiet"]
    command += ["--most", str(FIT_PICTURES), "--fit-rounds", str(FIT_ROUNDS)]
    command += ["--fit-steps", str(FIT_STEPS)]
    subprocess.run(command, check=True, cwd=REPOSITORY, env=dict(os.environ))


def install(fresh: Path) -> None:
    """Replace the shipped model. Encoders tuned for its decoder do not fit the new one, and go."""
    shipped = REPOSITORY / "bitcodec" / "models" / NAME
    shutil.rmtree(shipped, ignore_errors=True)
    shutil.copytree(fresh, shipped)


def summary(record: dict[str, Any]) -> dict[str, Any]:
    """What of a ``run.json`` is published: no folder of the machine it ran on."""
    kept = {key: record[key] for key in ("seed", "provenance", "timing", "metrics")}
    return kept | {"overrides": published(record["overrides"])}


def curve(run: Path, seconds_per_step: float, steps: int) -> list[dict[str, float]]:
    """What the time bought: cost, PSNR and prior rate at every validation."""
    with (run / "csv" / "metrics.csv").open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row.get("val/loss")]
    wanted = ["val/loss"]
    for step in SteppedModule.COST_STEPS:
        wanted += [f"val/psnr/step{step:.0f}", f"val/prior_bpp/step{step:.0f}"]
    found: dict[int, dict[str, float]] = {}
    for row in rows:
        step = min(int(row["step"]) + 1, steps)  # the last one is validated once more
        figures = {name.removeprefix("val/"): round(float(row[name]), 4) for name in wanted}
        found[step] = {"steps": step, "hours": round(step * seconds_per_step / 3600, 3)} | figures
    return list(found.values())


def table(rows: list[dict[str, float]]) -> str:
    """The table of the README, one validation a line."""
    steps = [f"{step:.0f}" for step in SteppedModule.COST_STEPS]
    heads = ["steps", "hours of a core", "cost", *(f"step {step}" for step in steps)]
    lines = []
    for row in rows:
        points = [
            f"{row[f'psnr/step{step}']:.2f} dB, {row[f'prior_bpp/step{step}']:.3f} bpp"
            for step in steps
        ]
        cells = [f"{row['steps']:,}", f"{row['hours']:.2f}", f"{row['loss']:.4f}", *points]
        lines.append(cells)
    return markdown(heads, lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, required=True, help="with train/ and validation/")
    parser.add_argument("--out", type=Path, default=Path("outputs/codec"))
    parser.add_argument("--threads", type=int, default=1, help="of each process")
    parser.add_argument("--processes", type=int, default=1, help="each with a batch of its own")
    parser.add_argument("--init-from", type=Path, help="checkpoint of an earlier run to go on from")
    parser.add_argument("--steps", type=int, help="instead of the recipe's")
    options = parser.parse_args()
    root, photos = options.out.resolve(), options.photos.resolve()
    start = options.init_from.resolve() if options.init_from else None
    run = as_run(photos, start, options.steps, options.processes)
    record = run_all([run], root, 1, options.threads)[0]
    export(root / "run", photos, root / NAME)
    install(root / NAME)
    # Not from the seconds in all: those of a resumed run are of its last part.
    cores = options.threads * options.processes
    seconds = cores / record["timing"]["steps_per_second"]
    rows = curve(root / "run", seconds, record["metrics"]["steps"])
    (HERE / "model.json").write_text(json.dumps(summary(record), indent=1) + "\n")
    (HERE / "model.md").write_text(table(rows))
    write_csv(HERE / "training.csv", rows)


if __name__ == "__main__":
    main()
