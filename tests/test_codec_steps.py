"""One model, every step: what quality, header, layout and networks agree on."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import bitcodec
from bitcodec import container, tiles
from bitcodec.codec import Codec
from bitcodec.errors import DamagedFileError, UsageError
from bitcodec.layout import Layout
from bitcodec.pixels import psnr
from tests.stepped import STEPS
from tests.tiny import textured


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (203, 117)])
@pytest.mark.parametrize("quality", [1, 50, 100])
def test_any_size_round_trips_at_any_quality(
    stepped: Codec, size: tuple[int, int], quality: int
) -> None:
    image = textured(*size)
    layout = stepped.layout(quality)
    bitmap = stepped.bitmap(image, layout)
    assert bitmap.shape == stepped.shape(size, layout) and bitmap.dtype == bool
    data = stepped.encode(image, quality=quality)
    header, decoded = stepped.unpack(data)
    assert header.step == layout.index == stepped.facts.index_of(quality)
    assert np.array_equal(decoded, bitmap)
    picture = stepped.decode(data)
    assert picture.size == size
    assert picture.tobytes() == stepped.reconstruct(bitmap, size, layout).tobytes()


def test_quality_buys_likeness_with_bytes(stepped: Codec, photo: Image.Image) -> None:
    original = np.asarray(photo)
    files = [stepped.encode(photo, quality=q) for q in (1, 25, 50, 75, 100)]
    likeness = [psnr(original, np.asarray(stepped.decode(data))) for data in files]
    assert sorted(map(len, files)) == [*map(len, files)]
    assert sorted(likeness) == likeness and likeness[-1] > 50
    assert stepped.encode(photo) == files[2]


def test_fewer_latents_take_the_smaller_decoder(stepped: Codec, photo: Image.Image) -> None:
    """And it gives what the large one gives with zeros for the rest."""
    layout = stepped.layout(1)
    assert stepped.folder.decoder(layout.latents) == "decoder-48.onnx"
    assert stepped.folder.decoder(49) == "decoder.onnx"
    bitmap = stepped.bitmap(photo, layout)
    small = np.asarray(stepped.reconstruct(bitmap, photo.size, layout)).astype(int)
    stepped.folder._partial_decoders.clear()
    try:
        large = np.asarray(stepped.reconstruct(bitmap, photo.size, layout))
    finally:
        del stepped.folder._partial_decoders
    assert np.abs(small - large).max() <= 1


def test_tiles_equal_the_whole(stepped: Codec, monkeypatch: pytest.MonkeyPatch) -> None:
    image = textured(403, 202)
    whole = stepped.decode(stepped.encode(image))
    monkeypatch.setattr(tiles, "LONGEST_SIDE", 9)
    difference = np.asarray(stepped.decode(stepped.encode(image))).astype(int) - np.asarray(whole)
    assert np.abs(difference).max() <= 1


def test_a_step_may_be_named_itself(stepped: Codec, photo: Image.Image) -> None:
    data = stepped.encode(photo, step_index=300)
    assert stepped.unpack(data)[0].step == 300
    with pytest.raises(UsageError, match="exclude each other"):
        stepped.encode(photo, quality=50, step_index=300)
    with pytest.raises(UsageError, match=f"from {STEPS[0]} to {STEPS[1]}"):
        stepped.encode(photo, step_index=STEPS[1] + 1)


def test_a_step_that_the_model_has_not_is_damage(stepped: Codec, photo: Image.Image) -> None:
    data = bytearray(stepped.encode(photo, step_index=STEPS[1]))
    place = data.index(stepped.folder.fingerprint) + 5
    assert data[place : place + 2] == b"\x80\x06"
    data[place + 1] += 1
    data[-4:] = zlib.crc32(data[:-4]).to_bytes(4, "little")
    with pytest.raises(DamagedFileError, match="step index 896"):
        stepped.decode(bytes(data))


def test_metadata_travels_if_asked(stepped: Codec, photo: Image.Image, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Maker", 1
    photo.save(tmp_path / "photo.jpg", exif=exif, xmp=b"<xmp/>")
    data = stepped.encode(tmp_path / "photo.jpg", keep_metadata=True)
    back = stepped.decode(data)
    assert back.getexif()[0x010F] == "Maker" and 0x0112 not in back.getexif()
    assert back.info["xmp"] == b"<xmp/>" == container.read_metadata(data).xmp
    plain = stepped.encode(tmp_path / "photo.jpg")
    assert not container.read_metadata(plain) and len(plain) < len(data)
    assert container.read(plain)[1] == container.read(data)[1]


def test_save_takes_a_model_and_a_quality(
    stepped: Codec, photo: Image.Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bitcodec.targets.load", lambda *_, **__: stepped)
    bitcodec.save(photo, tmp_path / "photo.bitc", quality=30)
    assert (tmp_path / "photo.bitc").read_bytes() == stepped.encode(photo, quality=30)


def test_save_takes_a_target(
    stepped: Codec, photo: Image.Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bitcodec.targets.load", lambda *_, **__: stepped)
    monkeypatch.setattr("bitcodec.loading.load", lambda *_, **__: stepped)
    bitcodec.save(photo, tmp_path / "photo.bitc", bytes=4000)
    assert 3900 < (tmp_path / "photo.bitc").stat().st_size <= 4000
    photo.save(tmp_path / "other.bitc", bytes=4000)
    assert (tmp_path / "other.bitc").read_bytes() == (tmp_path / "photo.bitc").read_bytes()
    with pytest.raises(UsageError, match="exclude each other"):
        bitcodec.save(photo, tmp_path / "photo.bitc", quality=30, psnr=35)


def test_between_network_and_coder_there_is_no_bitmap(
    photo: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A byte for every bit took more memory than all else: 650 MB of 24 million pixels at q 85."""
    codec = bitcodec.load(threads=1)
    whole = codec.decode(codec.encode(photo, quality=85)).tobytes()

    def refuse(*_: object) -> None:
        raise AssertionError("a bitmap")

    monkeypatch.setattr(Layout, "bitmap", refuse)
    monkeypatch.setattr(Layout, "levels", refuse)
    assert codec.decode(codec.encode(photo, quality=85)).tobytes() == whole
