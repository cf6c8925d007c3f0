"""What every coder of bitmaps offers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from bitcodec.bitmap import Bitmap
from bitcodec.errors import UsageError

Tables = Mapping[str, NDArray[np.integer]]


class Coder(Protocol):
    """A lossless map between bitmaps ``C x H x W`` and bytes, through static integer tables.

    The tables belong to a model (they are fitted once, on bitmaps of its training images, and
    live in its folder), not to a file. Equal tables and equal bitmaps give equal bytes on every
    machine.
    """

    name: ClassVar[str]
    """What ``--coder`` takes."""
    id: ClassVar[int]
    """The byte in the file header; never reused."""

    def encode(self, bitmap: Bitmap) -> bytes:
        """The payload of a bitmap that has as many channels as the tables."""
        ...

    def decode(self, payload: bytes, shape: tuple[int, int, int]) -> Bitmap:
        """The bitmap of ``shape`` that :meth:`encode` turned into ``payload``.

        Raises:
            DamagedFileError: if no bitmap of this shape has this payload.
        """
        ...

    def tables(self) -> dict[str, NDArray[np.integer]]:
        """The integer arrays that :meth:`from_tables` rebuilds this coder from."""
        ...

    @classmethod
    def from_tables(cls, tables: Tables) -> Self:
        """Raises:
        UnknownModelError: if the arrays are not those of this coder.
        """
        ...

    @classmethod
    def fit(cls, bitmaps: Iterable[Bitmap]) -> Self:
        """Fit the tables to bitmaps of training images (all with the same channels)."""
        ...


def check_bitmap(bitmap: Bitmap, channels: int) -> None:
    """Raise UsageError unless ``bitmap`` is boolean ``channels x H x W`` and not empty."""
    if bitmap.dtype != np.bool_ or bitmap.ndim != 3:
        raise UsageError(f"a bitmap is boolean C x H x W, not {bitmap.dtype} {bitmap.shape}")
    check_shape(bitmap.shape, channels)


def check_shape(shape: tuple[int, ...], channels: int) -> None:
    """Raise UsageError unless ``shape`` is ``channels x H x W`` with H and W of at least 1."""
    if len(shape) != 3 or shape[0] != channels or min(shape) < 1:
        raise UsageError(f"the coder's tables are for {channels} x H x W bits, not {shape}")
