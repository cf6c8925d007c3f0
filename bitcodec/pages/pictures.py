"""Pictures as addresses that hold them."""

from __future__ import annotations

import base64
import io

from PIL import Image

_LOSSLESS = {"lossless": True, "quality": 50, "method": 3}


def data_uri(data: bytes, kind: str) -> str:
    """A file as an address; ``kind`` is its media type, such as ``image/avif``."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def lossless(picture: Image.Image) -> str:
    """A picture, encoded anew: nothing but its pixels gets into the page."""
    return _webp(picture, **_LOSSLESS)


def lossy(picture: Image.Image, quality: int = 60) -> str:
    """A picture to recognize, not to judge, in few bytes."""
    return _webp(picture, quality=quality)


def bits(picture: Image.Image) -> str:
    """A picture of black and white, one bit a pixel."""
    buffer = io.BytesIO()
    picture.convert("1", dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
    return data_uri(buffer.getvalue(), "image/png")


def _webp(picture: Image.Image, **options: int | bool) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", **options)
    return data_uri(buffer.getvalue(), "image/webp")
