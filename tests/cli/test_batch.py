"""Batches: hostile files among good ones, kills and continuing, parts for several machines."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from bitcodec.cli.plan import plan, share
from bitcodec.codec import Codec
from bitcodec.installed_models import SEARCH_PATH
from tests.cli.conftest import Run
from tests.conftest import REPOSITORY
from tests.tiny import textured

HARD = REPOSITORY / "tests" / "data" / "hard_files"
REFUSED = (
    "avif-one-byte-flipped.avif",
    "dds-unknown-pixel-format.dds",
    "grey16-with-trns-key.png",
    "rgb16-planar.tif",
)


def outputs(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def collection(folder: Path, good: int, bad: int) -> Path:
    """``good`` pictures and ``bad`` hostile files, mixed, in three subfolders."""
    picture = textured(24, 24)
    for number in range(good + bad):
        place = folder / f"part{number % 3}"
        place.mkdir(parents=True, exist_ok=True)
        if number < bad:
            source = HARD / REFUSED[number % len(REFUSED)]
            shutil.copy(source, place / f"{number:04d}{source.suffix}")
        else:
            picture.rotate(number % 360).save(place / f"{number:04d}.png")
    return folder


@pytest.mark.parametrize("jobs", [1, 2])
def test_hostile_files_among_good_ones(run: Run, tmp_path: Path, jobs: int) -> None:
    collection(tmp_path / "in", 40, 8)
    done = run("encode", "in", "-o", "out", "--model", "tiny", "-j", jobs)
    lines = done.stderr.decode().splitlines()
    assert done.returncode == 1 and len(lines) == 9
    assert lines[-1] == "40 of 48 encoded, 8 failed"
    assert all("in/part" in line for line in lines[:-1])
    assert len(outputs(tmp_path / "out")) == 40


def test_killed_at_random_moments_and_continued(run: Run, tmp_path: Path, tiny: Codec) -> None:
    collection(tmp_path / "in", 150, 6)
    arguments = ("encode", "in", "-o", "out", "--model", "tiny", "-j", "2", "--manifest", "m.jsonl")
    environment = os.environ | {
        SEARCH_PATH: str(tiny.folder.path.parent), "PYTHONPATH": str(REPOSITORY)
    }  # fmt: skip
    random.seed(1)
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGHUP, signal.SIGINT):
        process = subprocess.Popen(
            [sys.executable, "-m", "bitcodec", *arguments, "--skip-existing"],
            cwd=tmp_path,
            env=environment,
            stderr=subprocess.PIPE,
        )
        before = len(list((tmp_path / "out").rglob("*.bitc")))
        deadline = time.monotonic() + 60
        while len(list((tmp_path / "out").rglob("*.bitc"))) < before + random.randint(1, 9):
            assert time.monotonic() < deadline
            if process.poll() is not None:  # a busy machine may look too late
                break
            time.sleep(0.005)
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
        assert b"Traceback" not in said
        if process.returncode == 1:  # everything was done before the signal came
            assert b"6 failed" in said and len(outputs(tmp_path / "out")) == 150
        elif number != signal.SIGKILL:
            assert process.returncode == 128 + number
            assert b"interrupted: " in said and b"--skip-existing" in said
            # Here also what the run left that was killed without warning.
            assert number == signal.SIGINT or list((tmp_path / "out").rglob(".*")) == []
    done = run(*arguments, "--skip-existing")
    assert done.returncode == 1 and b"6 failed" in done.stderr
    found = outputs(tmp_path / "out")
    assert len(found) == 150 and all(name.endswith(".bitc") for name in found)
    for data in found.values():
        tiny.decode(data)


def test_the_manifest_goes_on(run: Run, tmp_path: Path) -> None:
    collection(tmp_path / "in", 3, 1)
    arguments = ("encode", "in", "-o", "out", "--model", "tiny", "--manifest", "m.jsonl")
    assert run(*arguments).returncode == 1
    lines = [json.loads(line) for line in (tmp_path / "m.jsonl").read_text().splitlines()]
    assert len(lines) == 4
    for line in lines:
        assert set(line) == {"input", "output", "bytes", "bpp", "seconds", "error"}
        if line["error"] is None:
            size = (tmp_path / line["output"]).stat().st_size
            assert line["bytes"] == size and line["bpp"] == pytest.approx(8 * size / 576, abs=1e-5)
        else:
            assert "cannot be read" in line["error"]
    # A torn last line, as of a kill; and an output that is gone is made again.
    with (tmp_path / "m.jsonl").open("a") as stream:
        stream.write('{"input": "in/pa')
    gone = tmp_path / lines[-1]["output"]
    gone.unlink()
    done = run(*arguments)
    assert b"1 of 4 encoded, 2 were there already, 1 failed" in done.stderr and gone.exists()
    (tmp_path / "notes.txt").write_text("precious\n")
    refused = run("encode", "in", "-o", "o2", "--model", "tiny", "--manifest", "notes.txt")
    assert refused.returncode == 2 and (tmp_path / "notes.txt").read_text() == "precious\n"


def test_shards_do_every_picture_once(tmp_path: Path) -> None:
    collection(tmp_path / "in", 60, 0)
    tasks = plan([tmp_path / "in"], str(tmp_path / "out"), ".bitc", lambda p: p.suffix == ".png")
    parts = [share(tasks, f"{number}/3") for number in range(3)]
    assert sorted(t.name for part in parts for t in part) == sorted(t.name for t in tasks)
    assert all(len(part) > 8 for part in parts)
    # Where the folder lies plays no part.
    (tmp_path / "in").rename(tmp_path / "elsewhere")
    moved = plan([tmp_path / "elsewhere"], None, ".bitc", lambda p: p.suffix == ".png")
    again = share(moved, "1/3")
    assert [t.relative for t in again] == [t.relative for t in parts[1]]


def test_names_that_mean_one_output_are_refused_alone(
    run: Run, tmp_path: Path, photo: Image.Image
) -> None:
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    for name in ("a.png", "a.jpg", "b.png", "deep/c.png"):
        photo.crop((0, 0, 16, 16)).save(folder / name)
    done = run("encode", "in", "-o", "out", "--model", "tiny")
    assert done.returncode == 2 and done.stderr.count(b"both become") == 2
    assert b"2 of 4 encoded, 2 failed" in done.stderr
    assert sorted(outputs(tmp_path / "out")) == ["b.bitc", "deep/c.bitc"]
    done = run("encode", "in/b.png", "in/deep/../b.png", "--model", "tiny")
    assert done.returncode == 2 and done.stderr.count(b"both become") == 2


def test_paths_that_cannot_be_read(run: Run, tmp_path: Path, photo: Image.Image) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    photo.crop((0, 0, 16, 16)).save(folder / "good.png")
    (folder / "loop.png").symlink_to("loop.png")
    long = folder / ("n" * 251 + ".png")
    shutil.copy(folder / "good.png", long)
    done = run("encode", "in", "--model", "tiny")
    said = done.stderr.decode()
    assert done.returncode == 2 and "1 of 3 encoded, 2 failed" in said
    assert "loop.png: cannot be read (Too many levels of symbolic links)" in said
    assert "cannot be written (File name too long)" in said
    assert run("encode", "in/loop.png", "--model", "tiny").returncode == 2


def test_poor_terminals(tiny: Codec, tmp_path: Path, photo: Image.Image) -> None:
    (tmp_path / "photo.bitc").write_bytes(tiny.encode(photo))
    environment = os.environ | {
        SEARCH_PATH: str(tiny.folder.path.parent),
        "PYTHONPATH": str(REPOSITORY),
        "COLUMNS": "40",
    }
    for encoding in ("ascii", "cp1252"):
        done = subprocess.run(
            [sys.executable, "-m", "bitcodec", "info", "photo.bitc"],
            cwd=tmp_path,
            env=environment | {"PYTHONIOENCODING": encoding},
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr
        text = done.stdout.decode(encoding)
        assert "#" in text and "?" not in text
        assert all(len(line) <= 40 for line in text.splitlines())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_standard_output_that_fails(tiny: Codec, tmp_path: Path, photo: Image.Image) -> None:
    (tmp_path / "photo.bitc").write_bytes(tiny.encode(photo))
    environment = os.environ | {
        SEARCH_PATH: str(tiny.folder.path.parent), "PYTHONPATH": str(REPOSITORY)
    }  # fmt: skip
    command = [sys.executable, "-m", "bitcodec", "info", "photo.bitc"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command, stdout=full, cwd=tmp_path, env=environment, stderr=subprocess.PIPE
        )
    assert done.returncode == 1
    assert done.stderr == b"standard output cannot be written (No space left on device)\n"
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as broken:
        done = subprocess.run(
            command, stdout=broken, cwd=tmp_path, env=environment, stderr=subprocess.PIPE
        )
    assert done.returncode == 141 and done.stderr == b""
