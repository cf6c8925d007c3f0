"""Odd pictures, made at need: kinds that other programs' users have reported.

Each shows the same flag, left half RED and right half BLUE where it has colours at all, so that one
look at two pixels says whether it was read rightly.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import PIL
from PIL import Image

Colour = tuple[int, int, int]

RED: Colour = (200, 40, 40)
BLUE: Colour = (40, 90, 200)
WIDTH, HEIGHT = 24, 16


@dataclass(frozen=True)
class Odd:
    """A file and what is right for it.

    Args:
        data: the file.
        refused: words of the sentence, or empty if it is a picture.
        left: the colour of the left half.
        right: the colour of the right half.
        tolerance: levels that a lossy format may be off.
        size: of the picture.
    """

    data: bytes
    refused: str = ""
    left: Colour = RED
    right: Colour = BLUE
    tolerance: int = 1
    size: tuple[int, int] = (WIDTH, HEIGHT)


ODD: dict[str, Callable[[], Odd]] = {}
"""Makers by the file's name."""


def odd(name: str) -> Callable[[Callable[[], Odd]], Callable[[], Odd]]:
    """Register the maker of a file."""

    def register(make: Callable[[], Odd]) -> Callable[[], Odd]:
        ODD[name] = make
        return make

    return register


def since(version: tuple[int, int], file: Odd) -> Odd:
    """A file that Pillow reads from this version on; those before it say that they cannot."""
    present = tuple(int(part) for part in PIL.__version__.split(".")[:2])
    return file if present >= version else replace(file, refused="cannot be read")


def flag(mode: str = "RGB", left: Any = RED, right: Any = BLUE) -> Image.Image:
    """Two halves."""
    picture = Image.new(mode, (WIDTH, HEIGHT), left)
    picture.paste(right, (WIDTH // 2, 0, WIDTH, HEIGHT))
    return picture


def saved(picture: Image.Image, format: str, **settings: Any) -> bytes:
    """The bytes of a file."""
    buffer = io.BytesIO()
    picture.save(buffer, format, **settings)
    return buffer.getvalue()


def greys(left: int, right: int) -> dict[str, Any]:
    """What a grey flag shows."""
    return {"left": (left,) * 3, "right": (right,) * 3}
