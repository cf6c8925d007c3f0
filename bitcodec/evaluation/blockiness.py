"""The mosaic measured: how much steeper an image is across 8-pixel borders than inside blocks.

The two figures are those of Wang, Sheikh and Bovik, "No-reference perceptual quality assessment of
JPEG compressed images" (ICIP 2002): the mean absolute difference of neighbouring luma values over
all pairs that straddle a border of the block grid (their blockiness B), and the same over the pairs
inside blocks (their activity A). Here B is divided by A, so that the measure does not depend on how
busy the picture is: about 1 means no grid. Absolute and not squared differences, because squares
let the few steep lines at the rim of a scanned photograph decide.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from bitcodec.pixels import LUMA

#: JPEG's block side in pixels.
BLOCK = 8


def blockiness(pixels: NDArray[np.uint8]) -> float:
    """Mean step across block borders over that inside blocks, of an H x W x 3 8-bit image.

    1 for an image without any step, infinite where steps lie on block borders only, NaN for an
    image of a single block, which has no border.
    """
    luma = pixels.astype(np.float32) @ np.array(LUMA, np.float32)
    border_sum = border_count = inside_sum = inside_count = 0.0
    for lines in (luma, luma.T):
        # steps[k] belongs to the pair of column k and column k + 1
        steps = np.abs(np.diff(lines, axis=1)).sum(axis=0, dtype=np.float64)
        border = np.arange(1, steps.size + 1) % BLOCK == 0
        border_sum += steps[border].sum()
        border_count += border.sum() * lines.shape[0]
        inside_sum += steps[~border].sum()
        inside_count += (~border).sum() * lines.shape[0]
    if not border_count or not inside_count:
        return math.nan
    across, inside = border_sum / border_count, inside_sum / inside_count
    if inside == 0:
        return 1.0 if across == 0 else math.inf
    return float(across / inside)
