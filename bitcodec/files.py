"""Files whole: what is written appears complete or not at all, what is read has bounds."""

from __future__ import annotations

import errno
import io
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from bitcodec.errors import BitcodecError, UsageError
from bitcodec.temporary import PREFIX, SUFFIX, clear, new_name

_NO_HARD_LINKS = (errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.EMLINK, errno.EXDEV)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG)


def read_regular(path: Path, most: int) -> bytes:
    """The bytes of a regular file that has at most so many.

    Raises:
        OSError: as the system has it; also for more bytes, and for pipes and devices, whose bytes
            might never come or never end.
    """
    facts = path.stat()
    if not stat.S_ISREG(facts.st_mode) or facts.st_size > most:
        raise OSError(errno.EFBIG, f"not a file of at most {most:,} bytes")
    with path.open("rb") as stream:
        return stream.read(most)


def write_file(path: str | Path, data: bytes, *, overwrite: bool = True) -> None:
    """Write ``data`` so that the file is whole or not there; see :func:`replacing`.

    Raises:
        BitcodecError: as :func:`replacing`.
    """
    with replacing(path, overwrite=overwrite) as stream:
        stream.write(data)


@contextmanager
def replacing(path: str | Path, *, overwrite: bool = True) -> Iterator[BinaryIO]:
    """A stream whose bytes become the file ``path`` if the block ends well.

    A link is followed and stays a link, a file keeps its mode and owner, and what is no regular
    file (a device, a pipe) is written to, not replaced.

    Args:
        path: the file.
        overwrite: whether a file that is there by the end may be replaced.

    Raises:
        UsageError: if the path cannot be written to, or is there already.
        BitcodecError: if the disk is full or fails.
    """
    path = Path(path)
    if is_special(path):
        # All at once here too: what fails half-way has sent nothing.
        buffer = io.BytesIO()
        yield buffer
        try:
            with path.open("wb", buffering=0) as device:
                shutil.copyfileobj(io.BytesIO(buffer.getbuffer()), device)
        except OSError as error:
            raise cannot("written", error, path) from None
        return
    with replacing_path(path, overwrite=overwrite) as temporary:
        try:
            stream = temporary.open("wb")
        except OSError as error:
            raise cannot("written", error, path) from None
        with stream:
            yield stream


@contextmanager
def replacing_path(path: str | Path, *, overwrite: bool = True) -> Iterator[Path]:
    """An empty temporary neighbour that becomes ``path`` if the block ends well, else is removed.

    For writers that want a name; :func:`replacing` has the rules and errors.
    """
    path = Path(path)
    try:
        target = Path(os.path.realpath(path))
        before = _stat(path)
        if before is not None and stat.S_ISDIR(before.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    except OSError as error:
        raise cannot("written", error, path) from None
    clear(target.parent)
    temporary = target.with_name(new_name())
    try:
        # The kernel applies the umask and the folder's default rights.
        mode = 0o666 if before is None else stat.S_IMODE(before.st_mode) & 0o777
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode | stat.S_IWUSR))
        yield temporary
        if before is not None:
            _sync(temporary)
            _dress(temporary, before)
        _publish(temporary, target, overwrite)
    except FileExistsError:
        raise exists_already(path) from None
    except OSError as error:
        raise cannot("written", error, path) from None
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: str | Path) -> Iterator[Path]:
    """A temporary neighbour of the folder ``path``, renamed to it if the block ends well.

    What ``path`` held before is gone then; until then it is untouched.

    Raises:
        UsageError: if the parent folder cannot be made or written to.
    """
    import tempfile  # Here, with its random numbers: a picture needs neither.

    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=PREFIX, suffix=SUFFIX))
    except OSError as error:
        raise cannot("written", error, path) from None
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
        raise cannot("written", error, path) from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def is_special(path: Path) -> bool:
    """Whether writing means writing *to* what is there: a device, a pipe, an open file's number."""
    with suppress(OSError):
        if path.is_symlink() and Path(os.path.realpath(path.parent)).parts[:2] == ("/", "proc"):
            return True  # /proc/self/fd/1, also reached as /dev/fd/1
        if path.is_symlink() and path.readlink().parent == Path("/proc/self/fd"):
            return True  # /dev/stdout
        mode = path.stat().st_mode
        return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)
    return False


def cannot(what: str, error: OSError, path: str | Path) -> BitcodecError:
    """The sentence for an operating system's refusal; a full disk is not the user's typing."""
    kind = BitcodecError if error.errno in _FULL else UsageError
    return kind(f"cannot be {what} ({error.strerror or error})", path)


def exists_already(path: str | Path) -> UsageError:
    """The refusal to replace a file."""
    return UsageError("exists already: add --overwrite to replace it", path)


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _dress(temporary: Path, before: os.stat_result) -> None:
    """Give the new file the owner and mode of the one that it replaces."""
    if hasattr(os, "chown"):
        new = temporary.stat()
        if (new.st_uid, new.st_gid) != (before.st_uid, before.st_gid):
            # Only root may give files away.
            with suppress(PermissionError):
                os.chown(temporary, before.st_uid, before.st_gid)
    temporary.chmod(stat.S_IMODE(before.st_mode))


def _sync(temporary: Path) -> None:
    """Have the bytes on the disk before the name: a machine that stops in between would otherwise
    wake up with neither the old file nor the new one.
    """
    handle = os.open(temporary, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _publish(temporary: Path, target: Path, overwrite: bool) -> None:
    """Rename, or fail with FileExistsError; of several processes only one succeeds."""
    if overwrite:
        temporary.replace(target)
        return
    try:
        os.link(temporary, target)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        # A file system without hard links: an empty file reserves the name for a moment.
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        temporary.replace(target)
