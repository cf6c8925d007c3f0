"""What every coder of bitmaps offers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from bitcodec.bitmap import Bitmap
from bitcodec.errors import DamagedFileError, UsageError
from bitcodec.layout import Layout

Tables = Mapping[str, NDArray[np.integer]]


class Coder(Protocol):
    """A lossless map between bitmaps ``C x H x W`` and bytes, through static integer tables.

    The tables belong to a model (they are fitted once, on bitmaps of its training images, and
    live in its folder), not to a file. They serve every layout of the model: any number of its
    first latents, with any number of bits. Equal tables and equal bitmaps give equal bytes on every
    machine.
    """

    name: ClassVar[str]
    """What ``--coder`` takes."""
    id: ClassVar[int]
    """The byte in the file header; never reused within a version of the format."""

    @property
    def latents(self) -> int:
        """How many latents the tables know."""
        ...

    def encode(self, bitmap: Bitmap, layout: Layout) -> bytes:
        """The payload of a bitmap.

        Raises:
            UsageError: if bitmap, layout and tables do not belong together.
        """
        ...

    def decode(self, payload: bytes, size: tuple[int, int], layout: Layout) -> Bitmap:
        """The bitmap that :meth:`encode` turned into ``payload``.

        Args:
            payload: the bytes.
            size: rows and columns of the bitmap.
            layout: its latents.

        Raises:
            DamagedFileError: if no such bitmap has this payload.
            UsageError: if layout and tables do not belong together.
        """
        ...

    def tables(self) -> dict[str, NDArray[np.integer]]:
        """The integer arrays that :meth:`from_tables` rebuilds this coder from."""
        ...

    @classmethod
    def from_tables(cls, tables: Tables) -> Self:
        """The coder with these tables.

        Raises:
            UnknownModelError: if the arrays are not those of this coder.
        """
        ...


def check_bitmap(bitmap: Bitmap, layout: Layout) -> None:
    """Raise UsageError unless ``bitmap`` is boolean, not empty and of this layout."""
    if bitmap.dtype != np.bool_ or bitmap.ndim != 3:
        raise UsageError(f"a bitmap is boolean C x H x W, not {bitmap.dtype} {bitmap.shape}")
    if len(bitmap) != layout.channels or min(bitmap.shape) < 1:
        raise UsageError(f"the layout is for {layout.channels} x H x W bits, not {bitmap.shape}")


def check_layout(layout: Layout, latents: int, means: int) -> None:
    """Raise UsageError unless tables for so many latents, so many of them means, serve it."""
    if layout.latents > latents or layout.means != min(means, layout.latents):
        raise UsageError(
            f"the coder's tables are for {latents} latents with {means} means, "
            f"not for {layout.latents} with {layout.means}"
        )


def check_levels(levels: NDArray[np.integer], bits: Sequence[int]) -> None:
    """Raise DamagedFileError if a level that was read is none that so many bits can say."""
    outermost = (1 << np.asarray(bits) - 1).reshape(-1, *[1] * (levels.ndim - 1))
    if ((levels < -outermost) | (levels >= outermost)).any():
        raise DamagedFileError("the payload is damaged; get the file again")
