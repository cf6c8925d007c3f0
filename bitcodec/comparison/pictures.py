"""The pictures that a run left: one photograph, its two reconstructions, its bitmap."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from bitcodec.comparison.runs import Run, natural
from bitcodec.errors import BitcodecError
from bitcodec.images import open_rgb

READINGS = {"input": "panel_input", "sigmoid": "panel_sigmoid", "binary": "panel_binary"}
"""Reading → file name without suffix, in the order in which they are shown."""
CODE = "code_binary"
_NAMES = (*READINGS.values(), CODE)
_LARGEST_SIDE = 4096


def photographs(run: Run) -> list[str]:
    """Names of the folders below ``panels/``, one for each photograph."""
    folders = (run.folder / "panels").glob("image_*")
    return [path.name for path in sorted(folders, key=natural) if re.search(r"_\d+$", path.name)]


def first_photograph(runs: Sequence[Run]) -> str | None:
    """The photograph that most runs have, the first of them if there are several."""
    counts: dict[str, int] = {}
    for run in runs:
        for name in photographs(run):
            counts[name] = counts.get(name, 0) + 1
    return max(counts, key=lambda name: counts[name]) if counts else None


def load(run: Run, photograph: str) -> dict[str, Image.Image]:
    """The pictures of one photograph by file name without suffix; unreadable ones are left out."""
    folder = run.folder / "panels" / photograph
    pictures = {}
    for name in _NAMES:
        picture = _open(folder / f"{name}.png")
        if picture is not None:
            pictures[name] = picture
    return pictures


def missing(pictures: dict[str, Image.Image]) -> list[str]:
    """File names that :func:`load` did not find or could not read."""
    return [f"{name}.png" for name in _NAMES if name not in pictures]


def _open(path: Path) -> Image.Image | None:
    try:
        with Image.open(path) as image:
            if max(image.size) > _LARGEST_SIDE:
                return None
        return open_rgb(path)
    except (BitcodecError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
