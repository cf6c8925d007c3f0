"""Folders of photographs to train on: in memory, or read from disk whenever one is wanted."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import overload

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


class PhotoFiles(Sequence[Photo]):
    """Photographs that stay on disk: each is decoded when it is asked for.

    Args:
        paths: of the images.
        sizes: height and width of each.
    """

    def __init__(self, paths: Sequence[Path], sizes: Sequence[tuple[int, int]]) -> None:
        self.paths, self.sizes = list(paths), list(sizes)

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

    @overload
    def __getitem__(self, index: int) -> Photo: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Photo]: ...
    def __getitem__(self, index: int | slice) -> Photo | Sequence[Photo]:
        """
        Raises:
            BitcodecError: if a photograph cannot be decoded.
        """
        if isinstance(index, slice):
            return PhotoFiles(self.paths[index], self.sizes[index])
        photo = _load(self.paths[index])
        if photo is None:
            raise BitcodecError(
                "cannot be read; remove it, and go on with resume_changed=true", self.paths[index]
            )
        return photo


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
        raise BitcodecError("none of the images can be read", paths[0].parent if paths else None)
    return photos


def _load(path: Path) -> Photo | None:
    try:
        with Image.open(path) as image:
            return np.array(image.convert("RGB"))  # writable, or torch would copy it
    except _UNREADABLE as error:
        log.warning("%s: unreadable, left out (%s)", path, error)
        return None


def centre_crop(photo: Photo, side: int, multiple: int) -> Photo:
    """The centre, at most ``side`` pixels a side, each side cut down to a multiple."""
    height, width = (min(side, n) // multiple * multiple for n in photo.shape[:2])
    top, left = (photo.shape[0] - height) // 2, (photo.shape[1] - width) // 2
    return photo[top : top + height, left : left + width]
