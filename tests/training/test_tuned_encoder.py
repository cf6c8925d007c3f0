"""One more encoder beside a model's own: the same files can be read, other bits are written."""

from __future__ import annotations

import copy
import pickle
import shutil
from pathlib import Path

import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="exporting needs bitcodec[train]")

import bitcodec  # noqa: E402
from bitcodec.codec import Codec  # noqa: E402
from bitcodec.errors import UnknownModelError, UsageError  # noqa: E402
from bitcodec.loading import load  # noqa: E402
from bitcodec.model_folder import ModelFolder  # noqa: E402
from bitcodec.training.tuned_encoder import add_encoder  # noqa: E402
from tests.tiny import textured  # noqa: E402


@pytest.fixture(scope="module")
def other(tiny_transforms):  # type: ignore[no-untyped-def]
    """An encoder like the tiny model's, with other weights."""
    encoder = copy.deepcopy(tiny_transforms[0])
    with torch.no_grad():
        for parameter in encoder.parameters():
            parameter.mul_(-1)
    return encoder


@pytest.fixture
def both(tiny_folder: ModelFolder, tiny_transforms, other, tmp_path: Path) -> ModelFolder:  # type: ignore[no-untyped-def]
    record = {"steps": 3}
    return add_encoder(tiny_folder, other, tiny_transforms[1], "ms-ssim", tmp_path / "both", record)


def test_files_of_either_encoder_are_those_of_one_model(
    both: ModelFolder, tiny: Codec, photo: Image.Image
) -> None:
    assert both.tunes == ["psnr", "ms-ssim"] and tiny.folder.tunes == ["psnr"]
    assert both.facts.fingerprint == tiny.facts.fingerprint
    assert both.facts.integrity != tiny.facts.integrity
    assert both.facts.training["tuned"] == {"ms-ssim": {"steps": 3}}
    both.verify()
    own = load(both.path, tune="psnr")
    tuned = load(both.path, tune="ms-ssim")
    assert own.encode(photo) == tiny.encode(photo) == load(both.path).encode(photo)
    data = tuned.encode(photo)
    assert data != tiny.encode(photo)
    assert tiny.decode(data).tobytes() == tuned.decode(data).tobytes()
    assert pickle.loads(pickle.dumps(tuned)).encode(photo) == data


def test_its_bits_are_those_of_torch(both: ModelFolder, other, photo: Image.Image) -> None:  # type: ignore[no-untyped-def]
    import numpy as np

    image = textured(264, 184)
    x = torch.from_numpy(np.asarray(image).transpose(2, 0, 1).copy())[None].float() / 255
    with torch.no_grad():
        logits = copy.deepcopy(other).half().float()(x)[0].numpy()
    unclear = np.abs(logits) < 1e-5 * logits.std()
    bitmap = Codec(both, tune="ms-ssim").bitmap(image)
    assert np.array_equal(bitmap[~unclear], logits[~unclear] > 0)


def test_a_tune_that_is_not_there_is_said_before_anything_is_done(
    tiny: Codec, photo: Image.Image, tmp_path: Path
) -> None:
    words = "model tiny has no encoder tuned for 'ssim': choose among psnr"
    with pytest.raises(UsageError, match=words):
        load("tiny", tune="ssim")
    with pytest.raises(UsageError, match=words):
        bitcodec.save(photo, tmp_path / "photo.bitc", model="tiny", tune="ssim")
    with pytest.raises(UsageError, match=words):
        photo.save(tmp_path / "photo.bitc", model="tiny", tune="ssim")
    assert not list(tmp_path.iterdir())


def test_an_encoder_of_another_decoder_is_refused(
    tiny_folder: ModelFolder,
    tiny_transforms,  # type: ignore[no-untyped-def]
    other,  # type: ignore[no-untyped-def]
    tmp_path: Path,
) -> None:
    decoder = copy.deepcopy(tiny_transforms[1])
    with torch.no_grad():
        next(decoder.parameters()).mul_(1.01)
    out = tmp_path / "new"
    with pytest.raises(UsageError, match=r"another decoder.*frozen=\[decoder,penalty\]"):
        add_encoder(tiny_folder, other, decoder, "ms-ssim", out, {})
    for name in ("psnr", "MS-SSIM", "", "a/b"):
        with pytest.raises(UsageError, match=r"already|cannot name"):
            add_encoder(tiny_folder, other, tiny_transforms[1], name, out, {})
    assert not list(tmp_path.iterdir())
    out.mkdir()
    with pytest.raises(UsageError, match="exists already"):
        add_encoder(tiny_folder, other, tiny_transforms[1], "ms-ssim", out, {})


@pytest.mark.parametrize("name", ["encoder-ms-ssim.onnx", "encoder-ms-ssim.safetensors"])
def test_a_damaged_one_is_noticed(both: ModelFolder, tmp_path: Path, name: str) -> None:
    for damage in ("changed", "gone"):
        folder = shutil.copytree(both.path, tmp_path / damage)
        content = bytearray((folder / name).read_bytes())
        content[-5] ^= 1
        (folder / name).unlink()
        if damage == "changed":
            (folder / name).write_bytes(content)
        with pytest.raises(UnknownModelError, match=damage):
            Codec(ModelFolder(folder)).encode(textured(24, 16))
