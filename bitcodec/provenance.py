"""Where a number comes from: commit, versions, hardware."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

from PIL import features

_PACKAGES = (
    "bitcodec",
    "torch",
    "torchvision",
    "lightning",
    "hydra-core",
    "numpy",
    "pillow",
    "onnxruntime",
    "constriction",
    "pillow-jxl-plugin",
    "bjontegaard",
    "scipy",
)
_LIBRARIES = ("libjpeg_turbo", "jpg_2000", "webp", "avif")


def provenance() -> dict[str, Any]:
    """Commit (and whether the tree was changed), versions, processor, cores; JSON-ready."""
    return {
        "commit": _git("rev-parse", "HEAD"),
        "dirty": bool(_git("status", "--porcelain", "--untracked-files=no")),
        "python": platform.python_version(),
        "versions": {name: version for name in _PACKAGES if (version := _version(name))},
        "libraries": {name: version for name in _LIBRARIES if (version := features.version(name))},
        "platform": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
    }


def _git(*arguments: str) -> str | None:
    """Output of git in this checkout, or None outside one (an installed package)."""
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"
