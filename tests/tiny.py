"""A tiny, untrained model as fixtures, and a picture to give to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bitcodec.codec import Codec
from bitcodec.installed_models import SEARCH_PATH
from bitcodec.model_facts import ModelFacts
from bitcodec.model_folder import ModelFolder

FEW_STEPS = {"context": {"steps": 20, "progress": False}}
"""Tables good enough for tests that do not measure rates."""

TINY = {"channels": 16, "stride": 8, "width": 8, "blocks": 1}


def textured(width: int, height: int, seed: int = 0) -> Image.Image:
    """A picture with edges, ramps and some noise, the same for the same arguments."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    planes = [
        127 + 90 * np.sin(x / (9 + 5 * c) + c) * np.cos(y / (14 - 3 * c)) + 40 * (x > y + 20 * c)
        for c in range(3)
    ]
    noisy = np.stack(planes, axis=-1) + random.normal(0, 6, (height, width, 3))
    return Image.fromarray(np.clip(np.rint(noisy), 0, 255).astype(np.uint8))


def seeded_transforms():  # type: ignore[no-untyped-def]
    """An untrained pair of residual transforms, none of whose layers is the identity."""
    import torch

    from bitcodec.transforms.networks import build_transforms

    with torch.random.fork_rng():
        torch.manual_seed(7)
        encoder, decoder = build_transforms("residual", **TINY)
        for network in (encoder, decoder):
            for name, parameter in network.named_parameters():
                if name.endswith("second.weight"):
                    torch.nn.init.normal_(parameter, std=0.1)
    return encoder.eval(), decoder.eval()


@pytest.fixture(scope="session")
def tiny_transforms():  # type: ignore[no-untyped-def]
    """:func:`seeded_transforms`, or a skip where there is no torch."""
    pytest.importorskip("torch", reason="exporting needs bitcodec[train]")
    return seeded_transforms()


@pytest.fixture(scope="session")
def tiny_folder(tiny_transforms, tmp_path_factory) -> ModelFolder:  # type: ignore[no-untyped-def]
    """The pair above as a model folder called `tiny`, inside a folder for the search path."""
    from bitcodec.training.export import export_model

    facts = ModelFacts(
        name="tiny",
        quality=99,
        channels=TINY["channels"],
        stride=TINY["stride"],
        encoder_margin=0,
        decoder_margin=0,
        coder="huffman",
    )
    images = [textured(160, 128, seed) for seed in range(1, 5)]
    out: Path = tmp_path_factory.mktemp("models") / "tiny"
    return export_model(*tiny_transforms, facts, images, out, fit_settings=FEW_STEPS)


@pytest.fixture
def tiny(tiny_folder: ModelFolder, monkeypatch: pytest.MonkeyPatch) -> Codec:
    """A codec of the tiny model, which can also be found by its name."""
    monkeypatch.setenv(SEARCH_PATH, str(tiny_folder.path.parent))
    return Codec(tiny_folder, threads=1)


@pytest.fixture(scope="session")
def photo() -> Image.Image:
    """Something like a photograph, with sides that are no multiples of the stride."""
    return textured(203, 117)
