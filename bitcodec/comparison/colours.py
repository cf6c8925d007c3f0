"""Colours that keep their order, and their contrast, on white and on black.

A colour is a hue and a lift from 0 to 1; ``page/style.css`` turns the same pair into a lighter
colour on a dark page.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np


class Colour(NamedTuple):
    """Hue in degrees of the OKLCH colour space, and lift."""

    hue: float
    lift: float

    def rgb(self) -> tuple[float, float, float]:
        """For a white background, each in [0, 1]."""
        return _rgb(0.48 + 0.16 * self.lift, 0.15, self.hue)


ONLY = Colour(262.0, 0.2)
_KINDS = tuple(Colour(hue, 0.5) for hue in (262.0, 45.0, 150.0, 330.0, 95.0, 205.0))


def ranked(rank: int, count: int) -> Colour:
    """From blue for the lowest of ``count`` values to orange for the highest."""
    share = rank / max(1, count - 1)
    return Colour((262.0 + 135.0 * share) % 360, share)


def kind(number: int) -> Colour:
    """For things without an order."""
    return _KINDS[number % len(_KINDS)]


def _rgb(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    """OKLCH → sRGB, clipped (Ottosson, "A perceptual color space for image processing")."""
    a, b = (chroma * turn(math.radians(hue)) for turn in (math.cos, math.sin))
    cones = np.array(
        [
            lightness + 0.3963377774 * a + 0.2158037573 * b,
            lightness - 0.1055613458 * a - 0.0638541728 * b,
            lightness - 0.0894841775 * a - 1.2914855480 * b,
        ]
    )
    linear = (
        np.array(
            [
                [4.0767416621, -3.3077115913, 0.2309699292],
                [-1.2684380046, 2.6097574011, -0.3413193965],
                [-0.0041960863, -0.7034186147, 1.7076147010],
            ]
        )
        @ cones**3
    ).clip(0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    red, green, blue = encoded.tolist()
    return red, green, blue
