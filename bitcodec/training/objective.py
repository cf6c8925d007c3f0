"""What an optimising sweeper minimises: one number for a finished run."""

from __future__ import annotations

from collections.abc import Mapping

from bitcodec.errors import UsageError

METRICS = ("loss", "mse", "gap", "ones", "entropy_bpp", "bpp")
"""Final metrics of which less is better."""
RATE_DISTORTION = "rd_cost"
FAILED = float("inf")
"""What a sweep is told of a failed run, which does not stop it: worse than any other."""


def check(name: str, weight: float) -> None:
    """Refuse an objective that does not exist before a run is trained for it.

    Raises:
        UsageError: for such a name, or for a price of rate that is not above zero.
    """
    if name not in (*METRICS, RATE_DISTORTION):
        raise UsageError(f"objective={name}: choose {', '.join(METRICS)} or {RATE_DISTORTION}")
    if not isinstance(weight, int | float) or not 0 < weight < float("inf"):
        raise UsageError(f"rd_weight={weight}: give a number above zero")


def objective(metrics: Mapping[str, float], name: str, weight: float) -> float:
    """The objective of a run with these final metrics; less is better.

    ``rd_cost`` is ``10**(-psnr_binary / 10) + weight * bpp``: the squared error (for pixels in
    [0, 1]) of what a file decodes to, and the size of that file in bits per pixel.
    """
    check(name, weight)
    if name == RATE_DISTORTION:
        return 10 ** (-metrics["psnr_binary"] / 10) + weight * metrics["bpp"]
    return metrics[name]
