"""One row a run: what it is, the photograph, both reconstructions and the bitmap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from bitcodec.code_pictures import fit
from bitcodec.comparison.pictures import CODE, READINGS
from bitcodec.files import replacing

_TALLEST_ROW, _SHORTEST_ROW = 288, 72
_LONGEST_SHEET = 24_000
_LABEL, _GAP, _HEAD = 300, 16, 40
_INK, _FAINT, _PAPER, _BLANK = (30, 30, 30), (110, 110, 110), (250, 250, 250), (238, 238, 238)


@dataclass(frozen=True)
class Row:
    """Lines of text and a function that reads the pictures by file name without suffix."""

    lines: Sequence[str]
    load: Callable[[], dict[str, Image.Image]]


def contact_sheet(rows: Sequence[Row], path: Path, advance: Callable[[], Any]) -> None:
    """Write the sheet as PNG; a picture that is missing leaves a grey place.

    Args:
        rows: from top to bottom.
        path: of the PNG.
        advance: called after every row.
    """
    height = max(_SHORTEST_ROW, min(_TALLEST_ROW, _LONGEST_SHEET // len(rows)))
    grid_width = height * 2
    width = _LABEL + 3 * (height + _GAP) + grid_width + _GAP
    sheet = Image.new("RGB", (width, _HEAD + len(rows) * (height + _GAP)), _PAPER)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(15)
    names = [*READINGS.values(), CODE]
    places = [_LABEL + number * (height + _GAP) for number in range(len(names))]
    for title, x in zip(
        ("input", "sigmoid", "binarized", "bitmap, white = 1"), places, strict=True
    ):
        draw.text((x, _HEAD - 10), title, _FAINT, font, anchor="ls")
    for number, row in enumerate(rows):
        top = _HEAD + number * (height + _GAP)
        _write(draw, row.lines, top, height)
        pictures = row.load()
        for name, x in zip(names, places, strict=True):
            box = (grid_width if name == CODE else height, height)
            sheet.paste(_fitted(pictures.get(name), box), (x, top))
        advance()
    with replacing(path) as stream:
        sheet.save(stream, "PNG")


def _fitted(picture: Image.Image | None, box: tuple[int, int]) -> Image.Image:
    return Image.new("RGB", box, _BLANK) if picture is None else fit(picture, box)


def _write(draw: ImageDraw.ImageDraw, lines: Sequence[str], top: int, height: int) -> None:
    fonts = (ImageFont.load_default(17), ImageFont.load_default(14))
    y = top + 2
    for number, line in enumerate(lines):
        font = fonts[number > 0]
        if y + 20 > top + height:
            return
        text = line
        while draw.textlength(text, font) > _LABEL - 2 * _GAP and len(text) > 4:
            text = text[:-2].rstrip("…") + "…"
        draw.text((_GAP, y), text, _INK if number == 0 else _FAINT, font)
        y += 24 if number == 0 else 20
