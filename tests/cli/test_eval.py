"""``bitcodec eval`` from images to tables and pictures."""

from __future__ import annotations

import csv
import json
import math
import shutil
import sys
from pathlib import Path

import pytest
from PIL import Image

pytest.importorskip("bjontegaard", reason="bitcodec eval needs bitcodec[eval]")

from bitcodec import cli
from bitcodec.codec import Codec
from tests.tiny import textured


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pictures that are just large enough for MS-SSIM."""
    folder = tmp_path_factory.mktemp("images") / "pictures"
    folder.mkdir()
    for seed, name in enumerate(("first", "second")):
        textured(176, 168, seed).save(folder / f"{name}.png")
    (folder / "notes.txt").write_text("not a picture")
    return folder


def bitcodec(*arguments: str | Path) -> int:
    """Run the command in this process and return its exit code."""
    sys.argv = ["bitcodec", *map(str, arguments)]
    with pytest.raises(SystemExit) as exit_:
        cli.main()
    return int(exit_.value.code or 0)


@pytest.fixture(autouse=True)
def _argv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", sys.argv)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_sweep_writes_rows_means_bd_rates_and_plots(
    images: Path, tmp_path: Path, tiny: Codec, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    code = bitcodec(
        "eval", "--images", images, "-o", out, "--codec", "jpeg,webp", "--model", "tiny", "-j", "1"
    )
    assert code == 0
    rows = read(out / "pictures.csv")
    assert list(rows[0]) == [
        "codec", "setting", "image", "bpp", "psnr", "ms_ssim", "blockiness", "encode_ms",
        "decode_ms", "false_edges", "smooth_places",
    ]  # fmt: skip
    assert len(rows) == 2 * (1 + 6 * 12 + 12)
    own = {row["image"]: row for row in rows if row["codec"] == "bitcodec"}
    for name, row in own.items():
        with Image.open(images / f"{name}.png") as image:
            assert row["setting"] == "tiny"
            assert float(row["bpp"]) == pytest.approx(
                len(tiny.encode(image)) * 8 / (176 * 168), abs=1e-6
            )
    summary = json.loads((out / "pictures.json").read_text())
    assert summary["images"] == ["first", "second"]
    assert summary["versions"]["numpy"] and summary["cores"]
    (point,) = summary["points"]["bitcodec"]
    assert point["bpp"] == pytest.approx(
        sum(float(row["bpp"]) for row in own.values()) / 2, abs=1e-5
    )
    rates = read(out / "bd_rate.csv")
    assert list(rates[0]) == [
        "codec", "anchor", "metric", "bd_rate_percent", "overlap_low", "overlap_high"
    ]  # fmt: skip
    (against,) = (
        row
        for row in rates
        if (row["codec"], row["anchor"], row["metric"]) == ("webp", "jpeg", "psnr")
    )
    assert float(against["overlap_low"]) < float(against["overlap_high"])
    # Nothing published belongs to these pictures.
    assert not any(row["anchor"] == "bmshj2018-factorized" for row in rates)
    for plot in ("rate_psnr", "rate_ms_ssim", "rate_ms_ssim_db", "rate_blockiness"):
        with Image.open(out / f"{plot}.png") as image:
            image.verify()
    printed = capsys.readouterr().out
    assert "against jpeg" in printed and " dB" in printed and "tiny" in printed


def test_more_processes_measure_the_same(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BITCODEC_MODELS", raising=False)
    tables = []
    for jobs in ("1", "2"):
        out = tmp_path / jobs
        arguments = ("--codec", "webp,jxl", "--jobs", jobs, "--quiet")
        assert bitcodec("eval", "--images", images, "-o", out, *arguments) == 0
        rows = read(out / "pictures.csv")
        tables.append([{k: v for k, v in row.items() if not k.endswith("_ms")} for row in rows])
    assert tables[0] == tables[1]


def test_equal_bytes_and_a_sheet_of_details(
    images: Path, tmp_path: Path, tiny: Codec, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--codec", "jpeg,jpeg2000", "--model", "tiny", "--target-bpp", "tiny", "-j", "1")
    crop = ("--crop", "first", "--crop", "second:10,160")
    assert bitcodec("eval", "--images", images, "-o", tmp_path, *arguments, *crop) == 0
    rows = read(tmp_path / "pictures-at-tiny.csv")
    assert len(rows) == 2 * 3
    for name in ("first", "second"):
        bpp = {row["codec"]: float(row["bpp"]) for row in rows if row["image"] == name}
        assert bpp["jpeg2000"] == pytest.approx(bpp["bitcodec"], rel=0.05)
    with Image.open(tmp_path / "pictures-at-tiny.png") as image:
        assert image.width > 4 * 240 and image.height > 2 * 240
    assert "per image" in capsys.readouterr().out


def test_a_target_psnr_is_reached(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BITCODEC_MODELS", raising=False)
    arguments = ("--codec", "jpeg", "--target-psnr", "30", "-j", "1", "--quiet")
    assert bitcodec("eval", "--images", images, "-o", tmp_path, *arguments) == 0
    # A model has one operating point, so that only JPEG can be asked to reach a target.
    every = read(tmp_path / "pictures-at-30dB.csv")
    rows = [row for row in every if row["codec"].startswith("jpeg")]
    assert len(rows) == 2
    assert all(30 <= float(row["psnr"]) < 31 for row in rows)
    assert not any(math.isnan(float(row["ms_ssim"])) for row in rows)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--codec", "jpeg,gif"), "gif"),
        (("--target-bpp", "1", "--target-psnr", "30"), "exclude each other"),
        (("--target-bpp", "0"), "between 0 and 24"),
        (("--crop", "first"), "add --target-bpp"),
        (("--target-bpp", "1", "--crop", "third"), "third"),
        (("--target-bpp", "1", "--crop", "first:a"), "whole pixels"),
        (("--images", "nowhere"), "not a folder"),
    ],
)
def test_wrong_use_is_one_sentence(
    images: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    sentence: str,
) -> None:
    assert bitcodec("eval", "--images", images, "-o", tmp_path / "out", *arguments) == 2
    said = capsys.readouterr().err
    assert sentence in said and "Traceback" not in said
    assert not (tmp_path / "out").exists()


def test_a_missing_package_is_named(
    images: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "bjontegaard", None)
    assert bitcodec("eval", "--images", images, "-o", tmp_path / "out") == 2
    assert "pip install 'bitcodec[eval]'" in capsys.readouterr().err


def test_a_damaged_picture_is_named_and_the_others_measured(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = tmp_path / "pictures", tmp_path / "out"
    folder.mkdir()
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    arguments = ("eval", "--images", folder, "-o", out, "--codec", "webp", "--target-bpp", "1")
    arguments += ("-j", "1", "--quiet")
    assert bitcodec(*arguments) == 1
    assert "broken.png" in capsys.readouterr().err and not list(out.rglob("*.csv"))
    for name in ("first.png", "second.png"):
        shutil.copy(images / name, folder)
    assert bitcodec(*arguments) == 1
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2 and "broken.png: " in said[0] and "1 of 3 pictures are left" in said[1]
    [table] = out.glob("*.csv")
    assert {row["image"] for row in read(table)} == {"first", "second"}
    facts = json.loads(table.with_suffix(".json").read_text())
    assert "broken.png" in facts["unreadable"][0]
