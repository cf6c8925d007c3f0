"""The experiment's baseline is a real coder too: it round-trips and uses its contexts."""

from __future__ import annotations

import numpy as np

from bitcodec.bitmap import order0_bits
from experiments.coders.tables_baseline import TableCoder
from tests.coders.samples import CHANNELS, smooth_bitmap


def test_baseline_round_trips_below_order0() -> None:
    coder = TableCoder.fit([smooth_bitmap(seed, 40, 56) for seed in range(8)])
    bitmap = smooth_bitmap(20, 33, 47)
    payload = coder.encode(bitmap)
    assert np.array_equal(coder.decode(payload, bitmap.shape), bitmap)
    assert 8 * len(payload) < 0.9 * order0_bits(bitmap)


def test_baseline_codes_contexts_that_training_never_saw() -> None:
    coder = TableCoder.fit([np.zeros((CHANNELS, 4, 4), bool)])
    bitmap = np.random.default_rng(0).random((CHANNELS, 5, 1)) < 0.5
    assert np.array_equal(coder.decode(coder.encode(bitmap), bitmap.shape), bitmap)
