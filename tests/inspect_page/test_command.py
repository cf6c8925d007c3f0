"""``bitcodec inspect``: what it writes, and what it refuses."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bitcodec.cli import extras, main
from bitcodec.inspect_page import report
from bitcodec.loading import load
from bitcodec.pixels import psnr
from tests.conftest import tiny_run
from tests.tiny import textured

MODEL = str(Path(__file__).parents[1] / "data" / "tiny_model")

Inspect = Callable[..., tuple[int, str]]


@pytest.fixture
def inspect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Inspect:
    """``inspect(ARGUMENTS...)`` in an empty folder with a photograph; exit code and stderr."""
    monkeypatch.chdir(tmp_path)
    textured(50, 41).save("photo <b>.png")

    def call(*arguments: str) -> tuple[int, str]:
        model = () if "--model" in arguments else ("--model", MODEL)
        monkeypatch.setattr(sys, "argv", ["bitcodec", "inspect", *arguments, *model])
        with pytest.raises(SystemExit) as stop:
            main()
        return int(stop.value.code or 0), capsys.readouterr().err

    return call


def content(page: str) -> dict[str, Any]:
    """What a page shows."""
    return json.loads(page.split('id="data">')[1].split("</script>")[0])


def test_the_page_says_what_the_file_would_be(inspect: Inspect) -> None:
    code, said = inspect("photo <b>.png")
    assert code == 0 and said.startswith("photo <b>.html: photo <b>.png as bits, ")
    page = Path("photo <b>.html").read_text("utf-8")
    assert "photo <b>" not in page and content(page)["title"] == "photo <b>.png"
    assert "http" not in page.replace("http-equiv", ""), "nothing is fetched"
    picture = Image.open("photo <b>.png")
    codec = load(MODEL)
    data = codec.encode(picture)
    [quality] = content(page)["qualities"]
    ours, *others = quality["figures"]
    assert ours["bytes"] == f"{len(data):,}"
    distance = psnr(np.asarray(picture), np.asarray(codec.decode(data)))
    assert ours["psnr"] == f"{distance:.2f}" and ours["ms_ssim"] == ""
    assert [row["name"] for row in others] == ["JPEG", "WebP", "AVIF"]
    assert len(quality["channels"]) == 16 and quality["tile"] == [7, 6]


def test_a_file_is_shown_without_an_original(inspect: Inspect) -> None:
    picture = textured(50, 41)
    Path("a.bitc").write_bytes(load(MODEL).encode(picture))
    assert inspect("a.bitc", "-o", "out.html", "--quiet") == (0, "")
    data = content(Path("out.html").read_text("utf-8"))
    assert data["original"] is None and len(data["notes"]) == 1
    [quality] = data["qualities"]
    [ours] = quality["figures"]
    assert ours["bytes"] == f"{Path('a.bitc').stat().st_size:,}" and ours["psnr"] == ""


def test_nothing_is_replaced_unless_asked(inspect: Inspect) -> None:
    Path("out.html").write_text("mine")
    code, said = inspect("photo <b>.png", "-o", "out.html")
    assert code == 2 and said.startswith("out.html: exists already") and "--overwrite" in said
    assert Path("out.html").read_text() == "mine"
    assert inspect("photo <b>.png", "-o", "out.html", "--overwrite")[0] == 0


@pytest.mark.parametrize(
    ("name", "data"), [("none.png", None), ("text.jpg", b"text"), ("cut.bitc", b"\x89BITC\r\n")]
)
def test_one_sentence_for_what_is_no_picture(
    inspect: Inspect, name: str, data: bytes | None
) -> None:
    if data is not None:
        Path(name).write_bytes(data)
    code, said = inspect(name)
    assert code != 0 and said.startswith(f"{name}: ") and said.count("\n") == 1
    assert not Path(name).with_suffix(".html").exists()


def test_a_training_run_is_a_model_too(
    inspect: Inspect, train: Callable, photo_folder: Path
) -> None:
    torch = pytest.importorskip("torch", reason="a run needs bitcodec[train]")
    from bitcodec.training.modules import load_module

    assert train(*tiny_run(photo_folder, Path("mine"))).code == 0
    left = {path.name for path in Path("mine").iterdir()}
    assert inspect("photo <b>.png", "-o", "run.html", "--quiet", "--model", "mine") == (0, "")
    data = content(Path("run.html").read_text("utf-8"))
    [note] = data["notes"]
    assert "last.ckpt of the training run mine after 8 steps" in note and "1 photograph" in note
    [quality] = data["qualities"]
    # The page shows what the checkpoint computes, not what any model that was here would.
    module = load_module(Path("mine/checkpoints/last.ckpt"))
    pixels = np.asarray(Image.open("photo <b>.png")).transpose(2, 0, 1).copy()
    with torch.inference_mode():
        ones = (module.encoder(torch.from_numpy(pixels)[None] / 255) > 0).float().mean((0, 2, 3))
    shown = [float(texts[0].rstrip("%")) / 100 for texts in quality["channels"]]
    assert np.abs(np.array(shown) - ones.numpy()).max() < 2e-3
    assert {path.name for path in Path("mine").iterdir()} == left, "the run is left as it was"
    Path("a.bitc").write_bytes(b"")
    code, said = inspect("a.bitc", "--model", "mine")
    assert code == 2 and said.startswith("a.bitc: a file is read by the model that wrote it")
    Path("mine/checkpoints/last.ckpt").write_bytes(b"damaged")
    code, said = inspect("photo <b>.png", "-o", "new.html", "--model", "mine")
    assert code == 1 and said.startswith("mine/checkpoints/last.ckpt: not a checkpoint")


def test_a_run_without_torch_is_one_sentence(
    inspect: Inspect, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("mine/checkpoints").mkdir(parents=True)
    Path("mine/checkpoints/last.ckpt").touch()
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    code, said = inspect("photo <b>.png", "--model", "./mine")
    assert code == 2 and said == (
        "bitcodec inspect --model RUN needs the package torch: pip install 'bitcodec[train]'\n"
    )


def test_a_folder_that_is_neither_model_nor_run(inspect: Inspect) -> None:
    Path("mine").mkdir()
    code, said = inspect("photo <b>.png", "--model", "mine")
    assert code == 2 and said.startswith("mine: neither a model's folder") and "run's" in said
    assert said.count("\n") == 1 and not Path("photo <b>.html").exists()


def test_a_large_photograph_is_shrunk_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "MOST_BITS", 16 * 100)
    data = content(report.of_photograph(textured(160, 120), "big.png", MODEL))
    width, height = data["size"]
    assert 5000 < width * height <= 6400 and abs(width / height - 4 / 3) < 0.03
    assert data["notes"] == [
        f"The photograph has 160 x 120 pixels; this page shows it at {width} x {height}, and all "
        "figures are of the smaller one"
    ]
