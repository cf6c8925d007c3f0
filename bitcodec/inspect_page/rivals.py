"""Other codecs at about the bytes that ours spends, for one picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PIL import Image

from bitcodec.evaluation.baselines import BASELINES, ImageCodec, Setting

RIVALS = {"jpeg-420-progressive": "JPEG", "webp": "WebP", "avif-psnr": "AVIF"}
"""Baselines → names, in the order of the page: of each format the variant with the best PSNR."""
_NEAR_ENOUGH = 0.02
MEDIA = {"JPEG": "image/jpeg", "WebP": "image/webp", "AVIF": "image/avif"}


@dataclass(frozen=True)
class Encoded:
    """A file by another codec: its setting, its bytes, and what they decode to."""

    setting: Setting
    data: bytes
    picture: Image.Image


def present() -> list[ImageCodec]:
    """Those of the rivals that this Pillow was built with."""
    found = {codec.name: codec for codec in BASELINES if codec.missing() is None}
    return [found[name] for name in RIVALS if name in found]


def equal_bytes(codec: ImageCodec, picture: Image.Image, sizes: Sequence[int]) -> list[Encoded]:
    """For each size in bytes a file of the codec that comes near, at most 2 percent off.

    Where no setting comes so near, it is the nearest. The searches share what they have tried, so
    that several sizes cost little more than one.
    """
    tried: dict[int, bytes] = {}
    # Pillow keeps the options of a save in the picture: two threads must not share one.
    picture = picture.copy()

    def distance(index: int, target: int) -> float:
        """Of a file that was tried: the logarithm of its size over the one that is sought."""
        return math.log(len(tried[index]) / target)

    chosen = []
    for target in sizes:
        off = partial(distance, target=target)
        count = len(codec.all_settings)
        probe: int | None = min(tried, key=lambda i: abs(off(i))) if tried else count // 3
        while probe is not None:
            if probe not in tried:
                tried[probe] = codec.encode(picture, codec.all_settings[probe])
            if abs(off(probe)) < _NEAR_ENOUGH:
                break
            below = max((i for i in tried if off(i) <= 0), default=-1)
            above = min((i for i in tried if off(i) > 0), default=count)
            probe = _between(below, above, off if 0 <= below < above < count else None)
        nearest = min(tried, key=lambda i: abs(off(i)))
        setting = codec.all_settings[nearest]
        chosen.append(Encoded(setting, tried[nearest], codec.decode(tried[nearest], setting)))
    return chosen


def _between(low: int, high: int, distance: Callable[[int], float] | None) -> int | None:
    """Where to look next between two settings, where the line between their distances is zero."""
    if high - low <= 1:
        return None
    if distance is None:
        return (low + high) // 2
    share = -distance(low) / (distance(high) - distance(low))
    return min(high - 1, max(low + 1, low + round(share * (high - low))))
