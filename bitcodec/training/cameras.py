"""Photographs as cameras and scanners give them: softer than ones that were shrunk, and grainy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MOST_ENLARGED = 2.0
MOST_GRAIN = 4.0
"""Deviation in 8-bit levels."""
COLOURED = 0.4
"""Deviation of each colour's own grain, as a share of what all of them have in common."""


def enlargement(rng: np.random.Generator) -> float:
    """By how much to enlarge a picture, from 1 to 2; every ratio is as likely."""
    return float(MOST_ENLARGED ** rng.random())


def grainy(picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A picture ``H x W x 3`` with noise; half of them have none, and half of the others noise that
    neighbours share, as scanned film and pictures that were made from a sensor's mosaic have it.
    """
    deviation = MOST_GRAIN * rng.uniform(-1, 1)
    if deviation <= 0:
        return picture
    height, width, _ = picture.shape
    noise = rng.standard_normal((height, width, 1), np.float32)
    noise = noise + np.float32(COLOURED) * rng.standard_normal(picture.shape, np.float32)
    if rng.random() < 0.5:
        for axis in (0, 1):
            beside = np.roll(noise, 1, axis) + np.roll(noise, -1, axis)
            noise = (beside + 2 * noise) / np.float32(np.sqrt(6))  # of the same deviation
    found = picture + np.float32(deviation) * noise
    return np.clip(np.rint(found), 0, 255).astype(np.uint8)
