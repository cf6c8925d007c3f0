"""``info``, ``models``, ``bench`` and the help."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from PIL import Image

from bitcodec import bitmap
from bitcodec.cli.info import bar_chart
from bitcodec.codec import Codec
from bitcodec.container import Header, write
from tests.cli.conftest import Run


def test_info(run: Run, tiny: Codec, photo: Image.Image, tmp_path: Path) -> None:
    data = tiny.encode(photo)
    (tmp_path / "photo.bitc").write_bytes(data)
    facts = json.loads(run("info", "photo.bitc", "--json").stdout)
    header, bits = tiny.unpack(data)
    assert (facts["width"], facts["height"]) == photo.size
    assert facts["bytes"] == len(data) == facts["payload_bytes"] + facts["overhead_bytes"]
    assert facts["bpp"] == 8 * len(data) / (203 * 117)
    assert facts["model"] == "tiny" and facts["fingerprint"] == header.fingerprint.hex()
    assert facts["ones"] == bitmap.ones(bits)
    assert facts["ones_per_channel"] == pytest.approx(bits.mean(axis=(1, 2)).tolist(), abs=1e-6)
    text = run("info", "photo.bitc").stdout.decode()
    assert "203 x 117 pixels" in text and f"{len(data):,} bytes" in text and "tiny" in text
    assert bar_chart(facts["ones_per_channel"], max(facts["ones_per_channel"])) in text
    assert json.loads(run("info", "-", "--json", stdin=data).stdout) | {
        "file": "photo.bitc",
        "unpack_ms": 0,
    } == facts | {"unpack_ms": 0}


def test_info_without_the_model_shows_the_header(run: Run, tmp_path: Path) -> None:
    data = write(Header("elsewhere", b"abcd", 8, 8, 1, 1), b"x")
    (tmp_path / "foreign.bitc").write_bytes(data)
    done = run("info", "foreign.bitc", "--json")
    assert done.returncode == 0
    assert "not installed" in json.loads(done.stdout)["problem"]
    assert b"elsewhere" in run("info", "foreign.bitc").stdout


def test_info_of_a_damaged_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.bitc").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    done = run("info", "bad.bitc")
    assert done.returncode == 1 and b"bad.bitc: this is not a .bitc file" in done.stderr


def test_bars_are_empty_only_for_none() -> None:
    assert bar_chart([0, 0.001, 0.5, 1.0], 1.0) == " ▁▄█"
    assert bar_chart([0, 0], 0) == "  "


def test_models(run: Run, tiny: Codec) -> None:
    listed = json.loads(run("models", "--json").stdout)
    [entry] = [m for m in listed if m["name"] == "tiny"]
    assert entry["quality"] == 99 and entry["channels"] == tiny.facts.channels
    assert entry["tunes"] == ["psnr"]
    assert entry["coders"] == tiny.folder.coders and entry["bytes"] > 1000
    assert sum(m["default"] for m in listed) == 1
    assert b"tiny" in run("models").stdout


def test_bench_prints_one_table(run: Run, photo: Image.Image, tmp_path: Path) -> None:
    photo.save(tmp_path / "photo.png")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    done = run("bench", "photo.png", "broken.png", "--model", "tiny", "--repeat", 1)
    assert done.returncode == 1 and b"broken.png: " in done.stderr
    assert b"1 of 2 pictures are left out" in done.stderr
    lines = done.stdout.decode().splitlines()
    for threads in ("1", "all"):
        for codec, figures in (("bitcodec tiny", 8), ("JPEG", 4), ("WebP", 4)):
            [row] = [ln for ln in lines if re.match(rf" *{codec} +{threads} ", ln)]
            numbers = re.findall(r"[\d.,]+", row.split(codec)[1])
            assert len(numbers) == figures + 2 + (threads == "1"), row


COMMANDS = ("encode", "decode", "info", "models", "bench", "export", "compare", "eval")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches_by_example(run: Run, command: str) -> None:
    text = run(command, "--help").stdout.decode()
    examples = text.split("Examples")[1]
    assert f"bitcodec {command}" in examples
