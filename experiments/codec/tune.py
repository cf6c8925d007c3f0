"""Train the decoder on, with the levels that the encoder really writes.

    python -m experiments.codec.tune OUT --photos PHOTOS

OUT is the folder of `experiments.codec.run`, with a finished run and its exported model. Training
has the decoder read bits under noise, of the nearest levels; files have neither. Here it sees crops
of PHOTOS/train as the exported model codes them, levels chosen by error and bits together, while
encoder and tables stay as they are. Writes `OUT/tuned`, installs it, and leaves the weights in half
precision in `end.ckpt` beside this file.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from rich.progress import track

import bitcodec
from bitcodec.codec import Codec
from bitcodec.layout import step_of
from bitcodec.model_folder import ModelFolder
from bitcodec.training.cameras import enlargement, grainy
from bitcodec.training.export import with_decoder
from bitcodec.training.modules import load_module
from bitcodec.training.stepped_module import REFERENCE_STEP, SteppedModule
from bitcodec.training.structure import dissimilarity
from experiments.codec.run import HERE, NAME, install

STEPS, BATCH, RATE = 3000, 6, 3e-4
CODED_STEPS, CROPS, SIDE = 48, 4, 320
"""So many steps, so many crops of each photograph, half of them enlarged, of so many pixels."""
PART, BORDER = 20, 1
"""Positions along a side of what the decoder is shown of a crop, and of those at its border, which
lack their neighbours and do not count."""

Example = tuple[NDArray[np.int16], NDArray[np.uint8]]
"""Levels ``M x h x w`` and the pixels ``8h x 8w x 3`` that they were made of."""


def examples(codec: Codec, photos: Path) -> dict[int, list[Example]]:
    """Coded crops of photographs, by step index."""
    steps = codec.facts.steps
    assert steps is not None
    rng = np.random.default_rng(0)
    grid = np.linspace(steps.finest, steps.coarsest, CODED_STEPS).round().astype(int)
    found: dict[int, list[Example]] = {int(index): [] for index in grid}
    for path in track(sorted(photos.iterdir()), "coding crops"):
        with Image.open(path) as image:
            whole = image.convert("RGB")
        for number in range(CROPS):
            sides = [min(length, SIDE) // 8 * 8 for length in whole.size]
            enlarged = enlargement(rng) if number < CROPS // 2 else 1.0
            cut = [math.ceil(side / enlarged) for side in sides]
            left, top = (
                int(rng.integers(length - side + 1))
                for length, side in zip(whole.size, cut, strict=True)
            )
            crop = whole.crop((left, top, left + cut[0], top + cut[1]))
            if enlarged > 1:
                soft = crop.resize((sides[0], sides[1]), Image.Resampling.BICUBIC)
                crop = Image.fromarray(grainy(np.asarray(soft), rng))
            crop = ImageOps.mirror(crop) if number % 2 else crop
            index = int(rng.choice(grid))
            if min(sides) >= 8 * PART:
                levels = codec.coded(crop, codec.layout(step_index=index)).levels.copy()
                found[index].append((levels, np.asarray(crop)))
    return {index: kept for index, kept in found.items() if kept}


def batch(kept: list[Example], rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Parts of crops of one step: levels, and the pixels in [0, 1]."""
    levels, pixels = [], []
    for number in rng.integers(len(kept), size=BATCH):
        coded, image = kept[number]
        row, column = (int(rng.integers(length - PART + 1)) for length in coded.shape[1:])
        levels.append(coded[:, row : row + PART, column : column + PART])
        here = image[8 * row : 8 * (row + PART), 8 * column : 8 * (column + PART)]
        pixels.append(here.transpose(2, 0, 1))
    together = np.stack(levels).astype(np.float32), np.stack(pixels).astype(np.float32) / 255
    return torch.from_numpy(together[0]), torch.from_numpy(together[1])


def tune(module: SteppedModule, kept: dict[int, list[Example]]) -> None:
    """Train the module's decoder, under the module's own measure of distortion."""
    rng, decoder, penalty = np.random.default_rng(0), module.decoder, module.penalty_config
    linear = list(decoder.linear.parameters())
    known = {id(parameter) for parameter in linear}
    others = [parameter for parameter in decoder.parameters() if id(parameter) not in known]
    groups = [{"params": others}, {"params": linear}]
    optimizer = torch.optim.Adam(groups, RATE, eps=1e-12)
    inner = slice(8 * BORDER, -8 * BORDER)
    indices = sorted(kept)
    for step in track(range(STEPS), "tuning the decoder"):
        rate = RATE * min(1.0, (step + 1) / 100) * (1 + math.cos(math.pi * step / STEPS)) / 2
        for group, share in zip(optimizer.param_groups, (1.0, 0.1), strict=True):
            group["lr"] = share * rate
        index = indices[int(rng.integers(len(indices)))]
        levels, image = batch(kept[index], rng)
        with torch.autocast("cpu", torch.bfloat16):
            picture = decoder(levels, torch.tensor([step_of(index)])).float()
        picture, image = picture[..., inner, inner], image[..., inner, inner]
        loss = (picture - image).square().mean()
        loss = loss + penalty.structure * dissimilarity(picture, image)
        loss = loss * math.sqrt(penalty.at(REFERENCE_STEP) / penalty.at(step_of(index)))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(decoder.parameters(), 4e-3)
        optimizer.step()


def halved(checkpoint: Path, module: SteppedModule, out: Path) -> None:
    """Write what of a checkpoint is needed to train on, in half precision."""
    kept = torch.load(checkpoint, map_location="cpu", weights_only=True)
    state = {name: value.half() for name, value in module.state_dict().items()}
    parts = {key: kept[key] for key in ("hyper_parameters", "global_step")}
    torch.save({**parts, "state_dict": state}, out)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path, help="folder of experiments.codec.run")
    parser.add_argument("--photos", type=Path, required=True, help="with train/")
    options = parser.parse_args()
    checkpoint = options.out / "run" / "checkpoints" / "last.ckpt"
    module = load_module(checkpoint)
    if not isinstance(module, SteppedModule):
        parser.error(f"{checkpoint}: not a checkpoint of model=stepped")
    exported = ModelFolder(options.out / NAME)
    tune(module, examples(bitcodec.load(exported.path), options.photos / "train"))
    tuned = with_decoder(exported, module.encoder, module.decoder, options.out / "tuned")
    install(tuned.path)
    halved(checkpoint, module, HERE / "end.ckpt")


if __name__ == "__main__":
    main()
