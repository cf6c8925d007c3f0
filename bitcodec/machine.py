"""What this process may use of the machine that it runs on."""

from __future__ import annotations

import os

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
