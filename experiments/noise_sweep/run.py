"""How much noise closes the binarization gap, and is noise the best way to close it?

    python -m experiments.noise_sweep.run --data CIFAR

CIFAR is a folder with `train/` and `test/` PNG images. Three seeds of every noise std and of the
two other binarizers. Writes `results.csv`, tables and plots beside this file; finished runs below
`outputs/noise_sweep` are not trained again.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import mean

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from experiments.sweep_report import (
    LABELS,
    Line,
    Row,
    against,
    curve,
    groups,
    read,
    save,
    write_tables,
)
from experiments.sweeps import Sweep, arguments, train

HERE = Path(__file__).resolve().parent
SWEEPS = (
    Sweep("noise", ("sweep=noise", "seed=0,1,2")),
    # The binarizer `noise` itself is in the sweep above, at the article's std.
    Sweep("binarizer", ("sweep=binarizer", "binarizer=ste,bernoulli", "seed=0,1,2")),
)
NOISE = "noise std"
STYLES = {"ste": ":", "bernoulli": "-."}


def main() -> None:
    options = arguments(__doc__, "outputs/noise_sweep")
    folders = [train(sweep, options) for sweep in SWEEPS]
    if not options.train_only:
        rows = write_tables(read(folders), HERE)
        _plot_gap(rows)
        _plot_psnr(rows)
        _plot_rate(rows)


def _noise(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row["experiment"] == "noise"]


def _others(axes: Axes, rows: Sequence[Row], metric: str) -> None:
    """The binarizers without a noise std, as levels."""
    for group in groups(rows):
        if (name := group[0]["experiment"]) != "noise":
            level = mean(row[metric] for row in group)
            axes.axhline(level, color="0.35", ls=STYLES[name], label=f"{LABELS[name]}, binarized")


def _plot_gap(rows: Sequence[Row]) -> None:
    figure, axes = plt.subplots(figsize=(6, 3.4), layout="constrained")
    curve(axes, _noise(rows), "noise_std", Line("gap", "binarization gap"), marker="o")
    against(axes, _noise(rows), "noise_std", NOISE, "binarization gap, dB")
    save(figure, HERE / "gap.png")


def _plot_psnr(rows: Sequence[Row]) -> None:
    figure, axes = plt.subplots(figsize=(6, 3.4), layout="constrained")
    for metric, label in (("psnr_sigmoid", "sigmoid"), ("psnr_binary", "binarized")):
        curve(axes, _noise(rows), "noise_std", Line(metric, label), marker="o")
    against(axes, _noise(rows), "noise_std", NOISE, "PSNR, dB")
    limits = axes.get_xlim()
    _others(axes, rows, "psnr_binary")
    axes.set_xlim(limits)
    axes.legend()
    save(figure, HERE / "psnr.png")


def _plot_rate(rows: Sequence[Row]) -> None:
    """What a file costs against what it gives back: the binarizers beside each other."""
    figure, axes = plt.subplots(figsize=(6, 3.4), layout="constrained")
    for group in groups(rows):
        first = group[0]
        name = LABELS[first["experiment"]]
        if first["experiment"] == "noise":
            name += f" {first['noise_std']:g}"
        axes.plot(
            [row["bpp"] for row in group],
            [row["psnr_binary"] for row in group],
            marker="o" if first["experiment"] == "noise" else "s",
            ls="",
            label=name,
        )
    axes.set(xlabel="file size, bits per pixel", ylabel="PSNR of the binarized reading, dB")
    axes.set_xscale("log")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7, ncols=2)
    save(figure, HERE / "rate.png")


if __name__ == "__main__":
    main()
