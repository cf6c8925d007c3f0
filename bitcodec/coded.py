"""What encoding a picture gives: the file, and what it says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitcodec.bitmap import Bitmap
from bitcodec.layout import Layout


@dataclass(frozen=True)
class Coded:
    """A picture that was encoded.

    Attributes:
        data: the bytes of a ``.bitc`` file.
        levels: of its latents, ``M x H x W``; a bitmap takes several times their memory.
        layout: their bits.
    """

    data: bytes
    levels: NDArray[np.int16]
    layout: Layout

    @property
    def bitmap(self) -> Bitmap:
        """``C x H x W``."""
        return self.layout.bitmap(self.levels)
