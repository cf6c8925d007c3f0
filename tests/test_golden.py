"""Files of earlier versions still decode to the same bits: a format change cannot pass unnoticed.

tests/data/make_golden.py wrote them, together with the model that they need.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bitcodec import container
from bitcodec.bitmap import pack
from bitcodec.codec import Codec
from bitcodec.coders import CODERS, coder_by_id
from bitcodec.model_folder import ModelFolder

DATA = Path(__file__).parent / "data"
HASHES: dict[str, str] = json.loads((DATA / "golden" / "bitmaps.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def codec() -> Codec:
    return Codec(ModelFolder(DATA / "tiny_model"), threads=1)


def test_there_is_a_golden_file_for_every_coder() -> None:
    headers = [container.read((DATA / "golden" / name).read_bytes())[0] for name in HASHES]
    assert {header.coder for header in headers} == {coder.id for coder in CODERS}
    assert {header.version for header in headers} == {container.VERSION}


@pytest.mark.parametrize("name", HASHES)
def test_golden_files_decode_to_the_same_bits(codec: Codec, name: str) -> None:
    data = (DATA / "golden" / name).read_bytes()
    header, bitmap = codec.unpack(data)
    assert hashlib.sha256(pack(bitmap)).hexdigest() == HASHES[name]
    coder = coder_by_id(header.coder).name
    assert codec.pack(bitmap, (header.width, header.height), coder=coder) == data


@pytest.mark.parametrize("name", HASHES)
def test_golden_files_decode_to_the_same_picture(codec: Codec, name: str) -> None:
    picture = codec.decode((DATA / "golden" / name).read_bytes())
    with Image.open(DATA / "golden" / f"{name.rsplit('-', 1)[0]}.png") as expected:
        difference = np.asarray(picture).astype(int) - np.asarray(expected)
    assert np.abs(difference).max() <= 1


def test_the_golden_model_is_intact(codec: Codec) -> None:
    assert codec.folder.compute_fingerprint() == codec.facts.fingerprint
