"""Colours that PNG and AVIF files state as video does, in numbers that Pillow does not hand over.

The numbers are those of ITU-T H.273: of the primaries, and of the curve between samples and light.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

from PIL import Image

from bitcodec.open_file import from_start

_PRIMARIES = (1, 2, 5, 6)
"""BT.709, which sRGB shares, not said, and those of standard television, which are near."""
_CURVES = (1, 2, 4, 5, 6, 13, 14, 15)
"""Not said, sRGB, or a curve of television, which programs show as sRGB."""
_MOST = 1 << 20
"""Bytes at the head of a file in which the numbers stand."""


def foreign_colours(image: Image.Image) -> bool:
    """Whether an open file's pixels, taken for sRGB, would come out grey or pale.

    A profile, which is converted, says the same more exactly: then these numbers are not asked.
    """
    if image.format not in ("PNG", "AVIF") or image.info.get("icc_profile"):
        return False
    stated = from_start(image, _in_png if image.format == "PNG" else _in_avif)
    return stated is not None and not (stated[0] in _PRIMARIES and stated[1] in _CURVES)


def _in_png(stream: BinaryIO) -> tuple[int, int] | None:
    stream.seek(8)
    while len(head := stream.read(8)) == 8 and stream.tell() < _MOST:
        length, kind = struct.unpack(">I4s", head)
        if kind == b"cICP" and length == 4:
            primaries, curve = stream.read(2)
            return primaries, curve
        if kind in (b"IDAT", b"IEND"):
            return None
        stream.seek(length + 4, 1)
    return None


def _in_avif(stream: BinaryIO) -> tuple[int, int] | None:
    head = stream.read(_MOST)
    # Boxes before the coded pixels; a profile's box has another kind of content.
    at = head.find(b"colrnclx", 0, head.find(b"mdat") if b"mdat" in head else None)
    if at < 0 or at + 12 > len(head):
        return None
    primaries, curve = struct.unpack_from(">HH", head, at + 8)
    return primaries, curve
