"""The bitmap: packing loses nothing, and its entropy is what can be worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bitcodec.bitmap import ones, order0_bits, pack, unpack


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 7), (128, 4, 6)])
def test_packing_is_lossless(shape: tuple[int, int, int]) -> None:
    bitmap = np.random.default_rng(0).random(shape) < 0.3
    data = pack(bitmap)
    assert len(data) == math.ceil(bitmap.size / 8)
    assert np.array_equal(unpack(data, shape), bitmap)


def test_unpacking_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="2 bytes"):
        unpack(b"\0\0", (1, 3, 1))


def test_entropy_against_hand_computed_values() -> None:
    bitmap = np.zeros((3, 4, 4), bool)
    bitmap[1, :2] = True  # half ones: 16 bits
    bitmap[2, 0, 0] = True  # 1 of 16
    p = 1 / 16
    expected = 16 + 16 * (-p * math.log2(p) - (1 - p) * math.log2(1 - p))
    assert order0_bits(bitmap) == pytest.approx(expected)
    assert ones(bitmap) == pytest.approx(9 / 48)
