"""What the numbers that Pillow hands over stand for: depth, white, transparent keys, or a refusal.

Pillow opens some variants of files without saying what their samples mean, or drops half of them.
Whatever is not known here to be right is refused, since a wrong picture looks like a right one.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bitcodec import refusals
from bitcodec.errors import UsageError
from bitcodec.open_file import from_start

DEEP_GREY = ("I", "I;16", "I;16L", "I;16B", "I;16N")
"""Pillow's modes of grey pictures of more than 8 bits."""

_HALVES = {"RGB;16B": "RGB;16L", "RGB;16L": "RGB;16B"}
"""Pillow keeps the upper byte of 16-bit colours; read in the other byte order it is the lower."""

_GREY_KEY_SCALE = {"L;2": 85, "L;4": 17}


@dataclass(frozen=True)
class Meaning:
    """How to read the samples of one picture.

    Args:
        white: the sample that is full brightness; 255 unless the mode is one of DEEP_GREY.
        inverted: whether 0 is white instead.
        key: the sample, or the three samples, that are transparent; in the file's own depth
            where that is 16 bits, else in 8 bits.
        lower: the lower bytes of 16-bit colours, where the key needs them.
        idle_alpha: whether the file says that the fourth channel is no alpha, which not all
            writers mean: it is none where it is 0 all over.
    """

    white: int = 255
    inverted: bool = False
    key: int | tuple[int, ...] | None = None
    lower: Image.Image | None = None
    idle_alpha: bool = False


def meaning(image: Image.Image) -> Meaning:
    """What the samples of a picture mean; ask before it is loaded, while its file is known.

    Raises:
        UsageError: if that is not known.
    """
    raw = _raw_mode(image)
    white, inverted = 255, False
    problem = refusals.problem(image)
    if problem:
        raise UsageError(f"this is {problem}")
    if image.mode.startswith("F"):
        raise UsageError("the picture has floating-point samples: convert it to 8 or 16 bits first")
    if image.mode in DEEP_GREY:
        white, inverted = _deep_grey(image)
    key = image.info.get("transparency")
    if isinstance(key, int) and image.mode in ("L", *DEEP_GREY):
        bits = 8 if image.mode == "L" else 16
        key = (key * _GREY_KEY_SCALE.get(raw, 1)) & ((1 << bits) - 1)
        return Meaning(white, inverted, key)
    if isinstance(key, tuple) and image.mode == "RGB":
        if raw in _HALVES:
            return Meaning(white, inverted, key, _lower_halves(image, _HALVES[raw]))
        if raw == "" and max(key) > 255:
            raise UsageError(
                "the picture has a transparent colour of 16 bits but pixels of 8: "
                "pass the file itself"
            )
        return Meaning(white, inverted, tuple(part & 255 for part in key))
    return Meaning(white, inverted, idle_alpha=image.format == "TGA" and _without_alpha(image))


def transparent(image: Image.Image, known: Meaning) -> Image.Image | None:
    """The mask (255: opaque) of a loaded picture whose transparency is a key, or None."""
    if known.key is None:
        return None
    samples = np.asarray(image)
    if known.lower is not None:
        samples = samples.astype(np.uint16) * 256 + np.asarray(known.lower)
    opaque = samples != np.asarray(known.key)
    if opaque.ndim == 3:
        opaque = opaque.any(axis=2)
    return Image.fromarray(opaque.astype(np.uint8) * 255)


def to_8_bits(samples: NDArray[Any], white: int = 65_535) -> NDArray[np.uint8]:
    """0..white to 0..255, rounded to the nearest."""
    return ((samples.astype(np.uint32) * 255 + white // 2) // white).astype(np.uint8)


def grey_to_8_bits(image: Image.Image, known: Meaning) -> Image.Image:
    """A loaded picture of one of the modes in DEEP_GREY, as ``L``.

    Raises:
        UsageError: if it has samples beyond its own white.
    """
    samples = np.asarray(image)
    if samples.min() < 0 or samples.max() > known.white:
        raise UsageError(
            f"the picture has samples outside 0 to {known.white}: convert it to 8 or 16 bits first"
        )
    return Image.fromarray(
        to_8_bits(known.white - samples if known.inverted else samples, known.white)
    )


def _raw_mode(image: Image.Image) -> str:
    """How the samples lie in the file, in Pillow's words; empty for pictures in memory."""
    tiles = getattr(image, "tile", None)
    if not tiles:
        return ""
    arguments = tiles[0][3]
    first = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    return first if isinstance(first, str) else ""


def _deep_grey(image: Image.Image) -> tuple[int, bool]:
    """White, and whether it is 0, of a picture of one of the modes in DEEP_GREY."""
    if image.format == "TIFF":
        bits = refusals.tag(image, 258, 1)[0]
        if bits not in (12, 16):
            raise UsageError(f"the picture has samples of {bits} bits: convert it to 16 bits first")
        return (1 << bits) - 1, refusals.tag(image, 262, 1)[0] == 0
    # Pillow's readers of these give all 16 bits; some of its versions in mode I.
    known = image.format in ("PNG", "PPM", "JPEG2000")
    in_memory = image.format is None and image.mode != "I"
    if not known and not in_memory:
        raise UsageError(
            f"grey samples of Pillow's mode {image.mode} have no known white here: "
            "convert the picture to 8 bits, or to an array of uint16, first"
        )
    return 65_535, False


def _without_alpha(image: Image.Image) -> bool:
    """Whether a Targa file says that no bits of its pixels are alpha."""
    head = from_start(image, lambda stream: stream.read(18)) or b""
    return len(head) == 18 and head[17] & 15 == 0


def _lower_halves(image: Image.Image, raw: str) -> Image.Image:
    """The lower bytes of a 16-bit PNG or TIFF that is open and not loaded yet."""
    again = Image.open(io.BytesIO(from_start(image, lambda stream: stream.read()) or b""))
    again.tile = [(*tile[:3], raw) for tile in again.tile]  # type: ignore
    again.load()
    return again
