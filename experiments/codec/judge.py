"""Judge a checkpoint of the recipe on validation photographs, before its coders' tables are fitted.

    python -m experiments.codec.judge experiments/codec/start.ckpt --photos PHOTOS

PSNR, rate by the training prior, cost and false edges at four steps, on the first eight photographs
of PHOTOS/validation, each cut to 512 x 512. Writes `NAME.md` and `NAME.json` beside the checkpoint.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import mean

import numpy as np
import torch
from PIL import Image

from bitcodec.evaluation.false_edges import FalseEdges, false_edges, pooled
from bitcodec.provenance import provenance
from bitcodec.training.stepped_module import SteppedModule
from bitcodec.transforms.stepped import step_index

PICTURES, SIDE = 8, 512


def load(path: Path) -> SteppedModule:
    """The module of a checkpoint, whatever precision its weights are kept in."""
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    module = SteppedModule(**checkpoint["hyper_parameters"])
    module.load_state_dict(checkpoint["state_dict"])
    return module.eval()


@torch.no_grad()
def judge(module: SteppedModule, images: list[torch.Tensor], size: float) -> dict[str, float]:
    """Means over images ``1 x 3 x H x W`` in [0, 1] at one step; false edges per thousand."""
    layout = module.steps.layout(step_index(size))
    step, weight = module.step_tensor(layout), module.penalty_config.at(size)
    errors: list[float] = []
    rates: list[float] = []
    counts: list[FalseEdges] = []
    for image in images:
        levels = torch.floor(module.encoder(image, step, layout.latents) + 0.5)
        picture = module.decoder(levels, step).clamp(0, 1)
        errors.append((picture - image).square().mean().item())
        rates.append(module.penalty(levels, step).item() / image[:, 0].numel())
        counts.append(false_edges(_pixels(image), _pixels(picture)))
    return {
        "step": size,
        "psnr": round(mean(-10 * np.log10(error) for error in errors), 3),
        "prior_bpp": round(mean(rates), 4),
        "cost": round(mean(errors) / weight + mean(rates), 4),
        "false_edges": round(pooled(counts).per_thousand, 1),
    }


def _pixels(image: torch.Tensor) -> np.ndarray:
    return (image[0] * 255).round().byte().permute(1, 2, 0).numpy()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--photos", type=Path, required=True, help="with validation/")
    options = parser.parse_args()
    module, images = load(options.checkpoint), []
    for path in sorted((options.photos / "validation").iterdir())[:PICTURES]:
        pixels = np.asarray(Image.open(path).convert("RGB"))[:SIDE, :SIDE].copy()
        images.append(torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255)
    rows = [judge(module, images, size) for size in SteppedModule.COST_STEPS]
    record = {"provenance": provenance(), "seed": module.seed, "rows": rows}
    options.checkpoint.with_suffix(".json").write_text(json.dumps(record, indent=1) + "\n")
    lines = ["| step | PSNR | bpp (prior) | cost | false edges |", "|---|---|---|---|---|"]
    for row in rows:
        lines.append(
            f"| {row['step']:.0f} | {row['psnr']:.2f} dB | {row['prior_bpp']:.3f} "
            f"| {row['cost']:.3f} | {row['false_edges']:.1f} |"
        )
    options.checkpoint.with_suffix(".md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
