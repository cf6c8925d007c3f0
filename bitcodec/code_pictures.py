"""Pictures of codes and reconstructions, drawn with Pillow as uint8 RGB arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from bitcodec.pixels import Pixels

COLUMNS = 16
TILE = 64
"""Largest side of one channel's tile; larger code maps are thinned out, never averaged, so that
a bit stays black or white."""

_INK, _PAPER = (60, 60, 60), (250, 250, 250)


def code_grid(code: NDArray[np.floating]) -> Pixels:
    """All channels of one code ``C x h x w`` in [0, 1] as one labelled grid, white for 1.

    A row's label is its first channel, a column's label what to add to it.
    """
    channels, height, width = code.shape
    step = max(1, -(-max(height, width) // TILE))
    zoom = max(1, 32 // -(-max(height, width) // step))
    tiles = np.rint(code[:, ::step, ::step] * 255).astype(np.uint8)
    tiles = tiles.repeat(zoom, axis=1).repeat(zoom, axis=2)
    h, w = tiles.shape[1:]
    rows = -(-channels // COLUMNS)
    left, top, gap = 30, 16, 2
    size = (left + COLUMNS * (w + gap), top + rows * (h + gap))
    sheet = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(11)
    for channel, tile in enumerate(tiles):
        row, column = divmod(channel, COLUMNS)
        x, y = left + column * (w + gap), top + row * (h + gap)
        sheet.paste(Image.fromarray(tile).convert("RGB"), (x, y))
        if column == 0:
            draw.text((left - 4, y + h // 2), str(channel), _INK, font, anchor="rm")
        if row == 0:
            draw.text((x + w // 2, top - 3), f"+{column}", _INK, font, anchor="ms")
    return np.asarray(sheet)


def article_boxes(
    picture: tuple[int, int], grid: tuple[int, int]
) -> tuple[tuple[int, int], dict[str, tuple[int, int, int, int]]]:
    """Size of the article's figure, and where its pictures lie as left, top, right, bottom.

    Args:
        picture: width and height of the photograph.
        grid: width and height of one code grid.
    """
    grids_height = 2 * grid[1] + 60
    side = max(96, (grids_height - 3 * 30) // 3)
    width, height = fit(Image.new("1", picture), (side, side)).size
    boxes, y = {}, 34
    for name in ("input", "sigmoid", "binary"):
        boxes[name] = (12, y + 20, 12 + width, y + 20 + height)
        y += height + 30
    x, y = width + 24, 34
    for name in ("code", "bitmap"):
        boxes[name] = (x, y + 20, x + grid[0], y + 20 + grid[1])
        y += grid[1] + 30
    return (width + grid[0] + 36, max(grids_height, 3 * (height + 30)) + 34), boxes


_FIGURE_TITLES = {
    "input": "input",
    "sigmoid": "sigmoid",
    "binary": "binarized",
    "code": "code: sigmoid (white = 1)",
    "bitmap": "code: binarized (white = 1)",
}


def article_figure(
    image: Pixels, sigmoid: Pixels, binary: Pixels, code: Pixels, bitmap: Pixels, title: str
) -> Pixels:
    """The article's figure: left the input and both reconstructions, right the two code grids."""
    size, boxes = article_boxes(image.shape[1::-1], code.shape[1::-1])
    sheet = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(14)
    draw.text((12, 8), title, (0, 0, 0), font)
    pixels = {"input": image, "sigmoid": sigmoid, "binary": binary, "code": code, "bitmap": bitmap}
    for name, (left, top, right, bottom) in boxes.items():
        draw.text((left, top - 20), _FIGURE_TITLES[name], _INK, font)
        sheet.paste(fit(Image.fromarray(pixels[name]), (right - left, bottom - top)), (left, top))
    return np.asarray(sheet)


def article_parts(
    figure: Image.Image, picture: tuple[int, int], grid: tuple[int, int]
) -> dict[str, Image.Image] | None:
    """What :func:`article_figure` put together, or None for a picture of another size.

    Photographs that it enlarged have their own pixels again.

    Args:
        figure: as drawn.
        picture: width and height of the photograph.
        grid: width and height of one code grid.
    """
    size, boxes = article_boxes(picture, grid)
    if figure.size != size:
        return None
    parts = {name: figure.crop(box) for name, box in boxes.items()}
    for name in ("input", "sigmoid", "binary"):
        width, height = parts[name].size
        if width % picture[0] == 0 and height % picture[1] == 0:
            parts[name] = parts[name].resize(picture, Image.Resampling.NEAREST)
    return parts


def fit(image: Image.Image, box: tuple[int, int]) -> Image.Image:
    """Enlarged by whole pixels if small, else shrunk, to fit into a box of width and height."""
    zoom = min(side // length for side, length in zip(box, image.size, strict=True))
    if zoom > 1:
        return image.resize((image.width * zoom, image.height * zoom), Image.Resampling.NEAREST)
    image = image.copy()
    image.thumbnail(box, Image.Resampling.LANCZOS)
    return image
