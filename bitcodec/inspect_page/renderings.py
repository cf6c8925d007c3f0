"""What the codec makes of a picture at several qualities: the page's one door to the codec."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PIL import Image

from bitcodec import container, installed_models
from bitcodec.bitmap import Bitmap
from bitcodec.codec import Codec
from bitcodec.coders import coder_by_id
from bitcodec.layout import Layout
from bitcodec.loading import load, load_for


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

SHOWN = (5, 20, 35, 50, 70, 90)
"""Of a model that takes any quality."""


def qualities(model: str | None) -> list[Work]:
    """A piece of work for each quality that is shown, the smallest file first.

    Args:
        model: its name or folder; None for all that ship.

    Raises:
        UnknownModelError: if there is no such model.
    """
    return [partial(_render, codec, quality) for codec in _codecs(model) for quality in _of(codec)]


def largest(model: str | None, bits: int) -> int:
    """How many pixels a picture may have so that no bitmap of it has more than ``bits``."""
    rates = [
        codec.layout(quality).channels / codec.facts.stride**2
        for codec in _codecs(model)
        for quality in _of(codec)
    ]
    return int(bits / max(rates))


def read(data: bytes, model: str | None) -> Rendering:
    """The only rendering of a ``.bitc`` file.

    Raises:
        DamagedFileError: if the bytes are not one intact file.
        UnknownModelError: if its model is not here.
    """
    container.read(data)
    codec = load(model) if model else load_for(data)
    header, bitmap = codec.unpack(data)
    return _rendering(codec, data, bitmap, codec.layout(step_index=header.step))


def _codecs(model: str | None) -> list[Codec]:
    paths = [model] if model else [each.path for each in installed_models.available()]
    return [load(path, threads=1) for path in paths] or [load()]


def _of(codec: Codec) -> tuple[int | None, ...]:
    return (None,) if codec.facts.steps is None else SHOWN


def _render(codec: Codec, quality: int | None, picture: Image.Image) -> Rendering:
    layout = codec.layout(quality)
    coded = codec.coded(picture, layout)
    return _rendering(codec, coded.data, coded.bitmap, layout)


def _rendering(codec: Codec, data: bytes, bitmap: Bitmap, layout: Layout) -> Rendering:
    header, payload = container.read(data)
    facts = codec.facts
    picture = codec.reconstruct(bitmap, (header.width, header.height), layout)
    return Rendering(
        str(facts.quality if facts.steps is None else facts.quality_of(layout.index)),
        facts.name,
        len(data),
        len(payload),
        bitmap,
        picture,
        coder_by_id(header.coder).name,
        () if facts.steps is None else _names(layout),
    )


def _names(layout: Layout) -> tuple[str, ...]:
    """What each channel is: of which latent, and which of its bits."""
    return tuple(
        f"{'mean' if latent < layout.means else 'latent'} {latent}, bit {bit + 1} of {count}"
        for latent, count in enumerate(layout.bits)
        for bit in range(count)
    )
