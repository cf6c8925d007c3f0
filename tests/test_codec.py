"""The codec: pictures of any size, the same bits with and without tiles, torch left alone."""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import bitcodec
from bitcodec import tiles
from bitcodec.codec import Codec
from bitcodec.errors import UnknownModelError, UsageError
from bitcodec.images import to_rgb
from bitcodec.model_folder import ModelFolder
from tests.tiny import textured


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (8, 8), (7, 300), (129, 64), (203, 117)])
def test_any_size_round_trips(tiny: Codec, size: tuple[int, int]) -> None:
    image = textured(*size)
    bitmap = tiny.bitmap(image)
    assert bitmap.shape == tiny.shape(size) and bitmap.dtype == bool
    for coder in tiny.folder.coders:
        data = tiny.encode(image, coder=coder)
        header, decoded = tiny.unpack(data)
        assert np.array_equal(decoded, bitmap)
        assert (header.width, header.height) == size
        picture = tiny.decode(data)
        assert picture.size == size and picture.mode == "RGB"
        assert picture.tobytes() == tiny.reconstruct(bitmap, size).tobytes()


def test_padding_repeats_the_edge(tiny: Codec) -> None:
    image = np.asarray(textured(13, 21))
    padded = np.pad(image, ((0, 3), (0, 3), (0, 0)), mode="edge")
    assert np.array_equal(tiny.bitmap(image), tiny.bitmap(padded))


def test_tiles_equal_the_whole(tiny: Codec, monkeypatch: pytest.MonkeyPatch) -> None:
    image = textured(531, 402)
    whole = tiny.bitmap(image)
    picture = np.asarray(tiny.reconstruct(whole, image.size)).astype(int)
    monkeypatch.setattr(tiles, "LONGEST_SIDE", 9)
    in_tiles = tiny.bitmap(image)
    assert np.count_nonzero(whole != in_tiles) <= whole.size // 100_000
    tiled_picture = np.asarray(tiny.reconstruct(whole, image.size)).astype(int)
    assert np.abs(picture - tiled_picture).max() <= 1


def test_a_margin_below_the_receptive_radius_would_show(
    tiny_folder: ModelFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above can fail: with no margin the tiles do differ."""
    codec = Codec(ModelFolder(tiny_folder.path), threads=1)
    codec.transforms._facts = replace(codec.facts, encoder_margin=0)
    image = textured(531, 402)
    whole = codec.bitmap(image)
    monkeypatch.setattr(tiles, "LONGEST_SIDE", 9)
    assert np.count_nonzero(whole != codec.bitmap(image)) > whole.size // 1000


@pytest.mark.parametrize("length", [1, 9, 10, 95, 192, 193, 1000])
def test_spans_cover_everything_once(length: int) -> None:
    found = tiles.spans(length, margin=3, longest=10)
    covered = [i for span in found for i in range(length)[span.core]]
    assert covered == list(range(length))
    for span in found:
        assert 0 < span.stop - span.start <= 10
        assert span.outer_start == max(0, span.start - 3)
        assert span.outer_stop == min(length, span.stop + 3)


def test_threads_do_not_change_the_result(tiny_folder: ModelFolder, photo: Image.Image) -> None:
    one, two = Codec(tiny_folder, threads=1), Codec(tiny_folder, threads=2)
    data = one.encode(photo)
    assert two.encode(photo) == data
    assert one.decode(data).tobytes() == two.decode(data).tobytes()


def test_output_is_rounded_then_limited() -> None:
    from bitcodec.pixels import to_bytes

    levels = np.array([-3.0, -0.4, 0.4, 0.6, 99.6, 254.7, 255.4, 300.0], np.float32) / 255
    planes = np.broadcast_to(levels, (3, 1, len(levels)))
    assert to_bytes(planes)[0, :, 0].tolist() == [0, 0, 0, 1, 100, 255, 255, 255]


def test_a_file_of_another_model_is_refused(tiny: Codec, photo: Image.Image) -> None:
    data = tiny.encode(photo)
    folder = ModelFolder(tiny.folder.path)
    other = Codec(folder)
    folder.facts = replace(tiny.facts, name="other")
    with pytest.raises(UnknownModelError, match="'tiny' and not with 'other'"):
        other.decode(data)
    folder.facts = replace(tiny.facts, fingerprint="00" * 32)
    with pytest.raises(UnknownModelError, match="another version of model 'tiny'"):
        other.decode(data)


def test_a_bitmap_of_another_size_is_refused(tiny: Codec, photo: Image.Image) -> None:
    with pytest.raises(UsageError, match="does not belong"):
        tiny.reconstruct(tiny.bitmap(photo), (500, 500))


def test_convenience_functions(tiny: Codec, photo: Image.Image, tmp_path: Path) -> None:
    path = tmp_path / "photo.bitc"
    bitcodec.save(photo, path, model="tiny")
    assert path.read_bytes() == tiny.encode(photo)
    assert bitcodec.open(path).tobytes() == tiny.decode(path.read_bytes()).tobytes()
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(UsageError, match=r"nowhere\.bitc: there is no such file"):
        bitcodec.open(tmp_path / "nowhere.bitc")
    with pytest.raises(bitcodec.BitcodecError, match=r"photo\.bitc"):
        path.write_bytes(path.read_bytes()[:-1])
        bitcodec.open(path)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_what_a_file_says_of_its_pixels_is_done_once(
    tiny: Codec, tmp_path: Path, format: str
) -> None:
    """A picture that was turned upright is not turned again on its way through the codec."""
    for orientation in (3, 6):
        exif = Image.Exif()
        exif[0x0112] = orientation
        path = tmp_path / f"{orientation}.{format}"
        textured(40, 24).save(path, format, exif=exif)
        upright = to_rgb(path)
        upright.save(tmp_path / "upright.bmp")
        plain = tiny.encode(tmp_path / "upright.bmp")
        assert tiny.encode(path) == tiny.encode(upright) == plain
        with Image.open(path) as image:
            assert tiny.encode(image) == plain
        assert tiny.decode(plain).size == upright.size


def test_a_used_codec_can_be_pickled(tiny: Codec, photo: Image.Image) -> None:
    data = tiny.encode(photo)
    again = pickle.loads(pickle.dumps(tiny))
    assert again.encode(photo) == data
    assert again.decode(data).tobytes() == tiny.decode(data).tobytes()


def test_using_the_codec_leaves_torch_alone(tiny: Codec, photo: Image.Image) -> None:
    program = (
        "import sys, numpy, bitcodec\n"
        f"codec = bitcodec.load({str(tiny.folder.path)!r})\n"
        "codec.decode(codec.encode(numpy.zeros((20, 30, 3), numpy.uint8)))\n"
        "heavy = {'torch', 'lightning', 'onnx', 'scipy', 'matplotlib'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_importing_the_package_is_light() -> None:
    program = (
        "import sys, bitcodec\n"
        "heavy = {'numpy', 'onnxruntime', 'torch', 'constriction'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
