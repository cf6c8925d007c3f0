"""What each choice of the codec's recipe is worth: one change at a time, equal training budget.

    python -m experiments.codec.ablation --photos PHOTOS

A small version of the recipe (width 64, one block), 1,000 steps, one trade-off, measured on
validation photographs with the context coder fitted to each model (without knowing which channels
are numbers). Writes `ablation.csv` and `ablation.md`; finished runs below `--out` are not trained
again, and `--only` leaves all other rows as they are.
"""

from __future__ import annotations

import argparse
import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import track

from bitcodec.bitmap import Bitmap
from bitcodec.coders.context import ContextCoder
from bitcodec.training.module import BitCodecModule, psnr
from bitcodec.training.photos import centre_crop, find_images, load_all
from experiments.runs import Run, run_all

HERE = Path(__file__).resolve().parent
STEPS = 1000
FIT_PICTURES, FIT_STEPS = 200, 500
VALIDATION_PICTURES = 12

SMALL = ("experiment=codec", "model.width=64", "model.blocks=1")
ROWS = {
    "recipe": (),
    "noise 0, same slope": ("noise.std=0",),
    "noise 0, article's slope": ("noise.std=0", "noise.gain=1", "noise.gain_start=1"),
    "straight-through": ("binarizer=ste",),
    "Bernoulli": ("binarizer=bernoulli",),
    "unit-RMS logits": ("noise=unit_rms",),
    "hard bits for the last fifth": ("noise.hard=0.2",),
    "static prior": ("penalty=entropy",),
    "equal levels": ("model.widening=0",),
    "residual pair, no latents": ("model=stride8", "noise=unit_rms"),
    "gates": ("model.gates=true",),
}
"""Overrides of the small recipe by the name of the row."""


def as_run(number: int, overrides: tuple[str, ...], photos: Path) -> Run:
    return Run(
        f"{number:02d}",
        (
            *SMALL,
            *overrides,
            f"trainer.max_steps={STEPS}",
            f"trainer.val_check_interval={STEPS}",
            f"data.root={photos / 'train'}",
            f"data.val_root={photos / 'validation'}",
        ),
    )


@torch.no_grad()
def measure(checkpoint: Path, photos: Path) -> dict[str, float]:
    """PSNR of both readings, and the rate under a context coder fitted to this model."""
    module = BitCodecModule.load_from_checkpoint(checkpoint, map_location="cpu", weights_only=True)
    module.eval()

    def tensor(photo: Any) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(photo)).permute(2, 0, 1)[None].float() / 255

    def bits(photo: Any) -> Bitmap:
        return (module.encoder(tensor(photo))[0] > 0).numpy()

    paths = find_images(photos / "train")
    chosen = paths[:: max(1, len(paths) // FIT_PICTURES)]
    train = [bits(centre_crop(photo, 384, 16)) for photo in load_all(chosen)]
    coder = ContextCoder.fit(train, steps=FIT_STEPS, progress=False)
    rates, soft, hard = [], [], []
    for photo in load_all(find_images(photos / "validation")[:VALIDATION_PICTURES]):
        photo = centre_crop(photo, 512, 16)
        image = tensor(photo)
        reading = module.read(image)
        payload = coder.encode(reading.bitmap[0].numpy())
        rates.append(len(payload) * 8 / image[0, 0].numel())
        soft.append(psnr(reading.sigmoid, image).item())
        hard.append(psnr(reading.binary, image).item())
    return {
        "psnr_sigmoid": float(np.mean(soft)),
        "psnr_binary": float(np.mean(hard)),
        "gap": float(np.mean(soft) - np.mean(hard)),
        "bpp": float(np.mean(rates)),
    }


def table(rows: list[dict[str, Any]]) -> str:
    lines = [
        "| change | sigmoid dB | binarized dB | gap dB | bpp | cost | training s |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['name']} | {row['psnr_sigmoid']:.2f} | {row['psnr_binary']:.2f} "
        f"| {row['gap']:.2f} | {row['bpp']:.3f} | {row['cost']:.3f} | {row['seconds']:.0f} |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def _measured() -> dict[str, dict[str, Any]]:
    """The rows of the table as it is, by name; what is a number there is one here."""

    def value(text: str) -> Any:
        try:
            return float(text) if "." in text else int(text)
        except ValueError:
            return text

    with (HERE / "ablation.csv").open(newline="") as stream:
        rows = [{key: value(text) for key, text in row.items()} for row in csv.DictReader(stream)]
    return {row["name"]: row for row in rows}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, required=True, help="with train/ and validation/")
    parser.add_argument("--out", type=Path, default=Path("outputs/codec_ablation"))
    parser.add_argument("--only", nargs="+", choices=ROWS, help="rows to measure")
    parser.add_argument("--jobs", type=int, default=2, help="runs side by side")
    parser.add_argument("--threads", type=int, default=1, help="threads of each run")
    options = parser.parse_args()
    root, photos = options.out.resolve(), options.photos.resolve()
    torch.set_num_threads(options.threads)
    runs = {name: as_run(i, ROWS[name], photos) for i, name in enumerate(ROWS)}
    chosen = {name: runs[name] for name in options.only or ROWS}
    records = run_all(list(chosen.values()), root, options.jobs, options.threads)
    rows = _measured() if options.only else {}
    for (name, run), record in track(
        list(zip(chosen.items(), records, strict=True)), description="coders"
    ):
        result = measure(root / run.name / "checkpoints" / "last.ckpt", photos)
        # One bit a pixel against a mean square error of 100 in 8-bit levels: the recipe's loss.
        error = 255**2 / 10 ** (result["psnr_binary"] / 10)
        rows[name] = (
            {"name": name, "overrides": " ".join(ROWS[name]), "seed": record["seed"]}
            | {key: round(value, 4) for key, value in result.items()}
            | {"cost": round(error / 100 + result["bpp"], 4)}
            | {"steps": STEPS, "seconds": record["timing"]["train_seconds"]}
            | {"commit": record["provenance"]["commit"][:12]}
            | {"processor": record["provenance"]["processor"]}
        )
        assert math.isfinite(rows[name]["cost"])
    ordered = [rows[name] for name in ROWS]
    with (HERE / "ablation.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(ordered[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(ordered)
    (HERE / "ablation.md").write_text(table(ordered))


if __name__ == "__main__":
    main()
