"""Where and with what a result was measured, so that it can be measured again."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

from PIL import features

_PACKAGES = ("bitcodec", "numpy", "pillow", "pillow-jxl-plugin", "bjontegaard", "scipy")
_LIBRARIES = ("libjpeg_turbo", "jpg_2000", "webp", "avif")


def provenance() -> dict[str, object]:
    """Commit, machine and versions, ready for JSON."""
    return {
        "commit": _commit(),
        "machine": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "system": platform.platform(),
        },
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "libraries": {
            name: features.version(name) for name in _LIBRARIES if features.version(name)
        },
    }


def _commit() -> str | None:
    """The commit of the source tree, with ``+`` for uncommitted changes; None if installed."""
    folder = Path(__file__).parent
    try:
        commit = _git(folder, "rev-parse", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no", ".")
    except (OSError, subprocess.CalledProcessError):
        return None
    return commit + ("+" if changed else "")


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
