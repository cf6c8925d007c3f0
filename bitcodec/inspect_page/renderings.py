"""What the codec makes of a picture at several qualities: the page's one door to the codec."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PIL import Image

from bitcodec import container, model_folder
from bitcodec.bitmap import Bitmap
from bitcodec.codec import Codec, load, load_for


@dataclass(frozen=True)
class Rendering:
    """A picture at one quality.

    Attributes:
        quality: as a user would ask for it with ``-q``.
        model: the model's name.
        size: of the file, in bytes.
        payload: of these, the bytes of the coded bitmap.
        bitmap: ``C x H x W``.
        picture: what the file decodes to.
        coder: the name of the coder that wrote the file.
        channels: what each channel of the bitmap is, in words; may be empty.
    """

    quality: str
    model: str
    size: int
    payload: int
    bitmap: Bitmap
    picture: Image.Image
    coder: str
    channels: tuple[str, ...] = ()


Work = Callable[[Image.Image], Rendering]


def qualities(model: str | None) -> list[Work]:
    """A piece of work for each quality that is shown, the smallest file first.

    Args:
        model: its name or folder; None for all that ship.

    Raises:
        UnknownModelError: if there is no such model.
    """
    paths = [model] if model else [each.path for each in model_folder.available()]
    codecs = [load(path, threads=1) for path in paths] or [load()]
    return [partial(_render, codec) for codec in codecs]


def largest(model: str | None, bits: int) -> int:
    """How many pixels a picture may have so that no bitmap of it has more than ``bits``."""
    paths = [model] if model else [each.path for each in model_folder.available()]
    rates = [facts.channels / facts.stride**2 for facts in (load(path).facts for path in paths)]
    return int(bits / max(rates, default=1.0))


def read(data: bytes, model: str | None) -> Rendering:
    """The only rendering of a ``.bitc`` file.

    Raises:
        DamagedFileError: if the bytes are not one intact file.
        UnknownModelError: if its model is not here.
    """
    container.read(data)
    codec = load(Path(model) if model else None) if model else load_for(data)
    header, bitmap = codec.unpack(data)
    picture = codec.reconstruct(bitmap, (header.width, header.height))
    return _rendering(codec, data, bitmap, picture)


def _render(codec: Codec, picture: Image.Image) -> Rendering:
    bitmap = codec.bitmap(picture)
    data = codec.pack(bitmap, picture.size)
    return _rendering(codec, data, bitmap, codec.reconstruct(bitmap, picture.size))


def _rendering(codec: Codec, data: bytes, bitmap: Bitmap, picture: Image.Image) -> Rendering:
    _, payload = container.read(data)
    facts = codec.facts
    return Rendering(
        str(facts.quality), facts.name, len(data), len(payload), bitmap, picture, facts.coder
    )
