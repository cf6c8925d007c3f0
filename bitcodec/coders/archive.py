"""Integer tables from an ``.npz`` file that may be anyone's: sizes first, memory afterwards."""

from __future__ import annotations

import io
import math
import zipfile
from pathlib import Path

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

MOST_BYTES = 64 << 20
"""Of all tables of a coder, as they lie in memory; the model that ships has a megabyte."""
MOST_TABLES = 64
_LONGEST_HEADER = 1 << 10
_SUFFIX = ".npy"


def read_tables(path: Path) -> dict[str, NDArray[np.integer]]:
    """The arrays of an archive by their names.

    Raises:
        ValueError: if it holds anything else than a few arrays of integers, or too much.
        Exception: whatever zipfile, zlib and numpy raise of a damaged one.
    """
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) > MOST_TABLES or sum(each.file_size for each in members) > MOST_BYTES:
            raise ValueError("the tables are too large")
        # A member never gives more than the size that it states.
        return {each.filename.removesuffix(_SUFFIX): _array(archive.read(each)) for each in members}


def _array(data: bytes) -> NDArray[np.integer]:
    stream = io.BytesIO(data)
    read_header = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}[
        npy.read_magic(stream)
    ]
    shape, columns_first, kind = read_header(stream, max_header_size=_LONGEST_HEADER)
    if kind.kind not in "iu" or any(side < 0 for side in shape):
        raise ValueError("a table is not of integers")
    rest = data[stream.tell() :]
    if len(rest) != math.prod(shape) * kind.itemsize:
        raise ValueError("a table is longer or shorter than it states")
    array = np.frombuffer(rest, kind)
    return array.reshape(shape[::-1]).T.copy() if columns_first else array.reshape(shape).copy()
