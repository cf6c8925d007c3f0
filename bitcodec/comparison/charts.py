"""What a chart is made of, without saying how it is drawn: the PNGs and the page share it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from bitcodec.comparison import colours
from bitcodec.comparison.axes import Axis
from bitcodec.comparison.colours import Colour
from bitcodec.comparison.pairing import Pairing, Setting, distinct
from bitcodec.comparison.settings import AXIS_NAMES

_MOST_LEGEND_ENTRIES = 10
_MOST_STRONG_BANDS = 3


@dataclass(frozen=True)
class Point:
    """A mean of ``y`` and its range over the seeds, in the units of the axes."""

    x: float
    y: float
    low: float
    high: float
    label: str


@dataclass(frozen=True)
class Series:
    """Points of one colour and shape.

    Attributes:
        name: what tells the series from the others of its chart; may be empty.
        colour: of all its points.
        marker: number of a shape; groups have different ones.
        line: ``solid``, ``dashed``, ``dotted`` or ``none``.
        points: in the order of the line.
        curve: a line with a band for the range, and a mark at its end only.
        listed: whether the legend names it.
    """

    name: str
    colour: Colour
    marker: int
    line: str
    points: tuple[Point, ...]
    curve: bool = False
    listed: bool = True


@dataclass(frozen=True)
class Chart:
    """Series over two axes; ``note`` says how to read them."""

    key: str
    title: str
    note: str
    x: Axis
    y: Axis
    series: tuple[Series, ...]

    @property
    def band_opacity(self) -> float:
        """Of the bands around curves: fainter where there are so many that they pile up."""
        return 0.14 if len(self.series) <= _MOST_STRONG_BANDS else 0.06


@dataclass(frozen=True)
class Plot:
    """The PNG file ``name``: a chart, or several side by side."""

    name: str
    charts: tuple[Chart, ...]


class Look:
    """How the settings of a chart are told apart.

    Args:
        pairing: for the labels of groups.
        settings: all settings that the chart shows.
        keys: axes that name a series; the first one in which the settings differ colours it.
    """

    def __init__(self, pairing: Pairing, settings: Sequence[Setting], keys: Sequence[str]) -> None:
        self._pairing = pairing
        self._groups = sorted({setting.group for setting in settings})
        values = {key: distinct(setting.at(key) for setting in settings) for key in keys}
        self._values = {key: found for key, found in values.items() if len(found) > 1}

    def colour(self, setting: Setting) -> Colour:
        """By the rank of its value on the first axis that varies; else by its group."""
        for key, found in self._values.items():
            value = setting.at(key)
            return colours.ONLY if value is None else colours.ranked(found.index(value), len(found))
        if len(self._groups) > 1:
            return colours.kind(self.marker(setting))
        return colours.ONLY

    def marker(self, setting: Setting) -> int:
        """The number of its group, which the shape of its points stands for."""
        return self._groups.index(setting.group)

    def name(self, setting: Setting) -> str:
        """What a legend says of it: its group if there are several, and what varies."""
        parts = [self._pairing.group_label(setting.group)] if len(self._groups) > 1 else []
        for key in self._values:
            value = setting.at(key)
            parts.append(f"{AXIS_NAMES[key]} {'unset' if value is None else f'{value:g}'}")
        return ", ".join(parts)


def spread(found: Sequence[float], form: str) -> str:
    """The mean, and the range if there are several values, each as ``format`` has ``form``."""
    mean, low, high = (format(value, form) for value in (fmean(found), min(found), max(found)))
    return mean if len(found) == 1 else f"{mean} ({low} to {high} over {len(found)} seeds)"


def ends(series: Sequence[Series]) -> list[float]:
    """The low and the high of every point: what an axis has to reach."""
    return [end for each in series for point in each.points for end in (point.low, point.high)]


def list_some(series: Sequence[Series]) -> tuple[Series, ...]:
    """The series, with no more of them in the legend than it can hold, the outermost included."""
    names = list(dict.fromkeys(each.name for each in series if each.listed and each.name))
    steps = max(1, min(len(names), _MOST_LEGEND_ENTRIES) - 1)
    kept = {names[round(i * (len(names) - 1) / steps)] for i in range(steps + 1)} if names else {}
    return tuple(replace(each, listed=each.listed and each.name in kept) for each in series)
