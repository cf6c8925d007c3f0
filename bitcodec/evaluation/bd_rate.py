"""Bjontegaard delta rate: by how many percent the files of a codec are larger at equal quality.

After G. Bjontegaard, "Calculation of average PSNR differences between RD-curves" (VCEG-M33, 2001),
with the piecewise cubic interpolation of the JCT-VC common test conditions (JCTVC-L1100, 2013), by
the library ``bjontegaard``. The mean is taken over the qualities that both curves reach; that
interval belongs to the figure and is always given with it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bitcodec.evaluation.curves import Curve

METHOD = "pchip"


@dataclass(frozen=True)
class BdRate:
    """A row of the table.

    Attributes:
        percent: mean difference in rate; negative means smaller files than the anchor's; NaN where
            the curves share no quality.
        overlap_low: lowest quality that both reach, in the metric's unit; NaN if there is none.
        overlap_high: highest such quality.
    """

    codec: str
    anchor: str
    metric: str
    percent: float
    overlap_low: float
    overlap_high: float


def bd_rate(test: Curve, anchor: Curve, metric: str) -> BdRate:
    """The BD-rate of one curve against another.

    A codec with a single point, such as a single model, has no curve; its figure is the difference
    in rate at its quality, which is what the mean tends to as the interval shrinks to that point
    (both ends of the overlap are then equal).
    """
    test, anchor = test.rising(metric), anchor.rising(metric)
    nothing = BdRate(test.name, anchor.name, metric, math.nan, math.nan, math.nan)
    if not test.points or not anchor.points:
        return nothing
    quality = [curve.values(metric) for curve in (anchor, test)]
    rate = [curve.values("bpp") for curve in (anchor, test)]
    low = max(values.min() for values in quality)
    high = min(values.max() for values in quality)
    if low > high:
        return nothing
    if low == high:
        difference = _log_rate(quality[1], rate[1], low) - _log_rate(quality[0], rate[0], low)
        percent = 100 * (math.exp(difference) - 1)
    else:
        import bjontegaard

        percent = bjontegaard.bd_rate(
            rate[0],
            quality[0],
            rate[1],
            quality[1],
            method=METHOD,
            require_matching_points=False,
            min_overlap=0,
        )
    return BdRate(test.name, anchor.name, metric, float(percent), float(low), float(high))


def bd_rates(curves: Mapping[str, Mapping[str, Curve]]) -> list[BdRate]:
    """All pairs of different curves for each metric; ``curves`` maps a metric to curves by name."""
    return [
        bd_rate(test, anchor, metric)
        for metric, by_name in curves.items()
        for test in by_name.values()
        for anchor in by_name.values()
        if test.name != anchor.name and not (test.source and anchor.source)
    ]


def _log_rate(quality: np.ndarray, rate: np.ndarray, at: float) -> float:
    if len(quality) == 1:
        return math.log(rate[0])
    from scipy.interpolate import PchipInterpolator

    return float(PchipInterpolator(quality, np.log(rate))(at))
