"""The same detail of a photograph from each codec at about equal bytes, the original beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from bitcodec.evaluation.baselines import ImageCodec
from bitcodec.evaluation.measure import Measurement, open_original
from bitcodec.evaluation.plots import LABELS
from bitcodec.files import replacing

#: Side of the detail in pixels, and how large each of its pixels is shown.
SIDE, ZOOM = 120, 3
_GAP = 8
_LINE = 17
_LINES = 3


@dataclass(frozen=True)
class Tile:
    """One version of the detail.

    Attributes:
        image: the whole picture, 8-bit RGB.
        lines: up to three lines of text below it.
    """

    image: Image.Image
    lines: Sequence[str]


def detail_sheet(
    rows: Sequence[Measurement],
    codecs: Sequence[ImageCodec],
    details: Sequence[tuple[Path, tuple[int, int] | None]],
    title: str,
    path: Path,
) -> None:
    """Write the sheet of some images at the operating points that were measured.

    Args:
        rows: one for each image and codec.
        codecs: those that made them.
        details: image files, and the point (x, y) to look at or None for the middle.
        title: printed above.
        path: of the PNG.
    """
    by_name = {codec.name: codec for codec in codecs}
    lines = []
    for file, centre in details:
        original = open_original(file)
        caption = (f"{original.name}, original", f"blockiness {original.blockiness:.2f}")
        tiles = [Tile(original.image, caption)]
        for row in rows:
            if row.image != original.name:
                continue
            codec = by_name[row.codec]
            data = codec.encode(original.image, row.setting)
            captions = (
                f"{LABELS.get(codec.family, codec.family).partition(' (')[0]}, {row.setting}",
                f"{len(data):,} bytes, {row.bpp:.3f} bpp",
                f"{row.psnr:.2f} dB, blockiness {row.blockiness:.2f}",
            )
            tiles.append(Tile(codec.decode(data, row.setting), captions))
        lines.append((centred(original.image.size, centre), tiles))
    sheet(lines, title, path)


def centred(size: tuple[int, int], centre: tuple[int, int] | None = None) -> tuple[int, int]:
    """Left and top of the detail around a point (default: the middle), moved inside the picture."""
    left, top = (
        max(0, min(point - SIDE // 2, length - SIDE))
        for point, length in zip(centre or (size[0] // 2, size[1] // 2), size, strict=True)
    )
    return left, top


def sheet(rows: Sequence[tuple[tuple[int, int], Sequence[Tile]]], title: str, path: Path) -> None:
    """Write a PNG with one row for each detail.

    Pixels are enlarged without smoothing, so that blocks stay what they are.

    Args:
        rows: left and top of the detail, and its versions, the original first.
        title: printed above.
        path: of the PNG.
    """
    cell = SIDE * ZOOM
    columns = max(len(tiles) for _, tiles in rows)
    width = columns * (cell + _GAP) + _GAP
    height = 2 * _LINE + len(rows) * (cell + _LINES * _LINE + 2 * _GAP)
    canvas = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(size=13)
    draw.text((_GAP, _GAP), title, "black", font)
    for row, ((left, top), tiles) in enumerate(rows):
        y = 2 * _LINE + row * (cell + _LINES * _LINE + 2 * _GAP)
        for column, tile in enumerate(tiles):
            x = _GAP + column * (cell + _GAP)
            detail = tile.image.crop((left, top, left + SIDE, top + SIDE))
            canvas.paste(detail.resize((cell, cell), Image.Resampling.NEAREST), (x, y))
            for number, line in enumerate(tile.lines):
                draw.text((x, y + cell + 2 + number * _LINE), line, "black", font)
    with replacing(path) as stream:
        canvas.save(stream, "PNG", optimize=True)
