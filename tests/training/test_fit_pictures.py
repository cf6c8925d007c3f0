"""Which pictures the coders' tables are fitted to, and at which steps."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from PIL import ImageOps

from bitcodec.codec import Codec
from bitcodec.training.fit.pictures import PICTURES_TO_A_PAGE, Packed, coded, views
from tests.coders.samples import RANGE
from tests.tiny import textured


def test_every_picture_comes_once_a_round_and_mirrored_in_every_second() -> None:
    images = [textured(16, 16, seed) for seed in range(PICTURES_TO_A_PAGE)]
    seen = views(images, 3, pages=True)
    known = {id(image) for image in images}
    photographs = [(id(image), mirrored) for image, mirrored in seen if id(image) in known]
    assert photographs == [(id(image), again == 1) for again in range(3) for image in images]
    assert len(seen) - len(photographs) == 3, "a page of text for every twelve pictures"
    assert len(views(images, 3, pages=False)) == len(photographs)


def test_rounds_show_a_picture_at_other_steps_and_mirrored(stepped: Codec) -> None:
    image = textured(64, 48, 1)
    samples, means = coded(stepped, views([image], 2, pages=True))
    (first, at), (second, then) = samples
    assert at.index != then.index
    assert (first == stepped.nearest(image, at)[0]).all()
    assert (second == stepped.nearest(ImageOps.mirror(image), then)[0]).all()
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
