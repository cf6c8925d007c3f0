"""Pictures of any kind in, 8-bit sRGB out: what happens before the encoder sees a pixel."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageOps, UnidentifiedImageError

from bitcodec.container import size_problem
from bitcodec.errors import BitcodecError, DamagedFileError, UsageError

ImageLike = Image.Image | str | Path | NDArray[Any]
"""A Pillow image, a file, or an array H x W or H x W x (1, 3, 4) of uint8 or uint16."""

_ORIENTATION = 0x0112
_DEEP_GREY = ("I", "I;16", "I;16L", "I;16B", "I;16N")


def to_rgb(source: ImageLike, background: str | None = None) -> Image.Image:
    """An upright 8-bit sRGB picture; the source itself is left as it was.

    Exif orientation is applied, an embedded ICC profile is converted to sRGB (a profile that
    cannot be read is ignored, as browsers do), grey and palette pictures become RGB, 16 bits
    become 8 by rounding, and of an animation the first frame is taken.

    Args:
        source: the picture.
        background: a colour that transparent pixels are laid upon, as CSS writes it.

    Raises:
        UsageError: if there are transparent pixels and no background, or a kind of picture that
            has no 8-bit meaning.
        DamagedFileError: if the file is not a picture or is damaged.
        BitcodecError: if the picture is too large for a ``.bitc`` file.
    """
    if isinstance(source, str | Path):
        return open_rgb(Path(source), background)
    if isinstance(source, np.ndarray):
        source = _from_array(source)
    problem = size_problem(*source.size)
    if problem:
        raise BitcodecError(problem)
    if source.getexif().get(_ORIENTATION, 1) != 1:
        source = ImageOps.exif_transpose(source)
    colours, alpha = _split_alpha(source)
    colours = _to_srgb(colours, source.info.get("icc_profile"))
    if alpha is None:
        return colours
    if background is None:
        raise UsageError(
            "the picture has transparent pixels, which a .bitc file cannot hold: "
            "choose a colour to lay it upon with --background (for example --background white)"
        )
    base = Image.new("RGB", colours.size, parse_colour(background))
    base.paste(colours, mask=alpha)
    return base


def open_rgb(
    path: Path, background: str | None = None, stream: BinaryIO | None = None
) -> Image.Image:
    """:func:`to_rgb` of a file, or of a stream that ``path`` names in messages.

    Raises:
        BitcodecError: as :func:`to_rgb`, with the path in the sentence.
    """
    try:
        # Pillow warns about pictures far below our own limit, which is checked in its place.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(stream or path) as image:
                return to_rgb(image, background)
    except BitcodecError as error:
        raise error.at(path) from None
    except FileNotFoundError:
        raise UsageError("there is no such file", path) from None
    except IsADirectoryError:
        raise UsageError("this is a folder, not a picture", path) from None
    except UnidentifiedImageError:
        raise DamagedFileError("this is not a picture that Pillow can read", path) from None
    except Image.DecompressionBombError:
        raise BitcodecError("the picture is too large for Pillow to open", path) from None
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise DamagedFileError(f"the picture cannot be read ({error})", path) from None


def parse_colour(text: str) -> tuple[int, int, int]:
    """A CSS colour as red, green and blue.

    Raises:
        UsageError: if it is none.
    """
    try:
        return ImageColor.getrgb(text)[:3]  # type: ignore[return-value]
    except ValueError:
        raise UsageError(
            f"--background {text}: not a colour; write a name such as white or #rrggbb"
        ) from None


def _from_array(array: NDArray[Any]) -> Image.Image:
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    wanted = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))
    if array.dtype not in (np.uint8, np.uint16) or not wanted or array.size == 0:
        raise UsageError(
            f"an array of {array.dtype} and shape {array.shape} is not a picture: pass uint8 or "
            "uint16 of shape H x W, H x W x 3 or H x W x 4"
        )
    return Image.fromarray(_to_8_bits(array) if array.dtype == np.uint16 else array)


def _to_8_bits(array: NDArray[Any]) -> NDArray[np.uint8]:
    """0..65535 to 0..255, rounded: 65535 = 255 x 257."""
    return ((array.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _split_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Colours without transparency, and the alpha plane if any pixel is not opaque."""
    if not image.has_transparency_data:
        return image, None
    if image.mode not in ("LA", "RGBA"):
        image = image.convert("LA" if image.mode == "La" else "RGBA")
    alpha = image.getchannel("A")
    lowest = alpha.getextrema()[0]
    return image.convert(image.mode[:-1]), alpha if lowest != 255 else None


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if image.mode == "F":
        raise UsageError("the picture has floating-point samples: convert it to 8 or 16 bits first")
    if image.mode in _DEEP_GREY:
        image = _deep_grey(image)
    elif image.mode in ("1", "P"):
        image = image.convert("L" if image.mode == "1" else "RGB")
    if profile:
        converted = _convert_profile(image, profile)
        if converted is not None:
            return converted
    if image.mode == "RGB":
        # No copy where there is nothing to convert: 100 megapixels are 400 MB.
        image.load()
        return image
    try:
        return image.convert("RGB")
    except ValueError:
        raise UsageError(
            f"a picture of Pillow's mode {image.mode} has no 8-bit meaning: convert it to RGB first"
        ) from None


def _deep_grey(image: Image.Image) -> Image.Image:
    samples = np.asarray(image)
    if samples.min() < 0 or samples.max() > 65_535:
        raise UsageError("the picture has samples of 32 bits: convert it to 8 or 16 bits first")
    return Image.fromarray(_to_8_bits(samples))


def _convert_profile(image: Image.Image, profile: bytes) -> Image.Image | None:
    """The picture in sRGB, or None where the profile is sRGB already or does not apply."""
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(source).lower():
            return None
        target = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(
            image, source, target, ImageCms.Intent.RELATIVE_COLORIMETRIC, "RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
