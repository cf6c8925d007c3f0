"""From the folders of sweeps to `results.csv`, `table.md`, `runs.json` and plots."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from omegaconf import OmegaConf

from bitcodec.comparison.runs import natural
from experiments.tables import (
    COLUMNS,
    Row,
    average,
    markdown,
    published,
    row_of,
    write_csv,
)
from experiments.tables import groups as alike

LABELS = {"noise": "noise", "ste": "straight-through", "bernoulli": "Bernoulli"}


@dataclass(frozen=True)
class Line:
    """What one curve of a plot shows: a metric of the groups, with its spread."""

    metric: str
    label: str
    factor: float = 1.0


def read(folders: Iterable[Path]) -> list[tuple[Row, dict[str, Any]]]:
    """Every finished run of the sweeps: its row of ``results.csv`` and its ``run.json``.

    The experiment's name is that of the binarizer; straight-through and Bernoulli add no noise.

    Raises:
        SystemExit: if a run is not finished.
    """
    found = []
    for folder in folders:
        for path in sorted(folder.glob("*/run.json"), key=natural):
            record = json.loads(path.read_text())
            if record["state"] != "finished":
                raise SystemExit(f"{path.parent} is {record['state']}: run the command again")
            config = OmegaConf.load(path.parent / "config.yaml")
            std = float(config.noise.std) if config.binarizer == "noise" else 0.0
            weight, steps = float(config.penalty.weight), int(record["metrics"]["steps"])
            row = row_of(record, config.binarizer, std, weight, steps)
            found.append((row, record))
    return found


def write_tables(found: Sequence[tuple[Row, dict[str, Any]]], out: Path) -> list[Row]:
    """Write everything but the plots into ``out``; returns the rows."""
    found = sorted(found, key=lambda pair: _key(pair[0]))
    rows = [row for row, _ in found]
    write_csv(out / "results.csv", rows, COLUMNS)
    (out / "table.md").write_text(table(rows))
    (out / "cost.md").write_text(_cost([record for _, record in found]))
    (out / "runs.json").write_text(json.dumps(_facts(found), indent=1) + "\n")
    return rows


def _key(row: Row) -> tuple[Any, ...]:
    order = list(LABELS).index(row["experiment"])
    return order, row["noise_std"], row["penalty_weight"], row["seed"]


def groups(rows: Iterable[Row]) -> list[list[Row]]:
    """Runs that differ in nothing but their seed, in the order of the rows."""
    return alike(rows, ("experiment", "noise_std", "penalty_weight"))


def table(rows: Sequence[Row]) -> str:
    """Means over the seeds ± their sample standard deviation."""
    heads = ("binarizer", "noise", "penalty", "seeds", "sigmoid dB", "binarized dB", "gap dB")
    heads += ("ones", "order-0 bpp", "file bpp")
    lines = []
    for group in groups(rows):
        first = group[0]
        cells = [
            LABELS[first["experiment"]],
            f"{first['noise_std']:g}" if first["experiment"] == "noise" else "–",
            f"{first['penalty_weight']:g}",
            str(len(group)),
            *(average(group, key, ".2f") for key in ("psnr_sigmoid", "psnr_binary", "gap")),
            average(group, "ones", ".2%"),
            *(average(group, key, ".2f") for key in ("entropy_bpp", "bpp")),
        ]
        lines.append(cells)
    return markdown(heads, lines)


def _cost(records: Sequence[dict[str, Any]]) -> str:
    seconds = [record["timing"]["wall_seconds"] for record in records]
    threads = sorted({record["timing"]["threads"] for record in records})
    cores = sorted({record["provenance"]["cores"] for record in records})
    return (
        f"{len(records)} runs took {sum(seconds) / 60:.0f} minutes in all, {min(seconds):.0f} to "
        f"{max(seconds):.0f} seconds each: one after the other, with {_list(threads)} thread on a "
        f"machine of {_list(cores)} cores whose other work they shared it with.\n"
    )


def _list(values: Sequence[Any]) -> str:
    return " or ".join(map(str, values))


def _facts(found: Sequence[tuple[Row, dict[str, Any]]]) -> dict[str, Any]:
    """What a reader needs to trust the rows: no paths, nothing of the machine but its hardware."""
    provenances: list[dict[str, Any]] = []
    runs = []
    for row, record in found:
        if record["provenance"] not in provenances:
            provenances.append(record["provenance"])
        runs.append(
            {
                "experiment": row["experiment"],
                "overrides": published(record["overrides"]),
                "provenance": provenances.index(record["provenance"]),
                "timing": record["timing"],
            }
        )
    return {"provenances": provenances, "runs": runs}


def curve(axes: Axes, rows: Sequence[Row], key: str, line: Line, **style: Any) -> None:
    """Draw a metric against a key: means, their spread, and every run as a dot."""
    found = groups(rows)
    x = [group[0][key] for group in found]
    values = [[row[line.metric] * line.factor for row in group] for group in found]
    spread = [stdev(group) if len(group) > 1 else 0.0 for group in values]
    (drawn, *_) = axes.errorbar(
        x, [mean(group) for group in values], spread, label=line.label, capsize=3, **style
    )
    for at, group in zip(x, values, strict=True):
        axes.plot([at] * len(group), group, ".", color=drawn.get_color(), alpha=0.5)


def against(axes: Axes, rows: Sequence[Row], key: str, label: str, y: str) -> None:
    """Dress axes whose x is a swept value: logarithmic, with a place for 0."""
    values = sorted({row[key] for row in rows})
    axes.set_xscale("symlog", linthresh=values[1] if values[0] == 0 else values[0])
    axes.set_xticks(values, [f"{value:g}" for value in values])
    axes.minorticks_off()
    axes.set(xlabel=label, ylabel=y)
    axes.grid(alpha=0.3)


def save(figure: Any, path: Path) -> None:
    """Write a figure and forget it."""
    figure.savefig(path, dpi=110)
    plt.close(figure)
