"""The pictures whose bitmaps the coders' tables are fitted to, and what is made of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from bitcodec.codec import Codec
from bitcodec.images import ImageLike, to_rgb
from bitcodec.training.fit import Sample
from bitcodec.training.lettering import page_of_text

GOLDEN = 0.6180339887498949

PICTURES_TO_A_PAGE = 12
"""With steps, a page of text follows each twelve pictures that tables are fitted to. Of what the
second group of latents costs, that saves 4 to 5 % in text; photographs pay 0.1 %."""
PAGE_SIDE = 384

View = tuple[ImageLike, bool]
"""A picture, and whether it is mirrored."""


def views(images: Sequence[ImageLike], rounds: int) -> list[View]:
    """All pictures in each round, mirrored in every second one, and pages of text among them.

    Made-up text is the same for the same number of pictures.
    """
    rng = np.random.default_rng(0)
    mixed: list[View] = []
    for number in range(rounds * len(images)):
        again, index = divmod(number, len(images))
        mixed.append((images[index], again % 2 == 1))
        if (number + 1) % PICTURES_TO_A_PAGE == 0:
            mixed.append((page_of_text(PAGE_SIDE, rng), False))
    return mixed


def coded(codec: Codec, seen: Iterable[View]) -> tuple[list[Sample], list[NDArray[np.float32]]]:
    """Bitmaps with their layouts, and what their means were rounded from; steps follow the golden
    ratio, so that any stretch of the pictures has steps from everywhere in the range.
    """
    steps = codec.facts.steps
    samples, found = [], []
    for number, view in enumerate(seen):
        index = None
        if steps is not None:
            share = number * GOLDEN % 1
            index = steps.finest + round(share * (steps.coarsest - steps.finest))
        layout = codec.layout(step_index=index)
        bitmap, means = codec.nearest(_pixels(*view), layout)
        samples.append((bitmap, layout))
        found.append(means)
    return samples, found


def _pixels(image: ImageLike, mirrored: bool) -> Image.Image:
    rgb = to_rgb(image)
    return ImageOps.mirror(rgb) if mirrored else rgb
