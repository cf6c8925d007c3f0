"""What it is worth that the encoder chooses levels by error and bits together.

    OMP_NUM_THREADS=1 python -m experiments.codec.choosing --photos PHOTOS

The first 12 of PHOTOS/validation, cut to 768 x 512, as real files of the model that ships, with the
nearest levels and with chosen ones. Writes `choosing.md` and `choosing.json` beside this file.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import mean

import numpy as np
from PIL import Image
from rich.progress import track

import bitcodec
from bitcodec.codec import Codec
from bitcodec.coders.context import ContextCoder
from bitcodec.evaluation.bd_rate import bd_rate
from bitcodec.evaluation.curves import Curve, Point
from bitcodec.evaluation.false_edges import false_edges, pooled
from bitcodec.layout import Layout
from bitcodec.pixels import psnr
from bitcodec.provenance import provenance
from experiments.tables import markdown

HERE = Path(__file__).resolve().parent
PICTURES, SIZE = 12, (768, 512)
QUALITIES = (5, 10, 20, 30, 40, 50, 60, 70)
WAYS = ("nearest", "chosen")


@contextmanager
def nearest_levels() -> Iterator[None]:
    """Codecs round to the nearest levels while it lasts."""
    choose = ContextCoder.choose

    def rounded(
        coder: ContextCoder, found: np.ndarray, layout: Layout, out: np.ndarray | None = None
    ) -> tuple[np.ndarray, bytes]:
        levels = layout.nearest(found)
        return levels, coder.encode(layout.bitmap(levels), layout)

    ContextCoder.choose = rounded
    try:
        yield
    finally:
        ContextCoder.choose = choose


def measured(codec: Codec, images: list[Image.Image], quality: int) -> dict[str, float]:
    """Means over images at a quality; false edges pooled, per thousand."""
    rates, decibels, edges = [], [], []
    for image in images:
        original, data = np.asarray(image), codec.encode(image, quality=quality)
        decoded = np.asarray(codec.decode(data))
        rates.append(8 * len(data) / (image.width * image.height))
        decibels.append(psnr(original, decoded))
        edges.append(false_edges(original, decoded))
    return {
        "bpp": round(mean(rates), 5),
        "psnr": round(mean(decibels), 3),
        "false_edges": round(pooled(edges).per_thousand, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, required=True, help="with validation/")
    options = parser.parse_args()
    paths = sorted((options.photos / "validation").iterdir())[:PICTURES]
    images = [Image.open(path).convert("RGB").crop((0, 0, *SIZE)) for path in paths]
    codec = bitcodec.load(threads=1)
    rows = []
    for quality in track(QUALITIES, "qualities"):
        chosen = measured(codec, images, quality)
        with nearest_levels():
            rows.append({"q": quality, "nearest": measured(codec, images, quality)})
        rows[-1]["chosen"] = chosen
    curves = [Curve(way, tuple(Point(way, row["q"], **row[way]) for row in rows)) for way in WAYS]
    saved = bd_rate(curves[1], curves[0], "psnr").percent
    record = {"provenance": provenance(), "bd_rate": round(saved, 2), "rows": rows}
    (HERE / "choosing.json").write_text(json.dumps(record, indent=1) + "\n")
    lines = [
        [str(row["q"])]
        + [
            f"{row[way]['bpp']:.4f} bpp, {row[way]['psnr']:.2f} dB, {row[way]['false_edges']:.1f}"
            for way in WAYS
        ]
        for row in rows
    ]
    text = markdown(["-q", "nearest levels", "chosen levels"], lines)
    text += f"\nRate of the right column at the PSNR of the left one: {saved:+.1f} %.\n"
    (HERE / "choosing.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
