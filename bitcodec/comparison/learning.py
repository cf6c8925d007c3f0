"""The charts of what the runs had learnt after how many steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from bitcodec.comparison.axes import measured_axis
from bitcodec.comparison.charts import Chart, Look, Point, Series, ends, list_some, spread
from bitcodec.comparison.curves import BINARY, SIGMOID, TRAINING, Curve
from bitcodec.comparison.metrics import METRICS
from bitcodec.comparison.pairing import Pairing, Setting
from bitcodec.comparison.settings import NOISE, WEIGHT

Curves = Mapping[str, Mapping[str, Curve]]
"""The curves of each run, by the run's name."""

_BANDS = "Lines are means over seeds; bands reach from the lowest to the highest."
_MOST_POINTS = 120


@dataclass(frozen=True)
class _Kind:
    """A chart of one column; ``unit`` and ``form`` are for the labels of its points."""

    key: str
    column: str
    title: str
    axis: str
    unit: str
    form: str


_VALIDATED = (
    _Kind(
        "learning_sigmoid",
        SIGMOID,
        "Learning: the sigmoid reading",
        METRICS["psnr_sigmoid"].axis,
        " dB",
        ".2f",
    ),
    _Kind(
        "learning_binary",
        BINARY,
        "Learning: the binarized reading",
        METRICS["psnr_binary"].axis,
        " dB",
        ".2f",
    ),
)
_TRAINED = _Kind(
    "learning_training",
    TRAINING,
    "Learning: the error in training",
    "mean squared error of a training batch, noise included",
    "",
    "#.3g",
)


def learning_curves(pairing: Pairing, curves: Curves) -> tuple[tuple[Chart, ...], list[str]]:
    """Both readings' PSNR over the steps; unfinished runs dotted, one by one.

    Short runs are validated once, at their end: of them the error in training is shown.

    Returns:
        The charts, and sentences about what they do not show.
    """
    notes = [
        f"{run.shown}: csv/metrics.csv holds no validation; it has no learning curve"
        for run in pairing.drawn
        if not curves[run.name][SIGMOID]
    ]
    charts = tuple(chart for kind in _VALIDATED if (chart := _chart(kind, pairing, curves)))
    if charts:
        # One vertical axis for both, so that they can be compared at a glance.
        reach = ends([series for chart in charts for series in chart.series])
        y = [measured_axis(chart.y.label, reach) for chart in charts]
        return tuple(replace(c, y=axis) for c, axis in zip(charts, y, strict=True)), notes
    chart = _chart(_TRAINED, pairing, curves)
    if chart is None:
        return (), [*notes, "learning_curves.png is left out: no run has logged two steps"]
    why = "learning_curves.png shows the error in training: no run was validated twice"
    return (chart,), [*notes, why]


def _chart(kind: _Kind, pairing: Pairing, curves: Curves) -> Chart | None:
    """A chart of one column; None if no run has two points of it."""
    unfinished = [
        setting
        for run in pairing.runs
        if not run.finished and (setting := pairing.setting(run)) is not None
    ]
    settings, by_run = [], []
    for setting in [*pairing.grid, *unfinished]:
        # A run whose log is lost must not take the other seeds' curve with it.
        runs = tuple(run for run in setting.runs if curves[run.name][kind.column])
        common = _common([curves[run.name][kind.column] for run in runs])
        if common:
            settings.append(replace(setting, runs=runs))
            by_run.append(common)
    if not any(len(common) > 1 for common in by_run):
        return None
    look = Look(pairing, settings, [NOISE, WEIGHT])
    series = [_series(*pair, look, kind) for pair in zip(settings, by_run, strict=True)]
    finished = [setting for setting in settings if setting.runs[0].finished]
    notes = [_BANDS] if any(len(setting.runs) > 1 for setting in finished) else []
    notes += ["Dotted: runs that have not finished."] if len(finished) < len(settings) else []
    return Chart(
        kind.key,
        kind.title,
        " ".join(notes),
        measured_axis("training steps", [point.x for each in series for point in each.points]),
        measured_axis(kind.axis, ends(series), kind is _TRAINED),
        list_some(series),
    )


def _common(found: Sequence[Curve]) -> dict[int, list[float]]:
    """The values of all curves at the steps that they share, thinned to what can be drawn."""
    steps = sorted(set.intersection(*map(set, found))) if found else []
    stride = -(-len(steps) // _MOST_POINTS) or 1
    return {step: [curve[step] for curve in found] for step in steps[::-stride][::-1]}


def _series(
    setting: Setting, values: Mapping[int, Sequence[float]], look: Look, kind: _Kind
) -> Series:
    finished = setting.runs[0].finished
    name = look.name(setting)
    who = name if finished else ", ".join(filter(None, (name, f"run {setting.runs[0].name}")))
    points = []
    for step, found in values.items():
        place = ", ".join(filter(None, (who, f"{step:,} steps")))
        label = f"{place}: {spread(found, kind.form)}{kind.unit}"
        points.append(Point(step, fmean(found), min(found), max(found), label))
    style = (look.colour(setting), look.marker(setting), "solid" if finished else "dotted")
    return Series(name, *style, tuple(points), curve=True, listed=finished)
