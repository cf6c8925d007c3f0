"""The photograph that follows a slider: which runs it shows, and their pictures as data URIs."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from typing import Any

from PIL import Image

from bitcodec.comparison.metrics import METRICS
from bitcodec.comparison.pairing import Pairing, distinct
from bitcodec.comparison.pictures import CODE, READINGS, load, photographs
from bitcodec.comparison.runs import Run
from bitcodec.comparison.settings import AXIS_NAMES, NOISE, SEED, WEIGHT, number

Uris = dict[str, str]
"""Reading → a picture as data URI."""

_GROUP = "group"
_LARGEST_TOTAL = 8_000_000
"""Characters of pictures in a page; photographs after the first are left out beyond it."""


def build_viewer(pairing: Pairing, advance: Callable[[], Any]) -> tuple[dict[str, Any], list[str]]:
    """What the page needs to show one photograph of one run at a time, ready for JSON.

    The slider moves over the noise std; over the penalty weight if the noise never changes.

    Args:
        pairing: its drawn runs are shown, those without pictures left out.
        advance: called after every run.

    Returns:
        ``slider`` (key, name and values), ``choices`` (the same for what else varies),
        ``photographs``, ``images`` (data URIs, each once) and ``frames``: for every run its
        value of each key, its figures and, by photograph and reading, numbers of images. And
        sentences about what is left out.
    """
    names = list(dict.fromkeys(name for run in pairing.drawn for name in photographs(run)))
    found: dict[str, dict[str, Uris]] = {name: {} for name in names}
    for run in pairing.drawn:
        for name in names:
            if uris := _readings(run, name):
                found[name][run.name] = uris
        advance()
    library, notes = _Library(), []
    kept: list[str] = []
    for name, by_run in found.items():
        size = sum(map(len, {uri for uris in by_run.values() for uri in uris.values()}))
        if kept and library.size + size > _LARGEST_TOTAL:
            notes.append(f"index.html would grow too large with {name}; it shows {', '.join(kept)}")
            break
        if by_run:
            kept.append(name)
        for run_name, uris in by_run.items():
            library.add(run_name, name, uris)
    shown = [run for run in pairing.drawn if run.name in library.frames]
    choices = {key: _choice(pairing, shown, key) for key in (_GROUP, NOISE, WEIGHT, SEED)}
    slider = choices.pop(NOISE if len(choices[NOISE]["values"]) > 1 else WEIGHT)
    return {
        "slider": slider,
        "choices": [choice for choice in choices.values() if len(choice["values"]) > 1],
        "photographs": kept,
        "images": library.images,
        "frames": [
            {
                "run": run.name,
                "at": {key: _at(pairing, run, key) for key in (_GROUP, NOISE, WEIGHT, SEED)},
                "figures": _figures(run),
                "pictures": library.frames[run.name],
            }
            for run in shown
        ],
    }, notes


class _Library:
    """Pictures by number, equal ones once: all runs share their input."""

    def __init__(self) -> None:
        self.images: list[str] = []
        self.frames: dict[str, dict[str, dict[str, int]]] = {}
        self.size = 0
        self._numbers: dict[str, int] = {}

    def add(self, run: str, photograph: str, uris: Uris) -> None:
        numbers = {}
        for reading, uri in uris.items():
            if uri not in self._numbers:
                self._numbers[uri] = len(self.images)
                self.images.append(uri)
                self.size += len(uri)
            numbers[reading] = self._numbers[uri]
        self.frames.setdefault(run, {})[photograph] = numbers


def _readings(run: Run, photograph: str) -> Uris:
    """The three readings, and the bitmap if there is one; nothing unless all three are there."""
    pictures = load(run, photograph)
    if not all(name in pictures for name in READINGS.values()):
        return {}
    names = READINGS | {"code": CODE}
    return {key: _encode(pictures[name]) for key, name in names.items() if name in pictures}


def _encode(picture: Image.Image) -> str:
    """Encoded anew, so that nothing but pixels gets from a run's file into the page."""
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", lossless=True, quality=80)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _choice(pairing: Pairing, runs: Sequence[Run], key: str) -> dict[str, Any]:
    """A key with the values that the runs have, and how each is written."""
    found = distinct(_at(pairing, run, key) for run in runs)
    name = AXIS_NAMES.get(key, key)
    if key == _GROUP:
        texts = [pairing.group_label(int(value)) for value in found]
    else:
        texts = [f"{value:g}" for value in found]
    return {"key": key, "name": name, "values": found, "texts": texts}


def _at(pairing: Pairing, run: Run, key: str) -> float | None:
    if key == _GROUP:
        return pairing.group(run)
    return run.seed if key == SEED else number(run.settings.get(key))


def _figures(run: Run) -> list[list[str]]:
    keys = ("psnr_sigmoid", "psnr_binary", "gap", "bpp", "ones")
    names = ("sigmoid", "binarized", "gap", "files", "ones")
    return [
        [name, METRICS[key].full(run.metrics[key])]
        for key, name in zip(keys, names, strict=True)
        if key in run.metrics
    ]
