"""What came out, for the terminal: a table at the end of a run and of a sweep."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

COLUMNS = {
    "PSNR of\nsigmoid": ("psnr_sigmoid", "{:.2f} dB"),
    "PSNR of\nbitmap": ("psnr_binary", "{:.2f} dB"),
    "gap": ("gap", "{:.2f} dB"),
    "ones": ("ones", "{:.1%}"),
    "bpp": ("bpp", "{:.3f}"),
}
"""Head, metric and form of each column."""


def print_run(metrics: Mapping[str, float], timing: Mapping[str, Any], folder: Path) -> None:
    """The result of one run, how fast it was, and where it lies."""
    table = _table()
    table.add_row(*_cells(metrics), _time(timing.get("train_seconds")))
    Console().print(table)
    print(", ".join(f"{name} {value}" for name, value in timing.items()))
    print(f"{folder}")


def print_sweep(records: Sequence[tuple[str, Mapping[str, Any]]], folder: Path) -> None:
    """One line for each run of a sweep, and the command that compares them.

    Args:
        records: name of each run and the content of its ``run.json``.
        folder: of the sweep.
    """
    table = _table("run")
    for name, record in records:
        if record["state"] == "finished":
            cells = _cells(record["metrics"])
        else:
            cells = [record["state"], *[""] * (len(COLUMNS) - 1)]
        table.add_row(name, *cells, _time(record.get("timing", {}).get("wall_seconds")))
    Console().print(table)
    print(f"bitcodec compare {shlex.quote(str(folder))}")


def _table(*first: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for head in first:
        table.add_column(head, overflow="fold")
    for head in (*COLUMNS, "time"):
        table.add_column(head, justify="right", no_wrap=True)
    return table


def _cells(metrics: Mapping[str, float]) -> list[str]:
    return [form.format(metrics[key]) if key in metrics else "" for key, form in COLUMNS.values()]


def _time(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
