"""The charts of a comparison, as Vega-Altair charts: the page and the PNGs share them.

Two parameters link them: ``shown``, the runs that the filters leave, and ``chosen``, those that the
reader picked. Colour is the noise, shape the group and its penalty, so no two settings look alike.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from bitcodec.comparison.curves import BINARY, SIGMOID, TRAINING
from bitcodec.comparison.metrics import METRICS
from bitcodec.comparison.settings import AXIS_NAMES, NOISE, WEIGHT

Rows = Sequence[Mapping[str, Any]]
Chart = alt.LayerChart | alt.FacetChart
GAP_LIMIT = 0.5
"""dB: below it a bitmap is worth about as much as the sigmoids that it is made of."""

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
_PLAIN = "#808080"
_SHOWN, _PICKED = "indexof(shown, datum.run) >= 0", "indexof(chosen, datum.run) >= 0"
_WIDE_RATIO = 20.0
"""Rates that span more than this factor are drawn on a logarithmic axis."""


class Charts:
    """Charts of one comparison.

    Args:
        rows: of every run the ``run``, ``noise`` and ``penalty`` as texts, the same as ``x_noise``
            and ``x_weight`` as numbers, whether it is ``drawn``, and its metrics.
        curves: rows of ``run``, ``step`` and a column of each curve.
    """

    def __init__(self, rows: Rows, curves: Rows) -> None:
        self.data = {"runs": list(rows), "curves": list(curves)}
        self._drawn = [row for row in rows if row["drawn"]]
        noises = sorted({(row["x_noise"] or 0.0, row["noise"]) for row in rows})
        names = list(dict.fromkeys(text for _, text in noises))
        colours = {text: _mixed(number, len(names)) for number, text in enumerate(names)}
        penalties = dict.fromkeys(row["penalty"] for row in rows)
        shapes = {text: _SHAPES[number % len(_SHAPES)] for number, text in enumerate(penalties)}
        self._colour = alt.Color("noise:N", title=AXIS_NAMES[NOISE], scale=_scale(colours))
        self._shape = alt.Shape("penalty:N", title=AXIS_NAMES[WEIGHT], scale=_scale(shapes))
        #: For people: colours by noise, and paths by penalty, the page's one legend.
        self.legend = {
            AXIS_NAMES[NOISE]: list(colours.items()),
            AXIS_NAMES[WEIGHT]: list(shapes.items()),
        }

    def every(self) -> tuple[dict[str, list[Chart]], list[str]]:
        """Charts by the name of their PNG, and sentences about those that the runs cannot fill."""
        found: dict[str, list[Chart]] = {}
        missing = []
        for key, column, names in (
            (NOISE, "x_noise", {"gap": [["gap"]], "psnr": [["psnr_binary", "psnr_sigmoid"]]}),
            (WEIGHT, "x_weight", {"penalty": [["bpp"], ["ones"]]}),
        ):
            values = sorted({row[column] for row in self._drawn if row[column] is not None})
            if len(values) > 1:
                for name, kinds in names.items():
                    charts = [self._swept(column, key, values, metrics) for metrics in kinds]
                    found |= {name: [chart for chart in charts if chart]} if any(charts) else {}
            elif self._drawn:
                files = " and ".join(f"{name}.png" for name in names)
                verb = "is" if len(names) == 1 else "are"
                all_have = f"all finished runs have {key}={values[0]:g}" if values else ""
                only = all_have or f"no run has {key}"
                missing.append(f"{files} {verb} left out: {only}")
        if len(self._having("bpp", "psnr_binary")) > 1:
            found["rate_distortion"] = [self._rate_distortion()]
        elif self._drawn:
            missing.append("rate_distortion.png is left out: fewer than two runs have a rate")
        learning, sentence = self._learning()
        found |= {"learning_curves": learning} if learning else {}
        missing += [sentence] if sentence and self._drawn else []
        validated = {row["run"] for row in self.data["curves"] if SIGMOID in row}
        missing += [
            f"{row['run']}: csv/metrics.csv holds no validation; it has no learning curve"
            for row in self._drawn
            if row["run"] not in validated
        ]
        if not self._drawn:
            missing.append("No run has finished: there are no final figures to plot")
        return found, missing

    def _having(self, *metrics: str) -> Rows:
        return [row for row in self._drawn if all(row.get(key) is not None for key in metrics)]

    def _swept(
        self, column: str, key: str, values: list[float], metrics: list[Any]
    ) -> Chart | None:
        """Means over seeds against noise or weight; bars reach from the lowest to the highest."""
        if not any(self._having(metric) for metric in metrics):
            return None
        first = METRICS[metrics[0]]
        title = first.axis if len(metrics) == 1 else "PSNR, dB"
        positive = [value for value in values if value > 0]
        ticks = alt.Axis(values=values, format="~g", labelOverlap="greedy")
        least = positive[0] if positive else 1.0
        ends = [values[0] - 0.1 * least, values[-1] * 1.08 + 0.05 * least]
        scale = alt.Scale(type="symlog", constant=least, domain=ends, nice=False)
        x = alt.X(f"{column}:Q", title=AXIS_NAMES[key], scale=scale, axis=ticks)
        y = alt.Y("mean:Q", title=title, **self._axis(metrics[0]))
        each = _runs("runs").transform_filter("datum.drawn").transform_fold(metrics, ["key", "of"])
        each = each.transform_filter(f"isValid(datum.of) && isValid(datum.{column})")
        of = "datum.of * 100" if first.unit == "%" else "datum.of"
        each = each.transform_calculate(of=of, reading=_READING)
        groups: list[Any] = ["reading", column, "noise", "penalty", "group"]
        sums: dict[str, Any] = {
            "mean": "mean(of)",
            "low": "min(of)",
            "high": "max(of)",
            "seeds": "count()",
        }
        mean = each.transform_aggregate(groupby=groups, **sums)
        facts = [alt.Tooltip("reading:N"), *_SETTING, _number("mean", title)]
        facts += [_number("low", "lowest"), _number("high", "highest"), alt.Tooltip("seeds:Q")]
        dash = alt.StrokeDash(
            "reading:N",
            scale=alt.Scale(domain=["binarized", "sigmoid"], range=[[1, 0], [5, 3]]),
            legend=alt.Legend(title=None, orient="bottom") if len(metrics) > 1 else None,
        )
        line = mean.mark_line(strokeWidth=1.5).encode(x=x, y=y, strokeDash=dash, opacity=_FAINTER)
        if key == NOISE:
            line = line.encode(detail="penalty:N", color=alt.value(_PLAIN))
        else:
            line = line.encode(detail="group:N", color=self._colour)
        look = {"x": x, "color": self._colour, "opacity": _FAINTER}
        bars = mean.mark_rule().encode(
            y=alt.Y("low:Q", **self._axis(metrics[0])), y2="high:Q", **look
        )
        points = mean.mark_point(size=80, filled=True).encode(
            y=y, shape=self._shape, tooltip=facts, detail=_SPREAD, **look
        )
        picked = each.transform_filter(_PICKED).mark_point(size=110, strokeWidth=2.5)
        look |= {"opacity": alt.value(1)}
        picked = picked.encode(y="of:Q", shape=self._shape, tooltip=_RUN, **look)
        layers = [line, bars, points, picked]
        if metrics == ["gap"]:
            limit = alt.Chart(alt.InlineData(values=[{"limit": GAP_LIMIT}]))
            layers.insert(0, limit.mark_rule(strokeDash=[2, 3], color=_PLAIN).encode(y="limit:Q"))
        return alt.layer(*layers)

    def _rate_distortion(self) -> Chart:
        base = _runs("runs").transform_filter("datum.drawn && isValid(datum.bpp)")
        x = alt.X("bpp:Q", title=METRICS["bpp"].axis, **self._axis("bpp"))
        y = alt.Y("psnr_binary:Q", title=METRICS["psnr_binary"].axis, scale=alt.Scale(zero=False))
        facts = [*_RUN, _number("bpp", "files, bpp"), _number("psnr_binary", "binarized, dB")]
        base = base.encode(x=x, y=y, color=self._colour, shape=self._shape, tooltip=facts)
        points = base.mark_point(size=80, filled=True).encode(opacity=_FAINTER)
        points = points.add_params(alt.selection_interval(name="brush"))
        return alt.layer(
            points, base.transform_filter(_PICKED).mark_point(size=110, strokeWidth=2.5)
        )

    def _learning(self) -> tuple[list[Chart], str]:
        """Curves of each run, none averaged; those that have not finished are dotted."""
        counts = Counter(
            (row["run"], column)
            for row in self.data["curves"]
            for column in _CURVES
            if column in row
        )
        several = {column for (_, column), count in counts.items() if count > 1}
        columns, sentence = [BINARY, SIGMOID], ""
        if not several & {BINARY, SIGMOID}:
            if TRAINING not in several:
                return [], "learning_curves.png is left out: no run has logged two steps"
            columns = [TRAINING]
            sentence = "learning_curves.png shows the error in training: no run was validated twice"
        found = [row[name] for row in self.data["curves"] for name in columns if name in row]
        scale = alt.Scale(zero=False, domain=[min(found), max(found)], nice=True)
        return [self._curves(column, scale) for column in columns], sentence

    def _curves(self, column: str, scale: alt.Scale) -> Chart:
        field = column.replace("/", "_")
        base = _runs("curves").transform_calculate(**{field: f"datum['{column}']"})
        base = base.transform_filter(f"isValid(datum.{field})")
        title = _CURVES[column]
        base = base.encode(
            x=alt.X("step:Q", title="training steps", scale=alt.Scale(nice=False)),
            y=alt.Y(f"{field}:Q", title=title, scale=scale),
        )
        return alt.layer(
            *self._lines(base, 28, [*_RUN, alt.Tooltip("step:Q"), _number(field, title)])
        )

    def _lines(self, base: alt.Chart, size: int, facts: list[alt.Tooltip]) -> list[alt.Chart]:
        """A line a run with its points: thick if it is chosen, dotted if it has not finished."""
        base = base.encode(color=self._colour, detail="run:N")
        dash = alt.condition("datum.ended === false", alt.value([2, 3]), alt.value([1, 0]))
        lines = base.mark_line(strokeWidth=1.3).encode(strokeDash=dash, opacity=_FAINTER)
        picked = base.transform_filter(_PICKED).mark_line(strokeWidth=3)
        points = base.mark_point(size=size, filled=True)
        points = points.encode(shape=self._shape, tooltip=facts, opacity=_FAINTER)
        return [lines, picked, points]

    def _axis(self, metric: str) -> dict[str, Any]:
        """Scale and ticks; rates and shares that span much are drawn to their logarithms."""
        values = [METRICS[metric].plotted(row[metric]) for row in self._having(metric)]
        least, most = min(values, default=0), max(values, default=0)
        if metric not in ("bpp", "ones") or least <= 0 or most / least <= _WIDE_RATIO:
            return {"scale": alt.Scale(zero=False)}
        ends = [0.8 * least, 1.25 * most]
        tens = range(math.floor(math.log10(ends[0])), math.ceil(math.log10(ends[1])))
        ticks = [digit * 10.0**power for power in tens for digit in (1, 2, 5)]
        shown = [tick for tick in ticks if ends[0] <= tick <= ends[1]]
        scale = alt.Scale(type="log", domain=ends, nice=False)
        return {"scale": scale, "axis": alt.Axis(values=shown, format="~g", labelOverlap="greedy")}

    def parallel(self) -> Chart:
        """A line a run over all that varies; the page fills in the rows, in order of the axes."""
        order = alt.X("key:N", sort=None, title=None, axis=alt.Axis(labelAngle=-20, grid=True))
        y = alt.Y("at:Q", axis=None, scale=alt.Scale(domain=[-0.05, 1.05]))
        base = _runs("parallel").encode(x=order, y=y)
        facts = [alt.Tooltip(name) for name in ("run:N", "key:N")]
        facts.append(alt.Tooltip("text:N", title="value"))
        ends = base.transform_aggregate(groupby=["key", "at", "text"])
        ends = ends.transform_filter("datum.at == 0 || datum.at == 1")
        ends = ends.mark_text(align="left", dx=7, fontSize=10).encode(text="text:N")
        return alt.layer(*self._lines(base, 45, facts), ends)

    def finished(self, chart: Chart | alt.HConcatChart) -> dict[str, Any]:
        """The specification of a chart that stands alone, without its data."""
        names = [row["run"] for row in self.data["runs"]]
        shown, chosen = alt.param(name="shown", value=names), alt.param(name="chosen", value=[])
        return chart.add_params(shown, chosen).to_dict()

    def png(self, charts: Sequence[Chart]) -> bytes:
        """Charts side by side."""
        import vl_convert

        sized = [chart.properties(width=430, height=300) for chart in charts]
        spec = self.finished(alt.hconcat(*sized)) | {"datasets": self.data}
        return vl_convert.vegalite_to_png(spec, scale=1.5)


_FAINTER = alt.condition("length(chosen) > 0", alt.value(0.25), alt.value(0.95))
_SPREAD = [alt.Detail(f"{name}:Q") for name in ("low", "high", "seeds")]
_READING = "datum.key == 'psnr_sigmoid' ? 'sigmoid' : 'binarized'"
_CURVES = {
    SIGMOID: METRICS["psnr_sigmoid"].axis,
    BINARY: METRICS["psnr_binary"].axis,
    TRAINING: "mean squared error of a training batch, noise included",
}


def _runs(data: str) -> alt.Chart:
    return alt.Chart(alt.NamedData(name=data)).transform_filter(_SHOWN)


def _number(field: str, title: str) -> alt.Tooltip:
    return alt.Tooltip(f"{field}:Q", title=title, format=".4~g" if "error" in title else ".2f")


_SETTING = [
    alt.Tooltip("noise:N", title=AXIS_NAMES[NOISE]),
    alt.Tooltip("penalty:N", title=AXIS_NAMES[WEIGHT]),
]
_RUN = [alt.Tooltip("run:N"), *_SETTING]


def _scale(looks: Mapping[str, str]) -> alt.Scale:
    return alt.Scale(domain=list(looks), range=list(looks.values()))


def _mixed(number: int, count: int) -> str:
    """Colour ``number`` of ``count``, in order from the ramp's first to its last."""
    place = number / max(1, count - 1) * (len(_RAMP) - 1)
    low = min(int(place), len(_RAMP) - 2)
    pairs = zip(_RAMP[low], _RAMP[low + 1], strict=True)
    return "#" + "".join(f"{round(a + (b - a) * (place - low)):02x}" for a, b in pairs)
