"""Results as files for programs (CSV, JSON) and as tables for people."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from bitcodec.errors import DamagedFileError
from bitcodec.evaluation.bd_rate import BdRate
from bitcodec.evaluation.curves import Curve
from bitcodec.evaluation.measure import Measurement
from bitcodec.files import write_file

#: Decimals that the CSV keeps: more than differ between machines would only make noise in diffs.
_DECIMALS = {
    "bpp": 6,
    "psnr": 4,
    "ms_ssim": 6,
    "blockiness": 4,
    "encode_ms": 1,
    "false_edges": 0,
    "smooth_places": 0,
    "decode_ms": 1,
    "bd_rate_percent": 2,
    "overlap_low": 3,
    "overlap_high": 3,
}
_BD_COLUMNS = ("codec", "anchor", "metric", "bd_rate_percent", "overlap_low", "overlap_high")


def write_measurements(rows: Sequence[Measurement], path: Path) -> None:
    """One line for each image at each setting of each codec."""
    columns = tuple(field.name for field in fields(Measurement))
    _write_csv(columns, [asdict(row) for row in rows], path)


def read_measurements(path: Path) -> list[Measurement]:
    """The rows of a file that :func:`write_measurements` wrote; settings come back as text.

    Raises:
        DamagedFileError: if it is no such file.
    """
    texts = ("codec", "setting", "image")
    try:
        with path.open(newline="") as stream:
            return [
                Measurement(**{k: v if k in texts else float(v) for k, v in line.items()})  # type: ignore[arg-type]
                for line in csv.DictReader(stream)
            ]
    except (OSError, TypeError, ValueError) as error:
        raise DamagedFileError(f"is not a table of measurements ({error})", path) from None


def write_bd_rates(rows: Sequence[BdRate], path: Path) -> None:
    """One line for each pair of codecs and metric; empty figures where curves do not overlap."""
    _write_csv(_BD_COLUMNS, [_bd_line(row) for row in rows], path)


def write_json(content: Mapping[str, Any], path: Path) -> None:
    """Strict JSON: what is not finite becomes null."""
    text = json.dumps(_finite(content), indent=1, allow_nan=False)
    write_file(path, (text + "\n").encode())


def means_table(curves: Sequence[Curve], title: str) -> Table:
    """The points of all curves."""
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left")
    table.add_column("codec", no_wrap=True)
    for heading in (
        "setting",
        "bpp",
        "PSNR",
        "MS-SSIM",
        "blockiness",
        "false edges",
        "enc ms",
        "dec ms",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    for curve in curves:
        for point in curve.points:
            table.add_row(
                point.codec,
                str(point.setting),
                f"{point.bpp:.3f}",
                f"{point.psnr:.2f}",
                f"{point.ms_ssim:.4f}",
                f"{point.blockiness:.2f}",
                f"{point.false_edges:.1f}",
                f"{point.encode_ms:.0f}",
                f"{point.decode_ms:.0f}",
            )
        table.add_section()
    return table


def bd_table(rows: Sequence[BdRate], metric: str, anchors: Sequence[str], title: str) -> Table:
    """Codecs down, anchors across; each figure with the qualities it is a mean over."""
    cells = {(row.codec, row.anchor): row for row in rows if row.metric == metric}
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left")
    table.add_column("codec", no_wrap=True)
    for anchor in anchors:
        table.add_column(f"against {anchor}", justify="right", no_wrap=True)
    for codec in dict.fromkeys(codec for codec, _ in cells):
        line = [_bd_cell(cells.get((codec, anchor))) for anchor in anchors]
        table.add_row(codec, *line)
    return table


def _bd_cell(row: BdRate | None) -> str:
    if row is None:
        return ""
    if math.isnan(row.percent):
        return "no overlap"
    return f"{row.percent:+.1f} %\n{row.overlap_low:.1f} to {row.overlap_high:.1f} dB"


def _bd_line(row: BdRate) -> dict[str, Any]:
    line = asdict(row)
    line["bd_rate_percent"] = line.pop("percent")
    return line


def _write_csv(columns: Sequence[str], lines: Sequence[Mapping[str, Any]], path: Path) -> None:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    for line in lines:
        writer.writerow([_cell(column, line[column]) for column in columns])
    write_file(path, buffer.getvalue().encode())


def _cell(column: str, value: Any) -> Any:
    if column not in _DECIMALS:
        return value
    if math.isnan(value):
        return "" if column in _BD_COLUMNS else "nan"
    return f"{value:.{_DECIMALS[column]}f}"


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
