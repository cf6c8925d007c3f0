"""What does the weight of the sparsity penalty buy, and at what price?

    python -m experiments.penalty_sweep.run --data CIFAR

CIFAR is a folder with `train/` and `test/` PNG images. Three seeds of every weight, with the
article's noise. Writes `results.csv`, tables and plots beside this file; finished runs below
`outputs/penalty_sweep` are not trained again.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt

from experiments.sweep_report import Line, Row, against, curve, read, save, write_tables
from experiments.sweeps import Sweep, arguments, train

HERE = Path(__file__).resolve().parent
SWEEPS = (Sweep("penalty", ("sweep=penalty", "seed=0,1,2")),)


def main() -> None:
    options = arguments(__doc__, "outputs/penalty_sweep")
    folders = [train(sweep, options) for sweep in SWEEPS]
    if not options.train_only:
        rows = write_tables(read(folders), HERE)
        _plot_rate(rows)
        _plot_psnr(rows)


def _plot_rate(rows: Sequence[Row]) -> None:
    figure, axes = plt.subplots(figsize=(6, 3.4), layout="constrained")
    curve(axes, rows, "penalty_weight", Line("bpp", "file size"), marker="o")
    against(axes, rows, "penalty_weight", "penalty weight", "file size, bits per pixel")
    right = axes.twinx()
    line = Line("ones", "ones", factor=100)
    curve(right, rows, "penalty_weight", line, marker="s", color="tab:orange")
    right.set_ylabel("ones, %")
    for scaled, ticks in ((axes, (3, 10, 30, 100)), (right, (1, 3, 10, 30))):
        scaled.set_yscale("log")
        scaled.set_yticks(ticks, [f"{tick}" for tick in ticks])
        scaled.minorticks_off()
    handles = [each.get_legend_handles_labels() for each in (axes, right)]
    axes.legend(handles[0][0] + handles[1][0], handles[0][1] + handles[1][1])
    save(figure, HERE / "rate.png")


def _plot_psnr(rows: Sequence[Row]) -> None:
    figure, axes = plt.subplots(figsize=(6, 3.4), layout="constrained")
    for metric, label in (("psnr_sigmoid", "sigmoid"), ("psnr_binary", "binarized")):
        curve(axes, rows, "penalty_weight", Line(metric, label), marker="o")
    against(axes, rows, "penalty_weight", "penalty weight", "PSNR, dB")
    axes.legend()
    save(figure, HERE / "psnr.png")


if __name__ == "__main__":
    main()
