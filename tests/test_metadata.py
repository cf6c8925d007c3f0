"""Exif and XMP travel with a picture, without its orientation, whatever is wrong with them."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bitcodec import metadata
from bitcodec.errors import UsageError
from bitcodec.metadata import Metadata, upright

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description dc:title="Sea" '
    b'tiff:Orientation="6"><tiff:Orientation>6</tiff:Orientation></rdf:Description></rdf:RDF>'
    b"</x:xmpmeta>"
)
ORIENTATION, MAKE, EXPOSURE, DATE = 0x0112, 0x010F, 0x829A, 0x9003


def photograph() -> Image.Exif:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[MAKE] = "Maker"
    exif.get_ifd(0x8769).update({EXPOSURE: 0.01, DATE: "2026:11:24 10:00:00"})
    return exif


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_every_kind_of_file_keeps_what_it_tells(kind: str) -> None:
    buffer = io.BytesIO()
    extra = {} if kind in ("PNG", "TIFF") else {"xmp": XMP}
    Image.new("RGB", (8, 8)).save(buffer, kind, exif=photograph(), **extra)
    with Image.open(buffer) as image:
        found = metadata.of(image)
    kept = Image.Exif()
    kept.load(found.exif)
    assert ORIENTATION not in kept
    assert kept[MAKE] == "Maker"
    # Pillow writes no directory of exposure into a TIFF file.
    assert kind == "TIFF" or kept.get_ifd(0x8769)[DATE] == "2026:11:24 10:00:00"
    if extra:
        assert b"Sea" in found.xmp and b"Orientation" not in found.xmp


def test_exif_keeps_its_places() -> None:
    """What follows the first directory stays where pointers say it is."""
    before = photograph().tobytes().removeprefix(b"Exif\0\0")
    after = upright(before)
    assert len(after) == len(before) and upright(after) == after
    directory = 2 + 12 * 3 + 4
    assert after[8 + directory :] == before[8 + directory :]


@given(st.binary(max_size=80).map(lambda tail: b"II*\0\x08\0\0\0" + tail) | st.binary(max_size=40))
def test_odd_exif_is_left_out_or_kept_whole(data: bytes) -> None:
    assert len(upright(data)) in (0, len(data))


def test_a_picture_without_any_has_none() -> None:
    assert not metadata.of(Image.new("RGB", (8, 8)))
    assert Metadata().to_bytes() == b"" and Metadata().as_info() == {}


def test_too_much_is_refused_with_advice() -> None:
    with pytest.raises(UsageError, match="--keep-metadata"):
        Metadata(xmp=bytes(metadata.LONGEST)).to_bytes()


def test_what_jpeg_has_no_room_for_is_left_out() -> None:
    long = Metadata(b"II*\0" + bytes(20), b"x" * 70_000)
    assert set(long.for_pillow("JPEG")) == {"exif"}
    assert set(long.for_pillow("WEBP")) == {"exif", "xmp"}
