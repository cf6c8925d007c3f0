"""Fixtures for all tests: a folder of photographs, and `train.py` in this process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest_plugins = ["tests.tiny", "tests.stepped"]

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def photo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve 32x32 crops of real photographs, as PNG."""
    import skimage.data

    folder = tmp_path_factory.mktemp("photos")
    photographs = (skimage.data.astronaut(), skimage.data.coffee(), skimage.data.chelsea())
    for number in range(12):
        photo = photographs[number % 3]
        top, left = 40 + 15 * number, 60 + 17 * number
        crop = np.ascontiguousarray(photo[top : top + 64 : 2, left : left + 64 : 2])
        Image.fromarray(crop).save(folder / f"{number:02d}.png")
    return folder


@dataclass
class Outcome:
    code: int
    error: str
    output: str


@pytest.fixture
def train(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable:
    """Run ``python train.py ARGUMENTS`` in this process; returns exit code and what it said."""
    from bitcodec.training import entry

    def call(*arguments: str) -> Outcome:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["train.py", *arguments])
        try:
            entry.main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        said = capsys.readouterr()
        return Outcome(code, said.err, said.out)

    return call


def tiny_run(photos: Path, folder: Path | None, *more: str) -> list[str]:
    """Overrides of a run of a few seconds that still goes through every part."""
    arguments = [
        "data=folder",
        f"data.root={photos}",
        "data.batch.batch_size=2",
        "data.batch.crop=16",
        "data.val_size=32",
        "callbacks.rate.fit_images=4",
        "callbacks.panels.images=[0]",
        "trainer.max_steps=8",
        "trainer.val_check_interval=4",
        "trainer.log_every_n_steps=1",
        "trainer.accelerator=cpu",
        "quiet=true",
        "threads=1",
        *more,
    ]
    return arguments if folder is None else [*arguments, f"hydra.run.dir={folder}"]
