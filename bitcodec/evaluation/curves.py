"""From rows to rate-distortion curves, the way the field draws them.

A point of a curve is the mean over the images of the per-image values at one setting (not the
distortion of pooled errors); MS-SSIM in dB is taken of that mean.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from bitcodec.evaluation.baselines import Setting
from bitcodec.evaluation.measure import Measurement
from bitcodec.evaluation.metrics import decibels

#: What BD-rates are computed over; larger is better in all of them.
METRICS = ("psnr", "ms_ssim_db")


@dataclass(frozen=True)
class Point:
    """Means over the images at one setting of one codec; NaN where something was not measured."""

    codec: str
    setting: Setting
    bpp: float
    psnr: float = math.nan
    ms_ssim: float = math.nan
    blockiness: float = math.nan
    encode_ms: float = math.nan
    decode_ms: float = math.nan
    false_edges: float = math.nan
    """Per thousand smooth places of all images together."""

    @property
    def ms_ssim_db(self) -> float:
        """MS-SSIM on the logarithmic scale."""
        return decibels(self.ms_ssim)


@dataclass(frozen=True)
class Curve:
    """Points of one codec in the order of their rates.

    Attributes:
        source: where published points come from; None for what was measured here.
    """

    name: str
    points: tuple[Point, ...]
    source: str | None = None

    def values(self, quantity: str) -> np.ndarray:
        """One attribute of all points, such as ``bpp`` or ``psnr``."""
        return np.array([getattr(point, quantity) for point in self.points], np.float64)

    def rising(self, metric: str) -> Curve:
        """Without the points that cost more than another and are no better by this metric."""
        kept: list[Point] = []
        for point in self.points:
            value = getattr(point, metric)
            if math.isfinite(value) and (not kept or value > getattr(kept[-1], metric)):
                kept.append(point)
        return Curve(self.name, tuple(kept), self.source)

    def at(self, bpp: float, quantity: str) -> float:
        """A quantity between two points, linear in the logarithm of the rate; NaN outside."""
        rates = np.log(self.values("bpp"))
        return float(
            np.interp(math.log(bpp), rates, self.values(quantity), left=math.nan, right=math.nan)
        )


def curves(rows: Iterable[Measurement]) -> dict[str, Curve]:
    """One curve for each codec, by name, in the order of their first rows."""
    groups: dict[tuple[str, Setting], list[Measurement]] = defaultdict(list)
    for row in rows:
        groups[row.codec, row.setting].append(row)
    points: dict[str, list[Point]] = defaultdict(list)
    quantities = [field.name for field in fields(Point)][2:-1]
    for (codec, setting), group in groups.items():
        means = {name: float(np.mean([getattr(row, name) for row in group])) for name in quantities}
        places = sum(row.smooth_places for row in group)
        edges = 1000 * sum(row.false_edges for row in group) / max(1, places)
        points[codec].append(Point(codec, setting, **means, false_edges=edges))
    return {
        codec: Curve(codec, tuple(sorted(group, key=lambda point: point.bpp)))
        for codec, group in points.items()
    }


def best_of(name: str, variants: Sequence[Curve], metric: str) -> Curve:
    """The upper envelope of a codec's variants: at each rate the best that it can do.

    A point stays if no variant's curve passes above it.
    """
    kept = [
        point
        for curve in variants
        for point in curve.points
        if all(
            not other.at(point.bpp, metric) > getattr(point, metric)
            for other in variants
            if other is not curve
        )
    ]
    return Curve(name, tuple(sorted(kept, key=lambda point: point.bpp))).rising(metric)


def family_curves(
    variants: Mapping[str, Curve], families: Mapping[str, str], metric: str
) -> dict[str, Curve]:
    """One curve for each family: its only codec's, or the envelope of its variants.

    Args:
        variants: curves by codec.
        families: the family of each codec.
        metric: by which the best variant is chosen.
    """
    groups: dict[str, list[Curve]] = defaultdict(list)
    for codec, curve in variants.items():
        groups[families[codec]].append(curve)
    return {family: best_of(family, group, metric) for family, group in groups.items()}
