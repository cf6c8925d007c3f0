"""Judge a checkpoint of the recipe on validation photographs, before its coders' tables are fitted.

    python -m experiments.codec.judge experiments/codec/end.ckpt --photos PHOTOS

PSNR, MS-SSIM (in dB), rate by the training prior, false edges, and the gap between the sigmoid's
and the bitmap's reconstruction at steps over the whole range, on the first eight photographs of
PHOTOS/validation, each cut to 512 x 512; and PSNR and false edges of the same bits from a decoder
that does not smooth the means. Writes `NAME.md` and `NAME.json` beside the checkpoint.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import mean

import numpy as np
import torch
from PIL import Image

from bitcodec.evaluation import metrics
from bitcodec.evaluation.false_edges import false_edges, pooled
from bitcodec.pixels import to_bytes
from bitcodec.provenance import provenance
from bitcodec.training.module import psnr
from bitcodec.training.modules import load_module
from bitcodec.training.stepped_module import SteppedModule
from bitcodec.transforms.stepped import step_index

PICTURES, SIDE = 8, 512
Pairs = list[tuple[torch.Tensor, torch.Tensor]]
STEPS = (250.0, 172.0, 118.0, 80.0, 54.0, 40.0, 28.0, 18.0, 12.0, 7.0)


def crop(path: Path) -> torch.Tensor:
    """The upper left of a photograph, ``1 x 3 x SIDE x SIDE`` in [0, 1]."""
    pixels = np.array(Image.open(path).convert("RGB").crop((0, 0, SIDE, SIDE)))
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255


def unsmoothed(module: SteppedModule, image: torch.Tensor, size: float) -> torch.Tensor:
    """What a decoder that leaves the means in the middle of their cells makes of the same bits."""
    module.decoder.smoothing = False
    try:
        return module.coded(image, size)[0]
    finally:
        module.decoder.smoothing = True


def decibels(pairs: Pairs) -> float:
    """Mean PSNR of originals and reconstructions, in dB."""
    return round(mean(psnr(picture, image).item() for image, picture in pairs), 3)


def structure(pairs: Pairs) -> float:
    """Mean MS-SSIM of originals and reconstructions, in dB."""
    found = [metrics.ms_ssim(*(to_bytes(each[0].numpy()) for each in pair)) for pair in pairs]
    return round(mean(map(metrics.decibels, found)), 3)


def edges(pairs: Pairs) -> float:
    """False edges per thousand smooth places, pooled."""
    counts = [false_edges(*(to_bytes(each[0].numpy()) for each in pair)) for pair in pairs]
    return round(pooled(counts).per_thousand, 1)


def judge(module: SteppedModule, images: list[torch.Tensor], size: float) -> dict[str, float]:
    """Means over images ``1 x 3 x H x W`` at one step; false edges pooled, per thousand."""
    coded = [module.coded(image, size) for image in images]
    pairs = [(image, picture) for image, (picture, _) in zip(images, coded, strict=True)]
    plain = [(image, unsmoothed(module, image, size)) for image in images]
    readings = [module.read(image, step_index(size)) for image in images]
    gaps = [psnr(each.sigmoid, each.image) - psnr(each.binary, each.image) for each in readings]
    return {
        "step": size,
        "psnr": decibels(pairs),
        "ms_ssim": structure(pairs),
        "prior_bpp": round(mean(bpp.item() for _, bpp in coded), 4),
        "false_edges": edges(pairs),
        "unsmoothed_psnr": decibels(plain),
        "unsmoothed_false_edges": edges(plain),
        "gap": round(mean(gap.item() for gap in gaps), 3),
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
    rows = [judge(module, images, size) for size in STEPS]
    record = {"provenance": provenance(), "seed": module.seed, "rows": rows}
    options.checkpoint.with_suffix(".json").write_text(json.dumps(record, indent=1) + "\n")
    heads = "| step | PSNR | MS-SSIM | bpp (prior) | false edges | gap | means not smoothed |"
    lines = [heads, "|---|---|---|---|---|---|---|"]
    for row in rows:
        lines.append(
            f"| {row['step']:.0f} | {row['psnr']:.2f} dB | {row['ms_ssim']:.2f} dB "
            f"| {row['prior_bpp']:.3f} | {row['false_edges']:.1f} | {row['gap']:.2f} dB "
            f"| {row['unsmoothed_psnr']:.2f} dB, {row['unsmoothed_false_edges']:.1f} |"
        )
    options.checkpoint.with_suffix(".md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
