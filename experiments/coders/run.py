"""Sizes and times of the coders on a folder of pictures: see README.md beside this file.

python -m experiments.coders.run --model MODEL --images KODAK --fit-images TRAIN
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
from bitcodec.bitmap import Bitmap, order0_bits
from bitcodec.coders import CODERS
from bitcodec.provenance import provenance
from experiments.coders.tables_baseline import TableCoder

COLUMNS = ("model", "image", "coder", "payload_bytes", "order0_bytes", "encode_ms", "decode_ms")
PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"}
CROP = 384

T = TypeVar("T")


def pictures(folder: Path, limit: int | None = None) -> list[Path]:
    """The pictures of a folder by name; if there are more than ``limit``, evenly chosen ones."""
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES)
    if limit is None or len(found) <= limit:
        return found
    return [found[i] for i in np.linspace(0, len(found) - 1, limit).astype(int)]


def centre(image: Image.Image) -> Image.Image:
    """At most the middle 384 x 384, as the shipped models' tables are fitted on."""
    left, top = (max(0, (side - CROP) // 2) for side in image.size)
    return image.crop((left, top, min(image.width, left + CROP), min(image.height, top + CROP)))


def timed(call: Callable[[], T], repeats: int) -> tuple[T, float]:
    """The result, and the least processor time of several calls in milliseconds."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        result = call()
        times.append(1000 * (time.process_time() - start))
    return result, min(times)


def measure(coder: Any, bitmap: Bitmap, repeats: int) -> tuple[int, float, float]:
    """Payload bytes, milliseconds to encode and to decode; the bitmap must survive."""
    payload, encode_ms = timed(lambda: coder.encode(bitmap), repeats)
    decoded, decode_ms = timed(lambda: coder.decode(payload, bitmap.shape), repeats)
    if not np.array_equal(decoded, bitmap):
        raise SystemExit(f"{coder.name}: the bitmap came back different")
    return len(payload), encode_ms, decode_ms


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--model", action="append", required=True, help="name or folder; repeatable"
    )
    parser.add_argument("--images", type=Path, required=True, help="folder to measure on")
    parser.add_argument("--fit-images", type=Path, help="training folder, for the table baseline")
    parser.add_argument("--fit-count", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("kodak.csv"))
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    options = parser.parse_args()
    console = Console(stderr=True)
    # Before anything is written: the results themselves must not count as changes.
    facts = {"threads": os.environ.get("OMP_NUM_THREADS"), **provenance()}

    def progress(paths: list[Path], what: str) -> Any:
        return track(paths, what, console=console, disable=options.quiet)

    rows = []
    for name in options.model:
        codec = bitcodec.load(name)
        coders: list[Any] = [codec.folder.coder(kind.name) for kind in CODERS]
        if options.fit_images:
            bitmaps = []
            for path in progress(pictures(options.fit_images, options.fit_count), "baseline"):
                with Image.open(path) as image:
                    bitmaps.append(codec.bitmap(centre(image.convert("RGB"))))
            coders.append(TableCoder.fit(bitmaps))
        for path in progress(pictures(options.images), codec.facts.name):
            with Image.open(path) as image:
                bitmap = codec.bitmap(image.convert("RGB"))
            order0 = round(order0_bits(bitmap) / 8)
            for coder in coders:
                size, encode_ms, decode_ms = measure(coder, bitmap, options.repeats)
                times = f"{encode_ms:.1f}", f"{decode_ms:.1f}"
                rows.append((codec.facts.name, path.name, coder.name, size, order0, *times))
    with options.output.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])
    table = summary(rows)
    options.output.with_name("summary.md").write_text(table)
    options.output.with_suffix(".json").write_text(json.dumps(facts, indent=1) + "\n")
    sys.stdout.write(table)


def summary(rows: Sequence[Sequence[Any]]) -> str:
    """Means over the images as a Markdown table: sizes, ratios to order 0 and to the baseline."""
    groups = defaultdict(list)
    for model, _, coder, *numbers in rows:
        groups[model, coder].append([float(number) for number in numbers])
    lines = [
        "| model | coder | payload, bytes | of order-0 entropy | of the tables | encode ms "
        "| decode ms |",
        "|---|---|---|---|---|---|---|",
    ]
    for (model, coder), numbers in groups.items():
        size, order0, encode_ms, decode_ms = np.mean(numbers, axis=0)
        baseline = groups.get((model, TableCoder.name))
        of_tables = f"{size / np.mean(baseline, axis=0)[0]:.3f}" if baseline else ""
        lines.append(
            f"| {model} | {coder} | {size:,.0f} | {size / order0:.3f} | {of_tables} "
            f"| {encode_ms:.0f} | {decode_ms:.0f} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
