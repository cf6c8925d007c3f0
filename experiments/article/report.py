"""From finished runs to `results.csv`, `sizes.csv`, `runs.json` and the figures."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
from PIL import Image

from bitcodec.training.photos import find_images
from bitcodec.training.run import final_metrics
from experiments.tables import (
    COLUMNS,
    Row,
    average,
    groups,
    markdown,
    published,
    row_of,
    write_csv,
)

HERE = Path(__file__).resolve().parent
RECIPES = {
    "article_plain": (0.0, 0.0),
    "article_penalty": (0.0, 0.01),
    "article_noise": (15.0, 0.01),
}
"""Noise std and penalty weight of each, in the order of the story."""
IMAGES = 500
"""Test images that every figure of this experiment is an average over."""


@dataclass(frozen=True)
class Result:
    """A finished run, or the state of a longer one when it had done ``steps`` steps."""

    experiment: str
    steps: int
    record: dict[str, Any]
    folder: Path

    @property
    def row(self) -> dict[str, Any]:
        """The run's row in ``results.csv``."""
        return row_of(self.record, self.experiment, *RECIPES[self.experiment], self.steps)


def passing(result: Result, steps: int) -> Result:
    """What a run had measured when it validated after ``steps`` steps."""
    at = next(row for row in _validations(result.folder) if int(row["step"]) + 1 == steps)
    metrics = final_metrics(
        {key: float(value) for key, value in at.items() if key.startswith("val/")}
    )
    return Result(result.experiment, steps, result.record | {"metrics": metrics}, result.folder)


def write_report(results: Sequence[Result], test: Path) -> None:
    """Write everything beside this file.

    Args:
        results: all rows of the experiment.
        test: the folder of test images, for the sizes of lossless formats.
    """
    order = list(RECIPES)
    results = sorted(results, key=lambda r: (r.steps, order.index(r.experiment), r.row["seed"]))
    rows = [result.row for result in results]
    write_csv(HERE / "results.csv", rows, COLUMNS)
    write_csv(HERE / "sizes.csv", _lossless_sizes(test))
    facts = [_facts(result) for result in results]
    (HERE / "runs.json").write_text(json.dumps(facts, indent=1) + "\n")
    (HERE / "table.md").write_text(table(rows))
    _copy_figures(results)
    _plot_training(results)


def _facts(result: Result) -> dict[str, Any]:
    """What a reader needs to trust a row: no paths, nothing of the machine but its hardware."""
    record = result.record
    overrides = published(record["overrides"])
    facts = {"experiment": result.experiment, "steps": result.steps, "overrides": overrides}
    return facts | {key: record[key] for key in ("seed", "provenance", "timing")}


def _lossless_sizes(test: Path) -> list[dict[str, Any]]:
    """Mean bits per pixel of the same test images in lossless formats."""
    sizes: dict[str, list[float]] = {"raw": [], "png": [], "webp_lossless": []}
    for path in find_images(test)[:IMAGES]:
        image = Image.open(path).convert("RGB")
        pixels = image.width * image.height
        sizes["raw"].append(24.0)
        sizes["png"].append(_bytes(image, "PNG", optimize=True) * 8 / pixels)
        webp = _bytes(image, "WEBP", lossless=True, quality=100, method=6)
        sizes["webp_lossless"].append(webp * 8 / pixels)
    return [{"format": name, "bpp": round(mean(values), 3)} for name, values in sizes.items()]


def _bytes(image: Image.Image, kind: str, **options: Any) -> int:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.tell()


def table(rows: Sequence[Row]) -> str:
    """Means over the seeds, with the spread (sample standard deviation) of the two PSNRs."""
    heads = ("experiment", "noise", "penalty", "steps", "seeds", "sigmoid dB", "binarized dB")
    heads += ("gap dB", "ones", "order-0 bpp", "file bpp", "MSE", "loss")
    lines = []
    for group in groups(rows, ("experiment", "steps")):
        first = group[0]
        lines.append(
            (
                first["experiment"],
                f"{first['noise_std']:g}",
                f"{first['penalty_weight']:g}",
                f"{first['steps']:,}",
                str(len(group)),
                average(group, "psnr_sigmoid", ".2f"),
                average(group, "psnr_binary", ".2f"),
                average(group, "gap", ".2f", spread=False),
                average(group, "ones", ".2%", spread=False),
                average(group, "entropy_bpp", ".2f", spread=False),
                average(group, "bpp", ".2f", spread=False),
                average(group, "mse", ".5f", spread=False),
                average(group, "loss", ".5f", spread=False),
            )
        )
    return markdown(heads, lines)


def _copy_figures(results: Sequence[Result]) -> None:
    """The article's figure of each experiment: the longest run of seed 0."""
    for name in RECIPES:
        candidates = [r for r in results if r.experiment == name and r.row["seed"] == 0]
        longest = max(candidates, key=lambda r: r.steps)
        figure = Image.open(longest.folder / "panels" / f"step_{longest.steps:06d}.png")
        figure.quantize(64).save(HERE / f"{name}.png", optimize=True)


def _plot_training(results: Sequence[Result]) -> None:
    """Both reconstructions' PSNR over the long run."""
    longest = max(results, key=lambda r: r.steps)
    points = _validations(longest.folder)
    steps = [int(row["step"]) + 1 for row in points]
    figure, axes = plt.subplots(figsize=(6, 3.4), layout="constrained")
    for key, label in (("val/psnr_sigmoid", "sigmoid"), ("val/psnr_binary", "binarized")):
        axes.plot(steps, [float(row[key]) for row in points], marker="o", label=label)
    axes.set(xlabel="step (20 images each)", ylabel="PSNR, dB", title=longest.experiment)
    axes.legend()
    axes.grid(alpha=0.3)
    figure.savefig(HERE / "training.png", dpi=110)
    plt.close(figure)


def _validations(folder: Path) -> list[dict[str, str]]:
    """The rows that a finished run's validations left in ``metrics.csv``, by step.

    The last row of all is the validation after the end, which repeats the one before it.
    """
    with (folder / "csv" / "metrics.csv").open() as file:
        return [row for row in csv.DictReader(file) if row["val/psnr_binary"]][:-1]
