"""The photographs that runs left, with their figures, ready to lie under the page's divider."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from bitcodec.code_pictures import article_boxes
from bitcodec.comparison.runs import Run, natural
from bitcodec.errors import BitcodecError
from bitcodec.images import open_rgb
from bitcodec.pages import pictures
from bitcodec.pixels import psnr

NAMES = {
    "input": "panel_input",
    "sigmoid": "panel_sigmoid",
    "binary": "panel_binary",
    "code": "code_sigmoid",
    "bitmap": "code_binary",
}
"""What a picture is → its file's name without suffix; the first three are photographs."""
_PHOTOGRAPHS = ("input", "sigmoid", "binary")
_LARGEST_SIDE = 4096
_MOST_STEPS = 8
_BUDGET = 3_400_000
"""Characters of pictures in a page, which is to stay below 5 MB."""

Encode = Callable[[Image.Image], str]
_WAYS: tuple[tuple[str, Encode], ...] = (
    ("", pictures.lossless),
    ("WebP of quality 85", partial(pictures.lossy, quality=85)),
    ("WebP of quality 50", partial(pictures.lossy, quality=50)),
)


@dataclass
class Photograph:
    """One photograph of one run after a number of training steps; None for its last."""

    step: int | None
    parts: Mapping[str, Image.Image]
    facts: Mapping[str, float] = field(default_factory=dict)

    def figures(self) -> list[list[str]]:
        """Names and values: of these pixels, and what the run noted of the photograph."""
        whole, readings = np.asarray(self.parts["input"]), []
        for part in ("sigmoid", "binary"):
            pixels = np.asarray(self.parts[part])
            same = pixels.shape == whole.shape
            readings.append(psnr(whole, pixels) if same else self.facts.get(f"psnr_{part}"))
        soft, hard = readings
        gap = None if soft is None or hard is None or np.isinf(soft) else soft - hard
        ones = self.facts.get("ones")
        found = (
            ("sigmoid", soft, " dB"),
            ("binarized", hard, " dB"),
            ("gap", gap, " dB"),
            ("file", self.facts.get("bpp"), " bpp"),
            ("ones", None if ones is None else 100 * ones, " %"),
        )
        return [[name, f"{value:.2f}{unit}"] for name, value, unit in found if value is not None]


def of(runs: Sequence[Run], advance: Callable[[], Any]) -> tuple[dict[str, Any], list[str]]:
    """Pictures for the page, as many as it can hold, and sentences about those left out.

    Args:
        runs: those that are drawn.
        advance: called after every run.

    Returns:
        ``images`` (addresses, each once), ``photographs`` (names), and ``frames``: by run and
        photograph a list in order of steps, each with ``step`` (null for the last), ``figures``
        and the numbers of its images by part.
    """
    names = list(dict.fromkeys(name for run in runs for name in _folders(run)))
    book, notes = _Book(), []
    for run in runs:
        if names and (last := _last(run, names[0])):
            book.choose_way(last, len(runs))
            break
    for place, name in enumerate(names):
        lacking = []
        for run in runs:
            advance() if place == 0 else None
            last = _last(run, name)
            if isinstance(last, str):
                notes.append(f"{run.shown}: {last} of {name} cannot be read; the page lacks it")
            elif last and not book.add(run, name, [last]):
                lacking.append(run.name)
        if lacking:
            left = f"the pictures of {name} of {len(lacking)} run{'s' if len(lacking) > 1 else ''}"
            notes.append(f"index.html would grow too large with {left}")
    if names:
        without = [run for run in runs if not book.add(run, names[0], _steps(run, names[0]), True)]
        if without:
            count = f"{len(without)} run{'s' if len(without) > 1 else ''}"
            notes.append(f"index.html would grow too large with the earlier steps of {count}")
    if book.way:
        notes.append(f"index.html holds the pictures as {book.way}; figures are of the originals")
    kept = [name for name in names if any(name in found for found in book.frames.values())]
    return {"images": book.images, "photographs": kept, "frames": book.frames}, notes


class _Book:
    """Pictures by number, equal ones once: all runs share their input."""

    def __init__(self) -> None:
        self.images: list[str] = []
        self.frames: dict[str, dict[str, list[dict[str, Any]]]] = {}
        self.way, self._encode = _WAYS[0]
        self._size, self._numbers = 0, dict[str, int]()

    def choose_way(self, example: Photograph | str, count: int) -> None:
        """The best way by which as many pictures as the example's fit."""
        if isinstance(example, Photograph):
            for self.way, self._encode in _WAYS:
                if count * sum(map(len, self._uris(example).values())) < 0.8 * _BUDGET:
                    return

    def add(self, run: Run, name: str, found: Sequence[Photograph], before: bool = False) -> bool:
        """Take all of them in, in front of those that are there, or none if they are too large."""
        coded = [self._uris(each) for each in found]
        new = {uri for uris in coded for uri in uris.values()} - self._numbers.keys()
        if self._size + sum(map(len, new)) > _BUDGET:
            return False
        for uri in sorted(new):
            self._numbers[uri] = len(self.images)
            self.images.append(uri)
            self._size += len(uri)
        frames = [
            {"step": each.step, "figures": each.figures()}
            | {part: self._numbers[uri] for part, uri in uris.items()}
            for each, uris in zip(found, coded, strict=True)
        ]
        if frames:
            there = self.frames.setdefault(run.name, {}).setdefault(name, [])
            there[0 if before else len(there) : 0 if before else len(there)] = frames
        return True

    def _uris(self, found: Photograph) -> dict[str, str]:
        codes: dict[str, Encode] = {
            "code": partial(pictures.lossy, quality=50),
            "bitmap": pictures.bits,
        }
        return {part: codes.get(part, self._encode)(image) for part, image in found.parts.items()}


def _folders(run: Run) -> list[str]:
    found = (run.folder / "panels").glob("image_*")
    return [path.name for path in sorted(found, key=natural) if re.search(r"_\d+$", path.name)]


def _last(run: Run, name: str) -> Photograph | str | None:
    """The latest pictures; the name of a file that is missing or broken; None if there are none."""
    folder = run.folder / "panels" / name
    if not folder.is_dir():
        return None
    parts: dict[str, Image.Image] = {}
    facts: Mapping[str, float] = {}
    for part, stem in NAMES.items():
        found = _open(folder / f"{stem}.png")
        if found:
            parts[part], facts = found
        elif part in _PHOTOGRAPHS:
            return f"{stem}.png"
    if len({parts[part].size for part in _PHOTOGRAPHS}) > 1:
        return "panel_input.png"
    return Photograph(None, parts, facts)


def _steps(run: Run, name: str) -> list[Photograph]:
    """Cut out of the article's figures of earlier validations, evenly chosen if there are many."""
    last = _last(run, name)
    if not isinstance(last, Photograph) or "bitmap" not in last.parts:
        return []
    size, boxes = article_boxes(last.parts["input"].size, last.parts["bitmap"].size)
    paths = sorted((run.folder / "panels").glob("step_*.png"))[:-1]
    stride = -(-len(paths) // _MOST_STEPS) or 1
    return list(_cut(paths[::-stride][::-1], size, boxes, last))


def _cut(
    paths: Sequence[Path], size: Any, boxes: Mapping[str, Any], last: Photograph
) -> Iterator[Photograph]:
    for path in paths:
        found, number = _open(path), re.search(r"_(\d+)$", path.stem)
        if not found or not number or found[0].size != size:
            continue
        parts = {part: found[0].crop(box) for part, box in boxes.items()}
        shape = last.parts["input"].size
        for part in _PHOTOGRAPHS:
            if parts[part].width % shape[0] == 0 and parts[part].height % shape[1] == 0:
                parts[part] = parts[part].resize(shape, Image.Resampling.NEAREST)
        parts["input"] = last.parts["input"]
        yield Photograph(int(number[1]), parts, found[1])


def _open(path: Path) -> tuple[Image.Image, Mapping[str, float]] | None:
    """A picture, and what its writer noted in it; None for one that cannot be read."""
    try:
        with Image.open(path) as image:
            if max(image.size) > _LARGEST_SIDE:
                return None
            noted = json.loads(image.info.get("bitcodec", "{}"))
        facts = noted.items() if isinstance(noted, dict) else ()
        return open_rgb(path), {k: v for k, v in facts if isinstance(v, int | float)}
    except (BitcodecError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
