"""A comparison folder, whole: ``runs.csv``, the plots, ``contact_sheet.png``, ``index.html``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bitcodec.comparison.contact_sheet import Row, contact_sheet
from bitcodec.comparison.curves import read_curves
from bitcodec.comparison.metrics import METRICS
from bitcodec.comparison.notes import notes, summary
from bitcodec.comparison.page import GENERATOR, render
from bitcodec.comparison.pairing import Pairing
from bitcodec.comparison.pictures import first_photograph, load, missing
from bitcodec.comparison.plots import draw
from bitcodec.comparison.runs import Run
from bitcodec.comparison.selection import select_plots
from bitcodec.comparison.settings import AXIS_NAMES, SEED, shown
from bitcodec.comparison.table import to_csv
from bitcodec.comparison.viewer import build_viewer
from bitcodec.errors import UsageError
from bitcodec.files import replacing_folder, write_file

TABLE, SHEET, PAGE = "runs.csv", "contact_sheet.png", "index.html"
_PLOTS = ("gap.png", "psnr.png", "penalty.png", "rate_distortion.png", "learning_curves.png")
_FILES = frozenset({TABLE, SHEET, PAGE, *_PLOTS})
_LARGEST_HEAD = 4096


@dataclass(frozen=True)
class Written:
    """What a comparison came to: names of its files, and sentences for the reader."""

    files: list[str]
    notes: list[str]


def refuse_foreign(folder: Path) -> None:
    """Object to a folder that may not be replaced: one that holds anything but a comparison.

    Raises:
        UsageError: with what to do.
    """
    try:
        if not folder.exists():
            return
        if not folder.is_dir():
            raise UsageError("this is a file: name a folder with -o", folder)
        held = sorted(path.name for path in folder.iterdir())
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror})", folder) from None
    foreign = [name for name in held if name not in _FILES]
    if foreign:
        raise UsageError(
            f"holds {foreign[0]}, which is no part of a comparison: name another folder with -o",
            folder,
        )
    if held and not _is_ours(folder / PAGE):
        raise UsageError(
            f"holds no {PAGE} by bitcodec compare, so it is not replaced: name another with -o",
            folder,
        )


def _is_ours(page: Path) -> bool:
    try:
        with page.open("rb") as stream:
            return f'content="{GENERATOR}"'.encode() in stream.read(_LARGEST_HEAD)
    except OSError:
        return False


def effort(runs: Sequence[Run]) -> int:
    """How often :func:`write` calls ``advance``, at most."""
    return 3 * len(runs) + len(_PLOTS)


def write(runs: Sequence[Run], folder: Path, advance: Callable[[], Any]) -> Written:
    """Write a comparison of ``runs`` as ``folder``, whole or not at all.

    Args:
        runs: at least one.
        folder: replaced if it is there; see :func:`refuse_foreign`.
        advance: called now and then, for a progress bar.

    Raises:
        UsageError: if the folder cannot be written.
    """
    pairing = Pairing(runs)
    sentences = notes(pairing)
    curves = {}
    for run in runs:
        curves[run.name] = read_curves(run)
        advance()
    plots, left_out = select_plots(pairing, curves)
    with replacing_folder(folder) as new:
        write_file(new / TABLE, to_csv(pairing).encode())
        for plot in plots:
            draw(plot, new / f"{plot.name}.png")
            advance()
        sentences += _write_sheet(pairing, new / SHEET, advance)
        viewer, too_large = build_viewer(pairing, advance)
        sentences += left_out + too_large
        charts = [chart for plot in plots for chart in plot.charts]
        page = render(pairing, summary(runs), sentences, charts, viewer)
        write_file(new / PAGE, page.encode())
        files = sorted(path.name for path in new.iterdir())
    return Written(files, sentences)


def _write_sheet(pairing: Pairing, path: Path, advance: Callable[[], Any]) -> list[str]:
    """The contact sheet, and sentences about the pictures that it lacks."""
    photograph = first_photograph(pairing.runs)
    if photograph is None:
        return [f"{SHEET} is left out: no run has pictures"]
    rows = [Row(_lines(pairing, run), partial(load, run, photograph)) for run in pairing.runs]
    contact_sheet(rows, path, advance)
    lacking = [(run, missing(load(run, photograph))) for run in pairing.runs if run.finished]
    return [
        f"{run.shown}: {', '.join(names)} of {photograph} cannot be read; it is grey in {SHEET} "
        "and not under the slider"
        for run, names in lacking
        if names
    ]


def _lines(pairing: Pairing, run: Run) -> list[str]:
    """A run's label on the contact sheet: name, what sets it apart, how it went."""
    lines = [run.name]
    for key in pairing.differing_keys:
        value = pairing.value(run, key)
        if value is not None and key != SEED:
            lines.append(f"{AXIS_NAMES.get(key, key)} {shown(value)}")
    lines += [f"seed {run.seed}"] if SEED in pairing.differing_keys else []
    if not run.finished:
        return [*lines, run.state]
    figures = ("psnr_sigmoid", "psnr_binary", "gap", "bpp", "ones")
    names = ("sigmoid", "binarized", "gap", "files", "ones")
    for key, name in zip(figures, names, strict=True):
        if key in run.metrics:
            lines.append(f"{name} {METRICS[key].full(run.metrics[key])}")
    return lines
