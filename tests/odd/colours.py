"""Odd files whose numbers mean other colours than they seem to."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from tests.odd import BLUE, HEIGHT, RED, WIDTH, Odd, flag, greys, odd, saved
from tests.odd.png import HALF, RGB_ROW, chunk, png

HARD = Path(__file__).parents[1] / "data" / "hard_files"

LINEAR = greys(124, 188)
"""What the samples 51 and 128 are where samples are proportional to light."""
FLAT = greys(51, 128)


def linear_profile() -> bytes:
    """A profile of three colours with gamma 1."""
    with Image.open(HARD / "icc-linear-srgb.png") as picture:
        profile = picture.info["icc_profile"]
    assert isinstance(profile, bytes)
    return profile


def iccp(profile: bytes) -> bytes:
    return chunk(b"iCCP", b"x\0\0" + zlib.compress(profile))


def gama(value: int) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", value))


def chrm(*points: int) -> bytes:
    return chunk(b"cHRM", struct.pack(">8I", *points))


ADOBE = (31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)
GREY_ROW = bytes((51,)) * HALF + bytes((128,)) * HALF
DEEP_GREY_ROW = b"\x33\x33" * HALF + b"\x80\x80" * HALF


@odd("gama-linear-16-bits-grey.png")
def deep_linear() -> Odd:
    """The gamma counts at every depth."""
    return Odd(png(DEEP_GREY_ROW, 16, 0, gama(100_000)), **LINEAR)


@odd("chrm-of-adobe-rgb.png")
def adobe() -> Odd:
    """A wide gamut stated in numbers: its red is redder than sRGB's of the same number."""
    data = png(RGB_ROW, 8, 2, gama(45_455), chrm(*ADOBE))
    return Odd(data, "", (233, 35, 35), (0, 90, 204))


@odd("chrm-of-adobe-rgb-but-srgb.png")
def srgb_wins() -> Odd:
    """Where a file says that it is sRGB, other numbers do not count."""
    return Odd(png(RGB_ROW, 8, 2, chunk(b"sRGB", b"\0"), gama(100_000), chrm(*ADOBE)))


@odd("chrm-all-zero.png")
def nowhere() -> Odd:
    """Primaries that span nothing are as good as none."""
    return Odd(png(RGB_ROW, 8, 2, gama(45_455), chrm(*[0] * 8)))


@odd("iccp-linear-and-gama.png")
def profile_wins() -> Odd:
    """A profile says more than a number."""
    return Odd(png(GREY_ROW, 8, 0, gama(45_455), iccp(linear_profile())), **LINEAR)


@odd("iccp-cut-short-and-gama.png")
def number_stays() -> Odd:
    """A profile that cannot be read leaves the number standing."""
    return Odd(png(GREY_ROW, 8, 0, gama(100_000), iccp(linear_profile()[:100])), **LINEAR)


@odd("iccp-empty.png")
def no_profile() -> Odd:
    """A profile without a byte."""
    return Odd(png(GREY_ROW, 8, 0, iccp(b"")), **FLAT)


@odd("grey-with-a-profile-of-colours.jpg")
def grey_jpeg() -> Odd:
    """As cameras' monochrome modes write it: the curve holds for greys too."""
    return Odd(saved(flag("L", 51, 128), "JPEG", quality=98, icc_profile=linear_profile()),
               tolerance=3, **LINEAR)  # fmt: skip


@odd("profile.jp2")
def jpeg2000() -> Odd:
    """A profile in a box that Pillow passes over."""
    data = saved(flag(left=(51,) * 3, right=(128,) * 3), "JPEG2000")
    profile = b"colr\2\0\0" + linear_profile()
    return Odd(_other_colours(data, profile), **LINEAR)


@odd("luv-colours.jp2")
def unknown_space() -> Odd:
    """Number 4, a space of photographs that nobody writes any more."""
    return Odd(_other_colours(saved(flag(), "JPEG2000"), b"colr\1\0\0\0\0\0\4"), refused="kind 4")


def _other_colours(data: bytes, box: bytes) -> bytes:
    """A JP2 with another box about its colours."""
    at = data.index(b"colr") - 4
    end = at + struct.unpack_from(">I", data, at)[0]
    new = struct.pack(">I", 4 + len(box)) + box
    outer = data.index(b"jp2h") - 4
    length = struct.unpack_from(">I", data, outer)[0] + len(new) - (end - at)
    return data[:outer] + struct.pack(">I", length) + data[outer + 4 : at] + new + data[end:]


@odd("signed.jp2")
def signed() -> Odd:
    """Samples below zero, as from elevation models."""
    return Odd(saved(flag(), "JPEG2000", signed=True), refused="signed")


@odd("four-bits.jp2")
def shallow() -> Odd:
    """Pillow shifts them up, so that white would be 240."""
    data = saved(flag("L", 0, 255), "JPEG2000")
    at = data.index(b"\xff\x4f\xff\x51") + 42
    return Odd(data[:at] + b"\3" + data[at + 1 :], refused="less than 8 bits")


@odd("profile.bmp")
def bitmap() -> Odd:
    """Version 5 of the header, whose profile stands behind the pixels."""
    rows = np.asarray(flag(left=(51,) * 3, right=(128,) * 3)).tobytes()
    profile = linear_profile()
    head = struct.pack("<IiiHHIIiiII", 124, WIDTH, -HEIGHT, 1, 24, 0, len(rows), 0, 0, 0, 0)
    head += bytes(16) + b"DEBM" + bytes(48)
    head += struct.pack("<IIII", 4, 124 + len(rows), len(profile), 0)
    data = struct.pack("<2sIHHI", b"BM", 0, 0, 0, 14 + 124) + head + rows + profile
    return Odd(data, **LINEAR)


@odd("several-inks.psd")
def inks() -> Odd:
    """Three channels that are no red, green and blue; one alone would be a grey picture."""
    head = struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, HEIGHT, WIDTH, 8, 7)
    return Odd(head + bytes(14) + bytes(3 * WIDTH * HEIGHT), refused="several inks")


@odd("directions.dds")
def directions() -> Odd:
    """Two channels of a surface's directions are no red and green."""
    return Odd(_texture(b"ATI2", 16), refused="two channels")


@odd("light-as-floats.dds")
def light() -> Odd:
    """BC6H: above 1 is no overexposure there."""
    return Odd(_texture(b"DX10", 16, struct.pack("<5I", 95, 3, 0, 1, 0)), refused="floating-point")


def _texture(code: bytes, block: int, more: bytes = b"") -> bytes:
    head = struct.pack("<7I44x", 124, 0x1007, HEIGHT, WIDTH, 0, 0, 0)
    kind = struct.pack("<II4sI4I", 32, 4, code, 0, 0, 0, 0, 0)
    blocks = bytes(block * WIDTH * HEIGHT // 16)
    return b"DDS " + head + kind + struct.pack("<4I4x", 0x1000, 0, 0, 0) + more + blocks


@odd("thirty-two-bits.ras")
def sun() -> Odd:
    """The unused byte comes first; Pillow takes it for the last."""
    pixels = np.insert(np.asarray(flag())[:, :, ::-1], 0, 0, axis=2).tobytes()
    head = struct.pack(">8I", 0x59A66A95, WIDTH, HEIGHT, 32, len(pixels), 1, 0, 0)
    return Odd(head + pixels, refused="Sun raster")


@odd("other-inks.tif")
def other_inks() -> Odd:
    """Four inks, of which nothing is said but that they are not the usual ones."""
    picture = flag("CMYK", (0, 255, 255, 0), (255, 0, 0, 0))
    return Odd(saved(picture, "TIFF", tiffinfo={332: 2}), refused="other inks")


@odd("palette-missing.png")
def without_palette() -> Odd:
    """Indices into nothing."""
    return Odd(png(bytes(WIDTH), 8, 3), refused="cannot be read")


@odd("palette-4-bits-half-transparent.png")
def palette_alpha() -> Odd:
    """Half transparent is transparent."""
    palette = chunk(b"PLTE", bytes(RED + BLUE)), chunk(b"tRNS", b"\xff\x80")
    row = bytes((0x00,)) * (HALF // 2) + bytes((0x11,)) * (HALF // 2)
    return Odd(png(row, 4, 3, *palette), refused="--background")


@odd("grey-16-bits-almost-opaque.png")
def nearly() -> Odd:
    """An alpha of 65534 in 65535 is no transparency that anyone could see."""
    row = struct.pack(">HH", 7710, 65_534) * HALF + struct.pack(">HH", 51_400, 65_535) * HALF
    return Odd(png(row, 16, 4), **greys(30, 200))


@odd("program-named.jpg")
def program() -> Odd:
    """PostScript, whatever its name: a program that is never run."""
    text = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nquit\n"
    return Odd(text, refused="a drawing")


@odd("big-with-64-bit-offsets.tif")
def bigtiff() -> Odd:
    """BigTIFF, whose folder lies nowhere."""
    return Odd(b"II+\0\x08\0\0\0" + b"\xff" * 7 + b"\x7f", refused="the picture cannot be read")


@odd("exif-after-the-pixels.png")
def late_exif() -> Odd:
    """Where a writer did not know it in time: stored lying, shown standing."""
    exif = Image.Exif()
    exif[274] = 6
    data = saved(flag().transpose(Image.Transpose.ROTATE_90), "PNG")
    kept = io.BytesIO(exif.tobytes()).getvalue().removeprefix(b"Exif\0\0")
    return Odd(data[:-12] + chunk(b"eXIf", kept) + data[-12:])
