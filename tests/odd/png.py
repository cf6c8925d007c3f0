"""Odd PNG files."""

from __future__ import annotations

import struct
import zlib

from PIL import Image

from tests.odd import BLUE, HEIGHT, RED, WIDTH, Odd, flag, greys, odd, saved

HALF = WIDTH // 2


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk with its checksum."""
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def png(
    row: bytes,
    bits: int,
    colour: int,
    *more: bytes,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    interlaced: bool = False,
) -> bytes:
    """A PNG all of whose rows are ``row``; ``more`` stands before the pixels."""
    head = struct.pack(">IIBBBBB", *size, bits, colour, 0, 0, int(interlaced))
    pixels = zlib.compress((b"\0" + row) * size[1])
    parts = (chunk(b"IHDR", head), *more, chunk(b"IDAT", pixels), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


RGB_ROW = bytes(RED) * HALF + bytes(BLUE) * HALF


@odd("gama-linear.png")
def linear() -> Odd:
    """Samples proportional to light and no profile: 0.2 of the light is level 124."""
    row = bytes((51,)) * HALF + bytes((128,)) * HALF
    return Odd(png(row, 8, 0, chunk(b"gAMA", struct.pack(">I", 100_000))), **greys(124, 188))


@odd("chrm-only.png")
def chromaticities() -> Odd:
    """Those of sRGB, and no gamma."""
    points = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
    return Odd(png(RGB_ROW, 8, 2, chunk(b"cHRM", struct.pack(">8I", *points))))


@odd("iccp-damaged.png")
def damaged_profile() -> Odd:
    """A profile that does not inflate is no reason to refuse the pixels, or is said."""
    return Odd(png(RGB_ROW, 8, 2, chunk(b"iCCP", b"sRGB\0\0not deflated")))


@odd("sbit-5-6-5.png")
def significant_bits() -> Odd:
    """sBIT says where samples came from, not what they are."""
    return Odd(png(RGB_ROW, 8, 2, chunk(b"sBIT", bytes((5, 6, 5)))))


@odd("cgbi-of-iphones.png")
def cgbi() -> Odd:
    """Apple's variant, without zlib's header and with colours swapped, is no PNG."""
    deflate = zlib.compressobj(wbits=-15)
    pixels = deflate.compress((b"\0" + RGB_ROW) * HEIGHT) + deflate.flush()
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    parts = ((b"CgBI", b"\x50\0\x20\x02"), (b"IHDR", head), (b"IDAT", pixels), (b"IEND", b""))
    data = b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)
    return Odd(data, refused="cannot be read")


@odd("interlaced-one-pixel.png")
def interlaced() -> Odd:
    """Adam7 has one pass with pixels."""
    return Odd(png(bytes(RED), 8, 2, size=(1, 1), interlaced=True), right=RED, size=(1, 1))


@odd("palette-index-out-of-range.png")
def out_of_range() -> Odd:
    """Index 200 of a palette of 2 colours: black, as in browsers."""
    palette = chunk(b"PLTE", bytes(RED + BLUE))
    return Odd(png(bytes((0,)) * HALF + bytes((200,)) * HALF, 8, 3, palette), right=(0, 0, 0))


@odd("palette-more-alphas-than-colours.png")
def too_many_alphas() -> Odd:
    """Transparency for entries that do not exist."""
    palette = chunk(b"PLTE", bytes(RED + BLUE))
    row = bytes((0,)) * HALF + bytes((1,)) * HALF
    return Odd(png(row, 8, 3, palette, chunk(b"tRNS", b"\xff\xff" + bytes(200))))


@odd("grey-2-bits-with-key.png")
def grey_key() -> Odd:
    """The key counts in the file's own depth: sample 2 of 0 to 3."""
    row = bytes((0b10101010,)) * (HALF // 4) + bytes((0b01010101,)) * (HALF // 4)
    return Odd(png(row, 2, 0, chunk(b"tRNS", b"\0\2")), refused="--background")


@odd("one-bit.png")
def one_bit() -> Odd:
    """Twelve ones, then twelve zeros."""
    return Odd(png(b"\xff\xf0\x00", 1, 0), **greys(255, 0))


@odd("sixteen-bits-and-alpha.png")
def sixteen() -> Odd:
    """Opaque throughout."""
    deep = [
        struct.pack(">4H", *(257 * level for level in colour), 65_535) for colour in (RED, BLUE)
    ]
    return Odd(png(deep[0] * HALF + deep[1] * HALF, 16, 6))


@odd("animated.png")
def apng() -> Odd:
    """Of an animation the first frame."""
    later = [flag(left=BLUE, right=RED), flag(left=(0, 0, 0))]
    return Odd(saved(flag(), "PNG", save_all=True, append_images=later))


@odd("animated-with-a-still.png")
def apng_with_default() -> Odd:
    """A picture before the animation, for programs that show none."""
    still = {"save_all": True, "append_images": [flag(left=BLUE)], "default_image": True}
    return Odd(saved(flag(), "PNG", **still))


@odd("one-bit-of-pixels-flipped.png")
def flipped() -> Odd:
    """The sum at the end of the pixels finds it."""
    data = bytearray(png(RGB_ROW, 8, 2))
    data[data.index(b"IDAT") + 12] ^= 4
    return Odd(bytes(data), refused="cannot be read")


@odd("ends-before-its-end.png")
def without_end() -> Odd:
    """All pixels are there; only IEND is missing."""
    return Odd(png(RGB_ROW, 8, 2)[:-12])


@odd("more-after-the-end.png")
def with_more() -> Odd:
    """Something appended, as steganography and bad downloads do."""
    return Odd(png(RGB_ROW, 8, 2) + b"PK\3\4" + bytes(1000))


@odd("claims-65500-squared.png")
def huge() -> Odd:
    """Four billion pixels in a hundred bytes."""
    return Odd(png(b"", 8, 2, size=(65_500, 65_500)), refused="too large")


@odd("claims-9000-squared.png")
def large() -> Odd:
    """A size that is allowed, and no pixels."""
    return Odd(png(b"", 1, 0, size=(9_000, 9_000))[:60], refused="cannot be read")


@odd("hdr-cicp-pq.png")
def cicp() -> Odd:
    """The colours of HDR video: taken for sRGB they would be grey."""
    data = png(RGB_ROW, 8, 2, chunk(b"cICP", bytes((9, 16, 0, 1))))
    return Odd(data, refused="HDR")


@odd("text-that-inflates-to-100-megabytes.png")
def text_bomb() -> Odd:
    """A comment, not the picture, is the bomb."""
    bomb = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(100_000_000), 9))
    return Odd(png(RGB_ROW, 8, 2, bomb), refused="cannot be read")


def palette_flag() -> Image.Image:
    """The flag with a palette, for formats that have one."""
    picture = Image.new("P", (WIDTH, HEIGHT), 0)
    picture.putpalette(RED + BLUE)
    picture.paste(1, (HALF, 0, WIDTH, HEIGHT))
    return picture
