"""Pillow opens and saves .bitc files once bitcodec is imported."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image, UnidentifiedImageError

import bitcodec
from bitcodec.codec import Codec


def test_save_and_open(tiny: Codec, photo: Image.Image, tmp_path: Path) -> None:
    path = tmp_path / "photo.bitc"
    photo.save(path, quality=99)
    assert path.read_bytes() == tiny.encode(photo)
    with Image.open(path) as opened:
        assert (opened.format, opened.mode, opened.size) == ("BITC", "RGB", photo.size)
        assert opened.info["model"] == "tiny"
        assert opened.tobytes() == tiny.decode(path.read_bytes()).tobytes()
        assert opened.resize((20, 10)).size == (20, 10)


def test_streams_and_options(tiny: Codec, photo: Image.Image) -> None:
    buffer = io.BytesIO()
    clear = photo.convert("RGBA")
    clear.putalpha(200)
    clear.save(buffer, "BITC", model="tiny", coder="huffman", background="white")
    assert buffer.getvalue() == tiny.encode(clear, coder="huffman", background="white")
    buffer.seek(0)
    assert Image.open(buffer).convert("L").size == photo.size


def test_damage_is_a_bitcodec_error(tiny: Codec, photo: Image.Image) -> None:
    data = bytearray(tiny.encode(photo))
    data[len(data) // 2] ^= 1
    with pytest.raises(bitcodec.BitcodecError, match="checksum"):
        Image.open(io.BytesIO(data))
    with pytest.raises(UnidentifiedImageError):
        Image.open(io.BytesIO(b"something else entirely"))
