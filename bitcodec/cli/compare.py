"""``bitcodec compare``: the runs of sweeps side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bitcodec.cli import options
from bitcodec.cli.batch import console
from bitcodec.cli.extras import require

EPILOG = """
[bold]Examples[/bold]

bitcodec compare multirun/2026-01-31/12-00-00     comparison/index.html and more

bitcodec compare multirun -o all                  every sweep below a folder

bitcodec compare sweeps/noise sweeps/penalty      two sweeps on the same plots
"""


def compare(
    folders: Annotated[
        list[Path],
        typer.Argument(
            metavar="FOLDER...", help="Sweep folders, or folders of runs.", show_default=False
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            metavar="FOLDER",
            help="Where the comparison goes; an earlier one there is replaced.",
        ),
    ] = Path("comparison"),
    quiet: options.Quiet = False,
) -> None:
    """Compare training runs: one table, plots and a page to look at.

    Runs that differ only in noise std, penalty weight and seed are drawn on common lines, with
    seeds averaged; all others are kept apart. What is wrong with a run is said.
    """
    require("compare", ("altair", "vl_convert", "yaml"), extra="eval")
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    from bitcodec.comparison.notes import summary
    from bitcodec.comparison.report import PAGE, effort, refuse_foreign, write
    from bitcodec.comparison.runs import find_runs, read_runs

    refuse_foreign(output)
    found, empty = find_runs(folders)
    # A log file wants the result, not the bar.
    hidden = quiet or not console().is_terminal
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(), transient=True, disable=hidden) as progress:
        bar = progress.add_task("", total=None)
        runs = read_runs(found)
        progress.update(bar, total=effort(runs))
        written = write(runs, output, lambda: progress.advance(bar))
    if quiet:
        return
    sentences = [f"{folder}: holds no run" for folder in empty] + written.notes
    for sentence in [*sentences, *written.decisions, f"{output / PAGE}: {summary(runs)}"]:
        console().print(sentence, markup=False, highlight=False)
