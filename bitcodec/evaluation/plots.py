"""Rate-distortion plots: what was measured in full lines, what others published dashed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bitcodec.evaluation.curves import Curve
from bitcodec.files import replacing

#: Rates beyond this are near-lossless and not what any of the models is for.
LARGEST_BPP = 3.0
LABELS = {
    "bitcodec": "bitcodec",
    "jpeg": "JPEG (best variant)",
    "jpeg2000": "JPEG 2000",
    "webp": "WebP",
    "avif": "AVIF (best variant)",
    "jxl": "JPEG XL",
    "bpg-444": "BPG 4:4:4",
    "vtm": "VTM",
    "mbt2018": "mbt2018",
    "bmshj2018-hyperprior": "bmshj2018 hyperprior",
    "bmshj2018-factorized": "bmshj2018 factorized",
    "li2018": "Li 2018, binary, stride 8",
}
_COLOURS = {
    "bitcodec": "#d62728",
    "jpeg": "#111111",
    "jpeg2000": "#8c564b",
    "webp": "#1f77b4",
    "avif": "#2ca02c",
    "jxl": "#ff7f0e",
    "bpg-444": "#9a9a9a",
    "vtm": "#5f5f5f",
    "mbt2018": "#9467bd",
    "bmshj2018-hyperprior": "#c28fe0",
    "bmshj2018-factorized": "#e377c2",
    "li2018": "#b8860b",
}
AXES = {
    "psnr": "PSNR in dB (RGB)",
    "ms_ssim": "MS-SSIM (RGB)",
    "ms_ssim_db": "MS-SSIM in dB, $-10\\,\\log_{10}(1-x)$",
    "false_edges": "false edges per thousand smooth places",
    "blockiness": "step across 8-pixel borders / inside blocks",
}


def rate_distortion(
    measured: Mapping[str, Curve],
    published: Mapping[str, Curve],
    quantity: str,
    title: str,
    path: Path,
) -> None:
    """Draw one quantity against bits per pixel and write it as PNG.

    Args:
        measured: curves by name; a curve of one point is drawn as a star.
        published: curves by name, drawn dashed.
        quantity: ``psnr``, ``ms_ssim`` or ``ms_ssim_db``.
        title: what images the means are over.
        path: of the PNG.
    """
    figure, axes = _figure(title, quantity)
    for curve in published.values():
        _draw(axes, curve, quantity, linestyle="--", linewidth=1.1, markersize=5, zorder=2)
    for curve in measured.values():
        own = curve.name == "bitcodec"
        _draw(axes, curve, quantity, linewidth=2.4 if own else 1.6, markersize=4, zorder=3 + own)
    _limit(axes, quantity)
    _save(figure, axes, path)


def mosaic(measured: Mapping[str, Curve], originals: float, title: str, path: Path) -> None:
    """Draw blockiness against bits per pixel, with the originals as a dotted line."""
    figure, axes = _figure(title, "blockiness")
    for curve in measured.values():
        own = curve.name == "bitcodec"
        _draw(axes, curve, "blockiness", linewidth=2.4 if own else 1.6, markersize=4)
    axes.axhline(originals, color="#777777", linestyle=":", label="originals")
    _save(figure, axes, path)


def stairs(measured: Mapping[str, Curve], title: str, path: Path) -> None:
    """Draw false edges in smooth places against bits per pixel."""
    figure, axes = _figure(title, "false_edges")
    for curve in measured.values():
        own = curve.name == "bitcodec"
        _draw(axes, curve, "false_edges", linewidth=2.4 if own else 1.6, markersize=4)
    axes.set_ylim(0, 100)
    _save(figure, axes, path)


def _figure(title: str, quantity: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(9, 6), layout="constrained")
    axes = figure.add_subplot()
    axes.set(title=title, xlabel="bits per pixel", ylabel=AXES[quantity], xlim=(0, LARGEST_BPP))
    axes.grid(color="#e4e4e4")
    axes.set_axisbelow(True)
    return figure, axes


def _draw(axes: Axes, curve: Curve, quantity: str, **style) -> None:  # type: ignore[no-untyped-def]
    values = curve.values(quantity)
    if not np.isfinite(values).any():
        return
    label = LABELS.get(curve.name, curve.name) + (" (published)" if curve.source else "")
    if len(curve.points) == 1:
        style |= {"linestyle": "none", "markersize": 11}
    axes.plot(
        curve.values("bpp"),
        values,
        marker="*" if len(curve.points) == 1 else ("o" if not curve.source else "."),
        color=_COLOURS.get(curve.name),
        label=label,
        **style,
    )


def _limit(axes: Axes, quantity: str) -> None:
    """Fit the vertical axis to what lies within the drawn rates, without the poorest tail."""
    points = [np.asarray(line.get_xydata(), np.float64) for line in axes.lines]
    shown = [float(y) for line in points for x, y in line if x <= LARGEST_BPP and math.isfinite(y)]
    floor = {"psnr": 24.0, "ms_ssim": 0.85, "ms_ssim_db": 8.0}[quantity]
    if shown and max(shown) > floor:
        margin = 0.02 * (max(shown) - floor)
        axes.set_ylim(max(floor, min(shown) - margin), max(shown) + margin)


def _save(figure: Figure, axes: Axes, path: Path) -> None:
    if axes.lines:
        axes.legend(fontsize=8, loc="best")
    with replacing(path) as stream:
        figure.savefig(stream, format="png", dpi=110)
