"""Which pictures the coders' tables are fitted to, and at which steps."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from PIL import ImageOps

from bitcodec.codec import Codec
from bitcodec.training.fit.pictures import PICTURES_TO_A_PAGE, coded, views
from tests.tiny import textured


def test_every_picture_comes_once_a_round_and_mirrored_in_every_second() -> None:
    images = [textured(16, 16, seed) for seed in range(PICTURES_TO_A_PAGE)]
    seen = views(images, 3)
    known = {id(image) for image in images}
    photographs = [(id(image), mirrored) for image, mirrored in seen if id(image) in known]
    assert photographs == [(id(image), again == 1) for again in range(3) for image in images]
    assert len(seen) - len(photographs) == 3, "a page of text for every twelve pictures"


def test_rounds_show_a_picture_at_other_steps_and_mirrored(stepped: Codec) -> None:
    image = textured(64, 48, 1)
    samples, means = coded(stepped, views([image], 2))
    (first, at), (second, then) = samples
    assert at.index != then.index
    assert (first == stepped.nearest(image, at)[0]).all()
    assert (second == stepped.nearest(ImageOps.mirror(image), then)[0]).all()
    assert means[1].shape == (then.means, 6, 8)


def test_the_steps_of_many_views_leave_no_stretch_of_the_range_out(stepped: Codec) -> None:
    samples, _ = coded(stepped, views([textured(16, 16)], 21))
    found = np.sort([layout.index for _, layout in samples])
    steps = stepped.facts.steps
    assert steps is not None
    span = steps.coarsest - steps.finest
    assert max(b - a for a, b in pairwise([steps.finest, *found, steps.coarsest])) < span / 8
