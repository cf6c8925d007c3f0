"""How metrics are called and written; their definitions are the training's."""

from __future__ import annotations

from typing import NamedTuple


class Metric(NamedTuple):
    """A figure in ``run.json``: the heading of its column, its axis, and how its number is written.

    What people see is ``factor`` times the figure: a percentage is a share times 100.
    """

    heading: str
    axis: str
    form: str = ".2f"
    factor: int = 1

    def text(self, value: float) -> str:
        """The value without its unit."""
        return format(self.factor * value, self.form)


METRICS = {
    "psnr_sigmoid": Metric("sigmoid dB", "PSNR of the sigmoid reading, dB"),
    "psnr_binary": Metric("binarized dB", "PSNR of the binarized reading, dB"),
    "gap": Metric("gap dB", "binarization gap, dB"),
    "ones": Metric("ones %", "ones in the bitmap, %", factor=100),
    "entropy_bpp": Metric("order-0 bpp", "order-0 entropy, bits per pixel"),
    "bpp": Metric("file bpp", "files, bits per pixel"),
    "mse": Metric("MSE", "mean squared error", "#.3g"),
    "loss": Metric("loss", "loss", "#.3g"),
    "steps": Metric("steps", "steps", ",.0f"),
}
