"""The photographs that runs left, with their figures, ready to lie under the page's divider."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from bitcodec.code_pictures import article_parts
from bitcodec.comparison.names import METRICS, written
from bitcodec.comparison.notes import plural
from bitcodec.comparison.runs import Run, natural
from bitcodec.errors import BitcodecError
from bitcodec.images import open_rgb
from bitcodec.pages import pictures
from bitcodec.pixels import psnr

_PHOTOGRAPHS = {"input": "panel_input", "sigmoid": "panel_sigmoid", "binary": "panel_binary"}
_FILES = {**_PHOTOGRAPHS, "code": "code_sigmoid", "bitmap": "code_binary"}
"""What a picture is → its file's name without suffix."""
_LARGEST_SIDE = 4096
_MOST_STEPS = 8
_BUDGET = 3_400_000
"""Characters of pictures in a page, which is to stay below 5 MB."""
_QUALITIES: tuple[int | None, ...] = (None, 85, 50)
"""Of the photographs as WebP; without loss if all are likely to fit into the budget."""

_CODE_WAYS: dict[str, Callable[[Image.Image], str]] = {
    "code": partial(pictures.lossy, quality=50),
    "bitmap": pictures.bits,
}


class Photograph(NamedTuple):
    """One photograph of one run after a number of training steps; None for its last."""

    step: int | None
    parts: Mapping[str, Image.Image]
    facts: Mapping[str, float]

    def figures(self) -> list[tuple[str, str]]:
        """Names and values: of these pixels, and what the run noted of the photograph."""
        found, original = dict(self.facts), np.asarray(self.parts["input"])
        for part in ("sigmoid", "binary"):
            if self.parts[part].size == self.parts["input"].size:
                found[f"psnr_{part}"] = psnr(original, np.asarray(self.parts[part]))
        if found.keys() >= {"psnr_sigmoid", "psnr_binary"} and np.isfinite(found["psnr_sigmoid"]):
            found["gap"] = found["psnr_sigmoid"] - found["psnr_binary"]
        return [(METRICS[key].heading, written(key, found[key])) for key in METRICS if key in found]

    def uris(self, quality: int | None) -> dict[str, str]:
        """Addresses of the pictures by part; photographs without loss if no quality is given."""
        way = partial(pictures.lossy, quality=quality) if quality else pictures.lossless
        return {part: _CODE_WAYS.get(part, way)(image) for part, image in self.parts.items()}


def of(runs: Sequence[Run]) -> tuple[dict[str, Any], list[str]]:
    """Pictures of the drawn runs, as many as a page can hold, and sentences about those left out.

    The pictures are ``images`` (addresses, each once), ``photographs`` (names), and ``frames``: by
    run and photograph a list in order of steps, each with ``step`` (null for the last), ``size``,
    ``figures`` and the numbers of its images by part.
    """
    frames: dict[str, dict[str, list[dict[str, Any]]]] = {}
    numbers: dict[str, int] = {}
    notes, lacking, ways = [], Counter[str](), _QUALITIES
    names = list(dict.fromkeys(name for run in runs for name in _folders(run)))
    for kind, run, name, found in _all(runs, names):
        if isinstance(found, str):
            notes.append(f"{run.shown}: {found} of {name} cannot be read; the page lacks it")
            continue
        for quality in ways:
            uris = found.uris(quality)
            if len(runs) * sum(map(len, uris.values())) < 0.8 * _BUDGET:
                break
        images = dict.fromkeys([*numbers, *uris.values()])
        if sum(map(len, images)) > _BUDGET:
            lacking[kind] += 1
            continue
        numbers, ways = {uri: number for number, uri in enumerate(images)}, (quality,)
        frame = {"step": found.step, "size": found.parts["input"].size, "figures": found.figures()}
        frame |= {part: numbers[uri] for part, uri in uris.items()}
        frames.setdefault(run.name, {}).setdefault(name, []).insert(0, frame)
    for kind, count in lacking.items():
        notes.append(f"index.html would grow too large with {plural(count, kind)} more")
    if ways[0]:
        how = f"as WebP of quality {ways[0]}; figures are of the originals"
        notes.append(f"index.html holds the pictures {how}")
    kept = [name for name in names if any(name in found for found in frames.values())]
    return {"images": list(numbers), "photographs": kept, "frames": frames}, notes


def _all(
    runs: Sequence[Run], names: Sequence[str]
) -> Iterator[tuple[str, Run, str, Photograph | str]]:
    """Kind, run, name, and pictures or the file that is broken; the most wanted first.

    These are the last of every photograph, then the steps before of the first, backwards.
    """
    for name in names:
        for run in runs:
            if (folder := run.folder / "panels" / name).is_dir():
                yield "photograph", run, name, _last(folder)
    for run in runs if names else ():
        for earlier in _steps(run, _last(run.folder / "panels" / names[0])):
            yield "earlier step", run, names[0], earlier


def _folders(run: Run) -> list[str]:
    found = (run.folder / "panels").glob("image_*")
    return [path.name for path in sorted(found, key=natural) if re.search(r"_\d+$", path.name)]


def _last(folder: Path) -> Photograph | str:
    """The latest pictures, or the name of a file that is missing or broken."""
    read = {part: _open(folder / f"{stem}.png") for part, stem in _FILES.items()}
    found = {part: each for part, each in read.items() if each}
    for part, stem in _PHOTOGRAPHS.items():
        if part not in found or found[part][0].size != found["input"][0].size:
            return f"{stem}.png"
    return Photograph(None, {part: image for part, (image, _) in found.items()}, found["binary"][1])


def _steps(run: Run, last: Photograph | str) -> Iterator[Photograph]:
    """Cut out of the article's figures of earlier validations, evenly chosen if there are many."""
    paths = sorted((run.folder / "panels").glob("step_*.png"))[:-1]
    if isinstance(last, str) or "bitmap" not in last.parts:
        return
    for path in paths[:: -(len(paths) // _MOST_STEPS + 1)]:
        figure, number = _open(path), re.search(r"_(\d+)$", path.stem)
        sizes = last.parts["input"].size, last.parts["bitmap"].size
        if figure and number and (parts := article_parts(figure[0], *sizes)):
            yield Photograph(int(number[1]), parts | {"input": last.parts["input"]}, figure[1])


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
