"""Odd TIFF files as scanners, printers and other libraries write them, tag by tag."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from PIL import Image

from tests.odd import BLUE, HEIGHT, RED, WIDTH, Odd, flag, greys, odd, saved, since
from tests.odd.colours import LINEAR, linear_profile
from tests.odd.others import ROWS

HALF = WIDTH // 2
GREY = np.asarray(flag("L", 51, 128))
FLAT = greys(51, 128)


def written(
    parts: list[bytes], bits: tuple[int, ...], photometric: int, **more: tuple[int, ...] | bytes
) -> bytes:
    """A TIFF of these strips (or tiles), with tags by number: ``t266=(2,)``."""
    tags: dict[int, tuple[int, ...] | bytes] = {
        256: (WIDTH,), 257: (HEIGHT,), 258: bits, 259: (1,), 262: (photometric,),
        277: (len(bits),), 278: (HEIGHT,),
    }  # fmt: skip
    tags |= {int(name[1:]): value for name, value in more.items()}
    offsets = tuple(8 + sum(map(len, parts[:number])) for number in range(len(parts)))
    tiled = 322 in tags
    tags |= {324 if tiled else 273: offsets, 325 if tiled else 279: tuple(map(len, parts))}
    body = b"".join(parts)
    start = 8 + len(body)
    after = start + 2 + 12 * len(tags) + 4
    entries, behind = b"", b""
    for number, value in sorted(tags.items()):
        kind, form = (7, "s") if isinstance(value, bytes) else (4, "I")
        data = value if isinstance(value, bytes) else struct.pack(f"<{len(value)}I", *value)
        count = len(data) if kind == 7 else len(data) // struct.calcsize(form)
        if len(data) > 4:
            where = struct.pack("<I", after + len(behind))
            behind += data
        else:
            where = data.ljust(4, b"\0")
        entries += struct.pack("<HHI", number, kind, count) + where
    head = struct.pack("<2sHI", b"II", 42, start)
    return head + body + struct.pack("<H", len(tags)) + entries + bytes(4) + behind


@odd("tiles-that-overhang.tif")
def tiles() -> Odd:
    """Tiles of 16 x 16, of which the last ones are half empty."""
    padded = np.pad(ROWS, ((0, 0), (0, 8), (0, 0)))
    parts = [padded[:, x : x + 16].tobytes() for x in (0, 16)]
    return Odd(written(parts, (8, 8, 8), 2, t322=(16,), t323=(16,)))


@odd("separate-planes.tif")
def planes() -> Odd:
    """All reds, then all greens, then all blues."""
    parts = [ROWS[:, :, channel].tobytes() for channel in range(3)]
    return Odd(written(parts, (8, 8, 8), 2, t284=(2,)))


@odd("lowest-bit-first.tif")
def fill_order() -> Odd:
    """The first pixel is a byte's lowest bit."""
    rows = np.zeros((HEIGHT, WIDTH), np.uint8)
    rows[:, :10] = 1
    data = np.packbits(rows, axis=1, bitorder="little").tobytes()
    return Odd(written([data], (1,), 1, t266=(2,)), **greys(255, 0))


@odd("lowest-bit-first-8-bits.tif")
def fill_order_8() -> Odd:
    """The same of whole bytes: each is mirrored."""
    mirrored = np.packbits(np.unpackbits(GREY).reshape(-1, 8)[:, ::-1]).tobytes()
    return Odd(written([mirrored], (8,), 1, t266=(2,)), **FLAT)


@odd("differences-of-16-bits.tif")
def predictor() -> Odd:
    """Each sample less the one before it, then deflated."""
    deep = GREY.astype(np.uint16) * 257
    steps = np.diff(deep, axis=1, prepend=np.zeros((HEIGHT, 1), np.uint16)).astype("<u2")
    packed = zlib.compress(steps.tobytes())
    return Odd(written([packed], (16,), 1, t259=(8,), t317=(2,)), **FLAT)


@odd("differences-of-16-bit-colours.tif")
def predictor_rgb() -> Odd:
    """Each colour less the one before it."""
    before = np.zeros((HEIGHT, 1, 3), np.uint16)
    steps = np.diff(ROWS.astype(np.uint16) * 257, axis=1, prepend=before).astype("<u2")
    packed = zlib.compress(steps.tobytes())
    return Odd(written([packed], (16, 16, 16), 2, t259=(8,), t317=(2,)))


@odd("fourth-channel-without-a-meaning.tif")
def unspecified() -> Odd:
    """An extra sample of kind 0 is no alpha, whatever it holds."""
    data = np.dstack([ROWS, np.zeros((HEIGHT, WIDTH), np.uint8)]).tobytes()
    return Odd(written([data], (8, 8, 8, 8), 2, t338=(0,)))


@odd("fourth-channel-not-mentioned.tif")
def unmentioned() -> Odd:
    """Four samples, and no word on the fourth: an alpha, as other programs have it."""
    data = np.dstack([ROWS, np.zeros((HEIGHT, WIDTH), np.uint8)]).tobytes()
    return Odd(written([data], (8, 8, 8, 8), 2), refused="--background")


@odd("separate-planes-and-alpha.tif")
def planes_alpha() -> Odd:
    """The fourth plane hides a half."""
    alpha = np.asarray(flag("L", 255, 0))
    parts = [ROWS[:, :, channel].tobytes() for channel in range(3)] + [alpha.tobytes()]
    return Odd(written(parts, (8,) * 4, 2, t284=(2,), t338=(2,)), refused="--background")


@odd("grey-and-an-alpha-of-zero.tif")
def grey_alpha() -> Odd:
    """Not premultiplied: all is transparent."""
    data = np.dstack([GREY, np.zeros_like(GREY)]).tobytes()
    return Odd(written([data], (8, 8), 1, t338=(2,)), refused="--background")


@odd("grey-of-4-bits.tif")
def four_bits() -> Odd:
    """White is 15."""
    return Odd(written([(b"\x33" * 6 + b"\x88" * 6) * HEIGHT], (4,), 1), **greys(51, 136))


@odd("grey-of-2-bits-white-is-zero.tif")
def two_bits() -> Odd:
    """White is 0, black is 3."""
    return Odd(written([(b"\x55" * 3 + b"\xaa" * 3) * HEIGHT], (2,), 0), **greys(170, 85))


@odd("palette-of-4-bits.tif")
def palette() -> Odd:
    """Sixteen colours of 16 bits: all reds first."""
    table = [0] * 48
    for channel in range(3):
        table[16 * channel + 1] = RED[channel] * 257
        table[16 * channel + 2] = BLUE[channel] * 257
    return Odd(written([(b"\x11" * 6 + b"\x22" * 6) * HEIGHT], (4,), 3, t320=tuple(table)))


@odd("luma-and-chroma-at-full-size.tif")
def ycc() -> Odd:
    """YCbCr, neither compressed nor subsampled."""
    data = np.asarray(flag().convert("YCbCr")).tobytes()
    return since((13, 0), Odd(written([data], (8, 8, 8), 6, t530=(1, 1)), tolerance=3))


@odd("cmyk-of-16-bits.tif")
def deep_cmyk() -> Odd:
    """Ink, two bytes each."""
    inks = np.asarray(flag("CMYK", (0, 255, 255, 0), (255, 0, 0, 0))).astype("<u2") * 257
    return Odd(
        written([inks.astype("<u2").tobytes()], (16,) * 4, 5), "", (255, 0, 0), (0, 255, 255)
    )


@odd("cielab-with-positive-axes.tif")
def icc_lab() -> Odd:
    """Kind 9 counts the colour axes from 0, kind 8 from below."""
    return Odd(written([ROWS.tobytes()], (8, 8, 8), 9), refused="not a picture")


@odd("profile-linear.tif")
def profile() -> Odd:
    """A tag holds the profile."""
    return Odd(written([GREY.tobytes()], (8,), 1, t34675=linear_profile()), **LINEAR)


@odd("lengths-of-strips-are-zero.tif")
def lengths() -> Odd:
    """Old writers leave them out; where the strips begin says enough."""
    data = written([ROWS.tobytes()], (8, 8, 8), 2)
    at = data.index(struct.pack("<HHI", 279, 4, 1)) + 8
    return Odd(data[:at] + bytes(4) + data[at + 4 :])


@odd("thirty-two-bits-grey.tif")
def deep() -> Odd:
    """Four bytes a sample, whose white nobody knows."""
    data = (GREY.astype("<u4") * 16_843_009).tobytes()
    return Odd(written([data], (32,), 1), refused="bits")


@odd("folders-in-a-circle.tif")
def circle() -> Odd:
    """The second page is the first again."""
    data = saved(flag(), "TIFF")
    start = struct.unpack_from("<I", data, 4)[0]
    at = start + 2 + 12 * struct.unpack_from("<H", data, start)[0]
    return Odd(data[:at] + struct.pack("<I", start) + data[at + 4 :])


@odd("turned-and-tagged-in-exif-too.tif")
def turned() -> Odd:
    """The tag counts once, though it is also what Exif would say."""
    lying = flag().transpose(Image.Transpose.ROTATE_90)
    return Odd(saved(lying, "TIFF", tiffinfo={274: 6}, compression="tiff_lzw"))
