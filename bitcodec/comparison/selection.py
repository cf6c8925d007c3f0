"""Which charts a comparison has: what is asked of a sweep, and whether its runs can answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

from bitcodec.comparison.axes import measured_axis, swept_axis
from bitcodec.comparison.charts import Chart, Look, Plot, Point, Series, ends, list_some, spread
from bitcodec.comparison.learning import Curves, learning_curves
from bitcodec.comparison.metrics import METRICS, Metric
from bitcodec.comparison.pairing import Pairing, Setting, distinct
from bitcodec.comparison.settings import AXIS_NAMES, NOISE, WEIGHT, number

_OTHER = {NOISE: WEIGHT, WEIGHT: NOISE}
_BARS = "Points are means over seeds; bars reach from the lowest to the highest."


def select_plots(pairing: Pairing, curves: Curves) -> tuple[list[Plot], list[str]]:
    """The plots that these runs can fill, and sentences about what they cannot."""
    plots, missing = [], []
    for axis, wanted in (
        (NOISE, {"gap": [_gap], "psnr": [_psnr]}),
        (WEIGHT, {"penalty": [_bpp, _ones]}),
    ):
        if pairing.drawn and not _varies(pairing, axis):
            files = " and ".join(f"{name}.png" for name in wanted)
            verb = "is" if len(wanted) == 1 else "are"
            missing.append(f"{files} {verb} left out: {_only_value(pairing, axis)}")
            continue
        for name, kinds in wanted.items():
            charts = [chart for kind in kinds if (chart := kind(pairing))]
            plots.append(Plot(name, tuple(charts)))
    scatter = _rate_distortion(pairing)
    plots.append(Plot("rate_distortion", (scatter,) if scatter else ()))
    if pairing.drawn and not scatter:
        missing.append("rate_distortion.png is left out: it needs two finished runs with a rate")
    learning, sentences = learning_curves(pairing, curves)
    plots.append(Plot("learning_curves", learning))
    missing += (
        sentences if pairing.drawn else ["No run has finished: there are no final figures to plot"]
    )
    return [plot for plot in plots if plot.charts], missing


def _varies(pairing: Pairing, axis: str) -> bool:
    return len(distinct(setting.at(axis) for setting in pairing.grid)) > 1


def _only_value(pairing: Pairing, axis: str) -> str:
    found = distinct(setting.at(axis) for setting in pairing.grid)
    return f"all finished runs have {axis}={found[0]:g}" if found else f"no run has {axis}"


def _gap(pairing: Pairing) -> Chart | None:
    return _swept(pairing, NOISE, "gap", {"gap": "solid"}, "When does the bitmap suffice?")


def _psnr(pairing: Pairing) -> Chart | None:
    lines = {"psnr_binary": "solid", "psnr_sigmoid": "dashed"}
    return _swept(pairing, NOISE, "psnr", lines, "What either reading is worth")


def _bpp(pairing: Pairing) -> Chart | None:
    return _swept(pairing, WEIGHT, "bpp", {"bpp": "solid"}, "What the penalty does to the files")


def _ones(pairing: Pairing) -> Chart | None:
    return _swept(pairing, WEIGHT, "ones", {"ones": "solid"}, "What it does to the bitmap")


def _swept(
    pairing: Pairing, axis: str, key: str, lines: Mapping[str, str], title: str
) -> Chart | None:
    """Metrics against noise std or penalty weight, a series for each value of the other."""
    settings = [setting for setting in pairing.grid if setting.at(axis) is not None]
    look = Look(pairing, settings, [_OTHER[axis]])
    rows: dict[tuple[int, float | None], list[Setting]] = {}
    for setting in settings:
        rows.setdefault((setting.group, setting.at(_OTHER[axis])), []).append(setting)
    series = []
    for row in rows.values():
        row.sort(key=lambda setting: setting.at(axis) or 0.0)
        for name, line in lines.items():
            points = [_mean(setting, axis, METRICS[name], look) for setting in row]
            kept = tuple(point for point in points if point)
            style = (look.colour(row[0]), look.marker(row[0]), line)
            if kept:
                series.append(
                    Series(look.name(row[0]), *style, kept, listed=name == next(iter(lines)))
                )
    if not series:
        return None
    notes = ["Solid: binarized. Dashed: sigmoid."] if len(lines) > 1 else []
    notes += [_BARS] if _has_spread(settings) else []
    wide = key in ("bpp", "ones")
    return Chart(
        key,
        title,
        " ".join(notes),
        swept_axis(AXIS_NAMES[axis], [point.x for each in series for point in each.points]),
        measured_axis("PSNR, dB" if len(lines) > 1 else METRICS[key].axis, ends(series), wide),
        list_some(series),
    )


def _mean(setting: Setting, axis: str, metric: Metric, look: Look) -> Point | None:
    found = [metric.plotted(value) for value in setting.values(metric.key)]
    at = setting.at(axis)
    if not found or at is None:
        return None
    where = ", ".join(filter(None, (look.name(setting), f"{AXIS_NAMES[axis]} {at:g}")))
    label = f"{where}: {metric.heading} {spread(found, '.2f')}"
    return Point(at, fmean(found), min(found), max(found), label)


def _rate_distortion(pairing: Pairing) -> Chart | None:
    """Every finished run, rate against PSNR of what its bitmap decodes to."""
    axis = NOISE if _varies(pairing, NOISE) else WEIGHT
    look = Look(pairing, pairing.grid, [axis])
    rows: dict[tuple[int, float | None], list[Setting]] = {}
    for setting in pairing.grid:
        rows.setdefault((setting.group, setting.at(axis)), []).append(setting)
    series = []
    for row in rows.values():
        points = [point for setting in row for point in _run_points(pairing, setting)]
        if points:
            style = (look.colour(row[0]), look.marker(row[0]), "none")
            series.append(Series(look.name(row[0]), *style, tuple(points)))
    points = [point for each in series for point in each.points]
    if len(points) < 2:
        return None
    return Chart(
        "rate_distortion",
        "Rate and distortion",
        "Each point is a run; up and left is better.",
        measured_axis(METRICS["bpp"].axis, [point.x for point in points], may_be_wide=True),
        measured_axis(METRICS["psnr_binary"].axis, ends(series)),
        list_some(series),
    )


def _run_points(pairing: Pairing, setting: Setting) -> list[Point]:
    points = []
    for run in setting.runs:
        rate, psnr = (number(run.metrics.get(key)) for key in ("bpp", "psnr_binary"))
        if rate is not None and psnr is not None:
            label = f"{pairing.describe(run)}: {rate:.2f} bpp, binarized {psnr:.2f} dB"
            points.append(Point(rate, psnr, psnr, psnr, label))
    return points


def _has_spread(settings: Sequence[Setting]) -> bool:
    return any(len(setting.runs) > 1 for setting in settings)
