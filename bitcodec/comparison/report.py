"""A comparison folder, whole: ``runs.csv``, the plots as PNG, and ``index.html``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import vl_convert

from bitcodec.comparison import photographs, table
from bitcodec.comparison.charts import Charts
from bitcodec.comparison.curves import curve_rows
from bitcodec.comparison.notes import decide, notes, summary
from bitcodec.comparison.pairing import Pairing
from bitcodec.comparison.runs import Run
from bitcodec.errors import UsageError
from bitcodec.files import cannot, replacing_folder, write_file
from bitcodec.pages import document

TABLE, PAGE = "runs.csv", "index.html"
GENERATOR = "bitcodec compare"
"""What the page says of its origin; a folder with such a page may be replaced."""

_PLOTS = ("gap.png", "psnr.png", "penalty.png", "rate_distortion.png", "learning_curves.png")
_FILES = {TABLE, PAGE, *_PLOTS, "contact_sheet.png"}  # the last is of older versions


def refuse_foreign(folder: Path) -> None:
    """Object to a folder that may not be replaced: one that holds anything but a comparison.

    Raises:
        UsageError: with what to do.
    """
    try:
        held = {path.name for path in folder.iterdir()} if folder.exists() else set()
        page = (folder / PAGE).read_bytes() if PAGE in held else b""
        head = page.partition(b"<style>")[0]
    except NotADirectoryError:
        raise UsageError("this is a file: name a folder with -o", folder) from None
    except OSError as error:
        raise cannot("read", error, folder) from None
    foreign = sorted(held - _FILES)
    if foreign or (held and f'content="{GENERATOR}"'.encode() not in head):
        no_page = f"no {PAGE} by {GENERATOR}"
        what = f"{foreign[0]}, which is no part of a comparison" if foreign else no_page
        raise UsageError(f"holds {what}: name another folder with -o", folder)


def write(runs: Sequence[Run], folder: Path) -> list[str]:
    """Write a comparison of ``runs`` as ``folder``, whole or not at all.

    Args:
        runs: at least one.
        folder: replaced if it is there; see :func:`refuse_foreign`.

    Returns:
        Sentences: what to know before, and what the runs decide.

    Raises:
        UsageError: if the folder cannot be written.
    """
    pairing = Pairing(runs)
    decisions = decide(pairing)
    rows = table.rows(pairing, folder)
    charts = Charts(rows, curve_rows(pairing))
    every, left_out = charts.every()
    shown, too_large = photographs.of(pairing.drawn)
    sentences = notes(pairing) + left_out + too_large
    data = {
        "title": "Runs compared",
        "summary": summary(runs),
        "notes": sentences,
        "decisions": decisions,
        "charts": [
            {"key": f"{name}_{number}" if len(found) > 1 else name, "spec": charts.finished(chart)}
            for name, found in every.items()
            for number, chart in enumerate(found)
        ],
        "parallel": charts.finished(charts.parallel()),
        "curves": charts.data["curves"],
        "legend": charts.legend,
        "columns": table.columns(pairing),
        "rows": rows,
        "photographs": shown,
    }
    page = document.render(
        "bitcodec.comparison",
        "compare",
        data,
        scripts=["charts.js", "photographs.js", "compare.js"],
        libraries=[vl_convert.javascript_bundle()],  # type: ignore[call-arg]
        generator=GENERATOR,
    )
    with replacing_folder(folder) as new:
        write_file(new / TABLE, table.to_csv(pairing).encode())
        for name, found in every.items():
            write_file(new / f"{name}.png", charts.png(found))
        write_file(new / PAGE, page.encode())
    return [*sentences, *(f"{d['question']}: {d['answer']} ({d['detail']})" for d in decisions)]
