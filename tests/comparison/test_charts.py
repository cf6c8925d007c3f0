"""What is plotted, against figures worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bitcodec.comparison.runs import BINARY, SIGMOID, TRAINING, find_runs, read_curves, read_runs
from tests.comparison.conftest import Compare
from tests.comparison.synthetic import cut, make_run, metrics


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """Noise 0 and 15 with two seeds each, and two runs that must not count."""
    finals = {
        ("0", 0.0, 0): metrics(31.0, 13.0, 1.0, 0.001),
        ("1", 0.0, 1): metrics(32.0, 16.0, 2.0, 0.003),
        ("2", 15.0, 0): metrics(27.0, 26.5, 8.0, 0.02),
        ("3", 15.0, 1): metrics(26.0, 25.9, 9.0, 0.04),
    }
    for (name, noise, seed), final in finals.items():
        make_run(tmp_path / "s" / name, noise, seed=seed, final=final)
    foreign = metrics(90.0, 10.0, 50.0, 0.5)
    make_run(tmp_path / "s" / "4", 15.0, seed=2, final=foreign, binarizer="ste")
    make_run(tmp_path / "s" / "5", 15.0, seed=3, state="failed", error="no")
    return tmp_path / "s"


def test_seeds_are_averaged_with_their_range_and_groups_never(
    compare: Compare, sweep: Path
) -> None:
    """As Vega averages them: (31 - 13 + 32 - 16) / 2 = 17 and (0.5 + 0.1) / 2 = 0.3."""
    compared = compare(sweep)
    found = {
        (each["noise std"], each["penalty weight"]): [
            float(each[name]) for name in ("binarization gap, dB", "lowest", "highest")
        ]
        for each in compared.seen("gap")
    }
    assert found == {
        ("0", "A 0.01"): pytest.approx([17, 16, 18]),
        ("15", "A 0.01"): pytest.approx([0.3, 0.1, 0.5]),
        ("15", "B 0.01"): pytest.approx([80, 80, 80]),
    }
    readings = {
        (each["reading"], each["noise std"], each["penalty weight"]): float(each["PSNR, dB"])
        for each in compared.seen("psnr")
    }
    assert readings["binarized", "0", "A 0.01"] == 14.5
    assert readings["sigmoid", "15", "A 0.01"] == 26.5
    assert readings["binarized", "15", "B 0.01"] == 10 and len(readings) == 6
    assert len({each["fill"] for each in compared.seen("gap")}) == 2, "colour is the noise"


def test_what_is_decided_has_the_spread_of_its_seeds(compare: Compare, sweep: Path) -> None:
    decided = compare(sweep).data["decisions"]
    # The mean gap of the two seeds is 0.3 dB; the other group's 80 dB must not pull it up.
    a = "A: binarizer noise, noise std 15, penalty weight 0.01"
    assert [(each["question"], each["answer"]) for each in decided] == [
        ("Least noise whose gap is below 0.5 dB", "noise std 15"),
        ("Best binarized PSNR", "26.20 dB"),
        ("Smallest file within 0.5 dB of it", "8.50 bpp"),
    ]
    assert decided[0]["detail"] == f"{a}; gap dB 0.30, 0.10 to 0.50 over 2 seeds"
    assert decided[0]["runs"] == ["2", "3"]


def test_a_smaller_file_wins_within_half_a_decibel(compare: Compare, tmp_path: Path) -> None:
    for number, (psnr, bpp) in enumerate([(26.0, 9.0), (25.6, 4.0), (25.4, 1.0)]):
        final = metrics(30.0, psnr, bpp, 0.1)
        make_run(tmp_path / "s" / str(number), number, final=final)
    compared = compare("s")
    least, best, small = compared.data["decisions"]
    assert least["answer"] == "none" and "the smallest gap" in least["detail"]
    assert best["runs"] == ["0"] and small["runs"] == ["1"] and small["answer"] == "4.00 bpp"
    assert compared.sentence("Smallest file within 0.5 dB of it: 4.00 bpp (noise std 1,")


def test_the_scatter_has_every_finished_run(compare: Compare, sweep: Path) -> None:
    found = compare(sweep).seen("rate_distortion")
    assert [(each["run"], each["files, bpp"], each["binarized, dB"]) for each in found] == [
        ("0", "1.00", "13.00"),
        ("1", "2.00", "16.00"),
        ("2", "8.00", "26.50"),
        ("3", "9.00", "25.90"),
        ("4", "50.00", "10.00"),
    ]
    assert found[0]["fill"] == found[1]["fill"] != found[2]["fill"] == found[4]["fill"]


def test_no_two_settings_look_alike(compare: Compare, tmp_path: Path) -> None:
    for number in range(24):
        make_run(tmp_path / "s" / str(number), number // 6, 0.01 * (number % 6))
    noises, penalties = compare("s").data["legend"].values()
    assert [text for text, _, _ in noises] == ["0", "1", "2", "3"]
    assert len({colour for _, _, colour in noises}) == 4
    assert len({glyph for _, glyph, _ in penalties}) == 6


def test_penalty_plots_appear_when_the_weight_is_swept(compare: Compare, tmp_path: Path) -> None:
    for number, weight in enumerate((0, 0.001, 0.1)):
        final = metrics(26.0, 25.0, 64.0 / 4**number, 0.5 / 5**number)
        make_run(tmp_path / "s" / str(number), 15, weight, final=final)
    compared = compare("s")
    files = {path.name for path in compared.folder.iterdir()}
    assert {"penalty.png", "rate_distortion.png", "learning_curves.png"} <= files
    assert not {"gap.png", "psnr.png"} & files
    for name in ("gap.png", "psnr.png"):
        assert "left out: all finished runs have noise.std=15" in compared.sentence(name)
    rates = [float(each["files, bits per pixel"]) for each in compared.seen("penalty")]
    assert rates == [64, 16, 4]
    assert compared.seen("penalty", 1)[1]["ones in the bitmap"] == "10%"
    for path in compared.folder.glob("*.png"):
        assert len(np.unique(np.asarray(Image.open(path).convert("L")))) > 20, path.name


def test_no_line_leads_from_group_to_group(compare: Compare, tmp_path: Path) -> None:
    for binarizer, first in (("noise", 4.0), ("ste", 5.0)):
        for weight, bpp in ((0, first), (0.1, first - 1)):
            final = metrics(26.0, 25.0, bpp, 0.1)
            run = tmp_path / "s" / f"{binarizer}{weight}"
            make_run(run, 15, weight, final=final, binarizer=binarizer)
    found = compare("s").seen("penalty", kind="line")
    corners = [(each["group"], each["files, bits per pixel"]) for each in found]
    assert corners == [("A", "4"), ("A", "3"), ("B", "5"), ("B", "4")]


def test_learning_curves_are_those_of_each_run(compare: Compare, tmp_path: Path) -> None:
    for seed in (0, 1):
        make_run(tmp_path / "s" / str(seed), seed=seed)
    make_run(tmp_path / "s" / "2", seed=2, state="running", validations=[(3, 18.0, 12.0)])
    (make_run(tmp_path / "s" / "3", seed=3) / "csv" / "metrics.csv").unlink()
    compared = compare("s")
    rows = [row for row in compared.data["curves"] if BINARY in row]
    assert [(row["run"], row["step"], row[BINARY], row["ended"]) for row in rows] == [
        ("0", 4, 15.0, True),
        ("0", 8, 18.0, True),
        ("1", 4, 15.0, True),
        ("1", 8, 18.0, True),
        ("2", 4, 12.0, False),
    ]
    assert compared.sentence("3:", "no learning curve")


def test_short_runs_show_the_error_in_training(compare: Compare, tmp_path: Path) -> None:
    for number in (0, 1):
        folder = make_run(tmp_path / "s" / str(number), number, validations=[(7, 20.0, 10.0)])
        log = folder / "csv" / "metrics.csv"
        log.write_text(log.read_text() + f"0,,3,0.1,{0.25 + number},{',' * 8}\n")
    compared = compare("s")
    assert "error in training" in compared.sentence("learning_curves.png")
    assert "learning_curves" in [chart["key"] for chart in compared.data["charts"]]


@pytest.mark.parametrize("share", [0.9, 0.8, 0.6, 0.3])
def test_the_whole_lines_of_a_cut_log_are_read(tmp_path: Path, share: float) -> None:
    make_run(tmp_path / "0", validations=[(3, 20.25, 15.5), (5, 21.75, 16.5), (7, 25.5, 18.25)])
    [run] = read_runs(find_runs([tmp_path])[0])
    whole = read_curves(run)
    assert whole[SIGMOID] == {4: 20.25, 6: 21.75, 8: 25.5}
    assert whole[BINARY] == {4: 15.5, 6: 16.5, 8: 18.25}
    assert whole[TRAINING] == {n: pytest.approx(10 ** (-v / 10)) for n, v in whole[SIGMOID].items()}
    cut(tmp_path / "0" / "csv" / "metrics.csv", share)
    part = read_curves(run)
    assert len(part[SIGMOID]) < 3
    for column, curve in part.items():
        assert curve.items() <= whole[column].items()


def test_the_validation_after_the_end_is_no_second_one(tmp_path: Path) -> None:
    """Also where the record that knows the number of steps is lost."""
    folder = make_run(tmp_path / "0", validations=[(7, 20.5, 10.5), (8, 20.5, 10.5)])
    for _ in range(2):
        [run] = read_runs(find_runs([tmp_path])[0])
        assert read_curves(run)[BINARY] == {8: 10.5}
        cut(folder / "run.json")


def test_the_validation_after_the_end_counts_where_it_is_the_first_since_a_while(
    tmp_path: Path,
) -> None:
    make_run(tmp_path / "0", validations=[(5, 20.5, 10.5), (8, 21.5, 11.5)])
    [run] = read_runs(find_runs([tmp_path])[0])
    assert read_curves(run)[BINARY] == {6: 10.5, 8: 11.5}


def test_a_log_of_something_else_is_no_curve(tmp_path: Path) -> None:
    make_run(tmp_path / "0")
    [run] = read_runs(find_runs([tmp_path])[0])
    log = tmp_path / "0" / "csv" / "metrics.csv"
    for content in (b"", b"\x00\xff" * 99, b"step,psnr\n1,2\n", b"x" * 200_000):
        log.write_bytes(content)
        assert not any(read_curves(run).values())
