"""Model folders: found by name, quality or path; damage and ignorance named."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bitcodec import installed_models
from bitcodec.codec import Codec
from bitcodec.errors import BitcodecError, UnknownModelError, UsageError
from bitcodec.inference import Network
from bitcodec.installed_models import SEARCH_PATH
from bitcodec.model_folder import DECODER, ENCODER, FACTS, WEIGHTS, ModelFolder
from tests.tiny import textured


@pytest.fixture
def shelf(tiny_folder: ModelFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three models that differ in name and quality, and nothing else to be found."""
    for name, quality in (("good", 3), ("coarse", 1), ("fair", 2)):
        shutil.copytree(tiny_folder.path, tmp_path / name)
        facts = replace(tiny_folder.facts, name=name, quality=quality)
        (tmp_path / name / "model.json").write_text(facts.to_json())
    monkeypatch.setenv(SEARCH_PATH, str(tmp_path))
    monkeypatch.setattr(installed_models, "_SHIPPED", tmp_path / "none")
    return tmp_path


def test_models_are_found(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [m.facts.name for m in installed_models.available()] == ["coarse", "fair", "good"]
    assert installed_models.find("good").facts.quality == 3
    assert installed_models.find(quality=1).facts.name == "coarse"
    assert installed_models.find().facts.name == "fair"
    assert installed_models.find(shelf / "good").facts.name == "good"
    assert installed_models.find(str(shelf / "good")).facts.name == "good"
    monkeypatch.setenv(SEARCH_PATH, "")
    monkeypatch.chdir(shelf)
    with pytest.raises(UnknownModelError, match="no models are installed"):
        installed_models.find()


def test_what_is_not_there_is_named_with_what_is(shelf: Path) -> None:
    known = r"coarse \(-q 1\), fair \(-q 2\), good \(-q 3\)"
    with pytest.raises(UnknownModelError, match=f"'superb'.*{known}"):
        installed_models.find("superb")
    with pytest.raises(UnknownModelError, match=f"quality 7.*{known}"):
        installed_models.find(quality=7)
    with pytest.raises(UsageError, match="exclude each other"):
        installed_models.find("good", quality=3)
    with pytest.raises(UnknownModelError, match="not a model folder"):
        installed_models.find(shelf)


def test_a_model_with_steps_is_the_default(shelf: Path, stepped_folder: ModelFolder) -> None:
    shutil.copytree(stepped_folder.path, shelf / "cosines")
    assert installed_models.find().facts.name == "cosines"
    assert installed_models.find(quality=80).facts.name == "cosines"
    assert installed_models.find("cosines", quality=80).facts.name == "cosines"
    facts = replace(stepped_folder.facts, name=installed_models.DEFAULT)
    shutil.copytree(stepped_folder.path, shelf / "a")
    (shelf / "a" / "model.json").write_text(facts.to_json())
    assert installed_models.find().facts.name == installed_models.DEFAULT


def test_the_fingerprint_covers_steps_and_every_decoder(
    stepped_folder: ModelFolder, tmp_path: Path
) -> None:
    shutil.copytree(stepped_folder.path, tmp_path / "m")
    before = ModelFolder(tmp_path / "m").compute_fingerprint()
    assert before == stepped_folder.compute_fingerprint()
    steps = stepped_folder.facts.steps
    assert steps is not None
    other = replace(stepped_folder.facts, steps=replace(steps, means=2))
    (tmp_path / "m" / "model.json").write_text(other.to_json())
    assert ModelFolder(tmp_path / "m").compute_fingerprint() != before
    # The encoder's side is free to improve: old files still decode.
    same = replace(stepped_folder.facts, qualities=((1, 700), (100, 200)), default_quality=40)
    (tmp_path / "m" / "model.json").write_text(same.to_json())
    assert ModelFolder(tmp_path / "m").compute_fingerprint() == before
    (tmp_path / "m" / "decoder-48.onnx").unlink()
    assert ModelFolder(tmp_path / "m").compute_fingerprint() != before


@pytest.mark.parametrize(
    "change",
    [
        {"stride": 0},
        {"channels": "many"},
        {"encoder_margin": -1},
        {"name": "Not A Name"},
        {"fingerprint": "xyz"},
        {"surprise": 1},
        {"quality": None},
    ],
)
def test_unusable_facts_are_refused(shelf: Path, change: dict[str, object]) -> None:
    path = shelf / "good" / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(UnknownModelError, match=r"good: model\.json is not usable"):
        ModelFolder(shelf / "good")


def test_the_fingerprint_covers_what_makes_the_picture(shelf: Path) -> None:
    good = shelf / "good"
    assert ModelFolder(good).compute_fingerprint() == ModelFolder(good).facts.fingerprint
    before = ModelFolder(good).compute_fingerprint()
    weights = bytearray((good / "weights.safetensors").read_bytes())
    weights[-1] ^= 1
    (good / "weights.safetensors").write_bytes(weights)
    changed = ModelFolder(good).compute_fingerprint()
    assert changed != before
    (good / "huffman.npz").unlink()
    assert ModelFolder(good).compute_fingerprint() != changed


def test_damaged_parts_are_named(shelf: Path) -> None:
    good = shelf / "good"
    (good / "decoder.onnx").write_bytes(b"nonsense")
    with pytest.raises(UnknownModelError, match="the model is damaged"):
        ModelFolder(good).network("decoder.onnx", 1)
    facts = replace(ModelFolder(good).facts, fingerprint="", integrity="")
    (good / "model.json").write_text(facts.to_json())
    folder = ModelFolder(good)
    with pytest.raises(UnknownModelError, match=r"decoder\.onnx cannot be loaded"):
        folder.network("decoder.onnx", 1)
    (good / "huffman.npz").write_bytes(b"nonsense")
    with pytest.raises(UnknownModelError, match=r"huffman\.npz"):
        folder.coder("huffman")
    with pytest.raises(UsageError, match="no coder 'morse'"):
        Codec(folder).encode(Image.new("RGB", (8, 8)), coder="morse")


def test_shipped_models_are_what_they_say() -> None:
    """Facts, fingerprint and size of every model in the package."""
    for facts in sorted(installed_models._SHIPPED.glob("*/model.json")):
        folder = ModelFolder(facts.parent)
        assert folder.path.name == folder.facts.name
        assert folder.facts.coder in folder.coders
        assert folder.compute_fingerprint() == folder.facts.fingerprint
        assert sum(f.stat().st_size for f in folder.path.iterdir()) < 10_000_000


def damages(whole: bytes) -> Iterator[bytes]:
    """Emptied, cut off, and with one bit or three bytes of it changed."""
    rng = np.random.default_rng(0)
    yield b""
    yield whole[: len(whole) // 2]
    yield whole[:-1]
    for turn in range(24):
        broken = bytearray(whole)
        for place in rng.integers(len(whole), size=1 + turn % 2 * 2):
            broken[place] ^= 1 << rng.integers(8) if turn % 2 == 0 else rng.integers(1, 256)
        yield bytes(broken)


@pytest.mark.parametrize(
    "name",
    [FACTS, ENCODER, DECODER, WEIGHTS, "huffman.npz", "context.npz"],
)
def test_whatever_is_damaged_nothing_else_comes_out(
    tiny_folder: ModelFolder, tmp_path: Path, name: str
) -> None:
    """The same file and the same picture, or one sentence that names the folder."""
    folder = shutil.copytree(tiny_folder.path, tmp_path / "kept")
    photo = textured(40, 24)
    data = Codec(ModelFolder(folder)).encode(photo, coder="context")
    picture = Codec(ModelFolder(folder)).decode(data).tobytes()
    refused = 0
    for damaged in damages((folder / name).read_bytes()):
        (folder / name).write_bytes(damaged)
        try:
            codec = Codec(ModelFolder(folder))
            out = codec.decode(data).tobytes(), codec.encode(photo, coder="context")
        except BitcodecError as error:
            assert f"{folder}: " in str(error) or "made with" in str(error)
            assert "\n" not in str(error)
            refused += 1
        else:
            assert out == (picture, data)
    assert refused >= (3 if name == FACTS else 27)  # facts hold spaces and words for people too


@pytest.mark.parametrize(
    "change",
    [{"decoder_margin": 0}, {"encoder_margin": 0}, {"fingerprint": "00" * 32}, {"stride": 4}],
)
def test_facts_that_decide_what_comes_out_are_those_of_the_export(
    shelf: Path, change: dict[str, Any]
) -> None:
    """A smaller margin would show in pictures of several tiles alone."""
    path = shelf / "good" / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(UnknownModelError, match="good: the model is damaged"):
        Codec(ModelFolder(shelf / "good")).encode(textured(40, 24))


def test_a_folder_without_integrity_is_held_to_its_fingerprint(shelf: Path) -> None:
    good = shelf / "good"
    facts = replace(ModelFolder(good).facts, integrity="")
    (good / "model.json").write_text(facts.to_json())
    ModelFolder(good).verify()
    weights = bytearray((good / "weights.safetensors").read_bytes())
    weights[-2] ^= 1
    (good / "weights.safetensors").write_bytes(weights)
    with pytest.raises(UnknownModelError, match="damaged"):
        ModelFolder(good).verify()


@pytest.mark.parametrize("name", [FACTS, WEIGHTS])
def test_what_is_no_file_of_ours_is_not_read(shelf: Path, name: str) -> None:
    """A pipe would never answer; eight gigabytes of zeros that take no place on the disk."""
    path = shelf / "good" / name
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(UnknownModelError, match="good: "):
        ModelFolder(shelf / "good").verify()
    path.unlink()
    with path.open("wb") as stream:
        stream.truncate(8 << 30)
    with pytest.raises(UnknownModelError, match=r"good: .*at most"):
        ModelFolder(shelf / "good").verify()


def test_names_in_a_graph_that_are_no_text_are_the_folders_one_sentence(shelf: Path) -> None:
    path = shelf / "good" / "encoder.onnx"
    graph = path.read_bytes()
    assert b"8*h" in graph, "the name of the picture's height"
    path.write_bytes(graph.replace(b"8*h", b"\xff*h"))
    with pytest.raises(UnknownModelError, match=r"encoder\.onnx cannot be (loaded|run)"):
        Network(path, 1).run(np.zeros((3, 16, 16), np.float32), None)


@pytest.mark.parametrize("kind", ["cut off", "nested"])
def test_a_bad_folder_does_not_hide_the_good_ones(shelf: Path, kind: str) -> None:
    (shelf / "coarse" / "model.json").write_text("{" if kind == "cut off" else "[" * 200_000)
    assert [m.facts.name for m in installed_models.available()] == ["fair", "good"]
    with pytest.raises(UnknownModelError, match="not usable"):
        installed_models.find(shelf / "coarse")
