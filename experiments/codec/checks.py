"""Check what the model that ships promises beside the curve: order, flats, ramps, text, targets.

    OMP_NUM_THREADS=1 python -m experiments.codec.checks --photos PHOTOS

PHOTOS holds `kodak/` and `validation/`. Real files, the default coder. Writes `checks.md` and
`checks.json` beside this file; every line says what was asked and what was found.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise, product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from rich.progress import track

import bitcodec
from bitcodec import targets
from bitcodec.evaluation.baselines import baselines
from bitcodec.pixels import psnr
from bitcodec.provenance import provenance
from experiments.runs import REPOSITORY

HERE = Path(__file__).resolve().parent
SCREENSHOT = REPOSITORY / "tests" / "data" / "hard_files" / "screenshot-text.png"
QUALITIES = range(5, 101, 5)
WORDS = "A page of text is all edges: black letters on white, thin and of one size. "


class Line(NamedTuple):
    """One promise."""

    what: str
    asked: str
    found: str
    holds: bool


class Coded(NamedTuple):
    """A picture's file and what came back."""

    bytes: int
    pixels: np.ndarray


def coded(image: Image.Image, quality: int) -> Coded:
    """A picture through the model that ships: bytes, and pixels again."""
    codec = bitcodec.load(threads=1)
    data = codec.encode(image, quality=quality)
    return Coded(len(data), np.asarray(codec.decode(data)))


def falls(path: Path) -> tuple[float, int]:
    """The largest fall of PSNR in dB and of bytes from one quality to the next; 0 if none falls."""
    image = Image.open(path).convert("RGB")
    found = [coded(image, quality) for quality in QUALITIES]
    decibels = [psnr(np.asarray(image), each.pixels) for each in found]
    worse = max(low - high for low, high in pairwise(decibels))
    smaller = max(low.bytes - high.bytes for low, high in pairwise(found))
    return max(0.0, worse), max(0, smaller)


def order(name: str, paths: list[Path]) -> Line:
    """Whether a higher quality is ever worse or smaller, over some pictures."""
    with ProcessPoolExecutor(2) as pool:
        found = list(track(pool.map(falls, paths), name, len(paths)))
    worse, smaller = max(w for w, _ in found), max(s for _, s in found)
    failing = sum(w > 0.02 or s > 0 for w, s in found)
    return Line(
        f"PSNR and bytes, q to q + 5: {name}",
        "no fall above 0.02 dB, none of bytes",
        f"worst {worse:.3f} dB, {smaller} bytes; {failing} of {len(paths)} pictures",
        not failing,
    )


def flat(quality: int, most: int, size: tuple[int, int]) -> Line:
    """Whether flat colours stay what they are."""
    worst = 0.0
    for colour in product((0, 128, 255), repeat=3):
        pixels = coded(Image.new("RGB", size, colour), quality).pixels
        worst = max(worst, float(np.abs(pixels.mean(axis=(0, 1)) - colour).max()))
    what = f"27 flat colours, {size[0]}x{size[1]}, q {quality}: error of a mean"
    return Line(what, f"at most {most} levels", f"{worst:.1f}", worst <= most)


def ramp(quality: int) -> Line:
    """Whether a smooth ramp gets steps."""
    grey = np.tile((np.arange(512) // 2).astype(np.uint8)[None, :, None], (64, 1, 3))
    pixels = coded(Image.fromarray(grey), quality).pixels.mean(axis=2)
    step = float(np.abs(np.diff(pixels, axis=1)).max())
    what = f"grey ramp, 512 wide, q {quality}: largest step"
    return Line(what, "at most 2 levels", f"{step:.1f}", step <= 2)


def page() -> Image.Image:
    """Text in the font that comes with Pillow, black on white."""
    sheet = Image.new("RGB", (512, 384), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for row in range(20):
        draw.text((12, 10 + 18 * row), (WORDS * 2)[row : row + 72], "black", font)
    return sheet


def smallest_jpeg(image: Image.Image, decibels: float) -> int | None:
    """Bytes of the smallest JPEG, of any kind that is compared with, that is as good."""
    sizes = []
    for codec in baselines(["jpeg"])[0]:
        for setting in codec.all_settings:
            data = codec.encode(image, setting)
            if psnr(np.asarray(image), np.asarray(codec.decode(data, setting))) >= decibels:
                sizes.append(len(data))
    return min(sizes, default=None)


def text(name: str, image: Image.Image) -> Iterable[Line]:
    """Whether text is sharp, and no larger than as a JPEG that is as good."""
    found = coded(image, 90)
    decibels = psnr(np.asarray(image), found.pixels)
    yield Line(f"{name}, q 90: PSNR", "at least 32 dB", f"{decibels:.2f} dB", decibels >= 32)
    jpeg = smallest_jpeg(image, decibels)
    asked = "no JPEG is so good" if jpeg is None else f"at most JPEG's {jpeg:,}"
    yield Line(
        f"{name}, q 90: bytes", asked, f"{found.bytes:,}", jpeg is None or found.bytes <= jpeg
    )


def shares(path: Path) -> list[float]:
    """By how much files stay below three targets of bytes, and by how many dB above one of PSNR."""
    codec, image = bitcodec.load(threads=1), Image.open(path).convert("RGB")
    below = []
    for bpp in (0.3, 0.6, 0.9):
        wanted = int(bpp * image.width * image.height / 8)
        below.append(1 - len(targets.encode(codec, image, bytes=wanted)) / wanted)
    data = targets.encode(codec, image, psnr=32.0)
    return [*below, psnr(np.asarray(image), np.asarray(codec.decode(data))) - 32.0]


def aims(paths: list[Path]) -> Iterable[Line]:
    """How near files come to the sizes that were asked for."""
    with ProcessPoolExecutor(2) as pool:
        found = np.array(list(track(pool.map(shares, paths), "targets", len(paths))))
    below, above = found[:, :3], found[:, 3]
    yield Line(
        f"`--bytes` for 0.3, 0.6, 0.9 bpp, {len(paths)} pictures: below the target",
        "0 to 3 %",
        f"{100 * below.min():.2f} to {100 * below.max():.2f} %",
        bool(below.min() >= 0 and below.max() <= 0.03),
    )
    spread = f"{above.min():.3f} to {above.max():.3f} dB"
    yield Line("`--psnr 32`: above the target", "not below", spread, bool(above.min() >= 0))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, required=True)
    options = parser.parse_args()
    validation = sorted((options.photos / "validation").iterdir())
    lines = [
        *(flat(q, 2 if q < 50 else 1, (64, 64)) for q in (10, 30, 50, 70, 90)),
        *(flat(q, 2 if q < 50 else 1, (1024, 768)) for q in (10, 50)),
        *map(ramp, (30, 50, 70, 90)),
        *text("screenshot-text.png", Image.open(SCREENSHOT).convert("RGB")),
        *text("a page of our own", page()),
        *aims(validation[:10]),
        order("screenshot-text.png", [SCREENSHOT]),
        order("validation", validation),
        order("Kodak", sorted((options.photos / "kodak").iterdir())),
    ]
    record = {"provenance": provenance(), "lines": [line._asdict() for line in lines]}
    (HERE / "checks.json").write_text(json.dumps(record, indent=1) + "\n")
    rows = ["| | asked | found | |", "|---|---|---|---|"]
    for line in lines:
        verdict = "holds" if line.holds else "**missed**"
        rows.append(f"| {line.what} | {line.asked} | {line.found} | {verdict} |")
    (HERE / "checks.md").write_text("\n".join(rows) + "\n")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
