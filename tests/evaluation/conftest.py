"""Photographs for the evaluation's tests."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def coffee() -> Image.Image:
    """A real photograph, 320 x 256, cut out of one that comes with scikit-image."""
    data = pytest.importorskip("skimage.data", reason="photographs come with scikit-image")
    return Image.fromarray(np.ascontiguousarray(data.coffee()[60:316, 120:440]))


@pytest.fixture(scope="session")
def kodak() -> list[Path]:
    """The 24 Kodak images."""
    root = os.environ.get("BITCODEC_PHOTOS")
    if not root:
        pytest.skip("BITCODEC_PHOTOS does not name the folder of photographs")
    files = sorted((Path(root) / "kodak").glob("kodim*.png"))
    if len(files) != 24:
        pytest.skip(f"{root}/kodak does not hold the 24 Kodak images")
    return files
