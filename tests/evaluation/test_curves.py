"""Aggregation, envelopes and what was published."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bitcodec.evaluation.curves import Curve, Point, best_of, curves, family_curves
from bitcodec.evaluation.measure import Measurement
from bitcodec.evaluation.published import KODAK, is_kodak, published


def curve(name: str, *points: tuple[float, float]) -> Curve:
    return Curve(name, tuple(Point(name, i, bpp, psnr) for i, (bpp, psnr) in enumerate(points)))


def row(codec: str, setting: int, image: str, bpp: float, psnr: float) -> Measurement:
    return Measurement(codec, setting, image, bpp, psnr, 0.9, 1.0, 1.0, 1.0)


def test_points_are_means_of_per_image_values_in_order_of_rate() -> None:
    rows = [
        row("x", 90, "a", 1.0, 40.0),
        row("x", 10, "a", 0.1, 20.0),
        row("x", 10, "b", 0.3, 30.0),
        row("x", 90, "b", 2.0, 42.0),
    ]
    (points,) = (curve.points for curve in curves(rows).values())
    assert [(p.setting, p.bpp, p.psnr) for p in points] == [(10, 0.2, 25.0), (90, 1.5, 41.0)]
    assert points[0].ms_ssim_db == pytest.approx(10)


def test_between_points_linear_in_log_rate_and_nothing_outside() -> None:
    line = curve("x", (0.1, 20), (1.0, 30))
    assert line.at(math.sqrt(0.1), "psnr") == pytest.approx(25)
    assert math.isnan(line.at(0.09, "psnr"))
    assert math.isnan(line.at(1.1, "psnr"))


def test_envelope_is_never_below_a_variant() -> None:
    low = curve("low", (0.1, 22), (0.3, 27), (1.0, 30), (2.0, 31))
    high = curve("high", (0.2, 22), (0.4, 27.5), (1.0, 33), (3.0, 40))
    best = best_of("both", [low, high], "psnr")
    assert {point.codec for point in best.points} == {"low", "high"}
    assert best.points[0].codec == "low"
    assert best.points[-1].codec == "high"
    for variant in (low, high):
        for point in variant.points:
            assert best.at(point.bpp, "psnr") >= point.psnr - 0.5
    assert np.all(np.diff(best.values("psnr")) > 0)


def test_of_equal_pictures_the_smaller_file_is_kept() -> None:
    plain = curve("plain", (0.2, 25), (0.6, 30))
    optimized = curve("optimized", (0.1, 25), (0.5, 30))
    best = family_curves(
        {"plain": plain, "optimized": optimized},
        {"plain": "jpeg", "optimized": "jpeg"},
        "psnr",
    )["jpeg"]
    assert [point.codec for point in best.points] == ["optimized", "optimized"]


def test_published_points_are_those_of_the_sources() -> None:
    drawn = published()
    assert {"bmshj2018-factorized", "bmshj2018-hyperprior", "mbt2018", "bpg-444", "vtm"} <= set(
        drawn
    )
    (li,) = drawn["li2018"].points
    assert (round(li.bpp, 3), li.psnr) == (0.671, 33.47)
    assert "jpeg" not in drawn and "jpeg" in published(drawn_only=False)
    for line in published(drawn_only=False).values():
        assert line.source
        assert np.all(np.diff(line.values("bpp")) > 0)
        assert np.all(np.diff(line.values("psnr")) > 0)


def test_published_means_belong_to_all_of_kodak_only() -> None:
    assert is_kodak(KODAK)
    assert not is_kodak(list(KODAK)[:23])
    assert not is_kodak([*KODAK, "other"])
