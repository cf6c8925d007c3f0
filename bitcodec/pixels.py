"""Pixels in 8 bits, how far two pictures are apart, and pixels as networks take and give them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
"""``H x W x 3``."""

LUMA = (0.299, 0.587, 0.114)
"""Shares of red, green and blue in a pixel's luma: ITU-R BT.601, as in JFIF."""


def psnr(original: Pixels, decoded: Pixels) -> float:
    """Peak signal-to-noise ratio in dB of two H x W x 3 images of 8-bit values.

    ``10 log10(255**2 / mse)`` over all pixels and channels; infinite when they are equal. Its twin
    in torch, for batches in training, is :func:`bitcodec.training.module.psnr`.

    >>> import numpy as np
    >>> psnr(np.full((8, 8, 3), 100, np.uint8), np.full((8, 8, 3), 101, np.uint8))
    48.1308...

    Raises:
        ValueError: when the shapes differ.
    """
    if original.shape != decoded.shape:
        raise ValueError(f"shapes differ: {original.shape} and {decoded.shape}")
    difference = original.astype(np.int32) - decoded
    mean_squared_error = float(np.mean(np.square(difference), dtype=np.float64))
    if mean_squared_error == 0:
        return math.inf
    return 10 * math.log10(255**2 / mean_squared_error)


def planes(rgb: Image.Image, rows: slice, columns: slice, stride: int) -> NDArray[np.float32]:
    """A window, in code positions, as ``3 x H x W`` in [0, 1]; edges repeated to whole strides."""
    left, top = columns.start * stride, rows.start * stride
    right, bottom = columns.stop * stride, rows.stop * stride
    window = rgb.crop((left, top, min(right, rgb.width), min(bottom, rgb.height)))
    cut = np.asarray(window).transpose(2, 0, 1).astype(np.float32) / np.float32(255)
    below, beside = bottom - top - cut.shape[1], right - left - cut.shape[2]
    if below or beside:
        cut = np.pad(cut, ((0, 0), (0, below), (0, beside)), mode="edge")
    return cut


def to_bytes(found: NDArray[np.float32]) -> Pixels:
    """``3 x H x W``, nominally in [0, 1], to ``H x W x 3`` bytes: rounded, then limited."""
    levels = np.rint(found * np.float32(255))
    limited = np.clip(levels, 0, 255, out=levels).astype(np.uint8)
    return np.ascontiguousarray(limited.transpose(1, 2, 0))
