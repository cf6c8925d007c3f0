"""Files that Pillow opens and gets wrong, or would run as programs: named, and refused."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, BinaryIO

from PIL import Image

from bitcodec import jpeg2000
from bitcodec.open_file import from_start


def problem(image: Image.Image) -> str | None:
    """Why an open file's pixels would be wrong, as the end of "this is ..."; None if they are not.

    Ask before it is loaded.
    """
    check = _CHECKS.get(image.format or "")
    return None if check is None else check(image)


def tag(image: Image.Image, number: int, default: int) -> tuple[Any, ...]:
    """The values of a TIFF tag, as a tuple also where there is one."""
    value = image.tag_v2.get(number, default)  # type: ignore[attr-defined]
    return value if isinstance(value, tuple) else (value,)


def _drawing(image: Image.Image) -> str:
    # Pillow would have Ghostscript, or Windows, run it.
    return "a drawing and no picture: save it as PNG first"


def _nothing_but_a_name(image: Image.Image) -> str:
    return f"a file of a kind that is recognised but cannot be read ({image.format})"


def _tiff(image: Image.Image) -> str | None:
    bits = tag(image, 258, 1)
    photometric = tag(image, 262, 1)[0]
    compressed_as_jpeg = tag(image, 259, 1)[0] in (6, 7)
    if 50_706 in image.tag_v2:  # type: ignore[attr-defined]
        return "camera raw (DNG), of which only a preview can be read: develop it first"
    if tag(image, 254, 0)[0] & 1:
        return "a TIFF that begins with a thumbnail: save the picture itself first"
    if not set(tag(image, 339, 1)) <= {1, 4}:
        return "a TIFF with signed or floating-point samples: convert it to 8 or 16 bits first"
    if tag(image, 284, 1)[0] == 2 and len(bits) > 1 and set(bits) != {8}:
        return "a TIFF with deep colours in separate planes: save it as interleaved first"
    if photometric == 6 and not compressed_as_jpeg and set(tag(image, 530, 2)) != {1}:
        return "a TIFF with uncompressed, subsampled YCbCr: convert it to RGB first"
    if photometric == 3 and max(tag(image, 320, 65_535)) < 256:
        return "a TIFF whose colour table has 8 bits where 16 belong: convert it to RGB first"
    if photometric == 5 and tag(image, 332, 1)[0] != 1:
        return "a TIFF with other inks than cyan, magenta, yellow and black: convert it first"
    return None


def _jpeg2000(image: Image.Image) -> str | None:
    stated = from_start(image, jpeg2000.stated) or jpeg2000.Stated()
    if stated.signed:
        return "a JPEG 2000 file with signed samples: convert it to 8 or 16 bits first"
    if min(stated.depths, default=8) < 8:
        return "a JPEG 2000 file with samples of less than 8 bits: convert it to 8 bits first"
    # CMYK, sRGB, grey and the luma and chroma of sRGB: what Pillow takes others for.
    if stated.colours not in (None, 12, 16, 17, 18):
        return f"a JPEG 2000 file with colours of kind {stated.colours}: convert it to sRGB first"
    return None


def _dds(image: Image.Image) -> str | None:
    kind = str(getattr(image, "pixel_format", ""))
    if kind.startswith("BC5"):
        return "a texture of two channels, which are no colours"
    if kind.startswith("BC6"):
        return "a texture of floating-point light: convert it to 8 or 16 bits first"
    return None


def _psd(image: Image.Image) -> str | None:
    mode = (from_start(image, lambda stream: stream.read(26)) or b"")[24:]
    if mode == b"\0\7":
        return "a Photoshop file of several inks (multichannel): convert it to RGB first"
    if mode == b"\0\0":
        # Its 1 is black; Pillow takes it for white.
        return "a Photoshop file of one bit a pixel: convert it to greyscale first"
    return None


def _webp(image: Image.Image) -> str | None:
    # What the frame leaves open is transparent; where no frame has an alpha, Pillow makes it black.
    if image.mode == "RGB" and from_start(image, _first_frame) not in (None, image.size):
        return "an animation whose first frame fills a part of the picture: save that frame first"
    return None


def _first_frame(stream: BinaryIO) -> tuple[int, int] | None:
    """Width and height of the first frame of an animated WebP file."""
    stream.seek(12)
    while len(head := stream.read(8)) == 8:
        kind, length = struct.unpack("<4sI", head)
        if kind == b"ANMF" and len(facts := stream.read(12)) == 12:
            return 1 + int.from_bytes(facts[6:9], "little"), 1 + int.from_bytes(facts[9:], "little")
        if kind in (b"VP8 ", b"VP8L"):
            return None
        stream.seek(length + length % 2, 1)
    return None


def _sun(image: Image.Image) -> str | None:
    # The byte that means nothing comes first there; Pillow takes it for the last.
    if "X" in str(image.tile):  # type: ignore[attr-defined]
        return "a Sun raster file of 32 bits a pixel: convert it to 24 bits first"
    return None


_CHECKS: dict[str, Callable[[Image.Image], str | None]] = {
    "TIFF": _tiff, "JPEG2000": _jpeg2000, "DDS": _dds, "PSD": _psd, "SUN": _sun, "WEBP": _webp,
    "EPS": _drawing, "WMF": _drawing, "EMF": _drawing,
    "BUFR": _nothing_but_a_name, "GRIB": _nothing_but_a_name, "HDF5": _nothing_but_a_name,
    "MPEG": _nothing_but_a_name,
}  # fmt: skip
