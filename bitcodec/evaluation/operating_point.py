"""The setting at which a codec meets a target, chosen for each image."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bitcodec.evaluation.baselines import ImageCodec, Setting
from bitcodec.evaluation.curves import Point, curves
from bitcodec.evaluation.measure import Measurement, Original, open_original


@dataclass(frozen=True)
class BppTarget:
    """A file size: the setting whose file comes nearest to it, above or below.

    Attributes:
        bpp: bits per pixel, or None for those that a codec of one's own spends on each image.
        like: that codec and its setting.
    """

    bpp: float | None = None
    like: tuple[ImageCodec, Setting] | None = None

    @property
    def label(self) -> str:
        """Short enough for a file name."""
        return f"{self.bpp:g}bpp" if self.like is None else str(self.like[1])

    def of(self, original: Original) -> float:
        """The target for one image."""
        if self.like is None:
            assert self.bpp is not None
            return self.bpp
        codec, setting = self.like
        return original.bpp(codec.encode(original.image, setting))


@dataclass(frozen=True)
class PsnrTarget:
    """A distortion: the smallest file that reaches it, or the best one where none does."""

    psnr: float

    @property
    def label(self) -> str:
        """Short enough for a file name."""
        return f"{self.psnr:g}dB"


Target = BppTarget | PsnrTarget


@dataclass(frozen=True)
class OperatingPoint:
    """The work of measuring one image with one family of codecs at its operating point."""

    path: Path
    variants: Sequence[ImageCodec]
    target: Target

    def __len__(self) -> int:
        return 1

    def __call__(self) -> list[Measurement]:
        original = open_original(self.path)
        return [operating_point(original, self.variants, self.target)]


def operating_point(
    original: Original, variants: Sequence[ImageCodec], target: Target
) -> Measurement:
    """The measurement of the variant and setting that meet the target best."""
    if isinstance(target, PsnrTarget):
        rows = [_reach_psnr(original, codec, target.psnr) for codec in variants]
        reached = [row for row in rows if row.psnr >= target.psnr]
        if reached:
            return min(reached, key=lambda row: row.bpp)
        return max(rows, key=lambda row: row.psnr)
    bpp = target.of(original)
    rows = [_nearest_bpp(original, codec, bpp) for codec in variants]
    distance = min(abs(math.log(row.bpp / bpp)) for row in rows)
    # Of the variants that are about as near as the nearest one, the best picture.
    near = [row for row in rows if abs(math.log(row.bpp / bpp)) <= max(0.05, distance)]
    return max(near, key=lambda row: row.psnr)


def _nearest_bpp(original: Original, codec: ImageCodec, bpp: float) -> Measurement:
    tried: dict[int, float] = {}

    def reaches(index: int) -> bool:
        tried[index] = original.bpp(codec.encode(original.image, codec.all_settings[index]))
        return tried[index] >= bpp

    _bisect(len(codec.all_settings), reaches)
    nearest = min(tried, key=lambda index: abs(math.log(tried[index] / bpp)))
    return original.measure(codec, codec.all_settings[nearest])


def _reach_psnr(original: Original, codec: ImageCodec, psnr: float) -> Measurement:
    tried: dict[int, Measurement] = {}

    def reaches(index: int) -> bool:
        tried[index] = original.measure(codec, codec.all_settings[index])
        return tried[index].psnr >= psnr

    _bisect(len(codec.all_settings), reaches)
    reached = [row for row in tried.values() if row.psnr >= psnr]
    if reached:
        return min(reached, key=lambda row: row.bpp)
    return max(tried.values(), key=lambda row: row.psnr)


def _bisect(count: int, reaches: Callable[[int], bool]) -> None:
    """Visit the settings on both sides of the step at which ``reaches`` becomes true."""
    low, high = -1, count
    while high - low > 1:
        middle = (low + high) // 2
        if reaches(middle):
            high = middle
        else:
            low = middle


def mean_points(rows: Sequence[Measurement], families: Mapping[str, str]) -> list[Point]:
    """One point for each family: means over the images, each at its own setting.

    Args:
        rows: one for each image and family.
        families: the family of each codec.
    """
    alike = [replace(row, codec=families[row.codec], setting="per image") for row in rows]
    return [point for curve in curves(alike).values() for point in curve.points]
