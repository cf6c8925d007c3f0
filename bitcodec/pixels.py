"""Pixels as the networks see them: planes of numbers from 0 to 1, in whole code positions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image


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


def to_bytes(found: NDArray[np.float32]) -> NDArray[np.uint8]:
    """``3 x H x W``, nominally in [0, 1], to ``H x W x 3`` bytes: rounded, then limited."""
    levels = np.rint(found * np.float32(255))
    limited = np.clip(levels, 0, 255, out=levels).astype(np.uint8)
    return np.ascontiguousarray(limited.transpose(1, 2, 0))
