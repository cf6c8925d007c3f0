"""Reading and writing files whole."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from bitcodec import container
from bitcodec.errors import DamagedFileError, UsageError


def read_file(path: str | Path) -> bytes:
    """The bytes of a ``.bitc`` file, not more of them than its header announces plus one.

    Raises:
        UsageError: if there is no such file.
        DamagedFileError: if it does not begin with a header.
    """
    try:
        with Path(path).open("rb") as stream:
            return container.read_stream(stream)
    except FileNotFoundError:
        raise UsageError("there is no such file", path) from None
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror})", path) from None
    except DamagedFileError as error:
        raise error.at(path) from None


def write_file(path: str | Path, data: bytes) -> None:
    """Write ``data`` so that the file is whole or not there.

    Raises:
        UsageError: if the folder is missing or may not be written to.
    """
    with replacing(path) as stream:
        stream.write(data)


@contextmanager
def replacing(path: str | Path) -> Iterator[BinaryIO]:
    """A temporary neighbour of ``path``, renamed to it if the block ends well, else removed.

    Raises:
        UsageError: if the folder is missing or may not be written to.
    """
    path = Path(path)
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise UsageError(f"cannot be written ({error.strerror})", path) from None
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
    except OSError as error:
        raise UsageError(f"cannot be written ({error.strerror})", path) from None
    finally:
        Path(temporary).unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: str | Path) -> Iterator[Path]:
    """A temporary neighbour of the folder ``path``, renamed to it if the block ends well.

    What ``path`` held before is gone then; until then it is untouched.

    Raises:
        UsageError: if the parent folder cannot be made or written to.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    except OSError as error:
        raise UsageError(f"cannot be written ({error.strerror})", path) from None
    new, old = temporary / "new", temporary / "old"
    try:
        new.mkdir()
        yield new
        if path.exists():
            path.rename(old)
        try:
            new.rename(path)
        except OSError:
            if old.exists():
                old.rename(path)
            raise
    except OSError as error:
        raise UsageError(f"cannot be written ({error.strerror})", path) from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _umask() -> int:
    # There is no way to ask without setting it.
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
