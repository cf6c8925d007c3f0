"""Made-up crops: of the right kind, the same for the same seed, in the share asked for."""

from __future__ import annotations

import numpy as np

from bitcodec.training.batches import BatchConfig, BatchStream
from bitcodec.training.synthetic import KINDS, synthetic_crop


def test_crops_are_pictures_and_repeat_with_their_seed() -> None:
    for seed in range(12):
        crop, same = (synthetic_crop(40, np.random.default_rng(seed)) for _ in range(2))
        assert crop.shape == (40, 40, 3) and crop.dtype == np.uint8
        assert np.array_equal(crop, same)


def test_each_kind_is_what_it_says() -> None:
    rng = np.random.default_rng(3)
    flat, ramp, letters, text = (np.stack([kind(64, rng) for _ in range(20)]) for kind in KINDS)
    assert (flat == flat[:, :1, :1]).all()
    steps = np.abs(np.diff(ramp.astype(int), axis=2)).max()
    assert 0 < steps <= 16, "no edges in ramps"
    for written in (letters, text):
        edges = np.abs(np.diff(written.astype(int), axis=2)).max(axis=(1, 2, 3))
        assert np.median(edges) > 100, "edges of full contrast in letters"


def test_the_share_of_made_up_crops_is_the_one_asked_for() -> None:
    photo = np.full((32, 32, 3), 77, np.uint8)
    config = BatchConfig(8, 16, False, 0.0, 0.0, 0.25, 0.0)
    stream = BatchStream([photo], config, seed=0)
    crops = np.concatenate([stream.batch(step).numpy() for step in range(100)])
    made = (crops != np.float32(77 / 255)).any(axis=(1, 2, 3)).mean()
    assert 0.18 < made < 0.32
    assert np.array_equal(stream.batch(7), BatchStream([photo], config, seed=0).batch(7))
