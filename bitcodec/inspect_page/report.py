"""The page of one photograph: qualities, codecs at equal bytes, figures, channels."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from bitcodec.evaluation.false_edges import false_edges
from bitcodec.evaluation.metrics import MsSsim
from bitcodec.inspect_page import rivals
from bitcodec.inspect_page.bits import COLUMNS, PER_GRID, Channels, grids, heat, spent
from bitcodec.inspect_page.renderings import Rendering, Work, largest, qualities, read
from bitcodec.machine import cores
from bitcodec.pages import document, pictures
from bitcodec.pixels import psnr

GENERATOR = "bitcodec inspect"
OURS = "bitcodec"
MOST_BITS = 12_000_000
"""Of one bitmap; a picture that has more is shrunk, or its page would be too large to open."""


@dataclass
class Figures:
    """One line of the table of figures, as texts; ``uri`` is the picture."""

    name: str
    setting: str
    bytes: str
    bpp: str
    psnr: str
    ms_ssim: str
    false_edges: str
    uri: str


class _Judge:
    """Measures pictures against one original; without one there is nothing to measure."""

    def __init__(self, original: Image.Image | None, pixels: int) -> None:
        self._pixels = pixels
        self._original = None if original is None else np.asarray(original)
        self._ms_ssim = None if self._original is None else MsSsim(self._original)

    def figures(
        self, name: str, setting: str, size: int, picture: Image.Image, uri: str
    ) -> Figures:
        rate = f"{8 * size / self._pixels:.3f}"
        if self._original is None or self._ms_ssim is None:
            return Figures(name, setting, f"{size:,}", rate, "", "", "", uri)
        decoded = np.asarray(picture)
        similarity, distance = self._ms_ssim(decoded), psnr(self._original, decoded)
        edges = false_edges(self._original, decoded)
        return Figures(
            name,
            setting,
            f"{size:,}",
            rate,
            "∞" if math.isinf(distance) else f"{distance:.2f}",
            "" if math.isnan(similarity) else f"{similarity:.4f}",
            f"{edges.per_thousand:.1f}" if edges.places else "none smooth",
            uri,
        )


def of_photograph(
    photograph: Image.Image,
    name: str,
    model: str | None = None,
    advance: Callable[[int], Any] = lambda total: None,
    notes: Iterable[str] = (),
) -> str:
    """The page of a picture, as HTML.

    Args:
        photograph: 8-bit RGB.
        name: what the page calls it.
        model: name or folder; None for what ships.
        advance: called with the number of steps after each of them.
        notes: sentences that the page shows beside its own.

    Raises:
        BitcodecError: if there is no such model, or it cannot encode the picture.
    """
    said = list(notes)
    picture = _shrunk(photograph, largest(model, MOST_BITS))
    if picture is not photograph:
        width, height = photograph.size
        said.append(
            f"The photograph has {width} x {height} pixels; this page shows it at {picture.width} "
            f"x {picture.height}, and all figures are of the smaller one"
        )
    work, others = qualities(model), rivals.present()
    total = len(work) + len(others) + 1

    def watched(items: Iterable[Any]) -> list[Any]:
        found = []
        for item in items:
            found.append(item)
            advance(total)
        return found

    def run(one: Work) -> Rendering:
        return one(picture)

    with ThreadPoolExecutor(cores()) as pool:
        ours = watched(pool.map(run, work))
        sizes = [rendering.size for rendering in ours]
        theirs = watched(pool.map(lambda codec: rivals.equal_bytes(codec, picture, sizes), others))
        judge = _Judge(picture, picture.width * picture.height)

        def measure(number: int) -> list[Figures]:
            rows = [_ours(ours[number], judge)]
            for codec, files in zip(others, theirs, strict=True):
                title, file = rivals.RIVALS[codec.name], files[number]
                uri = pictures.data_uri(file.data, rivals.MEDIA[title])
                setting = f"quality {file.setting}"
                rows.append(judge.figures(title, setting, len(file.data), file.picture, uri))
            return rows

        figures = list(pool.map(measure, range(len(ours))))
        shown = list(pool.map(_quality, ours, figures))
        original = pictures.lossless(picture)
    advance(total)
    return _page(name, picture.size, original, shown, ours, said)


def of_file(data: bytes, name: str, model: str | None = None) -> str:
    """The page of a ``.bitc`` file: what it holds, without an original to compare with.

    Raises:
        DamagedFileError: if the bytes are not one intact file.
        UnknownModelError: if its model is not here.
    """
    rendering = read(data, model)
    size = rendering.picture.size
    rows = [_ours(rendering, _Judge(None, size[0] * size[1]))]
    notes = ["A .bitc file does not hold the original: there is nothing to compare it with"]
    return _page(name, size, None, [_quality(rendering, rows)], [rendering], notes)


def _shrunk(picture: Image.Image, most: int) -> Image.Image:
    pixels = picture.width * picture.height
    if pixels <= most:
        return picture
    share = math.sqrt(most / pixels)
    size = max(1, int(picture.width * share)), max(1, int(picture.height * share))
    return picture.resize(size, Image.Resampling.LANCZOS)


def _ours(rendering: Rendering, judge: _Judge) -> Figures:
    setting = f"-q {rendering.quality}"
    uri = pictures.lossless(rendering.picture)
    return judge.figures(OURS, setting, rendering.size, rendering.picture, uri)


def _quality(rendering: Rendering, rows: list[Figures]) -> dict[str, Any]:
    channels = spent(rendering.bitmap, rendering.payload)
    most = float(np.quantile(channels.place, 0.995))
    count, height, width = rendering.bitmap.shape
    return {
        "quality": rendering.quality,
        "figures": [vars(row) for row in rows],
        "map": pictures.lossless(heat(channels.place, most)),
        "most": f"{most:.0f}",
        "summary": f"{count} channels of {width} × {height} bits, "
        f"{rendering.bitmap.mean():.1%} ones: {rendering.bitmap.size / 8:,.0f} bytes as they "
        f"stand, {rendering.payload:,} coded",
        "tile": [width, height],
        "grids": [pictures.bits(grid) for grid in grids(rendering.bitmap)],
        "channels": _texts(channels, rendering),
    }


def _texts(channels: Channels, rendering: Rendering) -> list[list[str]]:
    names = rendering.channels or ("",) * len(channels.ones)
    return [
        [f"{ones:.2%}", f"{entropy:.3f}", f"{size:,.0f}", f"{size / rendering.payload:.2%}", name]
        for ones, entropy, size, name in zip(
            channels.ones, channels.entropy, channels.size, names, strict=True
        )
    ]


def _page(
    name: str,
    size: tuple[int, int],
    original: str | None,
    shown: list[dict[str, Any]],
    renderings: list[Rendering],
    notes: list[str],
) -> str:
    models = ", ".join(dict.fromkeys(each.model for each in renderings))
    data = {
        "title": name,
        "summary": f"{size[0]} × {size[1]} pixels, model {models}",
        "size": size,
        "original": original,
        "qualities": shown,
        "columns": COLUMNS,
        "per_grid": PER_GRID,
        "notes": notes,
    }
    return document.render(
        "bitcodec.inspect_page", "inspect", data, scripts=["inspect.js"], generator=GENERATOR
    )
