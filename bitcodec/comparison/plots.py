"""Charts as PNG."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bitcodec.comparison.charts import Chart, Plot, Series
from bitcodec.files import replacing

_MARKERS = ("o", "s", "^", "D", "v", "P")
_LINES = {"solid": "-", "dashed": (0, (5, 3)), "dotted": (0, (1, 2)), "none": "none"}
_GREY, _GRID = "#555555", "#e6e6e6"


def draw(plot: Plot, path: Path) -> None:
    """Write a plot, its charts side by side."""
    count = len(plot.charts)
    figure = Figure(figsize=(7.2 * count, 5.0), layout="constrained")
    for number, chart in enumerate(plot.charts):
        _draw_chart(chart, figure.add_subplot(1, count, number + 1))
    with replacing(path) as stream:
        figure.savefig(stream, format="png", dpi=120)


def _draw_chart(chart: Chart, axes: Axes) -> None:
    axes.set_title(_plain(chart.title), loc="left", fontsize=12)
    axes.set(xlabel=_plain(chart.x.label), ylabel=_plain(chart.y.label), xlim=(0, 1), ylim=(0, 1))
    for axis, ticks in ((axes.xaxis, chart.x.ticks), (axes.yaxis, chart.y.ticks)):
        axis.set_ticks([at for at, _ in ticks], [_plain(text) for _, text in ticks])
    axes.grid(color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(color=_GRID, labelcolor=_GREY)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#bbbbbb")
    for series in chart.series:
        _draw_series(series, chart, axes)
    if chart.note:
        # Below the axis label: there it never covers a point.
        axes.annotate(
            _plain(chart.note),
            (0, 0),
            (0, -44),
            xycoords="axes fraction",
            textcoords="offset points",
            fontsize=8,
            color=_GREY,
        )
    named = [series for series in chart.series if series.listed and series.name]
    if named:
        axes.legend(fontsize=8, frameon=False, loc="best")


def _draw_series(series: Series, chart: Chart, axes: Axes) -> None:
    x = [chart.x.scale.position(point.x) for point in series.points]
    y, low, high = (
        [chart.y.scale.position(getattr(point, name)) for point in series.points]
        for name in ("y", "low", "high")
    )
    colour = series.colour.rgb()
    if series.curve:
        axes.fill_between(x, low, high, color=colour, alpha=chart.band_opacity, linewidth=0)
    else:
        axes.vlines(x, low, high, color=colour, linewidth=1.2)
    axes.plot(
        x,
        y,
        color=colour,
        linestyle=_LINES[series.line],
        linewidth=1.6,
        marker=_MARKERS[series.marker % len(_MARKERS)],
        markevery=[-1] if series.curve else None,
        markersize=5.5,
        markerfacecolor="white" if series.line == "dashed" else colour,
        label=_plain(series.name) if series.listed and series.name else "_",
    )


def _plain(text: str) -> str:
    """Keeps matplotlib from reading a dollar sign as the start of a formula."""
    return text.replace("$", r"\$")
