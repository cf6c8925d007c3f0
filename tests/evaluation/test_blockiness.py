"""The measure of the mosaic sees an 8-pixel grid, and nothing else."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bitcodec.evaluation.blockiness import blockiness


def jpeg(image: Image.Image, quality: int) -> np.ndarray:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def test_about_1_on_a_photograph_and_rising_as_jpeg_gets_worse(coffee: Image.Image) -> None:
    assert blockiness(np.asarray(coffee)) == pytest.approx(1, abs=0.05)
    values = [blockiness(jpeg(coffee, quality)) for quality in (90, 50, 20, 10, 5)]
    assert values == sorted(values)
    assert values[-1] > 2


def test_kodak_originals_are_about_1(kodak: list[Path]) -> None:
    values = [blockiness(np.asarray(Image.open(path))) for path in kodak]
    assert np.mean(values) == pytest.approx(1, abs=0.05)
    assert all(0.88 < value < 1.05 for value in values)
    rough = [blockiness(jpeg(Image.open(path), 10)) for path in kodak]
    assert all(after > 1.5 * before for before, after in zip(values, rough, strict=True))


def test_a_ramp_has_no_grid() -> None:
    ramp = np.broadcast_to(np.arange(64, dtype=np.uint8)[None, :, None], (64, 64, 3))
    assert blockiness(ramp) == pytest.approx(1)


def test_flat_blocks_are_nothing_but_grid() -> None:
    blocks = np.random.default_rng(0).integers(0, 256, (6, 7, 3), dtype=np.uint8)
    assert blockiness(blocks.repeat(8, axis=0).repeat(8, axis=1)) == math.inf


def test_a_grid_of_another_period_does_not_count() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (30, 30, 3), dtype=np.uint8)
    assert blockiness(noise.repeat(7, axis=0).repeat(7, axis=1)) == pytest.approx(1, abs=0.35)


def test_corner_cases() -> None:
    assert blockiness(np.full((32, 32, 3), 7, np.uint8)) == 1
    assert math.isnan(blockiness(np.zeros((8, 8, 3), np.uint8)))
