"""Sizes and times of the context coder on a folder of pictures: see README.md beside this file.

python -m experiments.coders.run --images KODAK
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image
from rich.console import Console
from rich.progress import track

import bitcodec
from bitcodec.bitmap import order0_bits
from bitcodec.provenance import provenance

COLUMNS = (
    "quality",
    "image",
    "channels",
    "payload_bytes",
    "order0_bytes",
    "encode_ms",
    "decode_ms",
)
QUALITIES = (10, 30, 50, 70, 90)
PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"}

T = TypeVar("T")


def timed(call: Callable[[], T], repeats: int) -> tuple[T, float]:
    """The result, and the least processor time of several calls in milliseconds."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        result = call()
        times.append(1000 * (time.process_time() - start))
    return result, min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, required=True, help="folder to measure on")
    parser.add_argument("--model", help="name or folder")
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("kodak.csv"))
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    options = parser.parse_args()
    # Before anything is written: the results themselves must not count as changes.
    facts = {"threads": os.environ.get("OMP_NUM_THREADS"), **provenance()}
    codec = bitcodec.load(options.model)
    coder = codec.coder("context")
    found = sorted(path for path in options.images.iterdir() if path.suffix.lower() in PICTURES)
    rows: list[tuple[Any, ...]] = []
    for path in track(found, "pictures", console=Console(stderr=True), disable=options.quiet):
        with Image.open(path) as image:
            rgb = image.convert("RGB")
        for quality in QUALITIES:
            layout = codec.layout(quality)
            bitmap = codec.bitmap(rgb, layout)
            size = bitmap.shape[1:]
            payload, encode_ms = timed(lambda: coder.encode(bitmap, layout), options.repeats)  # noqa: B023
            back, decode_ms = timed(lambda: coder.decode(payload, size, layout), options.repeats)  # noqa: B023
            if not np.array_equal(back, bitmap):
                raise SystemExit(f"{path}: the bitmap came back different")
            order0 = round(order0_bits(bitmap) / 8)
            times = f"{encode_ms:.1f}", f"{decode_ms:.1f}"
            rows.append((quality, path.name, layout.channels, len(payload), order0, *times))
    with options.output.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])
    table = summary(rows)
    options.output.with_name("summary.md").write_text(table)
    options.output.with_suffix(".json").write_text(json.dumps(facts, indent=1) + "\n")
    sys.stdout.write(table)


def summary(rows: Sequence[Sequence[Any]]) -> str:
    """Means over the images as a Markdown table: sizes, and how they stand to order 0."""
    groups = defaultdict(list)
    for quality, _, *numbers in rows:
        groups[quality].append([float(number) for number in numbers])
    lines = [
        "| -q | channels | payload, bytes | of order-0 entropy | encode ms | decode ms |",
        "|---|---|---|---|---|---|",
    ]
    for quality, numbers in groups.items():
        channels, size, order0, encode_ms, decode_ms = np.mean(numbers, axis=0)
        lines.append(
            f"| {quality} | {channels:,.0f} | {size:,.0f} | {size / order0:.3f} "
            f"| {encode_ms:.0f} | {decode_ms:.0f} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
