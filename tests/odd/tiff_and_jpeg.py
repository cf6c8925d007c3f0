"""Odd TIFF and JPEG files."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from PIL import Image

from tests.odd import BLUE, RED, Odd, flag, greys, odd, saved


def tiff(picture: Image.Image, compression: str = "raw", **tags: Any) -> bytes:
    """A TIFF with tags set, ``t262=0``; those that Pillow writes itself are changed afterwards."""
    data = saved(picture, "TIFF", compression=compression)
    for key, value in tags.items():
        data = _with_tag(data, int(key[1:]), value)
    return data


def _with_tag(data: bytes, tag: int, value: int) -> bytes:
    start = struct.unpack_from("<I", data, 4)[0]
    out = bytearray(data)
    for number in range(struct.unpack_from("<H", data, start)[0]):
        entry = start + 2 + 12 * number
        if struct.unpack_from("<H", data, entry)[0] == tag:
            struct.pack_into("<H", out, entry + 8, value)
            return bytes(out)
    raise ValueError(f"tag {tag} is not there to be changed")


def _without(data: bytes, marker: int) -> bytes:
    """A JPEG without its segments of a kind."""
    at, out = 2, data[:2]
    while data[at + 1] != 0xDA:
        length = struct.unpack_from(">H", data, at + 2)[0] + 2
        if data[at + 1] != marker:
            out += data[at : at + length]
        at += length
    return out + data[at:]


@odd("one-bit-white-is-zero.tif")
def white_is_zero() -> Odd:
    """Fax machines' way."""
    return Odd(tiff(flag("1", 1, 0), t262=0), **greys(0, 255))


@odd("one-bit-group4-white-is-zero.tif")
def fax() -> Odd:
    """The same, compressed as faxes are, by another library than Pillow's."""
    return Odd(tiff(flag("1", 1, 0), "group4", t262=0), **greys(0, 255))


@odd("grey-white-is-zero.tif")
def grey_white_is_zero() -> Odd:
    """Eight bits, 0 is white."""
    return Odd(tiff(flag("L", 30, 200), t262=0), **greys(225, 55))


@odd("unknown-photometric.tif")
def photometric() -> Odd:
    """32803 is a colour filter array: raw sensor data."""
    return Odd(tiff(flag("L", 30, 200), t262=32803), refused="not a picture")


@odd("cielab.tif")
def lab() -> Odd:
    """Lightness and two colour axes: L 53, a 61, b 41 is a red, L 39 without colour a grey."""
    left, right = (136, 61 + 128, 41 + 128), (100, 128, 128)
    picture = Image.merge("LAB", [flag("L", left[i], right[i]) for i in range(3)])
    return Odd(saved(picture, "TIFF"), "", (225, 68, 61), (92, 92, 92), 2)


@odd("cmyk.tif")
def cmyk() -> Odd:
    """Ink without a profile: full where the number is large."""
    return Odd(tiff(flag("CMYK", (0, 255, 255, 0), (255, 0, 0, 0))), "", (255, 0, 0), (0, 255, 255))


@odd("premultiplied.tif")
def premultiplied() -> Odd:
    """Colours that have been multiplied by an alpha of a half."""
    return Odd(tiff(flag("RGBA", (*RED, 128), (*BLUE, 128)), t338=1), refused="--background")


@odd("two-pages.tif")
def pages() -> Odd:
    """The first page."""
    return Odd(saved(flag(), "TIFF", save_all=True, append_images=[flag(left=BLUE)]))


@odd("jpeg-inside.tif")
def jpeg_inside() -> Odd:
    """YCbCr, as scanners write it."""
    return Odd(saved(flag(), "TIFF", compression="jpeg", quality=98), tolerance=12)


@odd("orientation-6.tif")
def turned_tiff() -> Odd:
    """A tag of the picture itself, not of Exif: stored lying, shown standing."""
    data = saved(flag().transpose(Image.Transpose.ROTATE_90), "TIFF", tiffinfo={274: 6})
    return Odd(data)


@odd("signed-16-bits.tif")
def signed() -> Odd:
    """Elevation models."""
    deep = Image.fromarray(np.asarray(flag("L", 30, 200)).astype(np.uint16))
    return Odd(saved(deep, "TIFF", tiffinfo={339: 2}), refused="signed")


@odd("strip-offset-beyond-the-file.tif")
def beyond() -> Odd:
    """A folder that points nowhere."""
    return Odd(tiff(flag(), t273=0xFFFF), refused="cannot be read")


@odd("cmyk-without-adobe-marker.jpg")
def cmyk_jpeg() -> Odd:
    """Ink is inverted in JPEG files by custom, whether Adobe's marker says so or not."""
    inks = flag("CMYK", (0, 255, 255, 0), (255, 0, 0, 0))
    data = _without(saved(inks, "JPEG", quality=98), 0xEE)
    return Odd(data, "", (255, 0, 0), (0, 255, 255), 6)


@odd("rgb-by-component-names.jpg")
def rgb_jpeg() -> Odd:
    """Components called R, G and B are no YCbCr."""
    return Odd(saved(flag(), "JPEG", quality=98, keep_rgb=True), tolerance=6)


@odd("lossless.jpg")
def lossless() -> Odd:
    """A frame of kind 3, as medical devices write."""
    data = saved(flag(), "JPEG")
    return Odd(data.replace(b"\xff\xc0\x00\x11", b"\xff\xc3\x00\x11"), refused="cannot be read")


@odd("twelve-bits.jpg")
def twelve() -> Odd:
    """Twelve bits a sample in an extended frame."""
    data = saved(flag(), "JPEG").replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc1\x00\x11\x0c")
    return Odd(data, refused="not a picture")


@odd("truncated.jpg")
def truncated() -> Odd:
    """Half of the file."""
    data = saved(Image.effect_noise((64, 64), 50), "JPEG")
    return Odd(data[: len(data) // 2], refused="cannot be read")


@odd("orientation-of-nine.jpg")
def impossible_turn() -> Odd:
    """There are eight ways to turn a picture."""
    exif = Image.Exif()
    exif[274] = 9
    return Odd(saved(flag(), "JPEG", quality=98, subsampling=0, exif=exif), tolerance=6)


@odd("progressive-and-grey.jpg")
def progressive() -> Odd:
    """One component in many scans."""
    return Odd(
        saved(flag("L", 30, 200), "JPEG", progressive=True, quality=98),
        tolerance=4,
        **greys(30, 200),
    )


@odd("two-pictures.mpo")
def mpo() -> Odd:
    """What cameras with two lenses, and phones with depth, write: the first."""
    data = saved(flag(), "MPO", save_all=True, append_images=[flag(left=BLUE)], quality=98,
                 subsampling=0)  # fmt: skip
    return Odd(data, tolerance=6)


@odd("called-jpg-but-is-png.jpg")
def misnamed() -> Odd:
    """Bytes count, names do not."""
    return Odd(saved(flag(), "PNG"))


@odd("called-jpg-but-is-heic.jpg")
def heic() -> Odd:
    """Phones' format, which Pillow does not read, under another's name."""
    brand = b"ftypheic\0\0\0\0mif1heic"
    data = struct.pack(">I", len(brand) + 4) + brand + b"\0\0\0\x08mdat"
    return Odd(data, refused="not a picture")
