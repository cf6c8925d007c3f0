"""What each choice of the codec's recipe is worth: one change at a time, equal training budget.

    python -m experiments.codec.ablation --photos PHOTOS

A small version of the recipe (width 64, one block), 1,000 steps in all, measured on validation
photographs at four quantization steps by the training prior. Writes `ablation.csv` and
`ablation.md`; finished runs below `--out` are not trained again, and `--only` leaves all other rows
as they are.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import Any

from bitcodec.training.stepped_module import SteppedModule
from experiments.runs import Run, run_all
from experiments.tables import markdown, write_csv

HERE = Path(__file__).resolve().parent
STEPS = 1000

SMALL = ("experiment=codec", "model.width=64", "model.blocks=1")
ROWS = {
    "recipe": (),
    "noise 0, same slope": ("noise.std=0",),
    "noise 0, article's slope": ("noise.std=0", "noise.gain=1", "noise.gain_start=1"),
    "a loss on structure": ("penalty.structure=0.01", "penalty.weight=9e-7"),
    "a penalty on stairs": ("penalty.smooth=1",),
    "no made-up crops": ("data.batch.synthetic=0",),
    "width 96, two blocks": ("model.width=96", "model.blocks=2"),
    "crops of 192 pixels, two of them": ("data.batch.crop=192", "data.batch.batch_size=2"),
}
"""Overrides of the small recipe by the name of the row."""


def as_run(number: int, overrides: tuple[str, ...], photos: Path) -> Run:
    """The recipe with one change, at the budget that all changes get."""
    budget = (f"trainer.max_steps={STEPS}", f"trainer.val_check_interval={STEPS}")
    data = (f"data.root={photos / 'train'}", f"data.val_root={photos / 'validation'}")
    return Run(f"{number:02d}", (*SMALL, *overrides, *budget, *data))


def row(name: str, record: dict[str, Any]) -> dict[str, Any]:
    """A line of the table, from the ``run.json`` of its run."""
    metrics = record["metrics"]
    figures = {"cost": metrics["loss"], "gap": metrics["gap"]}
    for step in SteppedModule.COST_STEPS:
        for kind in ("psnr", "prior_bpp"):
            figures[f"{kind}_{step:.0f}"] = metrics[f"{kind}/step{step:.0f}"]
    return (
        {"name": name, "overrides": " ".join(ROWS[name]), "seed": record["seed"]}
        | {key: round(value, 4) for key, value in figures.items()}
        | {"steps": STEPS, "seconds": record["timing"]["train_seconds"]}
        | {"commit": record["provenance"]["commit"][:12]}
        | {"processor": record["provenance"]["processor"]}
    )


def table(rows: list[dict[str, Any]]) -> str:
    """The table of the README, one change a line."""
    steps = [f"{step:.0f}" for step in SteppedModule.COST_STEPS]
    heads = ["change", "cost", "gap dB", *(f"step {step}" for step in steps), "training s"]
    lines = []
    for line in rows:
        points = [
            f"{float(line[f'psnr_{step}']):.2f} dB, {float(line[f'prior_bpp_{step}']):.3f} bpp"
            for step in steps
        ]
        cells = [line["name"], f"{float(line['cost']):.4f}", f"{float(line['gap']):.2f}", *points]
        lines.append([*cells, f"{float(line['seconds']):.0f}"])
    return markdown(heads, lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, required=True, help="with train/ and validation/")
    parser.add_argument("--out", type=Path, default=Path("outputs/codec_ablation"))
    parser.add_argument("--only", nargs="+", choices=ROWS, help="rows to measure")
    parser.add_argument("--jobs", type=int, default=2, help="runs side by side")
    parser.add_argument("--threads", type=int, default=1, help="threads of each run")
    options = parser.parse_args()
    root, photos = options.out.resolve(), options.photos.resolve()
    chosen = {name: i for i, name in enumerate(ROWS) if name in (options.only or ROWS)}
    runs = [as_run(i, ROWS[name], photos) for name, i in chosen.items()]
    records = run_all(runs, root, options.jobs, options.threads)
    found = {name: row(name, record) for name, record in zip(chosen, records, strict=True)}
    result = HERE / "ablation.csv"
    if options.only and result.exists():
        with result.open(newline="") as stream:
            found = {line["name"]: line for line in csv.DictReader(stream)} | found
    ordered = [found[name] for name in ROWS if name in found]
    write_csv(result, ordered)
    (HERE / "ablation.md").write_text(table(ordered))


if __name__ == "__main__":
    main()
