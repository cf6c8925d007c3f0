"""Exif and XMP: taken from a picture, carried in a ``.bitc`` file, given to the decoded picture.

What says how a picture is turned is left out, since a ``.bitc`` file holds upright pixels. Exif is
cut out of the block as it stands and never written anew, so maker's notes and thumbnails, which
count bytes from the block's beginning, stay readable.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bitcodec.errors import DamagedFileError, UsageError
from bitcodec.varint import Cursor, varint

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

LONGEST = 1 << 20
"""Bytes of a metadata block, tags and lengths included: a mebibyte."""

_EXIF, _XMP = 1, 2
_TAGS = (_EXIF, _XMP)
_ORIENTATION = 0x0112
_EXIF_MARK = b"Exif\0\0"
_ENTRY = 12
_PNG_XMP = "XML:com.adobe.xmp"
_JPEG_ROOM = 65_000
"""A segment's 65,533 bytes, less what stands before its content."""
# Of a TIFF file's own directory, what describes the picture and not the file.
_DESCRIPTIVE = (0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298)
_SUB_DIRECTORIES = (0x8769, 0x8825)
_XMP_ORIENTATION = re.compile(
    rb"""\s+tiff:Orientation\s*=\s*("\s*\d*\s*"|'\s*\d*\s*')|"""
    rb"""<tiff:Orientation>\s*\d*\s*</tiff:Orientation>"""
)


@dataclass(frozen=True)
class Metadata:
    """What a file carries beside its picture; empty where there is nothing.

    Args:
        exif: a TIFF structure, beginning with its byte order.
        xmp: an XML packet.
    """

    exif: bytes = b""
    xmp: bytes = b""

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.exif or self.xmp)

    def as_info(self) -> dict[str, bytes]:
        """As Pillow keeps it in ``image.info``."""
        found = {"exif": self.exif and _EXIF_MARK + self.exif, "xmp": self.xmp}
        return {key: value for key, value in found.items() if value}

    def for_pillow(self, format: str) -> dict[str, Any]:
        """What Pillow's ``save`` takes to write it into a JPEG, PNG or WebP file.

        JPEG has room for 64 kilobytes of each; what is longer is left out there.
        """
        found: dict[str, Any] = self.as_info()
        if format == "JPEG":
            found = {key: value for key, value in found.items() if len(value) <= _JPEG_ROOM}
        if format == "PNG" and "xmp" in found:
            from PIL.PngImagePlugin import PngInfo

            found["pnginfo"] = PngInfo()
            found["pnginfo"].add_itxt(_PNG_XMP, found.pop("xmp").decode("utf-8", "replace"))
        return found

    def to_bytes(self) -> bytes:
        """The block that a file carries: tag, length and content of each entry.

        Raises:
            UsageError: if it would be longer than :data:`LONGEST`.
        """
        block = b"".join(
            bytes([tag]) + varint(len(content)) + content
            for tag, content in zip(_TAGS, (self.exif, self.xmp), strict=True)
            if content
        )
        if len(block) > LONGEST:
            raise UsageError(
                f"the picture's metadata has {len(block):,} bytes, and a .bitc file carries at "
                f"most {LONGEST:,}: leave --keep-metadata away"
            )
        return block

    @classmethod
    def from_bytes(cls, block: bytes) -> Metadata:
        """Inverse of :meth:`to_bytes`.

        Raises:
            DamagedFileError: unless the entries fill the block, in rising order of their tags.
        """
        cursor = Cursor(block, 0)
        found: dict[int, bytes] = {}
        while cursor.position < len(block):
            tag = cursor.byte()
            if tag not in _TAGS or tag <= max(found, default=0):
                raise DamagedFileError(f"the metadata has an entry {tag} that cannot be there")
            found[tag] = cursor.take(cursor.varint())
            if not found[tag]:
                raise DamagedFileError(f"the metadata's entry {tag} is empty")
        return cls(found.get(_EXIF, b""), found.get(_XMP, b""))


def of(source: Image.Image | str | Path | NDArray[Any]) -> Metadata:
    """The Exif and XMP of a picture or its file, without orientation; none of an array.

    What is no Exif, or cannot be read, is left out: it is the picture that counts.
    """
    from PIL import Image

    if isinstance(source, str | Path):
        with Image.open(source) as image:
            return of(image)
    if not isinstance(source, Image.Image):
        return Metadata()
    return Metadata(_exif_of(source), _xmp_of(source))


def _exif_of(image: Image.Image) -> bytes:
    if image.format == "TIFF":
        return _exif_of_tiff(image)
    raw = image.info.get("exif", b"")
    return upright(raw.removeprefix(_EXIF_MARK)) if isinstance(raw, bytes) else b""


def _exif_of_tiff(image: Image.Image) -> bytes:
    """A TIFF file *is* an Exif block: its description alone, without the picture's own tags."""
    from PIL.Image import Exif

    try:
        found, kept = image.getexif(), Exif()
        for tag in _DESCRIPTIVE:
            if tag in found:
                kept[tag] = found[tag]
        for tag in _SUB_DIRECTORIES:
            if tag in found:
                kept.get_ifd(tag).update(found.get_ifd(tag))
        return kept.tobytes().removeprefix(_EXIF_MARK) if len(kept) else b""
    # Readers of odd tags raise whatever struct, Pillow and the tags' types think of.
    except Exception:
        return b""


def _xmp_of(image: Image.Image) -> bytes:
    raw = image.info.get("xmp") or image.info.get(_PNG_XMP) or b""
    data = raw.encode() if isinstance(raw, str) else raw
    return _XMP_ORIENTATION.sub(b"", data) if isinstance(data, bytes) else b""


def upright(exif: bytes) -> bytes:
    """An Exif block without the entry for orientation; empty if it is not Exif at all.

    All else keeps its place: the entries behind move up by one, and twelve bytes are left unused
    behind the directory.
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None or len(exif) < 14:
        return b""
    (first,) = struct.unpack_from(order + "I", exif, 4)
    if not 8 <= first <= len(exif) - 2:
        return b""
    (count,) = struct.unpack_from(order + "H", exif, first)
    start, end = first + 2, first + 2 + _ENTRY * count
    if end > len(exif):
        return b""
    result = bytearray(exif)
    kept = [
        exif[place : place + _ENTRY]
        for place in range(start, end, _ENTRY)
        if struct.unpack_from(order + "H", exif, place)[0] != _ORIENTATION
    ]
    following = exif[end : end + 4]
    entries = b"".join(kept) + following
    entries += bytes(_ENTRY * (count - len(kept)))
    struct.pack_into(order + "H", result, first, len(kept))
    result[start : start + len(entries)] = entries
    return bytes(result)
