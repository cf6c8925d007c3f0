"""From values to places along an axis, and what is written beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.ticker import MaxNLocator

_MARGIN = 0.05
_TICK_GAP, _DIGIT_WIDTH = 0.014, 0.0135
"""Between labels, and of their characters, as shares of an axis."""
_WIDE_RATIO = 20.0
"""Positive values that span more than this factor are drawn on a logarithmic axis."""


@dataclass(frozen=True)
class Scale:
    """A monotonous map from values to [0, 1], the ends of an axis.

    Attributes:
        kind: ``linear``, ``log``, or ``symlog``: linear from zero to ``threshold``, which is as
            long as a factor of ten, and logarithmic above.
        low: the transformed value at 0.
        high: the transformed value at 1.
    """

    kind: str
    threshold: float
    low: float
    high: float

    def position(self, value: float) -> float:
        """Where a value stands, from 0 at the low end to 1 at the high end."""
        return (_transformed(self.kind, self.threshold, value) - self.low) / (self.high - self.low)


@dataclass(frozen=True)
class Axis:
    """A scale with its label, and its ticks as pairs of position and text."""

    label: str
    scale: Scale
    ticks: tuple[tuple[float, str], ...]


def swept_axis(label: str, values: Sequence[float]) -> Axis:
    """For what a sweep varies by factors: zero has its place, and every value its tick.

    Where labels would touch, one is left out, but never that of the highest value.
    """
    different = sorted(set(values))
    positive = [value for value in different if value > 0]
    scale = _scale("symlog", positive[0] if positive else 1.0, different)
    ticks: list[tuple[float, str]] = []
    for value in different[::-1]:
        tick = scale.position(value), f"{value:,.6g}"
        if not ticks or ticks[-1][0] - tick[0] >= _distance(ticks[-1][1], tick[1]):
            ticks.append(tick)
    return Axis(label, scale, tuple(ticks[::-1]))


def _distance(*labels: str) -> float:
    """Between the middles of two labels that just do not touch."""
    return _TICK_GAP + _DIGIT_WIDTH * sum(map(len, labels)) / 2


def measured_axis(label: str, values: Sequence[float], may_be_wide: bool = False) -> Axis:
    """For what was measured: linear, or logarithmic where values span a wide range."""
    low, high = min(values), max(values)
    if may_be_wide and low > 0 and high / low > _WIDE_RATIO:
        scale = _scale("log", 1.0, values)
        candidates = _log_ticks(10**scale.low, 10**scale.high)
    else:
        scale = _scale("linear", 1.0, values)
        locator = MaxNLocator(6, steps=[1, 2, 2.5, 5, 10])
        candidates = [float(tick) for tick in locator.tick_values(scale.low, scale.high)]
    places = [(scale.position(tick), f"{tick:,.6g}".replace("-", "−")) for tick in candidates]
    return Axis(label, scale, tuple((at, text) for at, text in places if 0 <= at <= 1))


def _scale(kind: str, threshold: float, values: Sequence[float]) -> Scale:
    ends = [_transformed(kind, threshold, value) for value in (min(values), max(values))]
    margin = _MARGIN * (ends[1] - ends[0]) or 0.5 * max(1.0, abs(ends[0]))
    return Scale(kind, threshold, ends[0] - margin, ends[1] + margin)


def _transformed(kind: str, threshold: float, value: float) -> float:
    if kind == "linear":
        return value
    if kind == "log":
        return math.log10(value)
    return value / threshold if value <= threshold else 1 + math.log10(value / threshold)


def _log_ticks(low: float, high: float) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    mantissas = (1, 2, 5) if high / low < 2000 else (1,)
    return [mantissa * 10.0**decade for decade in decades for mantissa in mantissas]
