"""``bitcodec compare``: the runs of sweeps side by side."""

from __future__ import annotations

from contextlib import nullcontext
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
    from bitcodec.comparison.notes import summary
    from bitcodec.comparison.report import PAGE, refuse_foreign, write
    from bitcodec.comparison.runs import find_runs, read_runs

    refuse_foreign(output)
    found, empty = find_runs(folders)
    runs = read_runs(found)
    # A log file wants the result, not that something goes on.
    going_on = console().status("Drawing") if console().is_terminal and not quiet else nullcontext()
    with going_on:
        sentences = write(runs, output)
    if quiet:
        return
    empties = [f"{folder}: holds no run" for folder in empty]
    for sentence in [*empties, *sentences, f"{output / PAGE}: {summary(runs)}"]:
        console().print(sentence, markup=False, highlight=False)
