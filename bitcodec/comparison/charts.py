"""The charts of a comparison, as Vega-Altair charts: the page and the PNGs share them.

Two parameters link them: ``shown``, the runs that the filters leave, and ``chosen``, those that the
reader picked. Colour is the noise, shape the group and its penalty, so no two settings look alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import altair as alt
import numpy as np
import vl_convert

from bitcodec.comparison.names import AXIS_NAMES, METRICS, NOISE, WEIGHT
from bitcodec.comparison.notes import GAP_LIMIT
from bitcodec.comparison.runs import BINARY, SIGMOID, TRAINING

Rows = Sequence[Mapping[str, Any]]
Chart = alt.Chart | alt.LayerChart | alt.FacetChart

_RAMP = ((51, 91, 219), (128, 72, 206), (194, 60, 150), (207, 66, 48), (168, 100, 0))
"""From no noise to the most; each three times as bright or dark as a white or black page."""
_SHAPES = {"circle": "●", "square": "■", "triangle-up": "▲", "diamond": "◆", "cross": "✚"}
_SHAPES |= {"triangle-down": "▼", "triangle-right": "►", "triangle-left": "◄", "arrow": "↑"}
"""Marks of Vega, and what stands for them in the page's legend."""
_GREY = "#808080"
_PICKED = "indexof(chosen, datum.run) >= 0"
_SEEN = alt.condition(f"!length(chosen) || {_PICKED}", alt.value(0.95), alt.value(0.5))
_WIDE_RATIO = 20.0
"""Rates that span more than this factor are drawn on a logarithmic axis."""
_SWEPT = (
    ("gap", NOISE, "When does the bitmap suffice?", ["gap"]),
    (
        "psnr",
        NOISE,
        "The worth of either reading; dashed: the sigmoid",
        ["psnr_binary", "psnr_sigmoid"],
    ),
    ("penalty", WEIGHT, "What the penalty does to the files", ["bpp"]),
    ("penalty", WEIGHT, "What it does to the bitmap", ["ones"]),
)
"""Charts against a setting: name of the PNG, setting, title, metrics."""
_CURVES = {
    BINARY: ("Learning: the binarized reading", METRICS["psnr_binary"].axis),
    SIGMOID: ("Learning: the sigmoid reading", METRICS["psnr_sigmoid"].axis),
    TRAINING: ("Learning: the error in training", "mean squared error of a batch, noise included"),
}
_SETTING = [
    alt.Tooltip("noise:N", title=AXIS_NAMES[NOISE]),
    alt.Tooltip("penalty:N", title=AXIS_NAMES[WEIGHT]),
]
_RUN = [alt.Tooltip("run:N"), *_SETTING]


class Charts:
    """Charts of one comparison, from the ``rows`` and ``curve_rows`` of its table."""

    def __init__(self, rows: Rows, curves: Rows) -> None:
        self.data = {"runs": list(rows), "curves": list(curves)}
        self._drawn = [row for row in rows if row["drawn"]]
        by_noise = sorted(rows, key=lambda row: (row["noise_std"] or 0.0, row["noise"]))
        noises = list(dict.fromkeys(row["noise"] for row in by_noise))
        places = np.linspace(0, len(_RAMP) - 1, len(noises))
        mixed = [np.interp(places, range(len(_RAMP)), each) for each in zip(*_RAMP, strict=True)]
        colours = [f"rgb({r:.0f},{g:.0f},{b:.0f})" for r, g, b in zip(*mixed, strict=True)]
        penalties = list(dict.fromkeys(row["penalty"] for row in rows))
        #: For people, the page's one legend: of noise and penalty, texts with glyphs and colours.
        self.legend = {
            AXIS_NAMES[NOISE]: [(t, "●", c) for t, c in zip(noises, colours, strict=True)],
            AXIS_NAMES[WEIGHT]: [(t, g, _GREY) for t, g in zip(penalties, cycle(_SHAPES.values()))],
        }
        colour, shape = alt.Color("noise:N"), alt.Shape("penalty:N")
        self._colour = colour.scale(domain=noises, range=colours).title(AXIS_NAMES[NOISE])
        self._shape = shape.scale(domain=penalties, range=[*_SHAPES]).title(AXIS_NAMES[WEIGHT])

    def every(self) -> tuple[dict[str, list[Chart]], list[str]]:
        """Charts by the name of their PNG, and sentences about those that the runs cannot fill."""
        found: dict[str, list[Chart]] = {}
        missing = {}
        for name, key, title, metrics in _SWEPT:
            values = sorted({row[key.replace(".", "_")] for row in self._drawn} - {None})
            if len(values) > 1 and any(map(self._values, metrics)):
                found.setdefault(name, []).append(self._swept(key, values, title, metrics))
            elif len(values) < 2:
                why = (
                    f"all finished runs have {key}={values[0]:g}" if values else f"no run has {key}"
                )
                missing[name] = why
        if sum(None not in (row["bpp"], row["psnr_binary"]) for row in self._drawn) > 1:
            found["rate_distortion"] = [self._rate_distortion()]
        else:
            missing["rate_distortion"] = "fewer than two runs have a rate"
        left_out = [f"{name}.png is left out: {why}" for name, why in missing.items()]
        if not self._drawn:
            left_out = ["No run has finished: there are no final figures to plot"]
        found["learning_curves"], sentences = self._learning()
        return {name: charts for name, charts in found.items() if charts}, left_out + sentences

    def _values(self, metric: str) -> list[float]:
        return [row[metric] for row in self._drawn if row[metric] is not None]

    def _swept(self, key: str, values: list[float], title: str, metrics: list[Any]) -> Chart:
        """Means over seeds against noise or weight; bars reach from the lowest to the highest."""
        column, least = key.replace(".", "_"), min((v for v in values if v > 0), default=1)
        axis = METRICS[metrics[0]].axis if len(metrics) == 1 else "PSNR, dB"
        mean, low, of = (
            self._along(alt.Y, metrics[0], field, axis) for field in ("mean(of)", "min(of)", "of")
        )
        x = alt.X(
            f"{column}:Q",
            title=AXIS_NAMES[key],
            scale=alt.Scale(type="symlog", constant=least, nice=False, zero=False, padding=18),
            axis=alt.Axis(values=values, format=".4~g", labelOverlap="greedy"),
        )
        each = (
            _runs("runs")
            .transform_filter("datum.drawn")
            .transform_fold(metrics, ["key", "of"])
            .transform_filter(f"isValid(datum.of) && isValid(datum.{column})")
            .transform_calculate(reading="datum.key == 'psnr_sigmoid' ? 'sigmoid' : 'binarized'")
            .encode(x=x, y=mean, color=self._colour, opacity=_SEEN)
        )
        dash = alt.StrokeDash("reading:N", legend=None)
        dash = dash.scale(domain=["binarized", "sigmoid"], range=[[1, 0], [5, 3]])
        line = each.mark_line(strokeWidth=1.5).encode(strokeDash=dash, detail="group:N")
        if key == NOISE:  # Its points have the colours.
            line = line.encode(detail="penalty:N", color=alt.value(_GREY))
        apart = ["penalty:N", "reading:N"]
        bars = each.mark_rule().encode(y=low, y2=alt.Y2("max(of):Q", title=axis), detail=apart)
        spread = {"mean(of)": axis, "min(of)": "lowest", "max(of)": "highest"}
        facts = [_number(field, name, metrics[0]) for field, name in spread.items()]
        facts = [alt.Tooltip("reading:N"), *_SETTING, *facts, alt.Tooltip("count()", title="seeds")]
        points = each.mark_point(size=80, filled=True)
        points = points.encode(shape=self._shape, detail="reading:N", tooltip=facts)
        rings = each.transform_filter(_PICKED).mark_point(size=110, strokeWidth=2.5)
        layers = [line, bars, points, rings.encode(y=of, shape=self._shape, tooltip=_RUN)]
        if metrics == ["gap"]:
            limit = _runs("runs").transform_aggregate(all="count()")
            limit = limit.mark_rule(strokeDash=[2, 3], color=_GREY)
            layers.append(limit.encode(y=alt.datum(GAP_LIMIT)))
        return alt.layer(*layers, title=title)

    def _rate_distortion(self) -> Chart:
        figures = {"bpp": "files, bpp", "psnr_binary": "binarized, dB"}
        base = _runs("runs").transform_filter("datum.drawn && isValid(datum.bpp)")
        points = base.mark_point(filled=True).encode(
            x=self._along(alt.X, "bpp"),
            y=self._along(alt.Y, "psnr_binary"),
            color=self._colour,
            shape=self._shape,
            opacity=_SEEN,
            size=alt.condition(_PICKED, alt.value(180), alt.value(80)),
            tooltip=[*_RUN, *(_number(key, name, key) for key, name in figures.items())],
        )
        brush = alt.selection_interval(name="brush")
        return points.add_params(brush).properties(title="Rate and distortion")

    def _learning(self) -> tuple[list[Chart], list[str]]:
        """Curves of each run, none averaged; those that have not finished are dotted."""
        curves = self.data["curves"]
        counts = Counter((column, row["run"]) for row in curves for column in row)
        lacking = [row["run"] for row in self._drawn if not counts[SIGMOID, row["run"]]]
        no_log = "csv/metrics.csv holds no validation; it has no learning curve"
        sentences = [f"{run}: {no_log}" for run in lacking]
        several = {column for (column, _), count in counts.items() if count > 1}
        shown = [BINARY, SIGMOID] if several & {BINARY, SIGMOID} else [TRAINING]
        if not several & {*shown}:
            return [], ["learning_curves.png is left out: no run has logged two steps", *sentences]
        if shown == [TRAINING]:
            why = "learning_curves.png shows the error in training: no run was validated twice"
            sentences.insert(0, why)
        found = [row[column] for row in curves for column in shown if column in row]
        scale = alt.Scale(zero=False, domain=[min(found), max(found)], nice=True)
        charts = []
        for column in shown:
            title, axis = _CURVES[column]
            base = _runs("curves").transform_filter(f"isValid(datum['{column}'])")
            base = base.encode(x=alt.X("step:Q", title="training steps").scale(nice=False))
            base = base.encode(y=alt.Y(f"{column}:Q", title=axis, scale=scale))
            form = ".4~g" if column == TRAINING else ".2f"
            facts = [alt.Tooltip("step:Q"), alt.Tooltip(f"{column}:Q", title=axis, format=form)]
            charts.append(self._lines(base, 28, [*_RUN, *facts], title))
        return charts, sentences

    def parallel(self) -> Chart:
        """A line a run over all that varies; the page fills in the rows, in order of the axes."""
        base = _runs("parallel").encode(
            x=alt.X("at:Q", axis=None).scale(domain=[0, 1], padding=45),
            y=alt.Y(
                "key:N", sort=None, title=None, axis=alt.Axis(grid=True, ticks=False, domain=False)
            ),
            order="column:Q",
        )
        facts = [alt.Tooltip("run:N"), alt.Tooltip("key:N"), alt.Tooltip("text:N", title="value")]
        ends = base.transform_filter("datum.at == 0 || datum.at == 1")
        ends = ends.transform_aggregate(groupby=["key", "at", "text"])
        side, by = alt.expr("datum.at ? 'left' : 'right'"), alt.expr("14 * datum.at - 7")
        ends = ends.mark_text(align=side, dx=by).encode(text="text:N")
        lines = self._lines(base, 45, facts, "All that varies, and what came of it")
        return (lines + ends).properties(height=420)

    def _lines(self, base: alt.Chart, size: int, facts: list[alt.Tooltip], title: str) -> Chart:
        """A line a run with its points: thick if it is chosen, dotted if it has not finished."""
        looks = alt.LookupData(alt.NamedData("runs"), "run", ["noise", "penalty"])
        base = base.transform_lookup("run", looks).encode(color=self._colour, opacity=_SEEN)
        lines = base.mark_line().encode(
            detail="run:N",
            strokeDash=alt.condition("datum.ended === false", alt.value([2, 3]), alt.value([1, 0])),
            strokeWidth=alt.condition(_PICKED, alt.value(3), alt.value(1.3)),
        )
        points = base.mark_point(size=size, filled=True).encode(shape=self._shape, tooltip=facts)
        return alt.layer(lines, points, title=title)

    def _along(self, channel: Any, metric: str, field: str = "", title: str = "") -> Any:
        """A position; rates and shares that span much are drawn to their logarithms."""
        values = self._values(metric)
        form = "~%" if metric == "ones" else ".4~g"
        scale, axis = alt.Scale(zero=False), alt.Axis(format=form, labelOverlap="greedy")
        if metric in ("bpp", "ones") and max(values) > _WIDE_RATIO * min(values) > 0:
            scale = alt.Scale(type="log", nice=False, padding=18)
        title = title or METRICS[metric].axis
        return channel(f"{field or metric}:Q", title=title, scale=scale, axis=axis)

    def finished(self, chart: Chart | alt.HConcatChart) -> dict[str, Any]:
        """The specification of a chart that stands alone, without its data."""
        names = [row["run"] for row in self.data["runs"]]
        shown, chosen = alt.param(name="shown", value=names), alt.param(name="chosen", value=[])
        return chart.add_params(shown, chosen).to_dict()

    def png(self, charts: Sequence[Chart]) -> bytes:
        """Charts side by side."""
        sized = [chart.properties(width=430, height=300) for chart in charts]
        spec = self.finished(alt.hconcat(*sized)) | {"datasets": self.data}
        return vl_convert.vegalite_to_png(spec, scale=1.5)


def _runs(data: str) -> alt.Chart:
    return alt.Chart(alt.NamedData(name=data)).transform_filter("indexof(shown, datum.run) >= 0")


def _number(field: str, title: str, metric: str) -> alt.Tooltip:
    return alt.Tooltip(f"{field}:Q", title=title, format=METRICS[metric].form)
