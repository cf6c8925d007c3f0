"""Codecs by the name of a model, or by the file that it wrote; each is loaded once and kept."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PIL import Image

from bitcodec import container, installed_models
from bitcodec.codec import Codec
from bitcodec.errors import BitcodecError
from bitcodec.model_folder import ModelFolder


def load(
    name_or_path: str | Path | None = None,
    *,
    quality: int | None = None,
    threads: int | None = None,
    tune: str | None = None,
) -> Codec:
    """A codec, by the model's name or folder; the default model if nothing is said.

    A quality is for models without steps, which have one each; the codec of a model with steps
    takes it when it encodes. ``tune="ms-ssim"`` encodes for that measure instead of PSNR, if the
    model has an encoder for it; files are decoded all alike.

    >>> bitcodec.load("photo") is bitcodec.load()
    True

    Raises:
        UnknownModelError: if there is no such model.
        UsageError: if it has no such tune.
    """
    return _cached(installed_models.find(name_or_path, quality).path.resolve(), threads, tune)


def load_for(data: bytes, *, threads: int | None = None) -> Codec:
    """The codec of the model that wrote a file, of which ``data`` holds at least the header.

    >>> load_for(bitcodec.load().encode("photo.png"))
    Codec('photo')

    Raises:
        DamagedFileError: if the bytes do not begin with a header.
        UnknownModelError: if the model is not installed.
    """
    header, _ = container.read_header(data)
    return _cached(installed_models.find_for(header).path.resolve(), threads, None)


def open_picture(path: str | Path) -> Image.Image:
    """The picture in a ``.bitc`` file, with whichever installed model made it.

    >>> bitcodec.save("photo.png", "photo.bitc")
    >>> bitcodec.open("photo.bitc").size
    (96, 64)

    Raises:
        BitcodecError: if the file is missing, damaged, or of an unknown model.
    """
    try:
        data = container.read_file(path)
        container.read(data)
        return load_for(data).decode(data)
    except BitcodecError as error:
        raise error.at(path) from None


@lru_cache(maxsize=8)
def _cached(path: Path, threads: int | None, tune: str | None) -> Codec:
    return Codec(ModelFolder(path), threads, tune)
