"""Targets: the best file of at most so many bytes, or the smallest that is so good.

The step is searched. Logarithm of the bytes and PSNR run nearly straight along the step's
logarithm, so that the next step to try is interpolated between the two nearest that are known.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from bitcodec import metadata
from bitcodec.codec import Codec
from bitcodec.errors import BitcodecError, UsageError
from bitcodec.files import write_file
from bitcodec.images import ImageLike, to_rgb
from bitcodec.loading import load
from bitcodec.metadata import Metadata
from bitcodec.pixels import psnr


@dataclass(frozen=True)
class Target:
    """What a file is to reach; exactly one of the three is given.

    Attributes:
        bytes: the file is not larger than this.
        bpp: the same, in bits for each pixel.
        psnr: the decoded picture is at least so good, in dB over 8-bit RGB.
    """

    bytes: int | None = None
    bpp: float | None = None
    psnr: float | None = None

    def __post_init__(self) -> None:
        """Raises:
        UsageError: unless exactly one is given, and it is a positive number.
        """
        given = {name: value for name, value in vars(self).items() if value is not None}
        if len(given) != 1:
            raise UsageError("bytes, bpp and psnr exclude each other: give one of them")
        for name, value in given.items():
            if not 0 < value < math.inf:
                raise UsageError(f"{name} {value}: give a number above zero")


@dataclass(frozen=True)
class _Trial:
    index: int
    data: bytes
    value: float
    """Logarithm of the bytes, or PSNR."""


def encode(
    codec: Codec,
    image: ImageLike,
    *,
    bytes: int | None = None,
    bpp: float | None = None,
    psnr: float | None = None,
    **options: Any,
) -> builtins.bytes:
    """:meth:`Codec.encode`, or :func:`encode_to` where a target is given.

    >>> len(bitcodec.targets.encode(codec, "photo.png", bytes=1000)) <= 1000
    True

    Raises:
        UsageError: if a quality and a target are given, or two targets.
        BitcodecError: if the picture cannot be encoded, or not so; the sentence says why.
    """
    if bytes is None and bpp is None and psnr is None:
        return codec.encode(image, **options)
    target = Target(bytes, bpp, psnr)
    if options.get("quality") is not None:
        raise UsageError("a quality and a target exclude each other: give one of them")
    rgb = to_rgb(image, options.get("background"))
    kept = metadata.of(image) if options.get("keep_metadata") else None
    return encode_to(codec, rgb, target, coder=options.get("coder"), kept=kept)


def save(
    image: ImageLike,
    path: str | Path,
    *,
    model: str | Path | None = None,
    quality: int | None = None,
    tune: str | None = None,
    **options: Any,
) -> None:
    """Write a picture as a ``.bitc`` file; ``options`` are those of :func:`encode`.

    The file appears whole or not at all; one that is there already is replaced.

    >>> bitcodec.save("photo.png", "photo.bitc", quality=60, keep_metadata=True)

    Raises:
        BitcodecError: if the picture cannot be encoded or the file cannot be written.
    """
    codec = load(model, quality=quality, tune=tune)
    if codec.facts.steps is not None:
        options["quality"] = quality
    write_file(path, encode(codec, image, **options))


def encode_to(
    codec: Codec,
    image: Image.Image,
    target: Target,
    *,
    coder: str | None = None,
    kept: Metadata | None = None,
) -> bytes:
    """The largest file within a size, or the smallest that reaches a PSNR.

    >>> import PIL.Image
    >>> with PIL.Image.open("photo.png") as picture:
    ...     data = encode_to(codec, picture.convert("RGB"), Target(bpp=1.5))
    >>> len(data) * 8 / (96 * 64) <= 1.5
    True

    Args:
        codec: of a model with steps.
        image: 8-bit RGB.
        target: what to reach.
        coder: ``"context"`` or ``"huffman"``; None for the model's own choice.
        kept: metadata to carry.

    Raises:
        BitcodecError: if no step reaches the target; the sentence says what can be had.
        UsageError: if the model has one quality only.
    """
    steps = codec.facts.steps
    if steps is None:
        raise UsageError(f"model {codec.facts.name} has one quality: it cannot aim at a target")
    original, pixels = np.asarray(image), image.width * image.height
    limit = target.bytes if target.psnr is None else None
    if target.bpp is not None:
        limit = int(target.bpp * pixels / 8)

    def attempt(index: int) -> _Trial:
        layout = codec.layout(step_index=index)
        coded = codec.coded(image, layout, coder=coder, kept=kept)
        if limit is not None:
            return _Trial(index, coded.data, math.log(len(coded.data)))
        decoded = codec.transforms.synthesise(coded.levels, image.size, layout)
        return _Trial(index, coded.data, psnr(original, np.asarray(decoded)))

    if limit is not None:
        goal = math.log(max(limit, 1))
        found = _search(attempt, steps.coarsest, steps.finest, goal, lambda t: len(t.data) <= limit)
        if found is None:
            least = len(attempt(steps.coarsest).data)
            raise BitcodecError(
                f"no file of at most {limit:,} bytes can be made of this picture: the smallest has "
                f"{least:,} ({8 * least / pixels:.3f} bits a pixel)"
            )
        return found.data
    wanted = target.psnr
    assert wanted is not None
    found = _search(attempt, steps.finest, steps.coarsest, wanted, lambda t: t.value >= wanted)
    if found is None:
        most = attempt(steps.finest).value
        raise BitcodecError(
            f"no file of this picture reaches {wanted:g} dB: the best has {most:.2f} dB"
        )
    return found.data


def _search(
    attempt: Callable[[int], _Trial],
    safe: int,
    far: int,
    goal: float,
    reached: Callable[[_Trial], bool],
) -> _Trial | None:
    """The trial nearest to ``far`` that reaches the goal, if ``safe`` does at all."""
    best = attempt(safe)
    if not reached(best):
        return None
    beyond = attempt(far)
    if reached(beyond):
        return beyond
    straight = True
    while abs(best.index - beyond.index) > 1:
        low, high = best.value, beyond.value
        share = (goal - low) / (high - low) if straight and high != low else 0.5
        index = best.index + round(share * (beyond.index - best.index))
        low_index, high_index = sorted((best.index, beyond.index))
        index = min(max(index, low_index + 1), high_index - 1)
        before = abs(best.index - beyond.index)
        trial = attempt(index)
        if reached(trial):
            best = trial
        else:
            beyond = trial
        # A guess that hardly narrowed it down is followed by a halving.
        straight = abs(best.index - beyond.index) <= before // 2
    return best
