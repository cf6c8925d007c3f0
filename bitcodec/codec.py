"""The codec: a picture becomes the bytes of a ``.bitc`` file, and those become a picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bitcodec import container, metadata, model_folder
from bitcodec.bitmap import Bitmap
from bitcodec.coded import Coded
from bitcodec.coders import coder_by_id
from bitcodec.coders.base import Coder
from bitcodec.coders.context import ContextCoder
from bitcodec.container import Header
from bitcodec.errors import DamagedFileError, UsageError
from bitcodec.images import ImageLike, to_rgb
from bitcodec.layout import Layout
from bitcodec.metadata import Metadata
from bitcodec.model_folder import ModelFolder
from bitcodec.tiled_transforms import TiledTransforms


class Codec:
    """One model, ready to encode and to decode. Safe to share between threads, and to pickle.

    Args:
        folder: the model.
        threads: that one picture may use; None for as many as there are cores.
        tune: the measure that encoding is to do best in, of the folder's ``tunes``; None for PSNR.

    >>> codec = bitcodec.load()
    """

    def __init__(
        self, folder: ModelFolder, threads: int | None = None, tune: str | None = None
    ) -> None:
        self.folder = folder
        self.facts = folder.facts
        self._threads, self._tune = threads, tune
        self._coders: dict[str, Coder] = {}
        self.transforms = TiledTransforms(folder, threads, tune)

    def __repr__(self) -> str:
        return f"Codec({self.facts.name!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # What was loaded on the way (networks, tables) cannot be pickled, and need not be.
        return type(self), (self.folder, self._threads, self._tune)

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
        return self.coded(rgb, layout, coder=coder, kept=kept).data

    def decode(self, data: bytes) -> Image.Image:
        """The picture in the bytes of a ``.bitc`` file of this model, 8-bit RGB.

        >>> codec.decode(codec.encode("photo.png")).size
        (96, 64)

        Raises:
            DamagedFileError: if the bytes are not one intact file.
            UnknownModelError: if another model wrote it.
        """
        header, layout, levels = self._read(data)
        picture = self.transforms.synthesise(levels, (header.width, header.height), layout)
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
        layout, rgb = layout or self.layout(), to_rgb(image)
        if self._chooser() is None:
            return self.nearest(rgb, layout)[0]
        return self.coded(rgb, layout).bitmap

    def coded(
        self,
        rgb: Image.Image,
        layout: Layout,
        *,
        coder: str | None = None,
        kept: Metadata | None = None,
    ) -> Coded:
        """A picture as a file, and the bitmap in it if that is asked for.

        Args:
            rgb: 8-bit RGB.
            layout: which latents have bits.
            coder: ``"huffman"`` or ``"context"``; None for the model's own choice.
            kept: metadata to carry.

        >>> coded = codec.coded(to_rgb("photo.png"), codec.layout(quality=50))
        >>> bool((codec.unpack(coded.data)[1] == coded.bitmap).all())
        True

        Raises:
            UsageError: if the model has no such coder.
        """
        chooser = self._chooser(coder)
        if chooser is None:
            bitmap = self.nearest(rgb, layout)[0]
            data = self.pack(bitmap, rgb.size, layout, coder=coder, kept=kept)
            return Coded(data, layout.levels(bitmap), layout)
        found = np.empty((layout.latents, *self.shape(rgb.size, layout)[1:]), np.float32)
        for place, part in self.transforms.analyse(rgb, layout):
            found[place] = part
        # They take the place of what they are chosen from.
        levels, payload = chooser.choose(found, layout, found.view(np.int16)[..., ::2])
        block = kept.to_bytes() if kept else b""
        header = self._header(chooser, payload, rgb.size, layout, block)
        return Coded(container.write(header, payload, block), levels, layout)

    def _chooser(self, coder: str | None = None) -> ContextCoder | None:
        """The coder, if it chooses levels while it codes them."""
        # A model that is being exported has no coder yet.
        if self.facts.steps is None or not self.folder.coders:
            return None
        found = self.coder(coder)
        return found if isinstance(found, ContextCoder) else None

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
        for place, found in self.transforms.analyse(rgb, layout):
            bits = found > 0 if self.facts.steps is None else layout.bitmap(layout.nearest(found))
            bitmap[place] = bits
            means[place] = found[: layout.means]
        return bitmap, means

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
        return self.transforms.synthesise(layout.levels(bitmap), size, layout)

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
        layout, chosen = layout or self.layout(), self.coder(coder)
        payload, block = chosen.encode(bitmap, layout), kept.to_bytes() if kept else b""
        header = self._header(chosen, payload, size, layout, block)
        return container.write(header, payload, block)

    def _header(
        self, coder: Coder, payload: bytes, size: tuple[int, int], layout: Layout, block: bytes
    ) -> Header:
        return Header(
            model=self.facts.name,
            fingerprint=self.folder.fingerprint,
            width=size[0],
            height=size[1],
            coder=coder.id,
            payload_length=len(payload),
            step=layout.index,
            metadata_length=len(block),
        )

    def unpack(self, data: bytes) -> tuple[Header, Bitmap]:
        """Header and bitmap of a file, on integers only.

        >>> header, bits = codec.unpack(codec.encode("photo.png"))
        >>> header.width, header.height, bool((bits == codec.bitmap("photo.png")).all())
        (96, 64, True)

        Raises:
            DamagedFileError: if the bytes are not one intact file.
            UnknownModelError: if another model wrote it.
        """
        header, layout, levels = self._read(data)
        return header, layout.bitmap(levels)

    def _read(self, data: bytes) -> tuple[Header, Layout, NDArray[np.int16]]:
        header, payload = container.read(data)
        model_folder.check(self.folder, header)
        try:
            layout = self.facts.layout(header.step)
        except ValueError as error:
            raise DamagedFileError(f"the file cannot be of its model: {error}") from None
        coder = self.coder(coder_by_id(header.coder).name)
        size = self.shape((header.width, header.height), layout)[1:]
        if isinstance(coder, ContextCoder):
            return header, layout, coder.decode_levels(payload, size, layout)
        return header, layout, layout.levels(coder.decode(payload, size, layout))

    def shape(self, size: tuple[int, int], layout: Layout | None = None) -> tuple[int, int, int]:
        """Shape of the bitmap of a picture of ``size`` (width, height).

        >>> codec.shape((96, 64))[1:]
        (8, 12)
        """
        stride = self.facts.stride
        channels = (layout or self.layout()).channels
        return channels, -(-size[1] // stride), -(-size[0] // stride)

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
