"""The command: what it writes and says, what it refuses, what it survives."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import vl_convert
from PIL import Image

from tests.comparison.conftest import Compare
from tests.comparison.synthetic import cut, make_run
from tests.conftest import REPOSITORY


def test_as_users_start_it(tmp_path: Path) -> None:
    make_run(tmp_path / "s" / "0", 0)
    make_run(tmp_path / "s" / "1", 15)
    done = subprocess.run(
        [sys.executable, "-m", "bitcodec", "compare", "s"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and done.stdout == ""
    assert done.stderr.splitlines() == [
        "penalty.png is left out: all finished runs have penalty.weight=0.01",
        "Least noise whose gap is below 0.5 dB: none (the smallest gap: noise std 15, "
        "penalty weight 0.01; gap dB 3.50, one seed)",
        "Best binarized PSNR: 25.00 dB (noise std 15, penalty weight 0.01; "
        "binarized dB 25.00, one seed)",
        "Smallest file within 0.5 dB of it: 17.00 bpp (noise std 15, penalty weight 0.01; "
        "file bpp 17.00, one seed; binarized dB 25.00, one seed)",
        "comparison/index.html: 2 runs: 2 finished",
    ]
    assert (tmp_path / "comparison" / "index.html").is_file()


def test_failed_half_written_and_foreign_runs_at_once(compare: Compare, tmp_path: Path) -> None:
    sweep = tmp_path / "s"
    for number, noise in enumerate((0, 5, 15)):
        make_run(sweep / str(number), noise)
    make_run(
        sweep / "3", -1, state="failed", error="noise std must be zero or more", photographs=()
    )
    cut(make_run(sweep / "4", 5, seed=1) / "run.json")
    for name, share in (("panel_binary.png", 0.5), ("panel_sigmoid.png", 0.0)):
        cut(make_run(sweep / f"5{name[6]}", 15, seed=ord(name[6])) / "panels/image_0" / name, share)
    (sweep / "6" / ".hydra").mkdir(parents=True)
    make_run(tmp_path / "t" / "0", 5, seed=2, penalty={"kind": "entropy", "weight": 0.01})
    compared = compare("s", "t")
    assert compared.code == 0
    kept = "it is in the table, its figures are not drawn"
    assert compared.sentence("s/3:") == f"s/3: failed (noise std must be zero or more); {kept}"
    assert compared.sentence("s/4:") == f"s/4: unreadable (run.json is not readable JSON); {kept}"
    grey = "of image_0 cannot be read; the page lacks it"
    assert compared.sentence("s/5b:") == f"s/5b: panel_binary.png {grey}"
    assert compared.sentence("s/5s:") == f"s/5s: panel_sigmoid.png {grey}"
    assert "run.json is missing" in compared.sentence("s/6: unreadable")
    assert "config.yaml is missing" in compared.sentence("s/6: config.yaml")
    assert "differs from A: penalty.kind entropy instead of" in compared.sentence("Group B, t/0,")
    assert compared.sentences[-1] == ("out/index.html: 9 runs: 6 finished, 2 unreadable, 1 failed")
    assert len(compared.data["rows"]) == 9
    assert compared.data["notes"] == compared.sentences[:-4], "the page says the same"
    assert compared.data["photographs"]["frames"].keys() == {"s/0", "s/1", "s/2", "t/0"}


def test_an_earlier_comparison_is_replaced_whole(compare: Compare, tmp_path: Path) -> None:
    for number, weight in enumerate((0, 0.1)):
        make_run(tmp_path / "weights" / str(number), 15, weight)
        make_run(tmp_path / "noises" / str(number), 15 * number)
    folder = compare("weights").folder
    assert (folder / "penalty.png").exists() and not (folder / "gap.png").exists()
    assert compare("noises").code == 0
    assert (folder / "gap.png").exists() and not (folder / "penalty.png").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["noises", "out", "weights"]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("foreign", ["notes.txt", "index.html", "runs.csv"])
def test_a_foreign_folder_is_refused_and_untouched(
    compare: Compare, tmp_path: Path, foreign: str
) -> None:
    make_run(tmp_path / "s" / "0")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / foreign).write_text("<html>mine</html>")
    before = contents(tmp_path)
    compared = compare("s")
    assert compared.code == 2 and len(compared.sentences) == 1
    assert compared.error.startswith("out: holds") and "with -o" in compared.error
    assert contents(tmp_path) == before


def test_a_comparison_with_something_added_is_refused(compare: Compare, tmp_path: Path) -> None:
    make_run(tmp_path / "s" / "0")
    (compare("s").folder / "thoughts.md").write_text("mine")
    compared = compare("s")
    assert compared.code == 2 and "holds thoughts.md, which is no part" in compared.error
    assert (compared.folder / "thoughts.md").read_text() == "mine"


def test_the_runs_themselves_are_never_the_output(compare: Compare, tmp_path: Path) -> None:
    make_run(tmp_path / "s" / "0")
    before = contents(tmp_path)
    for output in ("s", "s/0", "."):
        assert compare("s", output=output).code == 2
    assert contents(tmp_path) == before


def test_an_empty_folder_is_fine_as_output(compare: Compare, tmp_path: Path) -> None:
    make_run(tmp_path / "s" / "0")
    (tmp_path / "out").mkdir()
    assert compare("s").code == 0 and (tmp_path / "out" / "runs.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "output", "sentence"),
    [
        (["nothing"], "out", "nothing: holds no run: name a folder that train.py has written"),
        (["typo"], "out", "typo: there is no such folder of runs"),
        (["s", "typo"], "out", "typo: there is no such folder of runs"),
        (["file"], "out", "file: there is no such folder of runs"),
        (["s"], "file", "file: this is a file: name a folder with -o"),
        (["s"], "file/below", "file/below: cannot be written"),
        (["s"], "x" * 300, "x" * 300 + ": cannot be read (File name too long)"),
        (["x" * 300], "out", "x" * 300 + ": there is no such folder of runs"),
        ([], "out", "Missing argument 'FOLDER...'"),
    ],
)
def test_a_wrong_path_gets_one_sentence(
    compare: Compare, tmp_path: Path, arguments: list[str], output: str, sentence: str
) -> None:
    make_run(tmp_path / "s" / "0")
    (tmp_path / "nothing").mkdir()
    (tmp_path / "file").write_text("something")
    compared = compare(*arguments, output=output)
    assert compared.code == 2 and len(compared.sentences) == 1
    assert compared.error.startswith(sentence)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "nothing", "s"]


def test_a_folder_without_runs_is_told_beside_one_with_runs(
    compare: Compare, tmp_path: Path
) -> None:
    make_run(tmp_path / "s" / "0")
    (tmp_path / "nothing").mkdir()
    compared = compare("s", "nothing")
    assert compared.code == 0 and compared.sentence("nothing:") == "nothing: holds no run"


def test_quiet_says_nothing(compare: Compare, tmp_path: Path) -> None:
    make_run(tmp_path / "s" / "0")
    compared = compare("s", "--quiet")
    assert compared.code == 0 and compared.error == "" and compared.rows


def test_runs_of_which_none_has_finished(compare: Compare, tmp_path: Path) -> None:
    make_run(tmp_path / "s" / "0", state="running", photographs=())
    make_run(tmp_path / "s" / "1", 5, state="failed", error="no", photographs=())
    compared = compare("s")
    assert compared.code == 0 and {row["state"] for row in compared.rows.values()} == {
        "running",
        "failed",
    }
    assert compared.data["photographs"]["frames"] == {} and compared.data["decisions"] == []
    assert compared.sentence("No run has finished")
    assert {path.name for path in compared.folder.iterdir()} == {"runs.csv", "index.html"}


def test_hostile_names_stay_text(compare: Compare, tmp_path: Path) -> None:
    """In file names, overrides, settings, errors and metrics."""
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(1)> $x^{$ &amp; {{data}}"
    name = evil.replace("/", "\u2215") + "\x1b[31m\udcff"
    for seed in (0, 1):
        make_run(
            tmp_path / "s" / f"{seed}{name}",
            seed=seed,
            overrides=[f"+{evil}={evil}"],
            final={"psnr_binary": 20.0 + seed, "bpp": 2.0 + seed, evil: 1.0},
            binarizer=f"{evil}{seed}"[-30:],
            **{evil: {evil: evil}},
        )
    make_run(tmp_path / "s" / "2", seed=2, state="failed", error=evil)
    compared = compare("s")
    assert compared.code == 0 and "\x1b" not in compared.error
    page = (compared.folder / "index.html").read_text()
    bundle = vl_convert.javascript_bundle()
    page = page.replace(bundle, "")
    assert page.count("<script") == page.count("</script>") == 3
    assert "<img src=x" not in page and "alert(1)</script>" not in page
    assert any(evil in note for note in compared.data["notes"]), "but shown as it is"
    assert compared.rows["2"]["error"] == evil


def test_the_page_names_nothing_outside_itself(compare: Compare, tmp_path: Path) -> None:
    for number in (0, 15):
        make_run(tmp_path / "s" / str(number), number)
    page = (compare("s").folder / "index.html").read_text()
    page = page.replace(vl_convert.javascript_bundle(), "")
    # Names of formats, which nothing fetches.
    names = set(re.findall(r"\w+://[^\s\"'<>]+", page)) - {"http://www.w3.org/2000/svg"}
    assert all(
        re.fullmatch(r"https://vega.github.io/schema/vega-lite/v[\d.]+json", n) for n in names
    )
    assert not re.search(r"@import|url\(|<link(?![^>]*href=\"data:)|\ssrc=\"(?!data:)", page)
    assert "default-src 'none'" in page and "unsafe" not in page
    assert str(tmp_path) not in page


def test_pictures_that_are_equal_are_in_the_page_once(compare: Compare, tmp_path: Path) -> None:
    for number, noise in enumerate((0, 5, 15)):
        make_run(tmp_path / "s" / str(number), noise, photographs=(0, 3))
    found = compare("s").data["photographs"]
    assert found["photographs"] == ["image_0", "image_3"]
    # Two inputs, and three pictures of two photographs for every run; a bitmap is black or white.
    assert len(found["images"]) == len(set(found["images"]))
    inputs = {frames["image_3"][0]["input"] for frames in found["frames"].values()}
    assert len(inputs) == 1 and found["frames"].keys() == {"0", "1", "2"}
    others = {frames["image_3"][0]["binary"] for frames in found["frames"].values()}
    assert len(others) == 3


def test_a_page_stays_below_five_megabytes_and_says_what_it_lacks(
    compare: Compare, tmp_path: Path
) -> None:
    noise = np.random.default_rng(0)
    for number in range(12):
        folder = make_run(tmp_path / "s" / str(number), number, photographs=(0, 1))
        for name in ("input", "sigmoid", "binary"):
            pixels = noise.integers(0, 256, (192, 256, 3), np.uint8)
            for photograph in (0, 1):
                path = folder / "panels" / f"image_{photograph}" / f"panel_{name}.png"
                Image.fromarray(pixels).save(path)
    compared = compare("s")
    assert (compared.folder / "index.html").stat().st_size < 5_000_000
    assert compared.sentence("index.html holds the pictures as WebP of quality")
    assert len(compared.data["photographs"]["frames"]) == 12
