"""Odd files of old formats: bitmaps, Targa, portable maps, Photoshop, icons, textures."""

from __future__ import annotations

import struct

import numpy as np

from tests.odd import BLUE, HEIGHT, RED, WIDTH, Odd, flag, greys, odd, saved, since
from tests.odd.others import ROWS

HALF = WIDTH // 2
BGR_RED, BGR_BLUE = bytes(RED[::-1]), bytes(BLUE[::-1])
TABLE = BGR_RED + b"\0" + BGR_BLUE + b"\0"


def bmp(
    pixels: bytes, bits: int, compression: int, table: bytes = b"", height: int = HEIGHT
) -> bytes:
    """A bitmap with the usual header."""
    colours = len(table) // 4 if bits <= 8 else 0
    info = struct.pack(
        "<IiiHHIIiiII", 40, WIDTH, height, 1, bits, compression, len(pixels), 0, 0, colours, 0
    )
    start = 14 + len(info) + len(table)
    return struct.pack("<2sIHHI", b"BM", start + len(pixels), 0, 0, start) + info + table + pixels


@odd("header-of-os2.bmp")
def os2() -> Odd:
    """Twelve bytes of header, colours of three bytes."""
    row = bytes((0x00, 0x0F, 0xFF, 0x00))
    table = BGR_RED + BGR_BLUE
    start = 14 + 12 + len(table)
    head = struct.pack("<2sIHHI", b"BM", start + 4 * HEIGHT, 0, 0, start)
    return Odd(head + struct.pack("<IHHHH", 12, WIDTH, HEIGHT, 1, 1) + table + row * HEIGHT)


@odd("runs-of-4-bits.bmp")
def rle4() -> Odd:
    """Two pixels a byte, in runs."""
    row = bytes((HALF, 0x00, HALF, 0x11, 0, 0))
    return Odd(bmp(row * HEIGHT + b"\0\1", 4, 2, TABLE))


@odd("runs-with-a-jump.bmp")
def rle8() -> Odd:
    """The right halves of the rows are jumped over, and have the first colour."""
    row = bytes((HALF, 1, 0, 2, HALF, 0, 0, 0))
    return since((12, 2), Odd(bmp(row * HEIGHT + b"\0\1", 8, 1, TABLE), left=BLUE, right=RED))


@odd("ten-bits-a-colour.bmp")
def masks() -> Odd:
    """Masks that Pillow does not know."""
    masks = struct.pack("<III", 0x3FF00000, 0xFFC00, 0x3FF)
    return Odd(bmp(bytes(4 * WIDTH * HEIGHT), 32, 3, masks), refused="bitfields")


def tga(
    kind: int, bits: int, pixels: bytes, descriptor: int, table: bytes = b"", first: int = 0
) -> bytes:
    """A Targa file; ``table`` has three bytes a colour."""
    entries = len(table) // 3
    head = struct.pack(
        "<BBBHHBHHHHBB", 0, int(bool(table)), kind, first, entries, 24 if table else 0, 0, 0,
        WIDTH, HEIGHT, bits, descriptor,
    )  # fmt: skip
    return head + table + pixels


@odd("no-bits-of-alpha.tga")
def no_alpha() -> Odd:
    """32 bits, of which the header says that none are alpha; they are 0."""
    row = (BGR_RED + b"\0") * HALF + (BGR_BLUE + b"\0") * HALF
    return Odd(tga(2, 32, row * HEIGHT, 0x20))


@odd("alpha-of-8-bits.tga")
def alpha() -> Odd:
    """The same, but that they are alpha."""
    row = (BGR_RED + b"\0") * HALF + (BGR_BLUE + b"\0") * HALF
    return Odd(tga(2, 32, row * HEIGHT, 0x28), refused="--background")


@odd("sixteen-bits.tga")
def tga16() -> Odd:
    """Five bits a colour; the sixteenth is nothing here."""
    one, other = (((r >> 3) << 10 | (g >> 3) << 5 | b >> 3) for r, g, b in (RED, BLUE))
    row = struct.pack("<H", one) * HALF + struct.pack("<H", other) * HALF
    return Odd(tga(2, 16, row * HEIGHT, 0x20), tolerance=7)


@odd("palette-from-128-on.tga")
def tga_palette() -> Odd:
    """The table's first colour is that of index 128."""
    row = b"\x80" * HALF + b"\x81" * HALF
    return Odd(tga(1, 8, row * HEIGHT, 0x20, BGR_RED + BGR_BLUE, 128))


@odd("from-right-to-left.tga")
def tga_mirrored() -> Odd:
    """Rows begin at the right."""
    row = BGR_BLUE * HALF + BGR_RED * HALF
    return Odd(tga(2, 24, row * HEIGHT, 0x30))


@odd("digits-without-spaces.pbm")
def digits() -> Odd:
    """One bit needs no space after it; 1 is black."""
    return Odd(b"P1\n%d %d\n" % (WIDTH, HEIGHT) + (b"0" * HALF + b"1" * HALF) * HEIGHT,
               **greys(255, 0))  # fmt: skip


@odd("white-is-100.ppm")
def percent() -> Odd:
    """A hundred is white."""
    return Odd(b"P6 %d %d 100\n" % (WIDTH, HEIGHT) + (b"\x14" * 36 + b"\x50" * 36) * HEIGHT,
               **greys(51, 204))  # fmt: skip


@odd("samples-above-white.ppm")
def above() -> Odd:
    """150 of 100: there is no such brightness; it is cut off, or refused."""
    return Odd(b"P6 %d %d 100\n" % (WIDTH, HEIGHT) + (b"\x14" * 36 + b"\x96" * 36) * HEIGHT,
               **greys(51, 255))  # fmt: skip


@odd("any-map.pnm")
def pam() -> Odd:
    """The youngest of the portable maps, which Pillow does not read."""
    head = b"P7\nWIDTH %d\nHEIGHT %d\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n"
    return Odd(head % (WIDTH, HEIGHT) + ROWS.tobytes(), refused="not a picture")


@odd("sixteen-colours-in-planes.pcx")
def ega() -> Odd:
    """Four planes of one bit: the colour's number, bit by bit."""
    table = (bytes(RED) + bytes(BLUE)).ljust(48, b"\0")
    head = struct.pack("<BBBBHHHHHH", 10, 5, 1, 1, 0, 0, WIDTH - 1, HEIGHT - 1, 72, 72) + table
    head = (head + struct.pack("<BBHH", 0, 4, 4, 1)).ljust(128, b"\0")
    first = bytes((0x00, 0x0F)) + b"\xc1\xff" + b"\x00"
    rest = b"\xcc\x00"
    return Odd(head + (first + rest) * HEIGHT)


def psd(mode: int, planes: list[np.ndarray], bits: int = 8, colours: bytes = b"") -> bytes:
    """A Photoshop file with nothing but its merged picture."""
    head = struct.pack(">4sH6xHIIHH", b"8BPS", 1, len(planes), HEIGHT, WIDTH, bits, mode)
    middle = struct.pack(">I", len(colours)) + colours + bytes(8) + b"\0\0"
    return head + middle + b"".join(plane.tobytes() for plane in planes)


def halves(left: int, right: int) -> np.ndarray:
    """A plane of a flag."""
    return np.asarray(flag("L", left, right))


@odd("inks.psd")
def psd_cmyk() -> Odd:
    """Full where the number is small."""
    planes = [halves(*pair) for pair in ((255, 0), (0, 255), (0, 255), (255, 255))]
    return Odd(psd(4, planes), "", (255, 0, 0), (0, 255, 255))


@odd("black-is-one.psd")
def psd_bitmap() -> Odd:
    """One bit: 1 is black there."""
    bits = np.packbits(np.asarray(flag("1", 1, 0)), axis=1)
    return Odd(psd(0, [bits], 1), refused="one bit a pixel")


@odd("cielab.psd")
def psd_lab() -> Odd:
    """L 53, a 61, b 41 is a red; the axes are counted from below."""
    planes = [halves(*pair) for pair in ((136, 100), (189, 128), (169, 128))]
    return Odd(psd(9, planes), "", (225, 68, 61), (92, 92, 92), 2)


@odd("indexed.psd")
def psd_indexed() -> Odd:
    """All reds of the table come first."""
    table = bytearray(768)
    for channel in range(3):
        table[256 * channel : 256 * channel + 2] = RED[channel], BLUE[channel]
    return Odd(psd(2, [halves(0, 1)], 8, bytes(table)))


@odd("two-inks-on-one-plane.psd")
def duotone() -> Odd:
    """A duotone shows as the grey that it is made of, as Photoshop's manual says."""
    return Odd(psd(8, [halves(51, 128)], 8, bytes(64)), **greys(51, 128))


@odd("colours-and-a-mask.psd")
def psd_mask() -> Odd:
    """A fourth channel of an RGB file without layers is a saved selection, or alpha."""
    planes = [ROWS[:, :, channel] for channel in range(3)] + [halves(255, 0)]
    return Odd(psd(3, planes), refused="--background")


@odd("several-sizes.ico")
def sizes() -> Odd:
    """The largest one counts."""
    return Odd(saved(flag().resize((48, 32)), "ICO", sizes=[(16, 10), (48, 32), (24, 16)]),
               size=(48, 32), tolerance=2)  # fmt: skip


@odd("mask-beside-an-alpha-of-zero.ico")
def mask() -> Odd:
    """Which of the two holds is not for us to say."""
    row = (BGR_RED + b"\0") * HALF + (BGR_BLUE + b"\0") * HALF
    body = bytearray(bmp(row * HEIGHT, 32, 0)[14:] + bytes(4 * HEIGHT))
    struct.pack_into("<i", body, 8, 2 * HEIGHT)
    entry = struct.pack("<BBBBHHII", WIDTH, HEIGHT, 0, 0, 1, 32, len(body), 22)
    return Odd(struct.pack("<HHH", 0, 1, 1) + entry + bytes(body), refused="--background")


@odd("hole-of-a-colour.xpm")
def xpm() -> Odd:
    """A colour called None is transparent."""
    row = b'"' + b"a" * HALF + b"b" * HALF + b'",\n'
    head = b'/* XPM */\nstatic char *x[] = {\n"%d %d 2 1",\n"a c #c82828",\n"b c None",\n'
    data = head % (WIDTH, HEIGHT) + row * HEIGHT + b"};\n"
    return since((13, 0), Odd(data, refused="--background"))


@odd("colours-by-name.xpm")
def xpm_colours() -> Odd:
    """Two colours in hexadecimal."""
    row = b'"' + b"a" * HALF + b"b" * HALF + b'",\n'
    head = b'/* XPM */\nstatic char *x[] = {\n"%d %d 2 1",\n"a c #c82828",\n"b c #285ac8",\n'
    return Odd(head % (WIDTH, HEIGHT) + row * HEIGHT + b"};\n")


@odd("palette.jp2")
def jpeg2000_palette() -> Odd:
    """One component of indices, and a box that says which colours they are."""
    data = saved(flag("L", 0, 1), "JPEG2000")
    at, outer = data.index(b"colr") - 4, data.index(b"jp2h") - 4
    end = at + struct.unpack_from(">I", data, at)[0]
    boxes = (
        (b"colr", b"\1\0\0\0\0\0\x10"), (b"pclr", b"\0\2\3\7\7\7" + bytes(RED + BLUE)),
        (b"cmap", b"\0\0\1\0\0\0\1\1\0\0\1\2"),
    )  # fmt: skip
    new = b"".join(struct.pack(">I", 8 + len(part)) + kind + part for kind, part in boxes)
    length = struct.unpack_from(">I", data, outer)[0] + len(new) - (end - at)
    return Odd(data[:outer] + struct.pack(">I", length) + data[outer + 4 : at] + new + data[end:])


@odd("codestream-alone.j2k")
def codestream() -> Odd:
    """No boxes around it: three components are red, green and blue."""
    return Odd(saved(flag(), "JPEG2000", no_jp2=True))


@odd("blocks-with-holes.dds")
def dxt1() -> Odd:
    """Four-by-four blocks whose fourth colour is none."""
    head = struct.pack("<7I44x", 124, 0x1007, HEIGHT, WIDTH, 0, 0, 0)
    kind = struct.pack("<II4sI4I", 32, 4, b"DXT1", 0, 0, 0, 0, 0)
    blocks = (struct.pack("<HHI", 0, 1, 0xFFFFFFFF)) * (WIDTH * HEIGHT // 16)
    data = b"DDS " + head + kind + struct.pack("<4I4x", 0x1000, 0, 0, 0) + blocks
    return Odd(data, refused="--background")


@odd("uncompressed-with-masks.dds")
def masked_dds() -> Odd:
    """Blue first, and a byte that is nothing."""
    head = struct.pack("<7I44x", 124, 0x100F, HEIGHT, WIDTH, 4 * WIDTH, 0, 0)
    kind = struct.pack("<II4sI4I", 32, 0x40, b"", 32, 0xFF0000, 0xFF00, 0xFF, 0)
    row = (BGR_RED + b"\0") * HALF + (BGR_BLUE + b"\0") * HALF
    return Odd(b"DDS " + head + kind + struct.pack("<4I4x", 0x1000, 0, 0, 0) + row * HEIGHT)


@odd("electrons-of-spider.tif")
def spider() -> Odd:
    """A microscope's floating-point counts."""
    return Odd(saved(flag("F", 1.0, 2.0), "SPIDER"), refused="floating-point")
