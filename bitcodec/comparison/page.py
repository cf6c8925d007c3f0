"""``index.html``: the template in ``page/`` with its style, script and data put in.

Nothing of a run folder becomes markup: it all travels as JSON that the script shows as text. A
content security policy lets nothing but this script run and nothing be fetched.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib import resources
from typing import Any

from bitcodec.comparison.charts import Chart, Series
from bitcodec.comparison.pairing import Pairing
from bitcodec.comparison.table import to_cells

GENERATOR = "bitcodec compare"
"""What the page says of its origin; a folder with such a page may be replaced."""

_SCRIPTS = ("dom.js", "viewer.js", "chart.js", "table.js", "main.js")
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")


def render(
    pairing: Pairing,
    title: str,
    notes: Sequence[str],
    charts: Sequence[Chart],
    viewer: Mapping[str, Any],
) -> str:
    """The whole page."""
    columns, rows = to_cells(pairing)
    data = {
        "title": title,
        "notes": list(notes),
        "viewer": viewer,
        "charts": [_chart(chart) for chart in charts],
        "columns": [asdict(column) for column in columns],
        "rows": [[[cell.text, cell.order] for cell in row] for row in rows],
    }
    style = _template("style.css")
    script = "".join(_template(name) for name in _SCRIPTS)
    parts = {
        "generator": GENERATOR,
        "policy": f"default-src 'none'; img-src data:; style-src {_digest(style)}; "
        f"script-src {_digest(script)}; base-uri 'none'; form-action 'none'",
        "style": style,
        "script": script,
        "data": to_script_json(data),
    }
    return _PLACEHOLDER.sub(lambda match: parts[match[1]], _template("index.html"))


def to_script_json(data: Any) -> str:
    """JSON that holds no character with which HTML could leave a ``script`` element."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _chart(chart: Chart) -> dict[str, Any]:
    return {
        "key": chart.key,
        "title": chart.title,
        "note": chart.note,
        "x": {
            "label": chart.x.label,
            "ticks": [[round(at, 4), text] for at, text in chart.x.ticks],
        },
        "y": {
            "label": chart.y.label,
            "ticks": [[round(at, 4), text] for at, text in chart.y.ticks],
        },
        "band": chart.band_opacity,
        "series": [_series(series, chart) for series in chart.series],
    }


def _series(series: Series, chart: Chart) -> dict[str, Any]:
    """Points as ``[x, y, low, high, label]`` with places in [0, 1]."""
    x, y = chart.x.scale.position, chart.y.scale.position
    return {
        "name": series.name,
        "hue": round(series.colour.hue, 1),
        "lift": round(series.colour.lift, 3),
        "marker": series.marker,
        "line": series.line,
        "curve": series.curve,
        "listed": series.listed,
        "points": [
            [*(round(place, 4) for place in (x(p.x), y(p.y), y(p.low), y(p.high))), p.label]
            for p in series.points
        ],
    }


def _template(name: str) -> str:
    return (resources.files("bitcodec.comparison") / "page" / name).read_text("utf-8")


def _digest(text: str) -> str:
    """The source expression that allows exactly this inline text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
