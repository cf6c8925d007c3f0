"""The codec: a picture becomes the bytes of a ``.bitc`` file, and those become a picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bitcodec import container, metadata, model_folder
from bitcodec.bitmap import Bitmap
from bitcodec.coders import coder_by_id
from bitcodec.coders.base import Coder
from bitcodec.container import Header
from bitcodec.errors import DamagedFileError, UsageError
from bitcodec.images import ImageLike, to_rgb
from bitcodec.inference import Network
from bitcodec.layout import Layout, step_of
from bitcodec.metadata import Metadata
from bitcodec.model_folder import ModelFolder
from bitcodec.pixels import planes, to_bytes
from bitcodec.tiles import tiles


class Codec:
    """One model, ready to encode and to decode. Safe to share between threads, and to pickle.

    Args:
        folder: the model.
        threads: that one picture may use; None for as many as there are cores.

    >>> codec = bitcodec.load()
    """

    def __init__(self, folder: ModelFolder, threads: int | None = None) -> None:
        self.folder = folder
        self.facts = folder.facts
        self._threads = threads
        self._coders: dict[str, Coder] = {}
        self._networks: dict[str, Network] = {}

    def __repr__(self) -> str:
        return f"Codec({self.facts.name!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # What was loaded on the way (networks, tables) cannot be pickled, and need not be.
        return type(self), (self.folder, self._threads)

    def encode(
        self,
        image: ImageLike,
        *,
        quality: int | None = None,
        step_index: int | None = None,
        coder: str | None = None,
        background: str | None = None,
        keep_metadata: bool = False,
    ) -> bytes:
        """The bytes of a ``.bitc`` file.

        Args:
            image: a Pillow image, a file's path or an array; see :func:`bitcodec.images.to_rgb`.
            quality: 1 to 100, larger is better; None for the model's default.
            step_index: instead of a quality, the step itself; see :mod:`bitcodec.layout`.
            coder: ``"huffman"`` or ``"context"``; None for the model's own choice.
            background: a CSS colour to lay transparent pixels upon.
            keep_metadata: carry Exif, but for the orientation, and XMP.

        >>> coarse, fine = (codec.encode("photo.png", quality=q) for q in (10, 90))
        >>> len(coarse) < len(fine)
        True

        Raises:
            BitcodecError: if the picture cannot be encoded; the sentence says why.
        """
        layout = self.layout(quality, step_index)
        rgb = to_rgb(image, background)
        kept = metadata.of(image) if keep_metadata else Metadata()
        bitmap = self._bitmap(rgb, layout)
        return self.pack(bitmap, rgb.size, layout, coder=coder, kept=kept)

    def decode(self, data: bytes) -> Image.Image:
        """The picture in the bytes of a ``.bitc`` file of this model, 8-bit RGB.

        >>> codec.decode(codec.encode("photo.png")).size
        (96, 64)

        Raises:
            DamagedFileError: if the bytes are not one intact file.
            UnknownModelError: if another model wrote it.
        """
        header, bitmap = self.unpack(data)
        size = (header.width, header.height)
        picture = self.reconstruct(bitmap, size, self.layout(step_index=header.step))
        picture.info.update(container.read_metadata(data).as_info())
        return picture

    def layout(self, quality: int | None = None, step_index: int | None = None) -> Layout:
        """Which latents have bits at a quality or a step, and how many each.

        >>> codec.layout(quality=10).channels < codec.layout(quality=90).channels
        True

        Raises:
            UsageError: if both are given, or the model has no such quality or step.
        """
        if step_index is None:
            return self.facts.layout(self.facts.index_of(quality))
        if quality is not None:
            raise UsageError("a quality and a step exclude each other: give one of them")
        try:
            return self.facts.layout(step_index)
        except ValueError as error:
            raise UsageError(f"model {self.facts.name}: {error}") from None

    def bitmap(self, image: ImageLike, layout: Layout | None = None) -> Bitmap:
        """What the encoder makes of a picture: ``C x ceil(H/s) x ceil(W/s)`` booleans.

        Of the two levels next to what the network gives, that which costs less, error and bits
        together (:mod:`bitcodec.coders.choosing`).

        >>> codec.bitmap("photo.png").shape[1:]  # one position for 8 x 8 pixels
        (8, 12)

        Raises:
            BitcodecError: if the picture cannot be encoded.
        """
        return self._bitmap(to_rgb(image), layout or self.layout())

    def _bitmap(self, rgb: Image.Image, layout: Layout) -> Bitmap:
        # A model that is being exported has no coder yet.
        if self.facts.steps is None or not self.folder.coders:
            return self.nearest(rgb, layout)[0]
        found = np.empty((layout.latents, *self.shape(rgb.size, layout)[1:]), np.float32)
        for place, part in self._analysed(rgb, layout):
            found[place] = part
        return self.coder().choose(found, layout)

    def nearest(self, rgb: Image.Image, layout: Layout) -> tuple[Bitmap, NDArray[np.float32]]:
        """As :meth:`bitmap`, but all levels are the nearest ones; and what the network gives for
        the means, ``V x ceil(H/s) x ceil(W/s)`` in steps.

        >>> bits, means = codec.nearest(to_rgb("photo.png"), codec.layout(quality=50))
        >>> means.shape, means.dtype
        ((3, 8, 12), dtype('float32'))

        Raises:
            BitcodecError: if the picture cannot be encoded.
        """
        shape = self.shape(rgb.size, layout)
        bitmap: Bitmap = np.empty(shape, np.bool_)
        means = np.empty((layout.means, *shape[1:]), np.float32)
        for place, found in self._analysed(rgb, layout):
            bits = found > 0 if self.facts.steps is None else layout.bitmap(layout.nearest(found))
            bitmap[place] = bits
            means[place] = found[: layout.means]
        return bitmap, means

    def _analysed(
        self, rgb: Image.Image, layout: Layout
    ) -> Iterator[tuple[tuple[slice, ...], NDArray[np.float32]]]:
        """What the encoder network gives for M latents, tile by tile, and where each belongs."""
        size = self.shape(rgb.size, layout)[1:]
        for vertical, horizontal in tiles(*size, self.facts.encoder_margin):
            window = planes(rgb, vertical.outer, horizontal.outer, self.facts.stride)
            whole = self._run(model_folder.ENCODER, window, layout)
            place = (slice(None), vertical.core, horizontal.core)
            yield place, whole[: layout.latents, vertical.inner(), horizontal.inner()]

    def reconstruct(
        self, bitmap: Bitmap, size: tuple[int, int], layout: Layout | None = None
    ) -> Image.Image:
        """What the decoder network makes of a bitmap: 8-bit RGB of ``size`` (width, height).

        >>> codec.reconstruct(~codec.bitmap("photo.png"), (96, 64)).save("all-bits-turned.png")

        Raises:
            UsageError: if the bitmap's shape is not that of a picture of this size.
        """
        layout = layout or self.layout()
        if bitmap.shape != self.shape(size, layout):
            raise UsageError(
                f"a bitmap of {bitmap.shape} does not belong to {size[0]} x {size[1]} pixels"
            )
        stride = self.facts.stride
        decoder = self.folder.decoder(layout.latents)
        picture = Image.new("RGB", size)
        for vertical, horizontal in tiles(*bitmap.shape[1:], self.facts.decoder_margin):
            bits = bitmap[:, vertical.outer, horizontal.outer]
            code = bits if self.facts.steps is None else layout.levels(bits)
            found = self._run(decoder, code.astype(np.float32), layout)
            core = found[:, vertical.inner(stride), horizontal.inner(stride)]
            left, top = horizontal.start * stride, vertical.start * stride
            core = core[:, : size[1] - top, : size[0] - left]
            picture.paste(Image.fromarray(to_bytes(core)), (left, top))
        return picture

    def pack(
        self,
        bitmap: Bitmap,
        size: tuple[int, int],
        layout: Layout | None = None,
        *,
        coder: str | None = None,
        kept: Metadata | None = None,
    ) -> bytes:
        """The file of a picture of ``size`` (width, height) whose bitmap is known.

        >>> codec.pack(codec.bitmap("photo.png"), (96, 64)) == codec.encode("photo.png")
        True
        """
        layout = layout or self.layout()
        chosen = self.coder(coder)
        payload = chosen.encode(bitmap, layout)
        block = kept.to_bytes() if kept else b""
        header = Header(
            model=self.facts.name,
            fingerprint=self.folder.fingerprint,
            width=size[0],
            height=size[1],
            coder=chosen.id,
            payload_length=len(payload),
            step=layout.index,
            metadata_length=len(block),
        )
        return container.write(header, payload, block)

    def unpack(self, data: bytes) -> tuple[Header, Bitmap]:
        """Header and bitmap of a file, on integers only.

        >>> header, bits = codec.unpack(codec.encode("photo.png"))
        >>> header.width, header.height, bool((bits == codec.bitmap("photo.png")).all())
        (96, 64, True)

        Raises:
            DamagedFileError: if the bytes are not one intact file.
            UnknownModelError: if another model wrote it.
        """
        header, payload = container.read(data)
        model_folder.check(self.folder, header)
        try:
            layout = self.facts.layout(header.step)
        except ValueError as error:
            raise DamagedFileError(f"the file cannot be of its model: {error}") from None
        coder = self.coder(coder_by_id(header.coder).name)
        shape = self.shape((header.width, header.height), layout)
        return header, coder.decode(payload, shape[1:], layout)

    def shape(self, size: tuple[int, int], layout: Layout | None = None) -> tuple[int, int, int]:
        """Shape of the bitmap of a picture of ``size`` (width, height).

        >>> codec.shape((96, 64))[1:]
        (8, 12)
        """
        stride = self.facts.stride
        channels = (layout or self.layout()).channels
        return channels, -(-size[1] // stride), -(-size[0] // stride)

    def _run(self, name: str, planes: NDArray[np.float32], layout: Layout) -> NDArray[np.float32]:
        """One picture through a network, which is loaded only once."""
        if name not in self._networks:
            self._networks[name] = self.folder.network(name, self._threads)
        step = None if self.facts.steps is None else step_of(layout.index)
        return self._networks[name].run(planes, step)

    def coder(self, name: str | None = None) -> Coder:
        """The model's coder of this name, or its own choice; its tables are read only once.

        >>> codec.coder().name
        'context'

        Raises:
            UsageError: if the model has none of this name.
        """
        name = name or self.facts.coder
        if name not in self._coders:
            self._coders[name] = self.folder.coder(name)
        return self._coders[name]
