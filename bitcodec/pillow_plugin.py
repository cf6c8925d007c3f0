"""Pillow learns ``.bitc``: ``Image.open`` and ``Image.save``, with the installed models.

What goes wrong is a :class:`~bitcodec.errors.BitcodecError` here as everywhere, and an ``OSError``
besides, which is what programs that use Pillow catch.
"""

from __future__ import annotations

import functools
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any

from PIL import Image, ImageFile

from bitcodec import container
from bitcodec.errors import (
    BitcodecError,
    DamagedFileError,
    NoSuchModelError,
    UnknownModelError,
    UsageError,
)

FORMAT = "BITC"

_PILLOWS_LIMIT = Image.MAX_IMAGE_PIXELS


class _DamagedOSError(DamagedFileError, OSError):
    pass


class _NoSuchModelOSError(NoSuchModelError, OSError):
    pass


class _UnknownModelOSError(UnknownModelError, OSError):
    pass


class _UsageOSError(UsageError, OSError):
    pass


class _OtherOSError(BitcodecError, OSError):
    pass


_ALSO_OSERRORS = (
    _DamagedOSError,
    _NoSuchModelOSError,
    _UnknownModelOSError,
    _UsageOSError,
    _OtherOSError,
)


class BitcImageFile(ImageFile.ImageFile):
    """A ``.bitc`` file opened by Pillow: bytes are checked at once, the picture made when needed.

    Raises:
        SyntaxError: if it is no ``.bitc`` file at all; ``Image.open`` then asks other formats.
        BitcodecError: if it is damaged or cut short; also an OSError.
    """

    format = FORMAT
    format_description = "bitcodec neural image"

    def _open(self) -> None:
        stream: IO[bytes] = self.fp  # type: ignore[assignment]
        start = stream.tell()
        if not _accept(stream.read(len(container.MAGIC))):
            raise SyntaxError("not a .bitc file")
        stream.seek(start)
        with _as_pillow_has_it():
            self._bytes = container.read_stream(stream)  # type: ignore[arg-type]
            header, _ = container.read(self._bytes)
        self._size = (header.width, header.height)
        self._mode = "RGB"
        self.info["model"] = header.model

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        # The format has a guard of its own: beyond its first pixels, bytes pay for more. Pillow's
        # guess at a bomb, made in Image.open, is therefore not asked, unless the user has set it.
        asked_by = sys._getframe(1).f_code
        guessing = asked_by.co_name == "_open_core" and asked_by.co_filename == Image.__file__
        if guessing and Image.MAX_IMAGE_PIXELS == _PILLOWS_LIMIT:
            return 1, 1
        return self._size

    def load(self) -> Any:
        """Decode once, and let go of the file.

        Raises:
            BitcodecError: if the file is damaged or its model not installed; also an OSError.
        """
        if self._bytes:
            from bitcodec.loading import load_for

            with _as_pillow_has_it():
                self.im = load_for(self._bytes).decode(self._bytes).im
            self._bytes = b""
            if self.fp and self._exclusive_fp and self._close_exclusive_fp_after_loading:
                self.fp.close()
            self.fp = None
        return super().load()


def register() -> None:
    """Called on ``import bitcodec``."""
    Image.register_open(FORMAT, BitcImageFile, _accept)
    Image.register_save(FORMAT, _save)
    Image.register_extension(FORMAT, container.SUFFIX)
    Image.register_mime(FORMAT, "image/x-bitc")
    if not hasattr(Image.Image.save, "bitcodec"):
        Image.Image.save = _whole_or_not(Image.Image.save)  # type: ignore[method-assign]


def _accept(prefix: bytes) -> bool:
    return prefix.startswith(container.MAGIC)


def _save(image: Image.Image, stream: IO[bytes], filename: str | bytes) -> None:
    """Options of ``image.save``: ``quality`` (1 to 100), or ``bytes``, ``bpp`` or ``psnr`` as a
    target; ``model``, ``tune``, ``coder``, ``background``, ``keep_metadata``.
    """
    from bitcodec.loading import load
    from bitcodec.targets import encode

    options = dict(image.encoderinfo)
    with _as_pillow_has_it():
        wanted = {key: options.get(key) for key in ("quality", "tune")}
        codec = load(options.get("model"), **wanted)
        names = ["bytes", "bpp", "psnr", "coder", "background", "keep_metadata"]
        if codec.facts.steps:
            names.append("quality")
        chosen = {key: options[key] for key in names if key in options}
        stream.write(encode(codec, image, **chosen))


def _whole_or_not(pillows: Callable[..., None]) -> Callable[..., None]:
    """``Image.save``, but a ``.bitc`` file named by its path is replaced only by a whole one.

    Pillow empties the file before it asks a plugin for anything, so that a mistake in an option
    would cost the picture that was there; a plugin has no other way to come first.
    """

    @functools.wraps(pillows)
    def save(
        self: Image.Image,
        fp: str | bytes | os.PathLike[Any] | IO[bytes],
        format: str | None = None,
        **params: Any,
    ) -> None:
        is_path = isinstance(fp, str | bytes | os.PathLike)
        if not is_path or not _is_ours(os.fsdecode(fp), format):  # type: ignore[arg-type]
            return pillows(self, fp, format, **params)
        from bitcodec.files import write_file

        buffer = io.BytesIO()
        pillows(self, buffer, FORMAT, **params)
        with _as_pillow_has_it():
            write_file(os.fsdecode(fp), buffer.getvalue())  # type: ignore[arg-type]

    save.bitcodec = True  # type: ignore[attr-defined]
    return save


def _is_ours(path: str, format: str | None) -> bool:
    suffix = os.path.splitext(path)[1].lower()  # noqa: PTH122
    return format.upper() == FORMAT if format else suffix == container.SUFFIX


@contextmanager
def _as_pillow_has_it() -> Iterator[None]:
    try:
        yield
    except BitcodecError as error:
        kind = next(kind for kind in _ALSO_OSERRORS if isinstance(error, kind.__bases__[0]))
        also = kind(str(error))
        also.path = error.path
        raise also from None
