"""A comparison folder, whole: ``runs.csv``, the plots as PNG, and ``index.html``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import vl_convert

from bitcodec.comparison import photographs, table
from bitcodec.comparison.charts import Charts
from bitcodec.comparison.notes import decide, notes, summary
from bitcodec.comparison.pairing import Pairing
from bitcodec.comparison.runs import Run
from bitcodec.errors import UsageError
from bitcodec.files import cannot, replacing_folder, write_file
from bitcodec.pages import document

TABLE, PAGE = "runs.csv", "index.html"
GENERATOR = "bitcodec compare"
"""What the page says of its origin; a folder with such a page may be replaced."""
_PLOTS = ("gap", "psnr", "penalty", "rate_distortion", "learning_curves")
_FILES = {TABLE, PAGE, *(f"{name}.png" for name in (*_PLOTS, "contact_sheet"))}
"""All that a comparison may hold; the last is of older versions."""


def refuse_foreign(folder: Path) -> None:
    """Object to a folder that may not be replaced: one that holds anything but a comparison.

    Raises:
        UsageError: with what to do.
    """
    try:
        held = {path.name for path in folder.iterdir()} if folder.exists() else set()
        page = (folder / PAGE).read_bytes() if PAGE in held else b""
    except NotADirectoryError:
        raise UsageError("this is a file: name a folder with -o", folder) from None
    except OSError as error:
        raise cannot("read", error, folder) from None
    foreign = [f"{name}, which is no part of a comparison" for name in sorted(held - _FILES)]
    if held and f'content="{GENERATOR}"'.encode() not in page.partition(b"<style>")[0]:
        foreign.append(f"no {PAGE} by {GENERATOR}")
    if foreign:
        raise UsageError(f"holds {foreign[0]}: name another folder with -o", folder)


def write(runs: Sequence[Run], folder: Path) -> list[str]:
    """Write a comparison of ``runs`` as ``folder``, which is replaced, whole or not at all.

    Returns sentences: what to know before, and what the runs decide.

    Raises:
        UsageError: if the folder cannot be written.
    """
    pairing = Pairing(runs)
    decisions = decide(pairing)
    rows = table.rows(pairing, folder)
    charts = Charts(rows, table.curve_rows(pairing))
    every, left_out = charts.every()
    shown, too_large = photographs.of(pairing.drawn)
    sentences = [*notes(pairing), *left_out, *too_large]
    settings, metrics = table.headings(pairing)
    data = {
        "title": "Runs compared",
        "summary": summary(runs),
        "notes": sentences,
        "decisions": decisions,
        "charts": [
            {"key": name, "spec": charts.finished(chart)}
            for name, found in {**every, "parallel": [charts.parallel()]}.items()
            for chart in found
        ],
        "curves": charts.data["curves"],
        "legend": charts.legend,
        "settings": settings,
        "metrics": metrics,
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
