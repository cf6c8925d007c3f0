"""Odd files of cameras, browsers and editors: what other programs' users have reported since."""

from __future__ import annotations

import struct
import zlib

from PIL import Image, features

from tests.odd import BLUE, HEIGHT, RED, WIDTH, Odd, flag, odd, saved
from tests.odd.colours import LINEAR, gama, iccp, linear_profile
from tests.odd.others import ROWS
from tests.odd.png import RGB_ROW, chunk, png

HALF = WIDTH // 2
GREYS = flag("L", 51, 128)
LYING = flag().transpose(Image.Transpose.ROTATE_90)


def turned_exif(order: str = "<", kind: int = 3) -> bytes:
    """Exif with nothing but an orientation of 6, of any integer type and byte order."""
    value = struct.pack(order + ("H2x" if kind == 3 else "I"), 6)
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8)
    return head + struct.pack(order + "HHHI", 1, 274, kind, 1) + value + bytes(4)


def segment(marker: int, content: bytes) -> bytes:
    """A part of a JPEG's head."""
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def jpeg(picture: Image.Image, *more: bytes, **settings: int) -> bytes:
    """A JPEG with segments after its start."""
    data = saved(picture, "JPEG", quality=98, subsampling=0, **settings)
    return data[:2] + b"".join(more) + data[2:]


@odd("pixels-in-crumbs.png")
def crumbs() -> Odd:
    """One byte a chunk, and chunks of none between them."""
    whole = png(RGB_ROW, 8, 2)
    at = whole.index(b"IDAT") - 4
    length = struct.unpack_from(">I", whole, at)[0]
    pixels = whole[at + 8 : at + 8 + length]
    parts = b"".join(chunk(b"IDAT", pixels[i : i + 1]) + chunk(b"IDAT", b"") for i in range(length))
    return Odd(whole[:at] + parts + chunk(b"IEND", b""))


@odd("interlaced.png")
def interlaced() -> Odd:
    """Seven passes, some of them empty of rows in small pictures."""
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
              (0, 1, 1, 2))  # fmt: skip
    rows = b"".join(b"\0" + row.tobytes() for x, y, dx, dy in passes for row in ROWS[y::dy, x::dx])
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 1)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return Odd(b"\x89PNG\r\n\x1a\n" + parts)


@odd("profile-and-srgb.png")
def both() -> Odd:
    """A profile counts more than the word that it is sRGB, as in the third edition."""
    row = bytes((51,)) * HALF + bytes((128,)) * HALF
    return Odd(png(row, 8, 0, iccp(linear_profile()), chunk(b"sRGB", b"\0")), **LINEAR)


@odd("gamma-of-nothing.png")
def no_gamma() -> Odd:
    """A gamma that makes all black was not meant."""
    return Odd(png(RGB_ROW, 8, 2, gama(1)))


@odd("gamma-of-thousands.png")
def much_gamma() -> Odd:
    """One that makes all white neither."""
    return Odd(png(RGB_ROW, 8, 2, gama(0x7FFFFFFF)))


@odd("one-bit-with-a-key.png")
def bit_key() -> Odd:
    """Black is transparent."""
    data = png(b"\0" + b"\xff" * 2, 1, 0, chunk(b"tRNS", b"\0\0"))
    return Odd(data, refused="--background")


@odd("exif-as-text-of-imagemagick.png")
def raw_profile() -> Odd:
    """Exif in hexadecimal, from before PNG had a place for it: stored lying, shown standing."""
    exif = b"Exif\0\0" + turned_exif()
    text = b"\nexif\n%8d\n" % len(exif) + exif.hex().encode() + b"\n"
    data = saved(LYING, "PNG")
    kept = chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(text))
    return Odd(data[:33] + kept + data[33:])


@odd("exif-with-its-jpeg-prefix.png")
def prefixed() -> Odd:
    """Some writers leave the six bytes before it that only JPEG has."""
    data = saved(LYING, "PNG")
    return Odd(data[:33] + chunk(b"eXIf", b"Exif\0\0" + turned_exif()) + data[33:])


@odd("checksum-of-a-remark-wrong.png")
def wrong_remark() -> Odd:
    """A date that was edited by hand: the pixels are whole, and some programs show them."""
    date = bytearray(chunk(b"tIME", struct.pack(">HBBBBB", 2020, 1, 1, 0, 0, 0)))
    date[-1] ^= 1
    return Odd(png(RGB_ROW, 8, 2, bytes(date)), refused="not a picture")


@odd("restarts-and-padding.jpg")
def restarts() -> Odd:
    """Markers between the blocks, and bytes of 255 before markers, as cameras pad."""
    data = jpeg(flag(), restart_marker_blocks=1)
    return Odd(data[:2] + b"\xff\xff\xff" + data[2:], tolerance=4)


@odd("orientation-as-long-in-motorola-order.jpg")
def long() -> Odd:
    """Four bytes where two belong."""
    return Odd(jpeg(LYING, segment(0xE1, b"Exif\0\0" + turned_exif(">", 4))), tolerance=4)


@odd("exif-that-bites-its-tail.jpg")
def circle() -> Odd:
    """A folder whose subfolder and successor are itself."""
    body = struct.pack("<HHHII", 1, 0x8769, 4, 1, 8) + struct.pack("<I", 8)
    return Odd(jpeg(flag(), segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0" + body)), tolerance=4)


@odd("two-exifs.jpg")
def two() -> Odd:
    """The first says how the picture lies; an editor left a second, which says nothing."""
    first = segment(0xE1, b"Exif\0\0" + turned_exif())
    second = segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0")
    return Odd(jpeg(LYING, first, second), tolerance=4)


@odd("profile-in-parts-out-of-order.jpg")
def parts() -> Odd:
    """Each part has its number: they count, not the order."""
    profile = linear_profile()
    third = len(profile) // 3
    cut = (profile[:third], profile[third : 2 * third], profile[2 * third :])
    order = [(3, cut[2]), (1, cut[0]), (2, cut[1])]
    mixed = [segment(0xE2, b"ICC_PROFILE\0" + bytes((n, 3)) + part) for n, part in order]
    return Odd(jpeg(GREYS.convert("RGB"), *mixed), tolerance=4, **LINEAR)


@odd("profile-of-which-a-part-is-missing.jpg")
def missing() -> Odd:
    """Two of three are no profile: the picture counts as sRGB, as in browsers."""
    part = segment(0xE2, b"ICC_PROFILE\0\1\3" + linear_profile()[:100])
    return Odd(jpeg(flag(), part), tolerance=4)


@odd("height-said-at-the-end.jpg")
def no_height() -> Odd:
    """Zero rows, to be told after the pixels: nothing that Pillow knows."""
    data = jpeg(flag())
    at = data.index(b"\xff\xc0") + 5
    return Odd(data[:at] + b"\0\0" + data[at + 2 :], refused="not a picture")


@odd("newline-before-its-start.jpg")
def newline() -> Odd:
    """What a script printed before the picture."""
    return Odd(b"\n" + jpeg(flag()), refused="not a picture")


@odd("palette-of-the-frame-alone.gif")
def local_palette() -> Odd:
    """No colours for all frames, only the first one's own."""
    data = saved(flag().quantize(4), "GIF", interlace=0)
    size = 3 * (2 << (data[10] & 7))
    frame = data.index(b",", 13 + size)
    head = data[:10] + bytes((data[10] & 0x70,)) + data[11:13] + data[13 + size : frame]
    flags = bytes((0x80 | (data[10] & 7),))
    return Odd(head + data[frame : frame + 9] + flags + data[13 : 13 + size] + data[frame + 10 :])


@odd("cut-short.gif")
def cut() -> Odd:
    """The pixels end in the middle."""
    noise = Image.effect_noise((64, 64), 90)
    data = saved(noise, "GIF")
    return Odd(data[: len(data) // 2], refused="cannot be read")


@odd("first-frame-in-a-corner.gif")
def corner_gif() -> Odd:
    """What it leaves open is transparent, since a colour of it is."""
    data = bytearray(saved(flag().quantize(4), "GIF", transparency=3))
    struct.pack_into("<HH", data, 6, 2 * WIDTH, HEIGHT)
    return Odd(bytes(data), refused="--background")


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    """A WebP file of these parts."""
    body = b"".join(
        name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2) for name, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


@odd("first-frame-in-a-corner.webp")
def corner_webp() -> Odd:
    """What an animation's first frame leaves open is transparent."""
    frame = saved(flag(), "WEBP", lossless=True)[12:]
    size = struct.pack("<I", 2 * WIDTH - 1)[:3] + struct.pack("<I", HEIGHT - 1)[:3]
    small = struct.pack("<I", WIDTH - 1)[:3] + struct.pack("<I", HEIGHT - 1)[:3]
    data = riff(
        (b"VP8X", b"\2\0\0\0" + size), (b"ANIM", bytes(6)),
        (b"ANMF", bytes(6) + small + b"\x64\0\0\0" + frame),
    )  # fmt: skip
    return Odd(data, refused="first frame")


@odd("alpha-that-its-header-denies.webp")
def denied() -> Odd:
    """Where the header says that there is none, there is none."""
    data = bytearray(saved(flag("RGBA", (*RED, 255), (*BLUE, 0)), "WEBP", quality=90))
    data[data.index(b"VP8X") + 8] &= ~0x10
    return Odd(bytes(data), tolerance=4)


@odd("lossy-with-an-alpha-of-its-own.webp")
def alpha_webp() -> Odd:
    """Colours and alpha lie in different parts."""
    data = saved(flag("RGBA", (*RED, 255), (*BLUE, 90)), "WEBP", quality=90)
    return Odd(data, refused="--background")


@odd("turned-by-exif.webp")
def turned_webp() -> Odd:
    """Stored lying, shown standing."""
    return Odd(saved(LYING, "WEBP", lossless=True, exif=turned_exif()))


@odd("profile-linear.webp")
def profile_webp() -> Odd:
    """Its profile counts."""
    picture = GREYS.convert("RGB")
    return Odd(saved(picture, "WEBP", lossless=True, icc_profile=linear_profile()), **LINEAR)


if features.check("avif"):

    @odd("profile-linear.avif")
    def profile_avif() -> Odd:
        """Its profile counts, and the numbers for video do not."""
        picture = GREYS.convert("RGB")
        data = saved(picture, "AVIF", quality=95, icc_profile=linear_profile())
        return Odd(data, tolerance=5, **LINEAR)

    @odd("greys-alone-of-limited-range.avif")
    def grey_avif() -> Odd:
        """Black is 16 in there, and there is no colour."""
        data = saved(flag("L", 0, 255), "AVIF", quality=95, range="limited", subsampling="4:0:0")
        return Odd(data, "", (0,) * 3, (255,) * 3, 4)

    @odd("half-transparent.avif")
    def alpha_avif() -> Odd:
        """A second picture in the file is the first one's alpha."""
        data = saved(flag("RGBA", (*RED, 255), (*BLUE, 128)), "AVIF", quality=90)
        return Odd(data, refused="--background")
