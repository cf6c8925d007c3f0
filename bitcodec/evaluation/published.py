"""Rate-distortion points on Kodak that others published, for context; nothing of it ran here."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from importlib import resources

from bitcodec.evaluation.curves import Curve, Point

#: File names, without ending, of the images to which the published points belong.
KODAK = frozenset(f"kodim{number:02d}" for number in range(1, 25))


def published(drawn_only: bool = True) -> dict[str, Curve]:
    """Published curves by name; unknown values are NaN.

    Args:
        drawn_only: leave out those that serve to check our own measurements of the same codecs.
    """
    text = resources.files("bitcodec.evaluation").joinpath("published_kodak.json").read_text()
    return {
        name: Curve(
            name,
            tuple(
                Point(name, "", bpp, _number(psnr), _number(ms_ssim))
                for bpp, psnr, ms_ssim in entry["points"]
            ),
            entry["source"],
        )
        for name, entry in json.loads(text)["curves"].items()
        if entry["drawn"] or not drawn_only
    }


def is_kodak(images: Iterable[str]) -> bool:
    """Whether these are exactly the 24 images that the published means are over."""
    return frozenset(images) == KODAK


def _number(value: float | None) -> float:
    return math.nan if value is None else value
