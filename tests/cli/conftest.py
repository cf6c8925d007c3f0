"""Running the command as a user would, exit code, output and all."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from bitcodec.installed_models import SEARCH_PATH
from bitcodec.model_folder import ModelFolder

Run = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def run(tiny_folder: ModelFolder, tmp_path: Path) -> Run:
    """``run("encode", path)`` in an empty folder where the tiny model can be found by name."""
    repository = Path(__file__).parents[2]
    environment = os.environ | {
        SEARCH_PATH: str(tiny_folder.path.parent),
        "PYTHONPATH": str(repository),
        "COLUMNS": "100",
    }

    def run(*arguments: object, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "bitcodec", *map(str, arguments)]
        done = subprocess.run(
            command, input=stdin, capture_output=True, cwd=tmp_path, env=environment
        )
        assert b"Traceback" not in done.stderr, done.stderr.decode()
        return done

    return run


@pytest.fixture
def photos(tmp_path: Path, photo: Image.Image) -> Path:
    """A folder with two pictures, one of them deeper, and a file that is none."""
    folder = tmp_path / "photos"
    (folder / "deeper").mkdir(parents=True)
    photo.save(folder / "one.png")
    photo.rotate(180).save(folder / "deeper" / "two.jpg")
    (folder / "notes.txt").write_text("not a picture")
    return folder
