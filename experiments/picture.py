"""The README's first picture: a photograph, the bits that are stored of it, and what they give.

    python -m experiments.picture

Beside it the JPEG of the same size in bytes. The photograph comes with scikit-image; no training
has seen it. Written to `docs/images/photo_bits_photo.png`.
"""

from __future__ import annotations

import io

import numpy as np
import skimage.data
from PIL import Image, ImageDraw, ImageFont

import bitcodec
from bitcodec.bitmap import Bitmap
from bitcodec.files import replacing
from bitcodec.pixels import psnr
from experiments.documents import REPOSITORY

FILE = REPOSITORY / "docs" / "images" / "photo_bits_photo.png"
SIDE, GAP, LINE = 320, 12, 22
CENTRE, DETAIL = (220, 130), 160
"""The middle and the side of what is shown of the decoded pictures, enlarged twice."""
ACROSS = 8
"""Channels of the code in a row of the square that shows them."""
INK, PAPER = (40, 40, 40), (250, 250, 250)


def main() -> None:
    photo = Image.fromarray(skimage.data.astronaut())
    codec = bitcodec.load()
    data = codec.encode(photo)
    _, bitmap = codec.unpack(data)
    decoded = codec.decode(data)
    jpeg = smallest_jpeg(photo, len(data))
    original = np.asarray(photo)
    tiles = [
        (photo.resize((SIDE, SIDE), Image.Resampling.LANCZOS), "the photograph", size(photo)),
        (
            first_channels(bitmap),
            "its code, in bits",
            f"the first {ACROSS**2} of {bitmap.shape[0]} channels, white for 1",
        ),
    ]
    for name, picture, count in (
        ("bitcodec", decoded, len(data)),
        ("JPEG", Image.open(io.BytesIO(jpeg)), len(jpeg)),
    ):
        tiles.append(
            (
                detail(picture),
                f"{name}, {count:,} bytes",
                f"a detail, enlarged; {psnr(original, np.asarray(picture)):.1f} dB over all",
            )
        )
    sheet = Image.new("RGB", (len(tiles) * (SIDE + GAP) + GAP, SIDE + 2 * LINE + 2 * GAP), PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, (tile, *lines) in enumerate(tiles):
        x = GAP + number * (SIDE + GAP)
        sheet.paste(tile, (x, GAP))
        for row, (text, points) in enumerate(zip(lines, (15, 13), strict=True)):
            y = GAP + SIDE + 4 + row * LINE
            draw.text((x, y), text, INK, ImageFont.load_default(points))
    FILE.parent.mkdir(exist_ok=True)
    with replacing(FILE) as stream:
        sheet.save(stream, "PNG", optimize=True)
    print(f"{FILE.relative_to(REPOSITORY)}: {len(data):,} bytes and a JPEG of {len(jpeg):,}")


def smallest_jpeg(photo: Image.Image, most: int) -> bytes:
    """The best JPEG of at most so many bytes: 4:2:0, with Huffman tables of its own."""
    best = b""
    for quality in range(1, 96):
        buffer = io.BytesIO()
        photo.save(buffer, "JPEG", quality=quality, optimize=True, subsampling="4:2:0")
        if buffer.tell() > most and best:
            break
        best = buffer.getvalue()
    return best


def first_channels(bitmap: Bitmap) -> Image.Image:
    """The coarse bits of the latents that matter most, a square each."""
    sheet = Image.new("L", (SIDE, SIDE), 128)
    side = SIDE // ACROSS
    for number, channel in enumerate(bitmap[: ACROSS**2]):
        tile = Image.fromarray(channel).resize((side - 1, side - 1), Image.Resampling.NEAREST)
        row, column = divmod(number, ACROSS)
        sheet.paste(tile, (column * side, row * side))
    return sheet


def detail(picture: Image.Image) -> Image.Image:
    """The part that is shown, every pixel twice as large."""
    left, top = (at - DETAIL // 2 for at in CENTRE)
    part = picture.convert("RGB").crop((left, top, left + DETAIL, top + DETAIL))
    return part.resize((SIDE, SIDE), Image.Resampling.NEAREST)


def size(photo: Image.Image) -> str:
    """How large a photograph is, in pixels and in bytes."""
    return f"{photo.width} x {photo.height}, {photo.width * photo.height * 3:,} bytes"


if __name__ == "__main__":
    main()
