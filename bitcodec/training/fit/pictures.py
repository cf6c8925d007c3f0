"""The pictures whose bitmaps the coders' tables are fitted to, and what is made of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from bitcodec import bitmap
from bitcodec.bitmap import Bitmap
from bitcodec.codec import Codec
from bitcodec.images import ImageLike, to_rgb
from bitcodec.layout import Layout
from bitcodec.training.fit import Sample
from bitcodec.training.lettering import page_of_text

GOLDEN = 0.6180339887498949

PICTURES_TO_A_PAGE = 12
"""With steps, a page of text follows each twelve pictures that tables are fitted to. Of what the
second group of latents costs, that saves 4 to 5 % in text; photographs pay 0.1 %."""
PAGE_SIDE = 384


class Packed:
    """Samples that are kept eight cells to a byte, and unpacked when they are asked for.

    As booleans, the bitmaps of two thousand small photographs would take 10 GB.
    """

    def __init__(self) -> None:
        self._kept: list[tuple[bytes, tuple[int, int], Layout]] = []

    def append(self, bits: Bitmap, layout: Layout) -> None:
        """Keep a bitmap ``C x H x W`` with its layout."""
        _, height, width = bits.shape
        self._kept.append((bitmap.pack(bits), (height, width), layout))

    def __len__(self) -> int:
        return len(self._kept)

    def __getitem__(self, number: int) -> Sample:
        packed, size, layout = self._kept[number]
        return bitmap.unpack(packed, (layout.channels, *size)), layout

    def __iter__(self) -> Iterator[Sample]:
        return map(self.__getitem__, range(len(self)))


View = tuple[ImageLike, bool]
"""A picture, and whether it is mirrored."""


def views(images: Sequence[ImageLike], rounds: int, pages: bool) -> list[View]:
    """All pictures in each round, mirrored in every second one.

    Args:
        images: of any kind.
        rounds: how often each comes.
        pages: whether pages of text are among them, the same for the same number of pictures.
    """
    rng = np.random.default_rng(0)
    mixed: list[View] = []
    for number in range(rounds * len(images)):
        again, index = divmod(number, len(images))
        mixed.append((images[index], again % 2 == 1))
        if pages and (number + 1) % PICTURES_TO_A_PAGE == 0:
            mixed.append((page_of_text(PAGE_SIDE, rng), False))
    return mixed


def coded(codec: Codec, seen: Iterable[View]) -> tuple[Packed, list[NDArray[np.float32]]]:
    """Bitmaps with their layouts, and what their means were rounded from; steps follow the golden
    ratio, so that any stretch of the pictures has steps from everywhere in the range.
    """
    steps = codec.facts.steps
    samples, found = Packed(), []
    for number, view in enumerate(seen):
        index = None
        if steps is not None:
            share = number * GOLDEN % 1
            index = steps.finest + round(share * (steps.coarsest - steps.finest))
        layout = codec.layout(step_index=index)
        bits, means = codec.nearest(_pixels(*view), layout)
        samples.append(bits, layout)
        found.append(means)
    return samples, found


def _pixels(image: ImageLike, mirrored: bool) -> Image.Image:
    rgb = to_rgb(image)
    return ImageOps.mirror(rgb) if mirrored else rgb
