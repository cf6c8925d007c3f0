"""What this process may use of the machine that it runs on."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

THREADS = "OMP_NUM_THREADS"
"""Environment variable by which users and batch systems limit the threads of libraries."""


def granted() -> int:
    """Cores that this process may run on: those of its CPU mask, where the system has masks."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cores() -> int:
    """Cores to compute on: those of the process's CPU mask, or as many as OMP_NUM_THREADS allows.

    The number of cores in the machine, which libraries go by when left alone, is neither what a
    batch system granted nor what ``taskset`` left over.
    """
    # A list says how many at each depth of nesting: the first counts.
    wanted = os.environ.get(THREADS, "").split(",")[0].strip()
    if wanted.isascii() and wanted.isdigit() and int(wanted) > 0:
        return min(granted(), int(wanted))
    return granted()


def memory() -> int | None:
    """Bytes of memory: the machine's, or what its control group allows; None where unknown."""
    found = []
    with suppress(AttributeError, ValueError, OSError):
        found.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    for limit in ("memory.max", "memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):
            found.append(int(Path("/sys/fs/cgroup", limit).read_text()))
    return min((size for size in found if size > 0), default=None)
