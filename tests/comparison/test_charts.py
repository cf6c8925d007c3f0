"""What is plotted, against figures worked out by hand."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bitcodec.comparison.axes import measured_axis, swept_axis
from bitcodec.comparison.curves import BINARY, SIGMOID, TRAINING, read_curves
from bitcodec.comparison.runs import find_runs, read_runs
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


def test_seeds_are_averaged_with_their_range(compare: Compare, sweep: Path) -> None:
    compared = compare(sweep)
    a, b = "A: binarizer noise", "B: binarizer ste"
    # (31 - 13 + 32 - 16) / 2 = 17 and (0.5 + 0.1) / 2 = 0.3; the other group is alone.
    assert compared.labels("gap") == [
        f"{a}, noise std 0: gap dB 17.00 (16.00 to 18.00 over 2 seeds)",
        f"{a}, noise std 15: gap dB 0.30 (0.10 to 0.50 over 2 seeds)",
        f"{b}, noise std 15: gap dB 80.00",
    ]
    assert compared.labels("psnr") == [
        f"{a}, noise std 0: binarized dB 14.50 (13.00 to 16.00 over 2 seeds)",
        f"{a}, noise std 15: binarized dB 26.20 (25.90 to 26.50 over 2 seeds)",
        f"{a}, noise std 0: sigmoid dB 31.50 (31.00 to 32.00 over 2 seeds)",
        f"{a}, noise std 15: sigmoid dB 26.50 (26.00 to 27.00 over 2 seeds)",
        f"{b}, noise std 15: binarized dB 10.00",
        f"{b}, noise std 15: sigmoid dB 90.00",
    ]
    assert [len(series["points"]) for series in compared.chart("gap")["series"]] == [2, 1]


def test_points_lie_where_their_values_are(compare: Compare, sweep: Path) -> None:
    chart = compare(sweep).chart("gap")
    x = {text: place for place, text in chart["x"]["ticks"]}
    y = {float(text): place for place, text in chart["y"]["ticks"]}
    (low, high), (at_low, at_high) = (sorted(y)[:: len(y) - 1], sorted(y.values())[:: len(y) - 1])
    for point, (noise, mean, least, most) in zip(
        chart["series"][0]["points"], [("0", 17, 16, 18), ("15", 0.3, 0.1, 0.5)], strict=True
    ):
        places = [
            at_low + (v - low) / (high - low) * (at_high - at_low) for v in (mean, least, most)
        ]
        assert point[0] == pytest.approx(x[noise], abs=1e-3)
        assert point[1:4] == pytest.approx(places, abs=1e-3)


def test_the_scatter_has_every_finished_run_and_is_coloured_by_noise(
    compare: Compare, sweep: Path
) -> None:
    compared = compare(sweep)
    assert compared.labels("rate_distortion") == [
        "0 (noise std 0, penalty weight 0.01, seed 0, A: binarizer noise): 1.00 bpp, "
        "binarized 13.00 dB",
        "1 (noise std 0, penalty weight 0.01, seed 1, A: binarizer noise): 2.00 bpp, "
        "binarized 16.00 dB",
        "2 (noise std 15, penalty weight 0.01, seed 0, A: binarizer noise): 8.00 bpp, "
        "binarized 26.50 dB",
        "3 (noise std 15, penalty weight 0.01, seed 1, A: binarizer noise): 9.00 bpp, "
        "binarized 25.90 dB",
        "4 (noise std 15, penalty weight 0.01, seed 2, B: binarizer ste): 50.00 bpp, "
        "binarized 10.00 dB",
    ]
    hues = [series["hue"] for series in compared.chart("rate_distortion")["series"]]
    assert hues[0] != hues[1] == hues[2]
    markers = [series["marker"] for series in compared.chart("rate_distortion")["series"]]
    assert markers[0] == markers[1] != markers[2]


def test_penalty_plots_appear_when_the_weight_is_swept(compare: Compare, tmp_path: Path) -> None:
    for number, weight in enumerate((0, 0.001, 0.1)):
        final = metrics(26.0, 25.0, 64.0 / 4**number, 0.5 / 5**number)
        make_run(tmp_path / "s" / str(number), 15, weight, final=final)
    compared = compare("s")
    files = {path.name for path in compared.folder.iterdir()}
    assert {"penalty.png", "rate_distortion.png", "learning_curves.png"} <= files
    assert not {"gap.png", "psnr.png"} & files
    assert "all finished runs have noise.std=15" in compared.sentence("gap.png", "psnr.png")
    assert compared.labels("bpp") == [
        "penalty weight 0: file bpp 64.00",
        "penalty weight 0.001: file bpp 16.00",
        "penalty weight 0.1: file bpp 4.00",
    ]
    assert compared.labels("ones")[1] == "penalty weight 0.001: ones % 10.00"


def test_every_plot_is_a_picture_with_something_in_it(compare: Compare, tmp_path: Path) -> None:
    for number, (noise, weight) in enumerate([(0, 0), (15, 0), (0, 0.1), (15, 0.1)]):
        make_run(tmp_path / "s" / str(number), noise, weight)
    folder = compare("s").folder
    plots = ("gap", "psnr", "penalty", "rate_distortion", "learning_curves", "contact_sheet")
    assert {path.name for path in folder.iterdir()} == {
        *(f"{name}.png" for name in plots),
        "runs.csv",
        "index.html",
    }
    for name in plots:
        pixels = np.asarray(Image.open(folder / f"{name}.png").convert("RGB"))
        assert min(pixels.shape[:2]) > 300 and np.count_nonzero(np.ptp(pixels, axis=2) > 60) > 99


def test_learning_curves_are_averaged_where_all_seeds_were_validated(
    compare: Compare, tmp_path: Path
) -> None:
    # Steps are logged from 0, and the validation after the end repeats the last one.
    make_run(tmp_path / "s" / "0", seed=0, validations=[(3, 20, 10), (7, 24, 12), (8, 24, 12)])
    make_run(tmp_path / "s" / "1", seed=1, validations=[(3, 22, 11), (5, 1, 1), (7, 26, 15)])
    make_run(tmp_path / "s" / "2", seed=2, state="running", validations=[(3, 18, 9)])
    compared = compare("s")
    assert compared.labels("learning_sigmoid") == [
        "4 steps: 21.00 (20.00 to 22.00 over 2 seeds) dB",
        "8 steps: 25.00 (24.00 to 26.00 over 2 seeds) dB",
        "run 2, 4 steps: 18.00 dB",
    ]
    assert compared.labels("learning_binary") == [
        "4 steps: 10.50 (10.00 to 11.00 over 2 seeds) dB",
        "8 steps: 13.50 (12.00 to 15.00 over 2 seeds) dB",
        "run 2, 4 steps: 9.00 dB",
    ]
    first, second = (compared.chart(f"learning_{name}") for name in ("sigmoid", "binary"))
    assert first["y"]["ticks"] == second["y"]["ticks"], "comparable at a glance"
    assert [s["line"] for s in compared.chart("learning_binary")["series"]] == ["solid", "dotted"]
    assert "Dotted: runs that have not finished" in compared.chart("learning_binary")["note"]


def test_runs_that_were_validated_once_show_their_error_in_training(
    compare: Compare, tmp_path: Path
) -> None:
    for seed in (0, 1):
        folder = make_run(tmp_path / "s" / str(seed), seed=seed, validations=[(7, 20, 10)])
        with (folder / "csv" / "metrics.csv").open("a") as file:
            file.write(f"0,,3,,0.0{4 + 2 * seed},,,,,,,,,\r\n")
    compared = compare("s")
    assert "no run was validated twice" in compared.sentence("learning_curves.png shows")
    assert compared.labels("learning_training") == [
        "4 steps: 0.0500 (0.0400 to 0.0600 over 2 seeds)",
        "8 steps: 0.0100 (0.0100 to 0.0100 over 2 seeds)",
    ]
    assert (compared.folder / "learning_curves.png").exists()


def test_a_lost_log_is_told_and_does_not_take_the_other_seeds_curves(
    compare: Compare, tmp_path: Path
) -> None:
    for seed in (0, 1):
        make_run(tmp_path / "s" / str(seed), seed=seed)
    (tmp_path / "s" / "1" / "csv" / "metrics.csv").unlink()
    compared = compare("s")
    assert compared.labels("learning_sigmoid") == ["4 steps: 20.00 dB", "8 steps: 25.00 dB"]
    assert "it has no learning curve" in compared.sentence("s/1:", "csv/metrics.csv")


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


def test_a_swept_axis_keeps_zero_and_the_order() -> None:
    axis = swept_axis("noise std", [15, 0, 1, 0.1])
    assert [text for _, text in axis.ticks] == ["0", "0.1", "1", "15"]
    places = [axis.scale.position(value) for value in (0, 0.1, 1, 15)]
    assert places == sorted(places) and places[0] > 0 and places[-1] < 1
    assert places[2] - places[1] == pytest.approx(places[1] - places[0]), "as long as a decade"


def test_the_values_of_the_sweeps_that_come_along_all_have_their_ticks() -> None:
    for values in ([0, 0.1, 0.3, 1, 3, 5, 10, 15], [0, 0.001, 0.003, 0.01, 0.03, 0.1]):
        assert [text for _, text in swept_axis("x", values).ticks] == [f"{v:g}" for v in values]
    crowded = swept_axis("x", [0, *(1 + number / 100 for number in range(100))])
    places = [place for place, _ in crowded.ticks]
    assert crowded.ticks[-1][1] == "1.99" and len(places) < 30
    assert min(b - a for a, b in pairwise(places)) > 0.03


def test_a_measured_axis_is_logarithmic_only_where_it_is_wide() -> None:
    wide = measured_axis("bpp", [1.0, 100.0], may_be_wide=True)
    assert wide.scale.position(10.0) == pytest.approx(0.5)
    assert {"1", "10", "100"} <= {text for _, text in wide.ticks}
    for values, may in (([1.0, 100.0], False), ([1.0, 15.0], True), ([0.0, 100.0], True)):
        middle = math.fsum(values) / 2
        assert measured_axis("bpp", values, may).scale.position(middle) == pytest.approx(0.5)
    alone = measured_axis("bpp", [3.0])
    assert alone.scale.position(3.0) == pytest.approx(0.5)
