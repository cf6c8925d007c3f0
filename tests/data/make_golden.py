"""Write tests/data/tiny_model and tests/data/golden: only when the format changes on purpose.

    python -m tests.data.make_golden

A change of what is written here means that files people have kept no longer decode: it takes a
new format version or a new coder id (docs/format.md). The model is seeded and untrained.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import torch

from bitcodec.bitmap import pack
from bitcodec.codec import Codec
from bitcodec.model_facts import ModelFacts
from bitcodec.training.export import export_model
from tests.tiny import FEW_STEPS, TINY, seeded_transforms, textured

HERE = Path(__file__).parent
MODEL = HERE / "tiny_model"
GOLDEN = HERE / "golden"
SIZES = {"wide": (157, 43), "pixel": (1, 1), "square": (64, 64)}


def main() -> None:
    """Replace both folders."""
    torch.set_num_threads(1)
    for folder in (MODEL, GOLDEN):
        shutil.rmtree(folder, ignore_errors=True)
    GOLDEN.mkdir()
    facts = ModelFacts("golden", TINY["channels"], TINY["stride"], coder="huffman")
    images = [textured(160, 128, seed) for seed in range(1, 9)]
    codec = Codec(
        export_model(*seeded_transforms(), facts, images, MODEL, fit_settings=FEW_STEPS), threads=1
    )
    hashes = {}
    for name, size in SIZES.items():
        image = textured(*size)
        bitmap = codec.bitmap(image)
        for coder in codec.folder.coders:
            file = f"{name}-{coder}.bitc"
            (GOLDEN / file).write_bytes(codec.encode(image, coder=coder))
            hashes[file] = hashlib.sha256(pack(bitmap)).hexdigest()
        codec.reconstruct(bitmap, size).save(GOLDEN / f"{name}.png", optimize=True)
    (GOLDEN / "bitmaps.json").write_text(json.dumps(hashes, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
