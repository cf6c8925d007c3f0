"""Where the error comes from when a position has 128 bits, however busy it is.

    python -m experiments.codec.budget --photos PHOTOS

No training: the lapped transform that the models start from, quantized at some of their steps, on
validation photographs. Its error has three parts: coefficients without bits, values beyond the
outermost level, and rounding. Writes `budget.csv` and `budget.md`, a row for each step and each
sixth of the positions, by how busy they are.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from bitcodec.training.photos import centre_crop, find_images, load_all
from bitcodec.transforms import lapped_transform as lapped
from bitcodec.transforms.bit_allocation import Allocation, allocate
from bitcodec.transforms.gray_folding import compress, widen

HERE = Path(__file__).resolve().parent
CHANNELS = 128
SIDE = 512
SETTINGS = ((130.0, 1.0), (54.0, 1.0), (28.0, 1.0), (28.0, 1.3), (15.0, 1.0), (15.0, 1.7))
"""Steps and widenings."""
PARTS = 6


def coefficients(photo: np.ndarray) -> Tensor:
    """``192 x positions``, in 8-bit levels."""
    pixels = torch.tensor(np.asarray(photo)).permute(2, 0, 1)[None].float() - 127.5
    field = F.conv2d(lapped.mirror_pixels(pixels), lapped.basis(), stride=lapped.BLOCK)
    return field[0].flatten(1)


def errors(values: Tensor, allocation: Allocation, step: float) -> dict[str, Tensor]:
    """Squared error of each position in 8-bit levels, per sample of a pixel, by its cause."""
    seen = values[allocation.coefficients]
    k = torch.tensor(allocation.widening)[:, None]
    last = torch.tensor([2.0 ** (count - 1) for count in allocation.bits])[:, None]
    wanted = compress(seen / step, k).round()
    level = torch.minimum(torch.maximum(wanted, -last), last - 1)
    error = (widen(level, k) * step - seen).square()
    beyond = level != wanted
    parts = {
        "no_bits": values.square().sum(dim=0) - seen.square().sum(dim=0),
        "out_of_range": (error * beyond).sum(dim=0),
        "rounding": (error * ~beyond).sum(dim=0),
    }
    return {name: part / len(values) for name, part in parts.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, required=True, help="with validation/")
    photos = parser.parse_args().photos.resolve()
    crops = [centre_crop(p, SIDE, 16) for p in load_all(find_images(photos / "validation"))]
    values = torch.cat([coefficients(crop) for crop in crops], dim=1)
    means = list(lapped.MEANS)
    busy = values.square().sum(dim=0) - values[means].square().sum(dim=0)
    sixths = busy.argsort().chunk(PARTS)
    rows = []
    for step, widening in SETTINGS:
        found = errors(values, allocate(CHANNELS, widening, step), step)
        for number, part in enumerate(sixths, start=1):
            row = {"step": step, "widening": widening, "sixth": number}
            row |= {name: round(error[part].mean().item(), 2) for name, error in found.items()}
            rows.append(row)
    with (HERE / "budget.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    (HERE / "budget.md").write_text(table(rows))


def table(rows: list[dict[str, float]]) -> str:
    """All positions, and the busiest sixth alone."""
    lines = [
        "| step | widening | no bits | out of range | rounding | of the busiest sixth: no bits "
        "| out of range | rounding |",
        "|---|---|---|---|---|---|---|---|",
    ]
    names = ("no_bits", "out_of_range", "rounding")
    for step, widening in SETTINGS:
        group = [row for row in rows if (row["step"], row["widening"]) == (step, widening)]
        cells = [f"{np.mean([row[name] for row in group]):.1f}" for name in names]
        cells += [f"{group[-1][name]:.1f}" for name in names]
        lines.append(f"| {step:g} | {widening:g} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
