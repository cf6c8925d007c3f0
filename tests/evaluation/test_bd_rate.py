"""BD-rates that others have published, and the cases in which there is none."""

from __future__ import annotations

import math

import pytest

from bitcodec.evaluation.bd_rate import bd_rate, bd_rates
from bitcodec.evaluation.curves import Curve, Point


def curve(name: str, *points: tuple[float, float], source: str | None = None) -> Curve:
    ordered = sorted(points)
    return Curve(name, tuple(Point(name, "", rate, psnr) for rate, psnr in ordered), source)


# Two curve pairs with the results of the JCT-VC spreadsheet, as published in the tests of
# Netflix's VMAF (python/test/bd_rate_calculator_test.py, BDrateCalculatorJCTVCTest).
@pytest.mark.parametrize(
    ("anchor", "test", "percent"),
    [
        (
            [
                (108048.8736, 43.6471),
                (61279.976, 40.3953),
                (33905.6656, 37.247),
                (18883.6928, 34.2911),
            ],
            [
                (108061.2784, 43.6768),
                (61299.9936, 40.4232),
                (33928.7472, 37.2761),
                (18910.912, 34.3147),
            ],
            -0.465215420752807,
        ),
        (
            [
                (40433.8848, 37.5761),
                (7622.7456, 35.3756),
                (2394.488, 33.8977),
                (1017.6184, 32.0603),
            ],
            [(40370.12, 37.5982), (7587.0024, 35.4025), (2390.0944, 33.9194), (1017.0984, 32.0822)],
            -1.8779823450567612,
        ),
    ],
)
def test_published_examples(
    anchor: list[tuple[float, float]], test: list[tuple[float, float]], percent: float
) -> None:
    result = bd_rate(curve("test", *test), curve("anchor", *anchor), "psnr")
    assert result.percent == pytest.approx(percent, abs=1e-9)
    assert result.overlap_low == max(test[-1][1], anchor[-1][1])
    assert result.overlap_high == min(test[0][1], anchor[0][1])


def test_the_same_pictures_for_80_percent_of_the_bytes() -> None:
    points = [(0.1, 25.0), (0.3, 29.0), (0.8, 33.0), (2.0, 38.0)]
    smaller = curve("smaller", *[(0.8 * bpp, psnr) for bpp, psnr in points])
    assert bd_rate(smaller, curve("a", *points), "psnr").percent == pytest.approx(-20)
    assert bd_rate(curve("a", *points), smaller, "psnr").percent == pytest.approx(25)


def test_curves_without_a_common_quality_have_none() -> None:
    poor = curve("poor", (0.1, 20.0), (0.2, 25.0))
    good = curve("good", (0.1, 26.0), (0.2, 30.0))
    result = bd_rate(poor, good, "psnr")
    assert math.isnan(result.percent)
    assert math.isnan(result.overlap_low) and math.isnan(result.overlap_high)


def test_a_metric_that_was_not_measured_gives_none() -> None:
    line = curve("a", (0.1, 20.0), (0.2, 25.0))
    assert math.isnan(bd_rate(line, line, "ms_ssim_db").percent)


def test_a_single_point_is_compared_at_its_quality() -> None:
    line = curve("line", (0.1, 20.0), (0.4, 30.0))
    result = bd_rate(curve("point", (0.1, 25.0)), line, "psnr")
    assert result.percent == pytest.approx(-50)
    assert result.overlap_low == result.overlap_high == 25
    assert math.isnan(bd_rate(curve("point", (0.1, 31.0)), line, "psnr").percent)


def test_points_that_cost_more_for_less_do_not_confuse_it() -> None:
    line = curve("line", (0.1, 20.0), (0.4, 30.0), (0.9, 35.0))
    dented = curve("dented", (0.1, 20.0), (0.2, 19.0), (0.4, 30.0), (0.9, 35.0))
    assert bd_rate(dented, line, "psnr").percent == pytest.approx(0, abs=1e-9)


def test_all_pairs_but_those_that_are_both_published() -> None:
    points = [(0.1, 20.0), (0.4, 30.0)]
    lines = {
        name: curve(name, *points, source=source)
        for name, source in (("a", None), ("b", None), ("c", "paper"), ("d", "paper"))
    }
    pairs = {(rate.codec, rate.anchor) for rate in bd_rates({"psnr": lines})}
    assert len(pairs) == 10
    assert ("c", "d") not in pairs and ("c", "a") in pairs and ("a", "c") in pairs
