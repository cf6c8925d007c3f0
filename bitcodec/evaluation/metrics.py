"""MS-SSIM of a decoded photograph, the way the compression field reports it.

It follows Wang, Simoncelli
and Bovik, "Multi-scale structural similarity for image quality assessment" (Asilomar 2003): five
scales, an 11x11 Gaussian window with standard deviation 1.5, values between 0 and 1, one figure for
each colour channel, then their mean (as ``tf.image.ssim_multiscale`` and ``pytorch-msssim`` do it).
No deep-learning framework is needed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitcodec.pixels import Pixels

Planes = NDArray[np.float32]

SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
WINDOW = 11
SIGMA = 1.5
C1, C2 = 0.01**2, 0.03**2
#: The shortest side whose fifth scale still holds one window.
SHORTEST_SIDE = (WINDOW - 1) * 2 ** (len(SCALE_WEIGHTS) - 1) + 1
#: Lines filtered by one matrix product; larger blocks multiply more zeros, smaller ones call more.
_BLOCK = 32


def ms_ssim(original: Pixels, decoded: Pixels) -> float:
    """Multi-scale structural similarity of two H x W x 3 images of 8-bit values, at most 1.

    NaN when a side is not over 160 pixels, where the measure is not defined. Raises ValueError
    when the shapes differ.
    """
    return MsSsim(original)(decoded)


def decibels(similarity: float) -> float:
    """MS-SSIM on a logarithmic scale, ``-10 log10(1 - x)``, which spreads values close to 1."""
    return math.inf if similarity >= 1 else -10 * math.log10(1 - similarity)


@dataclass(frozen=True)
class _Scale:
    planes: Planes
    mean: Planes
    square: Planes


class MsSsim:
    """MS-SSIM against one original, whose local means are computed once for many decoded images."""

    def __init__(self, original: Pixels) -> None:
        self._shape = original.shape
        self.defined = min(original.shape[:2]) >= SHORTEST_SIDE
        planes = _planes(original)
        self._scales: list[_Scale] = []
        for _ in SCALE_WEIGHTS if self.defined else ():
            self._scales.append(_Scale(planes, _blur(planes), _blur(planes * planes)))
            planes = _halve(planes)

    def __call__(self, decoded: Pixels) -> float:
        if decoded.shape != self._shape:
            raise ValueError(f"shapes differ: {self._shape} and {decoded.shape}")
        if not self.defined:
            return math.nan
        planes = _planes(decoded)
        product = np.ones(planes.shape[0])
        for scale, weight in zip(self._scales, SCALE_WEIGHTS, strict=True):
            luminance, contrast = _compare(scale, planes)
            if scale is self._scales[-1]:
                contrast *= luminance
            # Negative correlation cannot be raised to a fraction; the field sets it to 0.
            similarity = contrast.mean(axis=(1, 2), dtype=np.float64)
            product *= np.maximum(similarity, 0) ** weight
            planes = _halve(planes)
        return float(product.mean())


def _compare(original: _Scale, planes: Planes) -> tuple[NDArray[Any], NDArray[Any]]:
    """The luminance and the contrast-structure map of one scale."""
    mean = _blur(planes)
    means = original.mean * mean
    squared_means = original.mean**2 + mean**2
    covariance = _blur(original.planes * planes) - means
    variances = original.square + _blur(planes * planes) - squared_means
    luminance = (2 * means + C1) / (squared_means + C1)
    contrast = (2 * covariance + C2) / (variances + C2)
    return luminance, contrast


def _planes(pixels: Pixels) -> Planes:
    """H x W x C in 0..255 as C x H x W in 0..1."""
    return np.ascontiguousarray(pixels.transpose(2, 0, 1), dtype=np.float32) / np.float32(255)


def _halve(planes: Planes) -> Planes:
    """The mean of each 2x2 square; an odd side first repeats its last line."""
    height, width = planes.shape[1:]
    if height % 2 or width % 2:
        planes = np.pad(planes, ((0, 0), (0, height % 2), (0, width % 2)), mode="edge")
    rows = planes[:, 0::2] + planes[:, 1::2]
    return (rows[:, :, 0::2] + rows[:, :, 1::2]) * np.float32(0.25)


def _blur_matrix() -> Planes:
    offsets = np.arange(WINDOW) - WINDOW // 2
    window = np.exp(-(offsets**2) / (2 * SIGMA**2))
    window /= window.sum()
    matrix = np.zeros((_BLOCK + WINDOW - 1, _BLOCK), np.float32)
    for column in range(_BLOCK):
        matrix[column : column + WINDOW, column] = window
    return matrix


_BLUR = _blur_matrix()


def _blur(planes: Planes) -> Planes:
    """The separable Gaussian window where it fits: C x H x W to C x (H-10) x (W-10).

    Each block of lines is one product with a banded matrix: three times the speed of a plain
    one-dimensional correlation on a 768x512 image.
    """
    channels, height, width = planes.shape
    height, width = height - WINDOW + 1, width - WINDOW + 1
    rows = np.empty((channels, height, planes.shape[2]), np.float32)
    for start in range(0, height, _BLOCK):
        size = min(_BLOCK, height - start)
        reach = size + WINDOW - 1
        np.matmul(
            _BLUR[:reach, :size].T,
            planes[:, start : start + reach],
            out=rows[:, start : start + size],
        )
    blurred = np.empty((channels, height, width), np.float32)
    for start in range(0, width, _BLOCK):
        size = min(_BLOCK, width - start)
        reach = size + WINDOW - 1
        blurred[:, :, start : start + size] = (
            rows[:, :, start : start + reach] @ _BLUR[:reach, :size]
        )
    return blurred
