"""How settings and metrics are called and written; their definitions are the training's."""

from __future__ import annotations

from typing import NamedTuple

NOISE, WEIGHT, SEED = "noise.std", "penalty.weight", "seed"
AXIS_NAMES = {NOISE: "noise std", WEIGHT: "penalty weight"}


class Metric(NamedTuple):
    """A figure in ``run.json``: heading of its column, its axis, its form for Python and Vega."""

    heading: str
    axis: str
    form: str = ".2f"


METRICS = {
    "psnr_sigmoid": Metric("sigmoid dB", "PSNR of the sigmoid reading, dB"),
    "psnr_binary": Metric("binarized dB", "PSNR of the binarized reading, dB"),
    "gap": Metric("gap dB", "binarization gap, dB"),
    "ones": Metric("ones", "ones in the bitmap", ".2%"),
    "entropy_bpp": Metric("order-0 bpp", "order-0 entropy, bits per pixel"),
    "bpp": Metric("file bpp", "files, bits per pixel"),
    "mse": Metric("MSE", "mean squared error", "#.3g"),
    "loss": Metric("loss", "loss", "#.3g"),
    "steps": Metric("steps", "steps", ",.0f"),
}


def written(key: str, value: float) -> str:
    """The value of a metric without its unit."""
    return format(value, METRICS[key].form)
