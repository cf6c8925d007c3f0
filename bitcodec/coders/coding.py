"""One way to call the coders of models with and without steps."""

from __future__ import annotations

from bitcodec.bitmap import Bitmap
from bitcodec.coders.base import Coder
from bitcodec.layout import Layout


def encode(coder: Coder, bitmap: Bitmap, layout: Layout) -> bytes:
    """The payload of a bitmap."""
    if _knows_layouts(coder):
        return coder.encode(bitmap, layout)  # type: ignore[call-arg]
    return coder.encode(bitmap)


def decode(coder: Coder, payload: bytes, shape: tuple[int, int, int], layout: Layout) -> Bitmap:
    """The bitmap of a payload."""
    if _knows_layouts(coder):
        return coder.decode(payload, shape[1:], layout)  # type: ignore[call-arg,arg-type]
    return coder.decode(payload, shape)


def _knows_layouts(coder: Coder) -> bool:
    return hasattr(coder, "latents")
