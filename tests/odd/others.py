"""Odd files of other formats, and files that are no pictures at all."""

from __future__ import annotations

import gzip
import struct

import numpy as np
from PIL import Image, features

from tests.odd import BLUE, HEIGHT, RED, WIDTH, Odd, flag, greys, odd, saved
from tests.odd.png import palette_flag

HALF = WIDTH // 2
ROWS = np.asarray(flag())


@odd("animated.webp")
def webp() -> Odd:
    """Of an animation the first frame."""
    later = {"save_all": True, "append_images": [flag(left=BLUE)], "lossless": True}
    return Odd(saved(flag(), "WEBP", **later))


@odd("animated.gif")
def gif() -> Odd:
    """The first frame."""
    return Odd(saved(palette_flag(), "GIF", save_all=True, append_images=[flag(left=BLUE)]))


@odd("transparent-index-beyond-the-palette.gif")
def gif_transparency() -> Odd:
    """No pixel has that colour, so nothing is transparent."""
    return Odd(saved(palette_flag(), "GIF", transparency=250))


@odd("frame-smaller-than-its-screen.gif")
def gif_screen() -> Odd:
    """What the frame leaves open has the background's colour, the first of the palette."""
    data = bytearray(saved(palette_flag(), "GIF"))
    struct.pack_into("<HH", data, 6, 2 * WIDTH, HEIGHT)
    return Odd(bytes(data), left=BLUE, right=RED, size=(2 * WIDTH, HEIGHT))


@odd("png-inside.ico")
def ico() -> Odd:
    """As icons of 256 pixels are."""
    return Odd(saved(flag(), "ICO", sizes=[(WIDTH, HEIGHT)]))


@odd("pointer.cur")
def cur() -> Odd:
    """An icon with a hot spot; its lower half is a mask."""
    bitmap = saved(flag(), "BMP")[14:]
    head = bytearray(bitmap[:40])
    struct.pack_into("<i", head, 8, 2 * HEIGHT)
    mask = bytes(4 * HEIGHT)
    body = bytes(head) + bitmap[40:] + mask
    entry = struct.pack("<BBBBHHII", WIDTH, HEIGHT, 0, 0, 1, 1, len(body), 22)
    return Odd(struct.pack("<HHH", 0, 2, 1) + entry + body)


@odd("paintbrush.pcx")
def pcx() -> Odd:
    """Three planes of 8 bits."""
    return Odd(saved(flag(), "PCX"))


@odd("footer.tga")
def tga() -> Odd:
    """Version 2 with its signature at the end."""
    return Odd(saved(flag(), "TGA") + bytes(8) + b"TRUEVISION-XFILE.\0")


@odd("bottom-up-and-packed.tga")
def tga_packed() -> Odd:
    """Runs, rows from below."""
    return Odd(saved(flag(), "TGA", orientation=1, compression="tga_rle"))


@odd("merged.psd")
def psd() -> Odd:
    """The merged picture of a file without layers."""
    head = struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, HEIGHT, WIDTH, 8, 3)
    planes = b"".join(ROWS[:, :, channel].tobytes() for channel in range(3))
    return Odd(head + bytes(12) + b"\0\0" + planes)


@odd("sixteen-bits.psd")
def psd16() -> Odd:
    """Deeper than Pillow reads."""
    head = struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, HEIGHT, WIDTH, 16, 3)
    return Odd(head + bytes(12) + b"\0\0" + bytes(6 * WIDTH * HEIGHT), refused="not a picture")


@odd("drawing.eps")
def eps() -> Odd:
    """A program in another language, which we do not run."""
    return Odd(saved(flag(), "EPS"), refused="a drawing")


@odd("drawing.wmf")
def wmf() -> Odd:
    """A recording of Windows' drawing calls."""
    head = struct.pack("<IHhhhhHIH", 0x9AC6CDD7, 0, 0, 0, 2400, 1600, 1440, 0, 0)
    record = struct.pack("<HHHIHIH", 1, 9, 0x300, 12, 0, 3, 0)
    return Odd(head + record + struct.pack("<IH", 3, 0), refused="a drawing")


@odd("sixteen-bits.sgi")
def sgi() -> Odd:
    """Irix, two bytes a sample."""
    deep = struct.pack(">HBBHHHHII80s", 474, 0, 2, 3, WIDTH, HEIGHT, 3, 0, 65_535, b"")
    planes = ROWS[::-1].transpose(2, 0, 1).astype(">u2") * 257
    return Odd(deep.ljust(512, b"\0") + planes.astype(">u2").tobytes())


@odd("ascii-with-comments.ppm")
def ascii_ppm() -> Odd:
    """Numbers as text, and remarks between them."""
    numbers = b"\n".join(b" ".join(b"%d" % level for level in row.ravel()) for row in ROWS)
    return Odd(b"P3\n# made by hand\n%d # wide\n%d\n255\n" % (WIDTH, HEIGHT) + numbers + b"\n")


@odd("sixteen-bits.ppm")
def deep_ppm() -> Odd:
    """Two bytes a sample, the upper one first."""
    return Odd(
        b"P6 %d %d 65535\n" % (WIDTH, HEIGHT) + (ROWS.astype(">u2") * 257).astype(">u2").tobytes()
    )


@odd("ten-bits.pgm")
def ten_bits() -> Odd:
    """White is 1023."""
    row = np.repeat([[341, 1023]], HALF, axis=1).astype(">u2").tobytes()
    return Odd(b"P5 %d %d 1023\n" % (WIDTH, HEIGHT) + row * HEIGHT, **greys(85, 255))


@odd("floats.pfm")
def pfm() -> Odd:
    """Light as floating-point numbers, without a known white."""
    values = np.full((HEIGHT, WIDTH), 0.5, "<f4").tobytes()
    return Odd(b"Pf\n%d %d\n-1.0\n" % (WIDTH, HEIGHT) + values, refused="floating-point")


@odd("stars.fits")
def fits() -> Odd:
    """A telescope's counts, whose white nobody knows."""
    cards = (
        "SIMPLE  =                    T", "BITPIX  =                   16",
        "NAXIS   =                    2", f"NAXIS1  = {WIDTH:20}", f"NAXIS2  = {HEIGHT:20}", "END",
    )  # fmt: skip
    head = "".join(card.ljust(80) for card in cards).ljust(2880).encode()
    return Odd(head + bytes(2880), refused="no known white")


@odd("alpha.jp2")
def jpeg2000() -> Odd:
    """Four components, the last of which hides a half."""
    return Odd(saved(flag("RGBA", (*RED, 255), (*BLUE, 0)), "JPEG2000"), refused="--background")


@odd("sixteen-bits-grey.jp2")
def deep_jpeg2000() -> Odd:
    """All 16 bits count."""
    deep = Image.fromarray(np.asarray(flag("L", 85, 255)).astype(np.uint16) * 257)
    return Odd(saved(deep, "JPEG2000"), **greys(85, 255))


@odd("luma-and-chroma.jp2")
def ycc() -> Odd:
    """The components are YCbCr, which the file says."""
    return Odd(saved(flag().convert("YCbCr"), "JPEG2000"), tolerance=3)


@odd("top-down-16-bits.bmp")
def bmp() -> Odd:
    """Five, six and five bits, rows from above."""
    red, green, blue = (ROWS[:, :, channel].astype("<u2") for channel in range(3))
    pixels = (red >> 3) << 11 | (green >> 2) << 5 | blue >> 3
    info = struct.pack("<IiiHHIIiiII", 40, WIDTH, -HEIGHT, 1, 16, 3, pixels.nbytes, 0, 0, 0, 0)
    masks = struct.pack("<III", 0xF800, 0x7E0, 0x1F)
    start = 14 + len(info) + len(masks)
    head = struct.pack("<2sIHHI", b"BM", start + pixels.nbytes, 0, 0, start)
    return Odd(head + info + masks + pixels.tobytes(), tolerance=7)


@odd("alpha-that-means-nothing.bmp")
def bmp32() -> Odd:
    """32 bits, of which the last 8 are unused and 0."""
    return Odd(saved(flag("RGBA", (*RED, 0), (*BLUE, 0)), "BMP"))


@odd("letters.xbm")
def xbm() -> Odd:
    """A picture that is a piece of C."""
    return Odd(saved(flag("1", 1, 0), "XBM"), **greys(255, 0))


@odd("plain.qoi")
def qoi() -> Odd:
    """A young format."""
    return Odd(saved(flag(), "QOI"))


@odd("drawing-named.png")
def svg() -> Odd:
    """Text that describes a drawing."""
    return Odd(b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', "not a picture")


@odd("error-page-named.jpg")
def html() -> Odd:
    """What a failed download saves."""
    return Odd(b"<!DOCTYPE html><title>404 Not Found</title>", "not a picture")


@odd("gzipped.png")
def gzipped() -> Odd:
    """Compressed once more on its way."""
    return Odd(gzip.compress(saved(flag(), "PNG"), mtime=0), "not a picture")


@odd("empty.png")
def empty() -> Odd:
    """Nothing at all."""
    return Odd(b"", "not a picture")


@odd("only-a-signature.webp")
def signature() -> Odd:
    """The first bytes of a picture that never came."""
    return Odd(b"RIFF\x40\0\0\0WEBPVP8 ", "cannot be read")


if features.check("avif"):

    @odd("rotated-by-its-container.avif")
    def avif() -> Odd:
        """Turned by a property of the file and not by Exif."""
        exif = Image.Exif()
        exif[274] = 6
        lying = flag().transpose(Image.Transpose.ROTATE_90)
        return Odd(saved(lying, "AVIF", quality=95, subsampling="4:4:4", exif=exif), tolerance=8)

    @odd("hdr-pq.avif")
    def avif_pq() -> Odd:
        """The transfer curve of HDR video: taken for sRGB it would be grey."""
        data = saved(flag(), "AVIF", quality=95)
        at = data.index(b"colrnclx") + 8
        return Odd(data[:at] + struct.pack(">HH", 9, 16) + data[at + 4 :], refused="HDR")
