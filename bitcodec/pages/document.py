"""One HTML file from a template, styles, scripts and data.

Nothing that comes from a user's files becomes markup: it all travels as JSON that a script shows as
text. A content security policy lets only the page's own scripts run and nothing be fetched.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from importlib import resources
from typing import Any

_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")


def render(
    room: str,
    name: str,
    data: Any,
    *,
    scripts: Sequence[str] = (),
    libraries: Sequence[str] = (),
    generator: str,
) -> str:
    """A whole page.

    Args:
        room: the package in whose ``page/`` folder ``NAME.html``, ``NAME.css`` and the scripts are.
        name: of the page's body and its style; a stage stands where it says ``{{stage}}``.
        data: what the scripts show, ready for JSON; NaN and infinity are refused. All pages show
            its ``title``, its ``summary`` and a list of ``notes``.
        scripts: names of files, run in this order after those that all pages share.
        libraries: texts of classic scripts that run before them.
        generator: what the page says of its origin.
    """
    style = _shared("base.css") + template(room, f"{name}.css")
    script = _shared("dom.js") + _shared("stage.js")
    script += "".join(template(room, each) for each in scripts)
    allowed = " ".join(_digest(text) for text in (*libraries, script))
    parts = {
        "generator": generator,
        "policy": f"default-src 'none'; img-src data:; style-src {_digest(style)}; "
        f"script-src {allowed}; base-uri 'none'; form-action 'none'",
        "style": style,
        "libraries": "".join(f'<script type="module">{text}</script>\n' for text in libraries),
        "script": script,
        "body": template(room, f"{name}.html").replace("{{stage}}", _shared("stage.html")),
        "data": to_script_json(data),
    }
    return _PLACEHOLDER.sub(lambda match: parts[match[1]], _shared("document.html"))


def to_script_json(data: Any) -> str:
    """JSON that holds no character with which HTML could leave a ``script`` element."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def template(room: str, name: str) -> str:
    """A file of the ``page/`` folder of a package."""
    return (resources.files(room) / "page" / name).read_text("utf-8")


def _shared(name: str) -> str:
    return template("bitcodec.pages", name)


def _digest(text: str) -> str:
    """The source expression that allows exactly this inline text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
