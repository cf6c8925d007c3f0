"""Where a file's bits go: by channel, and by place in the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bitcodec.bitmap import Bitmap

COLUMNS, ROWS = 16, 8
PER_GRID = COLUMNS * ROWS
"""Channels of one grid, as the article's figure has them."""

_FORGET = 0.4
"""Counted for either bit before any is seen (Krichevsky and Trofimov's estimator has 0.5)."""
_HEAT = ((0, 0, 4), (66, 10, 104), (147, 38, 103), (221, 81, 58), (252, 165, 10), (252, 255, 164))


@dataclass(frozen=True)
class Channels:
    """One row a channel: share of ones, order-0 entropy and bytes, and bits by place ``H x W``."""

    ones: NDArray[np.float64]
    entropy: NDArray[np.float64]
    size: NDArray[np.float64]
    place: NDArray[np.float64]


def spent(bitmap: Bitmap, payload: int) -> Channels:
    """How a payload of so many bytes divides over the channels and places of its bitmap.

    Entropy is that of a bit of the channel, if bits were independent. Shares of the payload are an
    estimate: each bit is charged what a code costs that knows its four coded neighbours in its own
    channel, and the charges are scaled to the payload's size.
    """
    ones = bitmap.mean(axis=(1, 2))
    cost = _costs(bitmap)
    scale = 8 * payload / max(float(cost.sum(dtype=np.float64)), 1e-9)
    size = cost.sum(axis=(1, 2), dtype=np.float64) * scale / 8
    return Channels(ones, _entropy(ones), size, cost.sum(axis=0, dtype=np.float64) * scale)


def _entropy(ones: NDArray[np.float64]) -> NDArray[np.float64]:
    shares = np.stack([ones, 1 - ones])
    return -(shares * np.log2(shares, out=np.zeros_like(shares), where=shares > 0)).sum(axis=0)


def _costs(bitmap: Bitmap) -> NDArray[np.float32]:
    """Bits that each bit takes under static tables of its own channel, ``C x H x W``."""
    cost = np.empty(bitmap.shape, np.float32)
    for channel, own in enumerate(bitmap):
        padded = np.pad(own.astype(np.intp), ((1, 0), (1, 1)))
        west, north = padded[1:, :-2], padded[:-1, 1:-1]
        context = west + 2 * north + 4 * padded[:-1, :-2] + 8 * padded[:-1, 2:]
        index = (2 * context + own).reshape(-1)
        counts = np.bincount(index, minlength=32).reshape(16, 2) + _FORGET
        price = -np.log2(counts / counts.sum(axis=1, keepdims=True))
        cost[channel] = price.reshape(-1)[index].reshape(own.shape)
    return cost


def grids(bitmap: Bitmap) -> list[Image.Image]:
    """The channels in grids of 128 without gaps, white for a one; the last one may be shorter."""
    channels, height, width = bitmap.shape
    pictures = []
    for first in range(0, channels, PER_GRID):
        part = bitmap[first : first + PER_GRID]
        rows = -(-len(part) // COLUMNS)
        tiles = np.zeros((rows * COLUMNS, height, width), np.uint8)
        tiles[: len(part)] = part * np.uint8(255)
        sheet = tiles.reshape(rows, COLUMNS, height, width).transpose(0, 2, 1, 3)
        pictures.append(Image.fromarray(sheet.reshape(rows * height, COLUMNS * width)))
    return pictures


def heat(place: NDArray[np.float64], most: float) -> Image.Image:
    """Bits by place as a picture: black for none, over violet and orange to yellow for ``most``."""
    levels = np.clip(place / max(most, 1e-9), 0, 1) * (len(_HEAT) - 1)
    low = np.minimum(levels.astype(np.intp), len(_HEAT) - 2)
    colours, share = np.asarray(_HEAT, np.float64), (levels - low)[..., None]
    mixed = colours[low] * (1 - share) + colours[low + 1] * share
    return Image.fromarray(np.rint(mixed).astype(np.uint8))
