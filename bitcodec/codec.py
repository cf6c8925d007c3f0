"""The codec: a picture becomes the bytes of a ``.bitc`` file, and those become a picture."""

from __future__ import annotations

from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bitcodec import container, model_folder
from bitcodec.bitmap import Bitmap
from bitcodec.coders import coder_by_id
from bitcodec.coders.base import Coder
from bitcodec.container import Header
from bitcodec.errors import BitcodecError, UsageError
from bitcodec.files import write_file
from bitcodec.images import ImageLike, to_rgb
from bitcodec.model_folder import ModelFolder
from bitcodec.tiles import tiles

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


class Codec:
    """One model, ready to encode and to decode. Safe to share between threads, and to pickle.

    Args:
        folder: the model.
        threads: that one picture may use; None for as many as there are cores.
    """

    def __init__(self, folder: ModelFolder, threads: int | None = None) -> None:
        self.folder = folder
        self.facts = folder.facts
        self._threads = threads
        self._coders: dict[str, Coder] = {}

    def __repr__(self) -> str:
        return f"Codec({self.facts.name!r}, quality={self.facts.quality})"

    def __reduce__(self) -> tuple[Any, ...]:
        # What was loaded on the way (sessions, tables) cannot be pickled, and need not be.
        return type(self), (self.folder, self._threads)

    def encode(
        self, image: ImageLike, *, coder: str | None = None, background: str | None = None
    ) -> bytes:
        """The bytes of a ``.bitc`` file.

        Args:
            image: a Pillow image, a file's path or an array; see :func:`bitcodec.images.to_rgb`.
            coder: ``"huffman"`` or ``"context"``; None for the model's own choice.
            background: a CSS colour to lay transparent pixels upon.

        Raises:
            BitcodecError: if the picture cannot be encoded; the sentence says why.
        """
        rgb = to_rgb(image, background)
        return self.pack(self.bitmap(rgb), rgb.size, coder=coder)

    def decode(self, data: bytes) -> Image.Image:
        """The picture in the bytes of a ``.bitc`` file of this model, 8-bit RGB.

        Raises:
            DamagedFileError: if the bytes are not one intact file.
            UnknownModelError: if another model wrote it.
        """
        header, bitmap = self.unpack(data)
        return self.reconstruct(bitmap, (header.width, header.height))

    def bitmap(self, image: ImageLike) -> Bitmap:
        """What the encoder network makes of a picture: ``C x ceil(H/s) x ceil(W/s)`` booleans.

        Raises:
            BitcodecError: if the picture cannot be encoded.
        """
        rgb = to_rgb(image)
        stride = self.facts.stride
        shape = self.shape(rgb.size)
        bitmap: Bitmap = np.empty(shape, np.bool_)
        for vertical, horizontal in tiles(*shape[1:], self.facts.encoder_margin):
            planes = _planes(rgb, vertical.outer, horizontal.outer, stride)
            logits = _run(self._encoder, planes)
            core = logits[:, vertical.inner(), horizontal.inner()]
            np.greater(core, 0, out=bitmap[:, vertical.core, horizontal.core])
        return bitmap

    def reconstruct(self, bitmap: Bitmap, size: tuple[int, int]) -> Image.Image:
        """What the decoder network makes of a bitmap: 8-bit RGB of ``size`` (width, height).

        Raises:
            UsageError: if the bitmap's shape is not that of a picture of this size.
        """
        if bitmap.shape != self.shape(size):
            raise UsageError(
                f"a bitmap of {bitmap.shape} does not belong to {size[0]} x {size[1]} pixels"
            )
        stride = self.facts.stride
        picture = Image.new("RGB", size)
        for vertical, horizontal in tiles(*bitmap.shape[1:], self.facts.decoder_margin):
            code = bitmap[:, vertical.outer, horizontal.outer].astype(np.float32)
            planes = _run(self._decoder, code)
            core = planes[:, vertical.inner(stride), horizontal.inner(stride)]
            left, top = horizontal.start * stride, vertical.start * stride
            core = core[:, : size[1] - top, : size[0] - left]
            picture.paste(Image.fromarray(_to_bytes(core)), (left, top))
        return picture

    def pack(self, bitmap: Bitmap, size: tuple[int, int], *, coder: str | None = None) -> bytes:
        """The file of a picture of ``size`` (width, height) whose bitmap is known."""
        chosen = self.coder(coder)
        payload = chosen.encode(bitmap)
        header = Header(
            model=self.facts.name,
            fingerprint=self.folder.fingerprint,
            width=size[0],
            height=size[1],
            coder=chosen.id,
            payload_length=len(payload),
        )
        return container.write(header, payload)

    def unpack(self, data: bytes) -> tuple[Header, Bitmap]:
        """Header and bitmap of a file, on integers only.

        Raises:
            DamagedFileError: if the bytes are not one intact file.
            UnknownModelError: if another model wrote it.
        """
        header, payload = container.read(data)
        model_folder.check(self.folder, header)
        coder = self.coder(coder_by_id(header.coder).name)
        bitmap = coder.decode(payload, self.shape((header.width, header.height)))
        return header, bitmap

    def shape(self, size: tuple[int, int]) -> tuple[int, int, int]:
        """Shape of the bitmap of a picture of ``size`` (width, height)."""
        stride = self.facts.stride
        return self.facts.channels, -(-size[1] // stride), -(-size[0] // stride)

    @cached_property
    def _encoder(self) -> InferenceSession:
        return self.folder.session(model_folder.ENCODER, self._threads)

    @cached_property
    def _decoder(self) -> InferenceSession:
        return self.folder.session(model_folder.DECODER, self._threads)

    def coder(self, name: str | None = None) -> Coder:
        """The model's coder of this name, or its own choice; its tables are read only once.

        Raises:
            UsageError: if the model has none of this name.
        """
        name = name or self.facts.coder
        if name not in self._coders:
            self._coders[name] = self.folder.coder(name)
        return self._coders[name]


def load(
    name_or_path: str | Path | None = None,
    *,
    quality: int | None = None,
    threads: int | None = None,
) -> Codec:
    """A codec, by the model's name, folder or quality; the middle quality if nothing is said.

    Raises:
        UnknownModelError: if there is no such model.
    """
    return _cached(model_folder.find(name_or_path, quality).path.resolve(), threads)


def load_for(data: bytes, *, threads: int | None = None) -> Codec:
    """The codec of the model that wrote a file, of which ``data`` holds at least the header.

    Raises:
        DamagedFileError: if the bytes do not begin with a header.
        UnknownModelError: if the model is not installed.
    """
    header, _ = container.read_header(data)
    return _cached(model_folder.find_for(header).path.resolve(), threads)


def open_picture(path: str | Path) -> Image.Image:
    """The picture in a ``.bitc`` file, with whichever installed model made it.

    Raises:
        BitcodecError: if the file is missing, damaged, or of an unknown model.
    """
    try:
        data = container.read_file(path)
        container.read(data)
        return load_for(data).decode(data)
    except BitcodecError as error:
        raise error.at(path) from None


def save(image: ImageLike, path: str | Path, *, quality: int | None = None, **options: Any) -> None:
    """Write a picture as a ``.bitc`` file; ``options`` are those of :meth:`Codec.encode`.

    The file appears whole or not at all; one that is there already is replaced.

    Raises:
        BitcodecError: if the picture cannot be encoded or the file cannot be written.
    """
    write_file(path, load(quality=quality).encode(image, **options))


@lru_cache(maxsize=8)
def _cached(path: Path, threads: int | None) -> Codec:
    return Codec(ModelFolder(path), threads)


def _run(session: InferenceSession, planes: NDArray[np.float32]) -> NDArray[np.float32]:
    """One picture through a network with one input and one output, both without their batch."""
    return session.run(None, {session.get_inputs()[0].name: planes[None]})[0][0]


def _planes(rgb: Image.Image, rows: slice, columns: slice, stride: int) -> NDArray[np.float32]:
    """A window, in code positions, as ``3 x H x W`` in [0, 1]; edges repeated to whole strides."""
    left, top = columns.start * stride, rows.start * stride
    right, bottom = columns.stop * stride, rows.stop * stride
    window = rgb.crop((left, top, min(right, rgb.width), min(bottom, rgb.height)))
    planes = np.asarray(window).transpose(2, 0, 1).astype(np.float32) / np.float32(255)
    below, beside = bottom - top - planes.shape[1], right - left - planes.shape[2]
    if below or beside:
        planes = np.pad(planes, ((0, 0), (0, below), (0, beside)), mode="edge")
    return planes


def _to_bytes(planes: NDArray[np.float32]) -> NDArray[np.uint8]:
    """``3 x H x W``, nominally in [0, 1], to ``H x W x 3`` bytes: rounded, then limited."""
    levels = np.rint(planes * np.float32(255))
    limited = np.clip(levels, 0, 255, out=levels).astype(np.uint8)
    return np.ascontiguousarray(limited.transpose(1, 2, 0))
