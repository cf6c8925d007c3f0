"""Pictures of any kind in, 8-bit sRGB out: what happens before the encoder sees a pixel."""

from __future__ import annotations

import errno
import io
import threading
import warnings
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, UnidentifiedImageError

from bitcodec import metadata, profiles, samples
from bitcodec.colour import to_srgb
from bitcodec.container import size_problem
from bitcodec.errors import BitcodecError, DamagedFileError, UsageError
from bitcodec.metadata import Metadata
from bitcodec.video_colours import foreign_colours

ImageLike = Image.Image | str | Path | NDArray[Any]
"""A Pillow image, a file, or an array H x W or H x W x (1, 3, 4) of uint8 or uint16."""

_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_WARNINGS = threading.Lock()
"""Python's warning filters are one for all threads: only one of ours changes them at a time."""


def to_rgb(source: ImageLike, background: str | None = None) -> Image.Image:
    """An upright 8-bit sRGB picture; the source itself is left as it was.

    What is the result of this already comes out as it is.

    Exif orientation is applied, an embedded ICC profile is converted to sRGB (a profile that
    cannot be read is ignored, as browsers do), grey and palette pictures become RGB, deeper
    samples become 8 bits, and of an animation the first frame is taken. What Pillow hands over
    without a meaning that is known (:mod:`bitcodec.samples`) is refused.

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
    known, kept, source = _load(source)
    turn = _turn(source)
    try:
        colours, alpha = _split_alpha(source, known)
        if colours.mode in samples.DEEP_GREY:
            colours = samples.grey_to_8_bits(colours, known)
        embedded, numbers = source.info.get("icc_profile"), profiles.in_numbers(source)
        colours = to_srgb(colours, embedded, kept, numbers)
    except BitcodecError:
        raise
    # Pillow's conversions trust what a file says: a picture without its palette fails here.
    except Exception as error:
        raise _unreadable(error) from None
    if alpha is not None:
        if background is None:
            raise UsageError(
                "the picture has transparent pixels, which a .bitc file cannot hold: "
                "choose a colour to lay it upon with --background (for example --background white)"
            )
        base = Image.new("RGB", colours.size, parse_colour(background))
        base.paste(colours, mask=alpha)
        colours = base
    if turn is not None:
        colours = colours.transpose(turn)
    if colours is not source:
        # What the file said of its pixels has been done: nobody may do it once more.
        colours.info = {}
    return colours


def open_rgb(
    path: Path, background: str | None = None, stream: BinaryIO | None = None
) -> Image.Image:
    """:func:`to_rgb` of a file, or of a stream that ``path`` names in messages.

    Raises:
        BitcodecError: as :func:`to_rgb`, with the path in the sentence.
    """
    try:
        with _open(path, stream) as image:
            return to_rgb(image, background)
    except BitcodecError as error:
        raise error.at(path) from None


def open_metadata(path: Path, stream: BinaryIO | None = None) -> Metadata:
    """The Exif and XMP of a file, or of a stream that ``path`` names in messages.

    Raises:
        BitcodecError: if it is no picture.
    """
    try:
        with _open(path, stream) as image:
            return metadata.of(image)
    except BitcodecError as error:
        raise error.at(path) from None


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


def _open(path: Path, stream: BinaryIO | None) -> Image.Image:
    """Pillow's image, of which only the header has been read."""
    try:
        source = path if stream is None else io.BytesIO(stream.read())
        # Pillow warns about pictures far below our own limit, which is checked in its place.
        with _WARNINGS, warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(source)
    except FileNotFoundError:
        raise UsageError("there is no such file") from None
    except IsADirectoryError:
        raise UsageError("this is a folder, not a picture") from None
    except UnidentifiedImageError:
        raise DamagedFileError("this is not a picture that Pillow can read") from None
    except Image.DecompressionBombError:
        raise BitcodecError(
            "the picture is too large for Pillow to open: cut it into several, or scale it down"
        ) from None
    except Exception as error:
        raise _unreadable(error) from None


def _load(image: Image.Image) -> tuple[samples.Meaning, bytes | None, Image.Image]:
    """What the samples mean, a profile that Pillow leaves in the file, and the picture loaded."""
    try:
        if foreign_colours(image):
            raise UsageError(
                "the picture has the colours of HDR or wide-gamut video: convert it to sRGB first"
            )
        known, profile = samples.meaning(image), profiles.left_in_file(image)
        image.load()
    except BitcodecError:
        raise
    # Readers raise whatever comes to them: TypeError, struct.error, RuntimeError, ...
    except Exception as error:
        raise _unreadable(error) from None
    if known.lower is not None and known.lower.size != image.size:
        raise DamagedFileError("the picture cannot be read (it changed meanwhile)")
    # A size that only loading reveals has to be as small as the one before.
    problem = size_problem(*image.size)
    if problem:
        raise BitcodecError(problem)
    return known, profile, image


def _unreadable(error: Exception) -> BitcodecError:
    # A file that points to nowhere makes its reader ask the system for nonsense.
    if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
        return UsageError(f"cannot be read ({error.strerror or error})")
    lines = str(error).splitlines()
    reason = lines[0] if lines else type(error).__name__
    return DamagedFileError(f"the picture cannot be read ({reason})")


def _turn(image: Image.Image) -> Image.Transpose | None:
    """What turns the picture upright according to its Exif data, none of which is rewritten."""
    try:
        return _UPRIGHT.get(image.getexif().get(_ORIENTATION, 1))
    except Exception:
        # Exif data too odd to be read says nothing, as to other programs.
        return None


def _from_array(array: NDArray[Any]) -> Image.Image:
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    wanted = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))
    if array.dtype not in (np.uint8, np.uint16) or not wanted or array.size == 0:
        raise UsageError(
            f"an array of {array.dtype} and shape {array.shape} is not a picture: pass uint8 or "
            "uint16 of shape H x W, H x W x 3 or H x W x 4"
        )
    return Image.fromarray(samples.to_8_bits(array) if array.dtype == np.uint16 else array)


def _split_alpha(
    image: Image.Image, known: samples.Meaning
) -> tuple[Image.Image, Image.Image | None]:
    """Colours without transparency, and the alpha plane if any pixel is not opaque."""
    alpha = samples.transparent(image, known)
    if alpha is None:
        if not image.has_transparency_data:
            return image, None
        if image.mode not in ("LA", "RGBA"):
            image = image.convert("LA" if image.mode == "La" else "RGBA")
        alpha = image.getchannel("A")
        image = image.convert(image.mode[:-1])
    lowest, highest = alpha.getextrema()
    opaque = lowest == 255 or (highest == 0 and known.idle_alpha)
    return image, None if opaque else alpha
