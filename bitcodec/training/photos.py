"""Folders of photographs to train on: in memory, or read from disk whenever one is wanted."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bitcodec.errors import BitcodecError

log = logging.getLogger(__name__)

Photo = NDArray[np.uint8]
_UNREADABLE = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp"})


def find_images(folder: Path) -> list[Path]:
    """All PNG, JPEG and WebP files below ``folder``, sorted by path.

    Raises:
        BitcodecError: if the folder is missing or holds no image.
    """
    if not folder.is_dir():
        raise BitcodecError("no such folder; name a folder of images", folder)
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    if not paths:
        raise BitcodecError("holds no PNG, JPEG or WebP image", folder)
    return paths


class PhotoFiles:
    """Photographs that stay on disk: each is decoded when it is asked for.

    Args:
        paths: of the images.
        sizes: height and width of each.
    """

    def __init__(self, paths: Sequence[Path], sizes: Sequence[tuple[int, int]]) -> None:
        self.paths, self.sizes = list(paths), list(sizes)
        self._damaged: set[int] = set()
        self._naming = threading.Lock()

    @classmethod
    def of(cls, paths: Sequence[Path]) -> PhotoFiles:
        """Those whose size can be read."""
        with ThreadPoolExecutor() as pool:
            found = zip(paths, pool.map(_size, paths), strict=True)
            known = [(path, size) for path, size in found if size is not None]
        return cls([path for path, _ in known], [size for _, size in known])

    @property
    def bytes(self) -> int:
        """What they would take in memory."""
        return sum(3 * height * width for height, width in self.sizes)

    def at_least(self, side: int) -> PhotoFiles:
        """Those with so many pixels on both sides."""
        pairs = zip(self.paths, self.sizes, strict=True)
        kept = [(path, size) for path, size in pairs if min(size) >= side]
        return PhotoFiles([path for path, _ in kept], [size for _, size in kept])

    def __len__(self) -> int:
        return len(self.paths)

    def first_readable(self, numbers: Iterable[int]) -> Photo:
        """The first of some photographs that can be decoded.

        One before it that cannot be is named, and left out from then on. Which one is taken follows
        from the files alone: threads and processes that meet the damage at other times agree.

        Raises:
            BitcodecError: if none can.
        """
        for number in numbers:
            photo = None if number in self._damaged else self._decode(number)
            if photo is not None:
                return photo
        raise _none_readable(self.paths)

    def _decode(self, number: int) -> Photo | None:
        try:
            return _decode(self.paths[number])
        except _UNREADABLE as error:
            with self._naming:  # once, however many threads are at it
                if number not in self._damaged:
                    self._damaged.add(number)
                    _left_out(self.paths[number], error)
            return None


def _size(path: Path) -> tuple[int, int] | None:
    try:
        with Image.open(path) as image:
            return image.height, image.width
    except _UNREADABLE:
        return None


def load_all(paths: Sequence[Path]) -> list[Photo]:
    """Decode images to ``H x W x 3`` uint8; unreadable ones are named and left out.

    Raises:
        BitcodecError: if not one can be read.
    """
    with ThreadPoolExecutor() as pool:
        photos = [photo for photo in pool.map(_load, paths) if photo is not None]
    if len(photos) < len(paths):
        log.warning("%d of %d images left out as unreadable", len(paths) - len(photos), len(paths))
    if not photos:
        raise _none_readable(paths)
    return photos


def _load(path: Path) -> Photo | None:
    try:
        return _decode(path)
    except _UNREADABLE as error:
        _left_out(path, error)
        return None


def _decode(path: Path) -> Photo:
    with Image.open(path) as image:
        return np.array(image.convert("RGB"))  # writable, or torch would copy it


def _left_out(path: Path, error: Exception) -> None:
    log.warning("%s: unreadable, left out (%s)", path, error)


def _none_readable(paths: Sequence[Path]) -> BitcodecError:
    return BitcodecError("none of the images can be read", paths[0].parent if paths else None)


def centre_crop(photo: Photo, side: int, multiple: int) -> Photo:
    """The centre, at most ``side`` pixels a side, each side cut down to a multiple."""
    height, width = (min(side, n) // multiple * multiple for n in photo.shape[:2])
    top, left = (photo.shape[0] - height) // 2, (photo.shape[1] - width) // 2
    return photo[top : top + height, left : left + width]
