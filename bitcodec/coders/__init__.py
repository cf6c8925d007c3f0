"""Coders: from a bitmap to bytes and back, on integers only."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bitcodec.coders.archive import read_tables
from bitcodec.coders.base import Coder
from bitcodec.coders.context import ContextCoder
from bitcodec.coders.huffman import HuffmanCoder
from bitcodec.errors import DamagedFileError, UnknownModelError, UsageError
from bitcodec.files import replacing

CODERS: tuple[type[Coder], ...] = (HuffmanCoder, ContextCoder)


def coder_by_name(name: str) -> type[Coder]:
    """The coder that ``--coder NAME`` means.

    Raises:
        UsageError: if there is none of this name.
    """
    for coder in CODERS:
        if coder.name == name:
            return coder
    names = " or ".join(repr(coder.name) for coder in CODERS)
    raise UsageError(f"there is no coder {name!r}; choose {names}")


def coder_by_id(number: int) -> type[Coder]:
    """The coder that the byte ``number`` in a file header means.

    Raises:
        DamagedFileError: if this version of bitcodec knows none of this number.
    """
    for coder in CODERS:
        if coder.id == number:
            return coder
    raise DamagedFileError(
        f"coder {number} is unknown to this version of bitcodec; get the file again or update"
    )


def tables_path(name: str, folder: Path) -> Path:
    """Where a model folder keeps the tables of the coder ``name``."""
    return folder / f"{name}.npz"


def save_tables(coder: Coder, folder: Path) -> Path:
    """Write the tables of ``coder`` to a model folder, all or nothing; returns the file."""
    path = tables_path(coder.name, folder)
    with replacing(path) as file:
        np.savez_compressed(file, **coder.tables())  # type: ignore[arg-type]
    return path


def load_coder(name: str, folder: Path) -> Coder:
    """The coder ``name`` with the tables of a model folder.

    Raises:
        UsageError: if there is no coder of this name.
        UnknownModelError: if the folder has no tables for it, or others.
    """
    kind = coder_by_name(name)
    path = tables_path(name, folder)
    try:
        return kind.from_tables(read_tables(path))
    except FileNotFoundError:
        raise UnknownModelError(f"the model has no tables for the {name} coder", path) from None
    except UnknownModelError as error:
        raise UnknownModelError(str(error), path) from None
    # Of damaged archives zipfile, zlib, tokenize and numpy each raise what they like.
    except Exception:
        raise UnknownModelError("this is not a table file; install the model again", path) from None
