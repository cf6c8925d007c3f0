"""Which pictures the coders' tables are fitted to, and at which steps."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from bitcodec.codec import Codec
from bitcodec.training.fit.pictures import PICTURES_TO_A_PAGE, Packed, View, coded, views
from tests.coders.samples import RANGE
from tests.tiny import textured


def test_every_picture_comes_once_a_round_mirrored_and_enlarged_in_every_second() -> None:
    images = [textured(16, 16, seed) for seed in range(PICTURES_TO_A_PAGE)]
    seen = views(images, 3, pages=True)
    known = {id(image) for image in images}
    photographs = [view for view in seen if id(view.image) in known]
    found = [(id(view.image), view.mirrored) for view in photographs]
    assert found == [(id(image), again == 1) for again in range(3) for image in images]
    factors = np.array([view.enlarged for view in photographs])
    enlarged = factors[len(images) : 2 * len(images)]
    assert (factors[: len(images)] == 1).all() and (factors[2 * len(images) :] == 1).all()
    assert 1 <= enlarged.min() < 1.3 and 1.6 < enlarged.max() <= 2
    assert len(seen) - len(photographs) == 3, "a page of text for every twelve pictures"
    assert len(views(images, 3, pages=False)) == len(photographs)


def test_what_is_enlarged_is_the_middle() -> None:
    columns = np.arange(90, dtype=np.uint8)[None, :, None].repeat(60, axis=0).repeat(3, axis=2)
    grain = [np.random.default_rng(seed).uniform(-1, 1) for seed in range(9)]
    plain, noisy = int(np.argmin(grain)), int(np.argmax(grain))
    seen = np.asarray(View(columns, False, 1.5, plain).pixels()).astype(float)[:, :, 0]
    assert seen.shape == (60, 90)
    assert np.allclose(seen, 15 + (np.arange(90) + 0.5) / 1.5 - 0.5, atol=1)
    mirrored = np.asarray(View(columns, True, 1.5, plain).pixels())[:, :, 0]
    assert (mirrored == seen[:, ::-1]).all()
    grainy = np.asarray(View(columns, False, 1.5, noisy).pixels())[:, :, 0]
    assert 0 < np.abs(grainy - seen).max() < 25
    pixel = np.full((1, 1, 3), 9, np.uint8)
    assert np.asarray(View(pixel, False, 2.0, plain).pixels()).tolist() == pixel.tolist()


def test_rounds_show_a_picture_at_other_steps_and_mirrored(stepped: Codec) -> None:
    image = textured(64, 48, 1)
    seen = views([image], 2, pages=True)
    samples, means = coded(stepped, seen)
    (first, at), (second, then) = samples
    assert at.index != then.index
    assert (first == stepped.nearest(image, at)[0]).all()
    assert seen[1].mirrored and seen[1].enlarged > 1
    assert (second == stepped.nearest(seen[1].pixels(), then)[0]).all()
    assert means[1].shape == (then.means, 6, 8)


def test_the_steps_of_many_views_leave_no_stretch_of_the_range_out(stepped: Codec) -> None:
    samples, _ = coded(stepped, views([textured(16, 16)], 21, pages=True))
    found = np.sort([layout.index for _, layout in samples])
    steps = stepped.facts.steps
    assert steps is not None
    span = steps.coarsest - steps.finest
    assert max(b - a for a, b in pairwise([steps.finest, *found, steps.coarsest])) < span / 8


def test_packed_samples_come_back_as_they_were() -> None:
    rng = np.random.default_rng(4)
    packed, kept = Packed(), []
    for height, width in ((3, 5), (1, 1), (4, 2)):
        layout = RANGE.layout(RANGE.coarsest)
        kept.append((rng.random((layout.channels, height, width)) < 0.3, layout))
        packed.append(*kept[-1])
    assert len(packed) == 3
    for (bitmap, layout), (again, its) in zip(kept, packed, strict=True):
        assert again.dtype == bitmap.dtype
        assert np.array_equal(again, bitmap)
        assert layout is its
