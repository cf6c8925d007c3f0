"""Exported models compute what torch computes, and hold nothing that does not belong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="exporting needs bitcodec[train]")

from bitcodec.codec import Codec  # noqa: E402
from bitcodec.errors import UsageError  # noqa: E402
from bitcodec.images import ImageLike  # noqa: E402
from bitcodec.model_facts import ModelFacts  # noqa: E402
from bitcodec.model_folder import ModelFolder  # noqa: E402
from bitcodec.training import export  # noqa: E402
from bitcodec.transforms.networks import build_transforms  # noqa: E402
from tests.tiny import FEW_STEPS, TINY, textured  # noqa: E402


def test_bits_and_pixels_are_those_of_torch(tiny: Codec, tiny_transforms) -> None:  # type: ignore[no-untyped-def]
    encoder, decoder = (export.rounded(network) for network in tiny_transforms)
    image = textured(264, 184)
    x = torch.from_numpy(np.asarray(image).transpose(2, 0, 1).copy())[None].float() / 255
    logits = encoder(x)[0].numpy()
    bitmap = tiny.bitmap(image)
    unclear = np.abs(logits) < 1e-5 * logits.std()
    assert np.array_equal(bitmap[~unclear], logits[~unclear] > 0)
    assert 0.05 < bitmap.mean() < 0.95
    y = decoder(torch.from_numpy(bitmap).float()[None])[0].numpy()
    expected = np.clip(np.rint(y * 255), 0, 255).transpose(1, 2, 0)
    found = np.asarray(tiny.reconstruct(bitmap, image.size)).astype(float)
    assert np.abs(found - expected).max() <= 1
    assert np.mean(found != expected) < 1e-3
    assert expected.std() > 2


@pytest.mark.parametrize("blocks", [0, 2])
@pytest.mark.parametrize(("kind", "stride"), [("residual", 4), ("residual", 16)])
def test_radius_of_the_pairs_for_photographs(kind: str, stride: int, blocks: int) -> None:
    """Counted by hand: head, two per block, down and stem; likewise on the way up."""
    encoder, decoder = build_transforms(kind, channels=8, stride=stride, width=8, blocks=blocks)
    assert export.encoder_radius(encoder, stride) == 2 * blocks + 3
    assert export.decoder_radius(decoder, 8) == 2 * blocks + 4


def test_radius_of_the_article_pair() -> None:
    encoder, decoder = build_transforms("article", channels=8, stride=1)
    assert export.encoder_radius(encoder, 1) == 4
    assert export.decoder_radius(decoder, 8) == 4


def test_the_articles_network_exports_too(tmp_path: Path) -> None:
    torch.manual_seed(0)
    facts = ModelFacts("article", 8, 1, coder="huffman")
    pair = build_transforms("article", channels=8, stride=1)
    folder = export.export_model(
        *pair, facts, [textured(24, 24)], tmp_path / "article", fit_settings=FEW_STEPS
    )
    codec = Codec(folder)
    image = textured(31, 17)
    assert codec.decode(codec.encode(image)).size == image.size


def test_the_folder_is_anonymous_and_complete(tiny_folder: ModelFolder) -> None:
    names = {path.name for path in tiny_folder.path.iterdir()}
    expected = {"model.json", "encoder.onnx", "decoder.onnx", "weights.safetensors"}
    assert names == expected | {f"{coder}.npz" for coder in tiny_folder.coders}
    for name in ("encoder.onnx", "decoder.onnx"):
        content = (tiny_folder.path / name).read_bytes()
        assert b".py" not in content and str(Path.home()).encode() not in content


def test_weights_are_those_of_the_transforms(tiny_folder: ModelFolder, tiny_transforms) -> None:  # type: ignore[no-untyped-def]
    from safetensors.torch import load_file

    stored = load_file(tiny_folder.path / "weights.safetensors")
    state = tiny_transforms[0].state_dict()
    mine = {k.removeprefix("encoder."): v for k, v in stored.items() if k.startswith("encoder.")}
    assert mine.keys() == state.keys()
    for key, value in mine.items():
        assert torch.equal(value, state[key].half())


def test_nothing_is_overwritten_or_left_half_done(
    tiny_folder: ModelFolder,
    tiny_transforms,  # type: ignore[no-untyped-def]
    tmp_path: Path,
) -> None:
    facts = tiny_folder.facts
    with pytest.raises(UsageError, match="exists already"):
        export.export_model(*tiny_transforms, facts, [textured(16, 16)], tiny_folder.path)
    with pytest.raises(UsageError, match="--images"):
        export.export_model(*tiny_transforms, facts, [], tmp_path / "new")
    with pytest.raises(UsageError):
        broken: list[Image.Image | Path] = [textured(16, 16), tmp_path / "missing.png"]
        export.export_model(*tiny_transforms, facts, broken, tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_appears_while_the_coders_are_fitted_stays_as_it_is(
    tiny_folder: ModelFolder,
    tiny_transforms,  # type: ignore[no-untyped-def]
    tmp_path: Path,
) -> None:
    def another_export(images: Sequence[ImageLike]) -> Iterable[ImageLike]:
        (tmp_path / "new").mkdir()
        (tmp_path / "new" / "model.json").write_text("another's")
        return images

    with pytest.raises(UsageError, match="exists already"):
        export.export_model(
            *tiny_transforms,
            tiny_folder.facts,
            [textured(32, 32)],
            tmp_path / "new",
            fit_settings=FEW_STEPS,
            watch=another_export,
        )
    assert [path.name for path in tmp_path.rglob("*")] == ["new", "model.json"]


def test_overflowing_weights_are_refused(tiny_folder: ModelFolder, tmp_path: Path) -> None:
    encoder, decoder = build_transforms("residual", **TINY)
    with torch.no_grad():
        decoder.stem.bias[0] = 1e6
    with pytest.raises(UsageError, match="not finite"):
        images = [textured(16, 16)]
        export.export_model(encoder, decoder, tiny_folder.facts, images, tmp_path / "new")
