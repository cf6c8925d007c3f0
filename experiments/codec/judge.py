"""Judge a checkpoint of the recipe on validation photographs, before its coders' tables are fitted.

    python -m experiments.codec.judge experiments/codec/start.ckpt --photos PHOTOS

PSNR, rate by the training prior and false edges at four steps, on the first eight photographs of
PHOTOS/validation, each cut to 512 x 512. Writes `NAME.md` and `NAME.json` beside the checkpoint.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import mean

import numpy as np
import torch
from PIL import Image

from bitcodec.evaluation.false_edges import false_edges, pooled
from bitcodec.pixels import to_bytes
from bitcodec.provenance import provenance
from bitcodec.training.module import psnr
from bitcodec.training.modules import load_module
from bitcodec.training.stepped_module import SteppedModule

PICTURES, SIDE = 8, 512


def crop(path: Path) -> torch.Tensor:
    """The upper left of a photograph, ``1 x 3 x SIDE x SIDE`` in [0, 1]."""
    pixels = np.array(Image.open(path).convert("RGB").crop((0, 0, SIDE, SIDE)))
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255


def judge(module: SteppedModule, images: list[torch.Tensor], size: float) -> dict[str, float]:
    """Means over images ``1 x 3 x H x W`` at one step; false edges pooled, per thousand."""
    coded = [module.coded(image, size) for image in images]
    pairs = [(image, picture) for image, (picture, _) in zip(images, coded, strict=True)]
    edges = [false_edges(*(to_bytes(x[0].numpy()) for x in pair)) for pair in pairs]
    return {
        "step": size,
        "psnr": round(mean(psnr(picture, image).item() for image, picture in pairs), 3),
        "prior_bpp": round(mean(bpp.item() for _, bpp in coded), 4),
        "false_edges": round(pooled(edges).per_thousand, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--photos", type=Path, required=True, help="with validation/")
    options = parser.parse_args()
    module = load_module(options.checkpoint)
    if not isinstance(module, SteppedModule):
        parser.error(f"{options.checkpoint}: not a checkpoint of model=stepped")
    images = [crop(p) for p in sorted((options.photos / "validation").iterdir())[:PICTURES]]
    rows = [judge(module, images, size) for size in SteppedModule.COST_STEPS]
    record = {"provenance": provenance(), "seed": module.seed, "rows": rows}
    options.checkpoint.with_suffix(".json").write_text(json.dumps(record, indent=1) + "\n")
    lines = ["| step | PSNR | bpp (prior) | false edges |", "|---|---|---|---|"]
    for row in rows:
        lines.append(
            f"| {row['step']:.0f} | {row['psnr']:.2f} dB | {row['prior_bpp']:.3f} "
            f"| {row['false_edges']:.1f} |"
        )
    options.checkpoint.with_suffix(".md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
