"""The charts of a comparison, as Vega-Altair charts: the page and the PNGs share them.

Two parameters link them: ``shown``, the runs that the filters leave, and ``chosen``, those that the
reader picked. Colour is the noise, shape the group and its penalty, so no two settings look alike.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import altair as alt
import vl_convert

from bitcodec.comparison.curves import BINARY, SIGMOID, TRAINING
from bitcodec.comparison.metrics import METRICS
from bitcodec.comparison.notes import GAP_LIMIT
from bitcodec.comparison.settings import AXIS_NAMES, NOISE, WEIGHT

Rows = Sequence[Mapping[str, Any]]
Chart = alt.LayerChart | alt.FacetChart

_RAMP = ((51, 91, 219), (128, 72, 206), (194, 60, 150), (207, 66, 48), (168, 100, 0))
"""From no noise to the most; each three times as bright or dark as a white or black page."""
_SHAPES = (
    "M-1,0A1,1,0,1,1,1,0A1,1,0,1,1,-1,0Z",
    "M-.9,-.9H.9V.9H-.9Z",
    "M-1.1,.8L0,-1.1L1.1,.8Z",
    "M-1.2,0L0,-1.2L1.2,0L0,1.2Z",
    "M-.4,-1.1H.4V-.4H1.1V.4H.4V1.1H-.4V.4H-1.1V-.4H-.4Z",
    "M-1.1,-.8L0,1.1L1.1,-.8Z",
    "M-1.1,-1.1L1.1,1.1V-1.1L-1.1,1.1Z",
    "M-.8,-1.1L1.1,0L-.8,1.1Z",
    "M.8,-1.1L-1.1,0L.8,1.1Z",
    "M0,-1.2L.4,-.4H1.2L.6,.2L.8,1.1L0,.6L-.8,1.1L-.6,.2L-1.2,-.4H-.4Z",
)
"""SVG paths around 0, for Vega and for the page's legend."""
_GREY = "#808080"
_SHOWN, _PICKED = "indexof(shown, datum.run) >= 0", "indexof(chosen, datum.run) >= 0"
_FAINTER = alt.condition("length(chosen) > 0", alt.value(0.25), alt.value(0.95))
_WIDE_RATIO = 20.0
"""Rates that span more than this factor are drawn on a logarithmic axis."""
_SWEPT: dict[str, tuple[str, dict[str, list[list[str]]]]] = {
    NOISE: ("x_noise", {"gap": [["gap"]], "psnr": [["psnr_binary", "psnr_sigmoid"]]}),
    WEIGHT: ("x_weight", {"penalty": [["bpp"], ["ones"]]}),
}
"""Setting → its column, and by the name of a PNG the metrics of each of its charts."""
_CURVES = {
    BINARY: METRICS["psnr_binary"].axis,
    SIGMOID: METRICS["psnr_sigmoid"].axis,
    TRAINING: "mean squared error of a training batch, noise included",
}
_SETTING = [
    alt.Tooltip("noise:N", title=AXIS_NAMES[NOISE]),
    alt.Tooltip("penalty:N", title=AXIS_NAMES[WEIGHT]),
]
_RUN = [alt.Tooltip("run:N"), *_SETTING]


class Charts:
    """Charts of one comparison.

    Args:
        rows: those of :func:`bitcodec.comparison.table.rows`.
        curves: those of :func:`bitcodec.comparison.curves.curve_rows`.
    """

    def __init__(self, rows: Rows, curves: Rows) -> None:
        self.data = {"runs": list(rows), "curves": list(curves)}
        self._drawn = [row for row in rows if row["drawn"]]
        noises = sorted({(row["x_noise"] or 0.0, row["noise"]) for row in rows})
        names = list(dict.fromkeys(text for _, text in noises))
        colours = {text: _mixed(n / max(1, len(names) - 1)) for n, text in enumerate(names)}
        shapes = dict(zip(dict.fromkeys(row["penalty"] for row in rows), cycle(_SHAPES)))
        #: For people: colours by noise, and paths by penalty, the page's one legend.
        self.legend = {
            AXIS_NAMES[NOISE]: list(colours.items()),
            AXIS_NAMES[WEIGHT]: list(shapes.items()),
        }
        self._colour = alt.Color("noise:N", title=AXIS_NAMES[NOISE], scale=_scale(colours))
        self._shape = alt.Shape("penalty:N", title=AXIS_NAMES[WEIGHT], scale=_scale(shapes))

    def every(self) -> tuple[dict[str, list[Chart]], list[str]]:
        """Charts by the name of their PNG, and sentences about those that the runs cannot fill."""
        learning, sentences = self._learning()
        if not self._drawn:
            sentences = ["No run has finished: there are no final figures to plot"]
            return ({"learning_curves": learning} if learning else {}), sentences
        found: dict[str, list[Chart]] = {}
        missing = []
        for key, (column, plots) in _SWEPT.items():
            values = sorted({row[column] for row in self._drawn} - {None})
            if len(values) > 1:
                for name, each in plots.items():
                    filled = [metrics for metrics in each if any(map(self._values, metrics))]
                    found[name] = [self._swept(key, values, metrics) for metrics in filled]
                continue
            files = " and ".join(f"{name}.png" for name in plots)
            why = f"all finished runs have {key}={values[0]:g}" if values else f"no run has {key}"
            missing.append(f"{files} {'is' if len(plots) == 1 else 'are'} left out: {why}")
        if sum(None not in (row["bpp"], row["psnr_binary"]) for row in self._drawn) > 1:
            found["rate_distortion"] = [self._rate_distortion()]
        else:
            missing.append("rate_distortion.png is left out: fewer than two runs have a rate")
        found["learning_curves"] = learning
        return {name: charts for name, charts in found.items() if charts}, missing + sentences

    def _values(self, metric: str) -> list[float]:
        return [row[metric] for row in self._drawn if row[metric] is not None]

    def _swept(self, key: str, values: list[float], metrics: list[Any]) -> Chart:
        """Means over seeds against noise or weight; bars reach from the lowest to the highest."""
        title = METRICS[metrics[0]].axis if len(metrics) == 1 else "PSNR, dB"
        column, least = _SWEPT[key][0], min((v for v in values if v > 0), default=1)
        mean, low, of = (
            self._along(alt.Y, metrics[0], f"{field}:Q", title)
            for field in ("mean(of)", "min(of)", "of")
        )
        x = alt.X(
            f"{column}:Q",
            title=AXIS_NAMES[key],
            scale=alt.Scale(type="symlog", constant=least, nice=False, zero=False, padding=18),
            axis=alt.Axis(values=values, format=".4~g", labelOverlap="greedy"),
        )
        dash = alt.StrokeDash(
            "reading:N",
            scale=alt.Scale(domain=["binarized", "sigmoid"], range=[[1, 0], [5, 3]]),
            legend=alt.Legend(title=None, orient="bottom") if len(metrics) > 1 else None,
        )
        each = (
            _runs("runs")
            .transform_filter("datum.drawn")
            .transform_fold(metrics, ["key", "of"])
            .transform_filter(f"isValid(datum.of) && isValid(datum.{column})")
            .transform_calculate(reading="datum.key == 'psnr_sigmoid' ? 'sigmoid' : 'binarized'")
            .encode(x=x, y=mean, color=self._colour)
        )
        seen = each.encode(opacity=_FAINTER)
        # Against the noise a line is grey: its points have the colours.
        along = {"detail": "penalty:N", "color": alt.value(_GREY)} if key == NOISE else {}
        line = seen.mark_line(strokeWidth=1.5).encode(strokeDash=dash, **along)
        apart = ["penalty:N", "reading:N"]
        bars = seen.mark_rule().encode(y=low, y2=alt.Y2("max(of):Q", title=title), detail=apart)
        spread = {"mean(of)": title, "min(of)": "lowest", "max(of)": "highest"}
        facts = [alt.Tooltip("reading:N"), *_SETTING, *map(_number, spread, spread.values())]
        facts.append(alt.Tooltip("count()", title="seeds"))
        points = seen.mark_point(size=80, filled=True)
        points = points.encode(shape=self._shape, detail="reading:N", tooltip=facts)
        layers = [line, bars, points, self._picked(each).encode(y=of, tooltip=_RUN)]
        if metrics == ["gap"]:
            limit = _runs("runs").transform_aggregate(all="count()")
            limit = limit.mark_rule(strokeDash=[2, 3], color=_GREY)
            layers.append(limit.encode(y=alt.datum(GAP_LIMIT)))
        return alt.layer(*layers)

    def _rate_distortion(self) -> Chart:
        base = _runs("runs").transform_filter("datum.drawn && isValid(datum.bpp)")
        base = base.encode(
            x=self._along(alt.X, "bpp"),
            y=self._along(alt.Y, "psnr_binary"),
            color=self._colour,
            shape=self._shape,
            tooltip=[*_RUN, _number("bpp", "files, bpp"), _number("psnr_binary", "binarized, dB")],
        )
        points = base.mark_point(size=80, filled=True).encode(opacity=_FAINTER)
        return alt.layer(
            points.add_params(alt.selection_interval(name="brush")), self._picked(base)
        )

    def _learning(self) -> tuple[list[Chart], list[str]]:
        """Curves of each run, none averaged; those that have not finished are dotted."""
        curves = self.data["curves"]
        validated = {row["run"] for row in curves if SIGMOID in row}
        sentences = [
            f"{row['run']}: csv/metrics.csv holds no validation; it has no learning curve"
            for row in self._drawn
            if row["run"] not in validated
        ]
        counts = Counter((column, row["run"]) for row in curves for column in row)
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
            x = alt.X("step:Q", title="training steps", scale=alt.Scale(nice=False))
            base = _runs("curves").transform_filter(f"isValid(datum['{column}'])")
            base = base.encode(x=x, y=alt.Y(f"{column}:Q", title=_CURVES[column], scale=scale))
            facts = [*_RUN, alt.Tooltip("step:Q"), _number(column, _CURVES[column])]
            charts.append(alt.layer(*self._lines(base, 28, facts)))
        return charts, sentences

    def parallel(self) -> Chart:
        """A line a run over all that varies; the page fills in the rows, in order of the axes."""
        order = alt.X("key:N", sort=None, title=None, axis=alt.Axis(labelAngle=-20, grid=True))
        y = alt.Y("at:Q", axis=None, scale=alt.Scale(domain=[-0.05, 1.05]))
        base = _runs("parallel").encode(x=order, y=y)
        facts = [alt.Tooltip("run:N"), alt.Tooltip("key:N"), alt.Tooltip("text:N", title="value")]
        ends = base.transform_filter("datum.at == 0 || datum.at == 1")
        ends = ends.transform_aggregate(groupby=["key", "at", "text"])
        ends = ends.mark_text(align="left", dx=7, fontSize=10).encode(text="text:N")
        return alt.layer(*self._lines(base, 45, facts), ends)

    def _lines(self, base: alt.Chart, size: int, facts: list[alt.Tooltip]) -> list[alt.Chart]:
        """A line a run with its points: thick if it is chosen, dotted if it has not finished."""
        looks = alt.LookupData(alt.NamedData("runs"), "run", ["noise", "penalty"])
        base = base.transform_lookup("run", looks).encode(color=self._colour, detail="run:N")
        dash = alt.condition("datum.ended === false", alt.value([2, 3]), alt.value([1, 0]))
        lines = base.mark_line(strokeWidth=1.3).encode(strokeDash=dash, opacity=_FAINTER)
        picked = base.transform_filter(_PICKED).mark_line(strokeWidth=3)
        points = base.mark_point(size=size, filled=True)
        points = points.encode(shape=self._shape, tooltip=facts, opacity=_FAINTER)
        return [lines, picked, points]

    def _picked(self, base: alt.Chart) -> alt.Chart:
        """A ring for each run that is chosen."""
        picked = base.transform_filter(_PICKED).mark_point(size=110, strokeWidth=2.5)
        return picked.encode(shape=self._shape)

    def _along(self, channel: Any, metric: str, field: str = "", title: str = "") -> Any:
        """A position; rates and shares that span much are drawn to their logarithms."""
        values = self._values(metric)
        look: dict[str, Any] = {"scale": alt.Scale(zero=False)}
        if metric in ("bpp", "ones") and max(values) > _WIDE_RATIO * min(values) > 0:
            look["scale"] = alt.Scale(type="log", nice=False, padding=18)
            look["axis"] = alt.Axis(format="~g", labelOverlap="greedy")
        return channel(field or f"{metric}:Q", title=title or METRICS[metric].axis, **look)

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
    return alt.Chart(alt.NamedData(name=data)).transform_filter(_SHOWN)


def _number(field: str, title: str) -> alt.Tooltip:
    return alt.Tooltip(f"{field}:Q", title=title, format=".4~g" if "error" in title else ".2f")


def _scale(looks: Mapping[str, str]) -> alt.Scale:
    return alt.Scale(domain=list(looks), range=list(looks.values()))


def _mixed(place: float) -> str:
    """The colour at a place from 0 to 1 on the ramp."""
    part, number = math.modf(place * (len(_RAMP) - 1))
    pairs = zip(_RAMP[int(number)], _RAMP[math.ceil(number + part)], strict=True)
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in pairs)
