"""Pictures of any kind become upright 8-bit sRGB, or are refused in one sentence."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import EpsImagePlugin, Image, ImageCms

from bitcodec.errors import BitcodecError, DamagedFileError, UsageError
from bitcodec.images import open_rgb, to_rgb
from tests.tiny import textured


def pixels(image: Image.Image) -> np.ndarray[Any, Any]:
    return np.asarray(image).astype(int)


def test_rgb_is_left_as_it_is(photo: Image.Image) -> None:
    assert to_rgb(photo).tobytes() == photo.tobytes()


@pytest.mark.parametrize("mode", ["L", "P", "1", "CMYK", "YCbCr", "HSV"])
def test_other_modes_become_rgb(photo: Image.Image, mode: str) -> None:
    converted = photo.convert(mode)
    assert to_rgb(converted).tobytes() == converted.convert("RGB").tobytes()


def test_all_exif_orientations_are_applied(tmp_path: Path) -> None:
    upright = textured(40, 24)
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    for orientation, method in undo.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        path = tmp_path / f"{orientation}.png"
        upright.transpose(method).save(path, exif=exif)
        assert to_rgb(path).tobytes() == upright.tobytes(), orientation


def test_a_foreign_profile_is_converted(photo: Image.Image, tmp_path: Path) -> None:
    """Linear light tagged as such comes back as sRGB's curve: 0.2140 linear is 0.5 in sRGB."""
    linear = _linear_srgb_profile()
    path = tmp_path / "linear.png"
    Image.new("RGB", (8, 8), (55, 55, 55)).save(path, icc_profile=linear)
    assert np.abs(pixels(to_rgb(path)) - 128).max() <= 1
    tagged = tmp_path / "srgb.png"
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    photo.save(tagged, icc_profile=srgb)
    assert to_rgb(tagged).tobytes() == photo.tobytes()


def test_an_unreadable_profile_is_ignored(photo: Image.Image, tmp_path: Path) -> None:
    path = tmp_path / "broken.png"
    photo.save(path, icc_profile=b"not a profile")
    assert to_rgb(path).tobytes() == photo.tobytes()


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_needs_a_background(photo: Image.Image, mode: str, tmp_path: Path) -> None:
    image = photo.convert("RGBA")
    image.putalpha(Image.new("L", photo.size, 0))
    path = tmp_path / "clear.png"
    image.convert(mode).save(path)
    with pytest.raises(UsageError, match=r"clear\.png: .*--background"):
        to_rgb(path)
    assert (np.asarray(to_rgb(path, "#ff8000")) == (255, 128, 0)).all()


def test_half_transparent_pixels_are_mixed() -> None:
    half = Image.new("RGBA", (4, 4), (200, 100, 0, 128))
    mixed = pixels(to_rgb(half, "white"))[0, 0]
    assert np.abs(mixed - [227, 177, 127]).max() <= 1


def test_opaque_alpha_is_no_transparency(photo: Image.Image) -> None:
    assert to_rgb(photo.convert("RGBA")).tobytes() == photo.tobytes()


def test_an_unknown_colour_is_refused(photo: Image.Image) -> None:
    with pytest.raises(UsageError, match="--background mauvish"):
        to_rgb(Image.new("RGBA", (4, 4)), "mauvish")


def test_16_bits_are_rounded_to_8(tmp_path: Path) -> None:
    samples = np.array([[0, 128, 129, 257, 40_000, 65_406, 65_407, 65_535]], np.uint16)
    expected = [0, 0, 1, 1, 156, 254, 255, 255]
    path = tmp_path / "deep.png"
    Image.fromarray(samples).save(path)
    for source in (path, samples, np.stack([samples] * 3, axis=-1)):
        assert pixels(to_rgb(source))[0, :, 1].tolist() == expected


@pytest.mark.parametrize(
    "source",
    [
        np.zeros((4, 4, 3), np.float32),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros(4, np.uint8),
        np.zeros((0, 4), np.uint8),
        Image.new("F", (4, 4)),
        Image.fromarray(np.full((4, 4), 70_000, np.int32)),
    ],
)
def test_what_has_no_8_bit_meaning_is_refused(source: Any) -> None:
    with pytest.raises(UsageError):
        to_rgb(source)


def test_bad_files_are_named(tmp_path: Path, photo: Image.Image) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no picture")
    with pytest.raises(DamagedFileError, match=r"notes\.txt: .*not a picture"):
        to_rgb(text)
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG")
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(buffer.getvalue()[:1500])
    with pytest.raises(DamagedFileError, match=r"cut\.jpg"):
        to_rgb(cut)
    with pytest.raises(UsageError, match=r"missing\.png: there is no such file"):
        to_rgb(tmp_path / "missing.png")
    with pytest.raises(UsageError, match="this is a folder"):
        to_rgb(tmp_path)


def test_a_stream_is_named_in_messages() -> None:
    with pytest.raises(DamagedFileError, match=r"standard input: .*not a picture"):
        open_rgb(Path("standard input"), stream=io.BytesIO(b"nothing"))


def test_a_picture_beyond_the_format_is_refused() -> None:
    with pytest.raises(BitcodecError, match="too many"):
        to_rgb(Image.new("1", (65_536, 1)))


def _linear_srgb_profile() -> bytes:
    """sRGB's profile with its curves replaced by the identity."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(profile[128:132], "big")
    for entry in range(132, 132 + 12 * count, 12):
        if profile[entry : entry + 4] in (b"rTRC", b"gTRC", b"bTRC"):
            offset = int.from_bytes(profile[entry + 4 : entry + 8], "big")
            # A curve of type 0, Y = X^g, with g = 1.0 as s15Fixed16.
            profile[offset : offset + 16] = b"para" + bytes(8) + (1 << 16).to_bytes(4, "big")
        if profile[entry : entry + 4] == b"desc":
            offset = int.from_bytes(profile[entry + 4 : entry + 8], "big")
            size = int.from_bytes(profile[entry + 8 : entry + 12], "big")
            text = bytes(profile[offset : offset + size])
            swapped = text.replace("sRGB".encode("utf-16-be"), "Line".encode("utf-16-be"))
            profile[offset : offset + size] = swapped
    return bytes(profile)


@pytest.mark.skipif(sys.platform == "win32", reason="a program that is a script")
@pytest.mark.parametrize("suffix", ["eps", "png"])
def test_no_picture_is_a_program_that_runs(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pillow hands PostScript, whatever its name, to Ghostscript."""
    ran = tmp_path / "ran"
    program = tmp_path / "bin" / "gs"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\ntouch "{ran}"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    monkeypatch.setattr(EpsImagePlugin, "gs_binary", None)
    assert EpsImagePlugin.has_ghostscript() and ran.exists()
    ran.unlink()
    path = tmp_path / f"drawing.{suffix}"
    Image.new("RGB", (8, 8)).save(path, "EPS")
    with pytest.raises(UsageError, match="a drawing"):
        open_rgb(path)
    assert not ran.exists()
