"""What onnx files of the transforms for every step compute is what torch computes, in tiles too."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bitcodec import tiles
from bitcodec.codec import Codec
from bitcodec.errors import UsageError
from bitcodec.layout import Layout, step_of
from bitcodec.model_facts import ModelFacts
from bitcodec.training import export
from bitcodec.training.fit import FITS
from bitcodec.transforms.stepped import StepDecoder, StepEncoder, step_index, step_range
from tests.tiny import textured

STEPS = step_range(step_index(6.0), step_index(300.0))
COARSE, MIDDLE, FINE = step_index(280.0), step_index(90.0), step_index(9.0)


@pytest.fixture(scope="module")
def pair() -> tuple[StepEncoder, StepDecoder]:
    """Every weight that starts at zero is random, so that nothing is left out unnoticed."""
    torch.manual_seed(0)
    encoder, decoder = StepEncoder(8, 1), StepDecoder(8, 1)
    with torch.no_grad():
        for network in (encoder, decoder):
            for parameter in network.parameters():
                if not parameter.any():
                    parameter.normal_(std=0.02)
    return export.rounded(encoder), export.rounded(decoder)  # type: ignore[return-value]


@pytest.fixture(scope="module")
def exported(
    pair: tuple[StepEncoder, StepDecoder], tmp_path_factory: pytest.TempPathFactory
) -> Codec:
    facts = ModelFacts(
        "stepped",
        STEPS.layout(STEPS.finest).channels,
        8,
        coder="context",
        steps=STEPS,
        qualities=((1, STEPS.coarsest), (100, STEPS.finest)),
        default_quality=50,
    )
    out = tmp_path_factory.mktemp("stepped") / "model"
    return Codec(export.export_model(*pair, facts, [textured(16, 16)], out, coders=[]))


@pytest.mark.parametrize("index", [COARSE, MIDDLE, FINE])
def test_bits_and_pixels_are_those_of_torch(
    exported: Codec, pair: tuple[StepEncoder, StepDecoder], index: int
) -> None:
    image, layout = textured(216, 184), STEPS.layout(index)
    assert exported.facts.layout(index) == layout
    x = torch.from_numpy(np.asarray(image).transpose(2, 0, 1).copy())[None].float() / 255
    step = torch.tensor([step_of(index)])
    with torch.no_grad():
        levels = pair[0](x, step, layout.latents)[0].numpy()
        bitmap = exported.bitmap(image, layout)
        unclear = np.abs(levels - np.floor(levels) - 0.5) < 1e-3
        found = layout.levels(bitmap)
        assert np.array_equal(found[~unclear], np.floor(levels + 0.5)[~unclear])
        assert unclear.mean() < 0.01 and found.any()
        y = pair[1](torch.from_numpy(found).float()[None], step)[0].numpy()
    expected = np.clip(np.rint(y * 255), 0, 255).transpose(1, 2, 0)
    picture = np.asarray(exported.reconstruct(bitmap, image.size, layout)).astype(float)
    assert np.abs(picture - expected).max() <= 1
    assert np.mean(picture != expected) < 2e-3 and expected.std() > 2


def test_tiles_equal_the_whole(exported: Codec, monkeypatch: pytest.MonkeyPatch) -> None:
    image, layout = textured(403, 202), STEPS.layout(MIDDLE)
    bitmap = exported.bitmap(image, layout)
    whole = np.asarray(exported.reconstruct(bitmap, image.size, layout)).astype(int)
    monkeypatch.setattr(tiles, "LONGEST_SIDE", 9)
    assert np.mean(exported.bitmap(image, layout) != bitmap) < 1e-5
    parts = np.asarray(exported.reconstruct(bitmap, image.size, layout))
    assert np.abs(parts - whole).max() <= 1


def test_smooth_means_are_those_of_torch_in_tiles_too(
    exported: Codec, pair: tuple[StepEncoder, StepDecoder], monkeypatch: pytest.MonkeyPatch
) -> None:
    layout, decoder = STEPS.layout(MIDDLE), pair[1]
    rows, columns = np.mgrid[:42, :27]
    levels = np.zeros((layout.latents, 42, 27), np.int16)
    levels[:3] = columns // 5, (rows - columns) // 6, rows // 7
    levels[3, ::11, ::7] = 1
    size, step = (27 * 8, 42 * 8), torch.tensor([step_of(MIDDLE)])
    bitmap = layout.bitmap(levels)
    whole = np.asarray(exported.reconstruct(bitmap, size, layout)).astype(float)
    x = torch.from_numpy(levels).float()[None]
    with torch.no_grad():
        smooth = decoder(x, step)[0].numpy().transpose(1, 2, 0) * 255
        decoder.smoothing = False
        stairs = decoder(x, step)[0].numpy().transpose(1, 2, 0) * 255
        decoder.smoothing = True
    assert np.abs(whole - np.clip(smooth, 0, 255)).max() < 1
    assert np.abs(whole - np.clip(stairs, 0, 255)).max() > 2
    monkeypatch.setattr(tiles, "LONGEST_SIDE", 9)
    assert np.abs(np.asarray(exported.reconstruct(bitmap, size, layout)) - whole).max() <= 1


def test_a_context_coder_of_means_alone_is_refused() -> None:
    layout = Layout((4, 4, 4), 3, 300)
    bitmap = layout.bitmap(np.zeros((3, 4, 4), np.int16))
    with pytest.raises(UsageError, match="beside the means"):
        FITS["context"]([(bitmap, layout)], steps=1, progress=False)
