"""The bytes behind an open picture, for what Pillow does not say of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO, TypeVar

from PIL import Image

Found = TypeVar("Found")


def from_start(image: Image.Image, look: Callable[[BinaryIO], Found]) -> Found | None:
    """What ``look`` finds in the file of an open picture; None if it is in memory by now."""
    stream = getattr(image, "fp", None)
    if stream is None:
        return None
    position = stream.tell()
    stream.seek(0)
    try:
        return look(stream)
    finally:
        stream.seek(position)
