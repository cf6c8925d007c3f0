"""Pillow opens and saves .bitc files once bitcodec is imported."""

from __future__ import annotations

import io
import os
import sys
import warnings
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageFile, UnidentifiedImageError

import bitcodec
from bitcodec import container
from bitcodec.codec import Codec
from bitcodec.container import Header
from bitcodec.errors import DamagedFileError, UnknownModelError
from bitcodec.pillow_plugin import BitcImageFile


def test_save_and_open(tiny: Codec, photo: Image.Image, tmp_path: Path) -> None:
    path = tmp_path / "photo.bitc"
    photo.save(path, model="tiny")
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


def test_damage_is_what_either_side_catches(tiny: Codec, photo: Image.Image) -> None:
    data = bytearray(tiny.encode(photo))
    data[len(data) // 2] ^= 1
    for kind in (DamagedFileError, OSError):
        with pytest.raises(kind, match=r"^the checksum does not match"):
            Image.open(io.BytesIO(data))
    with pytest.raises(OSError, match=r"^the file is cut short"):
        Image.open(io.BytesIO(data[:-1]))


def test_a_model_that_is_missing_is_said_when_pixels_are_wanted(
    tiny: Codec, photo: Image.Image
) -> None:
    data = tiny.encode(photo)
    header, payload = container.read(data)
    fields = ("elsewhere", header.fingerprint, *photo.size, header.coder, len(payload))
    opened = Image.open(io.BytesIO(container.write(Header(*fields), payload)))
    for kind in (UnknownModelError, OSError):
        with pytest.raises(kind, match="'elsewhere', which is not installed"):
            opened.load()


def test_what_is_not_ours_is_left_to_others() -> None:
    with pytest.raises(UnidentifiedImageError):
        Image.open(io.BytesIO(b"something else entirely"))
    with pytest.raises(SyntaxError):
        BitcImageFile(io.BytesIO(b"something else entirely"))


def test_a_file_in_pieces_is_waited_for(tiny: Codec, photo: Image.Image) -> None:
    data = tiny.encode(photo)
    step = len(data) // 7
    parser = ImageFile.Parser()
    for start in range(0, len(data), step):
        assert parser.image is None
        parser.feed(data[start : start + step])
    assert parser.close().tobytes() == tiny.decode(data).tobytes()
    parser = ImageFile.Parser()
    parser.feed(data[:-1])
    with pytest.raises(OSError):
        parser.close()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_loaded_picture_keeps_no_file_open(
    tiny: Codec, photo: Image.Image, tmp_path: Path
) -> None:
    path = tmp_path / "photo.bitc"
    path.write_bytes(tiny.encode(photo))
    before = len(list(Path("/proc/self/fd").iterdir()))
    opened = [Image.open(path) for _ in range(3)]
    for image in opened:
        image.load()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    # A stream that the caller opened is the caller's to close.
    stream = io.BytesIO(path.read_bytes())
    Image.open(stream).load()
    assert not stream.closed


@pytest.mark.parametrize(
    "options", [{"quality": "best"}, {"coder": "morse"}, {"model": "none"}, {"tune": "x"}]
)
def test_a_mistake_in_an_option_costs_no_file(
    tiny: Codec, photo: Image.Image, tmp_path: Path, options: dict[str, object]
) -> None:
    path = tmp_path / "photo.bitc"
    for kind in (bitcodec.BitcodecError, OSError):
        with pytest.raises(kind):
            photo.save(path, **{"model": "tiny", **options})
        assert not path.exists()
    path.write_bytes(b"precious")
    for name in (path, str(path), os.fsencode(path)):
        with pytest.raises(OSError):
            photo.save(name, **{"model": "tiny", **options})
        with pytest.raises(OSError):
            photo.save(name, "bitc", **{"model": "tiny", **options})
    assert [p.name for p in tmp_path.iterdir()] == ["photo.bitc"]
    assert path.read_bytes() == b"precious"


def test_other_formats_are_saved_by_pillow_alone(photo: Image.Image, tmp_path: Path) -> None:
    photo.save(tmp_path / "photo.png")
    photo.save(tmp_path / "photo.bitc", "PNG")
    assert (tmp_path / "photo.png").read_bytes() == (tmp_path / "photo.bitc").read_bytes()
    with pytest.raises(ValueError, match="unknown file extension"):
        photo.save(tmp_path / "photo.unheard-of")


def claim(codec: Codec, width: int, height: int) -> bytes:
    """A file of three bytes of payload, padded as the format asks."""
    header = Header(codec.facts.name, codec.folder.fingerprint, width, height, 1, 3)
    return container.write(header, b"abc")


def test_the_largest_legal_picture_is_no_bomb_to_pillow(
    tiny: Codec, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = claim(tiny, 16_384, 16_384)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Image.open(io.BytesIO(data)).size == (16_384, 16_384)
    # A limit of the user's own counts, and so does the format's.
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1_000_000)
    with pytest.raises(Image.DecompressionBombError):
        Image.open(io.BytesIO(data))


def test_a_bomb_is_refused(tiny: Codec) -> None:
    data = claim(tiny, 16_384, 16_384)
    padding = container.read(data)[0].padding
    assert padding > 100_000
    unpaid = data[: -4 - padding]
    for bomb in (unpaid + data[-4:], unpaid + zlib.crc32(unpaid).to_bytes(4, "little")):
        with pytest.raises(DamagedFileError):
            Image.open(io.BytesIO(bomb))
