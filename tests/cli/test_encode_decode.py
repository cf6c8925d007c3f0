"""``bitcodec encode`` and ``decode``: files, folders, streams, refusals."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bitcodec.codec import Codec
from tests.cli.conftest import Run


def tree(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_one_file_there_and_back(run: Run, tiny: Codec, photo: Image.Image, tmp_path: Path) -> None:
    photo.save(tmp_path / "photo.png")
    done = run("encode", "photo.png", "--model", "tiny")
    assert done.returncode == 0 and b"photo.bitc: 203 x 117" in done.stderr
    data = (tmp_path / "photo.bitc").read_bytes()
    assert data == tiny.encode(photo)
    assert f"{len(data):,} bytes, {8 * len(data) / 203 / 117:.3f} bpp".encode() in done.stderr
    assert run("decode", "photo.bitc", "-o", "back.png").returncode == 0
    with Image.open(tmp_path / "back.png") as back:
        assert back.tobytes() == tiny.decode(data).tobytes()
    assert tree(tmp_path) == ["back.png", "photo.bitc", "photo.png"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_folder_keeps_its_shape(run: Run, photos: Path, tmp_path: Path, jobs: int) -> None:
    done = run("encode", photos, "-o", "small", "--model", "tiny", "--jobs", jobs)
    assert done.returncode == 0 and b"2 of 2 encoded" in done.stderr
    assert tree(tmp_path / "small") == ["deeper/two.bitc", "one.bitc"]
    done = run("decode", "small", "-o", "large", "-f", "webp", "--jobs", jobs)
    assert done.returncode == 0 and b"2 of 2 decoded" in done.stderr
    assert tree(tmp_path / "large") == ["deeper/two.webp", "one.webp"]


def test_the_number_of_jobs_changes_nothing(run: Run, photos: Path, tmp_path: Path) -> None:
    for jobs in (1, 2):
        run("encode", photos, "-o", f"small{jobs}", "--model", "tiny", "--jobs", jobs)
        run("decode", f"small{jobs}", "-o", f"large{jobs}", "--jobs", jobs)
    for one, two in (("small1", "small2"), ("large1", "large2")):
        assert tree(tmp_path / one) == tree(tmp_path / two) != []
        for name in tree(tmp_path / one):
            assert (tmp_path / one / name).read_bytes() == (tmp_path / two / name).read_bytes()


def test_streams(run: Run, tiny: Codec, photo: Image.Image, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    photo.save(buffer, "PNG")
    encoded = run("encode", "-", "--model", "tiny", stdin=buffer.getvalue())
    assert encoded.returncode == 0 and encoded.stdout == tiny.encode(photo)
    decoded = run("decode", "-", "-f", "png", stdin=encoded.stdout)
    assert Image.open(io.BytesIO(decoded.stdout)).tobytes() == tiny.decode(encoded.stdout).tobytes()
    assert run("decode", "-", "-o", "out.jpg", stdin=encoded.stdout).returncode == 0
    with Image.open(tmp_path / "out.jpg") as jpeg:
        difference = np.asarray(jpeg).astype(int) - np.asarray(tiny.decode(encoded.stdout))
        assert jpeg.format == "JPEG" and np.abs(difference).mean() < 3
    refused = run("decode", "-", stdin=b"nothing of the kind")
    assert refused.returncode == 1 and refused.stdout == b""
    assert b"standard input: this is not a .bitc file" in refused.stderr


def test_one_bad_file_does_not_stop_the_rest(run: Run, photos: Path, tmp_path: Path) -> None:
    (photos / "broken.png").write_bytes((photos / "one.png").read_bytes()[:200])
    done = run("encode", photos, "-o", "small", "--model", "tiny")
    assert done.returncode == 1
    assert b"broken.png: the picture cannot be read" in done.stderr
    assert b"2 of 3 encoded, 1 failed" in done.stderr
    assert tree(tmp_path / "small") == ["deeper/two.bitc", "one.bitc"]

    damaged = bytearray((tmp_path / "small/one.bitc").read_bytes())
    damaged[-20] ^= 4
    (tmp_path / "small/one.bitc").write_bytes(damaged)
    done = run("decode", "small", "-o", "large", "--quiet")
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 1 and b"one.bitc: the checksum" in done.stderr
    assert tree(tmp_path / "large") == ["deeper/two.png"]


def test_nothing_is_overwritten_unasked(run: Run, photo: Image.Image, tmp_path: Path) -> None:
    photo.save(tmp_path / "photo.png")
    (tmp_path / "photo.bitc").write_text("precious")
    done = run("encode", "photo.png", "--model", "tiny")
    assert done.returncode == 2 and b"--overwrite" in done.stderr
    assert (tmp_path / "photo.bitc").read_text() == "precious"
    assert run("encode", "photo.png", "--model", "tiny", "--overwrite").returncode == 0
    assert run("decode", "photo.bitc").returncode == 2
    assert run("decode", "photo.bitc", "--overwrite", "--quiet").stderr == b""


def test_transparency_and_background(run: Run, tmp_path: Path) -> None:
    Image.new("RGBA", (9, 9), (9, 9, 9, 0)).save(tmp_path / "clear.png")
    done = run("encode", "clear.png", "--model", "tiny")
    assert done.returncode == 2 and b"--background" in done.stderr
    assert run("encode", "clear.png", "--model", "tiny", "--background", "white").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["encode"], b"Missing argument"),
        (["encode", "x.png", "--nonsense"], b"No such option"),
        (["encode", "missing.png", "--model", "tiny"], b"missing.png: there is no such file"),
        (["encode", "one.png", "--model", "huge"], b"no model is called 'huge'"),
        (
            ["encode", "one.png", "-q", "12345"],
            b"choose a whole number from 1 to 100",
        ),
        (["encode", "one.png", "-q", "99", "--model", "tiny"], b"exclude each other"),
        (["encode", "one.png", "--coder", "morse", "--model", "tiny"], b"'morse'"),
        (["encode", "one.png", "--background", "mauvish"], b"--background mauvish"),
        (["encode", "one.png", "one.jpg", "-o", "-", "--model", "tiny"], b"standard output"),
        (["encode", "", "--model", "tiny"], b"an empty path"),
        (["encode", "one.png", "-o", "", "--model", "tiny"], b"an empty path"),
        (["encode", "one.png", "--shard", "3/3", "--model", "tiny"], b"--shard 3/3"),
        (["encode", "empty", "--model", "tiny"], b"empty: nothing to do"),
        (["encode", "one.png", "-o", "one.png", "--model", "tiny"], b"replace the input"),
        (["decode", "one.bitc", "-o", "one.gif"], b"one.gif: decodes to png"),
        (["decode", "one.bitc", "-o", "one.jpg", "-f", "png"], b"contradict"),
        (["decode", "one.bitc", "-f", "bmp"], b"--format bmp"),
        (["decode", "missing.bitc"], b"missing.bitc: there is no such file"),
        (["frobnicate"], b"No such command"),
    ],
)
def test_mistakes_are_one_sentence_and_exit_code_2(
    run: Run, photo: Image.Image, tmp_path: Path, arguments: list[str], words: bytes
) -> None:
    photo.save(tmp_path / "one.png")
    photo.save(tmp_path / "one.jpg")
    (tmp_path / "empty").mkdir()
    before = tree(tmp_path)
    done = run(*arguments)
    assert words in done.stderr, done.stderr.decode()
    assert done.stderr.count(b"\n") == 1 and done.stdout == b""
    assert done.returncode == 2
    assert tree(tmp_path) == before


def test_a_file_of_an_unknown_model_is_named(run: Run, tiny: Codec, tmp_path: Path) -> None:
    from bitcodec.container import Header, write

    header = Header("elsewhere", b"abcd", 8, 8, 1, 1)
    (tmp_path / "foreign.bitc").write_bytes(write(header, b"x"))
    done = run("decode", "foreign.bitc")
    assert done.returncode == 1 and b"model 'elsewhere', which is not installed" in done.stderr


def test_metadata_goes_there_and_back_if_asked(run: Run, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Maker", 6
    Image.new("RGB", (16, 8)).save(tmp_path / "photo.jpg", exif=exif, xmp=b"<x:xmpmeta/>")
    jpeg = (tmp_path / "photo.jpg").read_bytes()
    kept = run("encode", "-", "--model", "tiny", "--keep-metadata", stdin=jpeg).stdout
    (tmp_path / "photo.bitc").write_bytes(kept)
    assert b"exif" in run("info", "photo.bitc").stdout
    for kind in ("jpg", "png", "webp"):
        run("decode", "photo.bitc", "-o", f"back.{kind}")
        with Image.open(tmp_path / f"back.{kind}") as back:
            assert dict(back.getexif()) == {0x010F: "Maker"}
            assert back.info["xmp"] == b"<x:xmpmeta/>" and back.size == (8, 16)
    assert b"Maker" not in run("encode", "-", "--model", "tiny", stdin=jpeg).stdout
