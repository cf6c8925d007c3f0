"""The article in five minutes: the same network without and with noise, on real photographs.

    python -m experiments.demo

Then one photograph through the shipped codec. Everything is written below `demo/`; what is
printed also goes to `demo/output.txt`.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import skimage
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console
from rich.table import Table

import bitcodec
from bitcodec.pixels import psnr
from experiments.runs import Run, run_all

STEPS = 600
STDS = (0, 15)
COLUMNS = {
    "psnr_sigmoid": ("sigmoid dB", "{:.2f}"),
    "psnr_binary": ("binarized dB", "{:.2f}"),
    "gap": ("gap dB", "{:.2f}"),
    "ones": ("ones", "{:.2%}"),
    "entropy_bpp": ("order-0 bpp", "{:.2f}"),
    "bpp": ("file bpp", "{:.2f}"),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("demo"))
    parser.add_argument("--steps", type=int, default=STEPS, help="training steps of each run")
    arguments = parser.parse_args()
    root, started = arguments.out.resolve(), time.monotonic()
    console = Console(record=True, width=100)
    runs = [
        Run(
            f"noise{std}-{arguments.steps}",
            (
                f"noise.std={std}",
                f"trainer.max_steps={arguments.steps}",
                f"trainer.val_check_interval={arguments.steps}",
            ),
        )
        for std in STDS
    ]
    console.print(
        f"Training the article's network for {arguments.steps} steps without noise and with "
        "noise 15, side by side, one thread each."
    )
    records = run_all(runs, root, jobs=2, threads=1)
    folders = [root / run.name for run in runs]
    _table(console, records)
    _picture(folders, arguments.steps, root / "comparison.png")
    shown = _relative(root)
    console.print(f"Both figures of the article, one above the other: {shown}/comparison.png")
    _compress(console, root)
    console.print("Watch it in TensorBoard (IMAGES and SCALARS):")
    console.print(f"  .venv/bin/tensorboard --logdir {shown}")
    console.print(f"Done in {time.monotonic() - started:.0f} s.")
    (root / "output.txt").write_text(console.export_text())


def _table(console: Console, records: list[dict[str, Any]]) -> None:
    table = Table(title="Two validation photographs, 256 x 256")
    table.add_column("noise std", justify="right")
    for title, _ in COLUMNS.values():
        table.add_column(title, justify="right")
    for std, record in zip(STDS, records, strict=True):
        cells = [form.format(record["metrics"][key]) for key, (_, form) in COLUMNS.items()]
        table.add_row(str(std), *cells)
    console.print(table)


def _picture(folders: list[Path], steps: int, path: Path) -> None:
    """The article's figure of both runs, one above the other."""
    figures = [Image.open(folder / "panels" / f"step_{steps:06d}.png") for folder in folders]
    caption = 30
    width = max(figure.width for figure in figures)
    height = sum(figure.height + caption for figure in figures)
    sheet = Image.new("RGB", (width, height), (250, 250, 250))
    draw, y = ImageDraw.Draw(sheet), 0
    for std, figure in zip(STDS, figures, strict=True):
        draw.text((12, y + 6), f"noise std {std}", (160, 30, 30), ImageFont.load_default(18))
        sheet.paste(figure, (0, y + caption))
        y += figure.height + caption
    sheet.save(path, optimize=True)


def _compress(console: Console, root: Path) -> None:
    """A photograph that no training has seen, through the shipped codec and back."""
    source = Path(skimage.__file__).parent / "data" / "chelsea.png"
    codec = bitcodec.load()
    data = codec.encode(source)
    (root / "chelsea.bitc").write_bytes(data)
    photo = np.asarray(Image.open(source).convert("RGB"))
    decoded = codec.decode(data)
    decoded.save(root / "chelsea.png")
    console.print(
        f"\nThe shipped model {codec.facts.name!r} on {source.name}, {decoded.width} x "
        f"{decoded.height}: {len(data):,} bytes, "
        f"{len(data) * 8 / (decoded.width * decoded.height):.3f} bpp, "
        f"{psnr(photo, np.asarray(decoded)):.2f} dB; "
        f"{_relative(root)}/chelsea.bitc and chelsea.png\n"
    )


def _relative(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


if __name__ == "__main__":
    main()
