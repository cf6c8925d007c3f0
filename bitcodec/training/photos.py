"""Reading folders of photographs into memory for training."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bitcodec.errors import BitcodecError

log = logging.getLogger(__name__)

Photo = NDArray[np.uint8]
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
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        log.warning("%s: unreadable, left out (%s)", path, error)
        return None


def centre_crop(photo: Photo, side: int, multiple: int) -> Photo:
    """The centre, at most ``side`` pixels a side, each side cut down to a multiple."""
    height, width = (min(side, n) // multiple * multiple for n in photo.shape[:2])
    top, left = (photo.shape[0] - height) // 2, (photo.shape[1] - width) // 2
    return photo[top : top + height, left : left + width]
