"""Names of temporary neighbours, and the removal of those that killed processes left behind."""

from __future__ import annotations

import os
import re
import time
import zlib
from contextlib import suppress
from functools import cache
from pathlib import Path

PREFIX, SUFFIX = ".bitcodec-", ".part"
"""What all of them have: hidden, and short, so that any legal name can have such a neighbour."""

STALE_SECONDS = 24 * 3600
"""After so long without a byte, a file of another machine's process is nobody's any more."""

_NAME = re.compile(
    re.escape(PREFIX) + r"([0-9a-f]{8})-([0-9]+)-[0-9a-f]{8}" + re.escape(SUFFIX), re.ASCII
)


def new_name() -> str:
    """A name that says which process on which machine writes here."""
    return f"{PREFIX}{_machine()}-{os.getpid()}-{os.urandom(4).hex()}{SUFFIX}"


@cache
def clear(folder: Path) -> None:
    """Remove what processes that are gone left in a folder; looked at once in a process.

    Other processes may be writing there at this moment, on other machines too: a file stays unless
    its process was one of this machine and is no more, or it has been still for a day.
    """
    with suppress(OSError):
        for entry in os.scandir(folder):
            name = _NAME.fullmatch(entry.name)
            if name is None or not entry.is_file(follow_symlinks=False):
                continue
            gone = name[1] == _machine() and not _runs(int(name[2]))
            with suppress(OSError):
                if gone or time.time() - entry.stat().st_mtime > STALE_SECONDS:
                    Path(entry.path).unlink()


@cache
def _machine() -> str:
    """This machine since it was started, and the space in which its process numbers count."""
    facts = [os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")]
    with suppress(OSError):
        facts.append(Path("/proc/sys/kernel/random/boot_id").read_text("ascii"))
        facts.append(str(Path("/proc/self/ns/pid").readlink()))
    return f"{zlib.crc32(' '.join(facts).encode()):08x}"


def _runs(process: int) -> bool:
    if os.name != "posix":
        return True  # Signal 0 would end it there.
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
