"""How metrics are called and written; their definitions are the training's."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """One of the figures in ``run.json``.

    Attributes:
        key: its name there.
        heading: of its column.
        axis: of its plot, with the unit.
        unit: written after a value; a percentage is a share times 100.
        form: of the number, as ``format`` takes it.
    """

    key: str
    heading: str
    axis: str
    unit: str
    form: str

    def plotted(self, value: float) -> float:
        """The value in the unit of the axis."""
        return value * 100 if self.unit == "%" else value

    def text(self, value: float) -> str:
        """The value without its unit."""
        return format(self.plotted(value), self.form) if math.isfinite(value) else str(value)

    def full(self, value: float) -> str:
        """The value with its unit."""
        return f"{self.text(value)} {self.unit}".strip()


METRICS = {
    metric.key: metric
    for metric in (
        Metric("psnr_sigmoid", "sigmoid dB", "PSNR of the sigmoid reading, dB", "dB", ".2f"),
        Metric("psnr_binary", "binarized dB", "PSNR of the binarized reading, dB", "dB", ".2f"),
        Metric("gap", "gap dB", "binarization gap, dB", "dB", ".2f"),
        Metric("ones", "ones %", "ones in the bitmap, %", "%", ".2f"),
        Metric("entropy_bpp", "order-0 bpp", "order-0 entropy, bits per pixel", "bpp", ".2f"),
        Metric("bpp", "file bpp", "files, bits per pixel", "bpp", ".2f"),
        Metric("mse", "MSE", "mean squared error", "", "#.3g"),
        Metric("loss", "loss", "loss", "", "#.3g"),
        Metric("steps", "steps", "steps", "", ",.0f"),
    )
}
