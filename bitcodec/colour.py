"""Colours to sRGB: by what a profile does, never by what it is called."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image

from bitcodec.errors import UsageError

SAME = 2
"""Levels of 255: a profile that moves no colour further than this is sRGB itself."""


def to_srgb(image: Image.Image, *profiles: bytes | None) -> Image.Image:
    """A loaded 8-bit picture without alpha as RGB in sRGB.

    Of the profiles the first counts that can be read and belongs to this kind of picture. Where
    there is none, the picture is sRGB already, as in browsers.

    Raises:
        UsageError: if Pillow cannot make RGB of it.
    """
    if image.mode in ("1", "P"):
        image = image.convert("L" if image.mode == "1" else "RGB")
    for profile in profiles:
        if not profile:
            continue
        if _is_srgb(profile, image.mode):
            break
        converted = _convert(image, profile)
        if converted is not None:
            return converted
    if image.mode == "RGB":
        # No copy where there is nothing to convert: 100 megapixels are 400 MB.
        return image
    try:
        return image.convert("RGB")
    except ValueError:
        raise UsageError(
            f"a picture of Pillow's mode {image.mode} has no 8-bit meaning: convert it to RGB first"
        ) from None


@lru_cache(maxsize=16)
def _is_srgb(profile: bytes, mode: str) -> bool:
    """Whether the profile leaves all colours where they are."""
    if mode == "L":
        probe = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    elif mode == "RGB":
        levels = np.linspace(0, 255, 18).round().astype(np.uint8)
        probe = Image.fromarray(np.stack(np.meshgrid(levels, levels, levels), -1).reshape(1, -1, 3))
    else:
        return False
    moved = _convert(probe, profile)
    if moved is None:
        return False
    before, after = (np.asarray(each.convert("RGB")).astype(int) for each in (probe, moved))
    return int(np.abs(after - before).max()) <= SAME


def _convert(image: Image.Image, profile: bytes) -> Image.Image | None:
    """The picture through the profile, or None where the profile does not apply."""
    from PIL import ImageCms

    try:
        source: Any = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if image.mode == "L" and source.profile.xcolor_space == "RGB ":
            # Its curves hold for greys too.
            image = image.convert("RGB")
        target: Any = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(
            image, source, target, ImageCms.Intent.RELATIVE_COLORIMETRIC, "RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, KeyError):
        return None
