"""A model's two networks on pictures of any size, tile by tile."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bitcodec.inference import Network
from bitcodec.layout import Layout, step_of
from bitcodec.model_folder import ModelFolder
from bitcodec.pixels import planes, to_bytes
from bitcodec.tiles import tiles

Place = tuple[slice, slice, slice]
"""Where a tile belongs: all latents, some rows and columns."""


class TiledTransforms:
    """The analysis and the synthesis of a model. Safe to share between threads.

    Args:
        folder: the model.
        threads: that one picture may use; None for as many as there are cores.
        tune: which of the folder's encoders is used; None for the one for PSNR.
    """

    def __init__(self, folder: ModelFolder, threads: int | None, tune: str | None) -> None:
        self._encoder = folder.encoder(tune)
        self._folder, self._facts, self._threads = folder, folder.facts, threads
        self._networks: dict[str, Network] = {}

    def analyse(
        self, rgb: Image.Image, layout: Layout
    ) -> Iterator[tuple[Place, NDArray[np.float32]]]:
        """What the encoder network gives for the M latents of a layout, tile by tile.

        Args:
            rgb: 8-bit RGB.
            layout: of a model with steps, in steps; of another, whose latents are bits, logits.
        """
        stride = self._facts.stride
        rows, columns = -(-rgb.height // stride), -(-rgb.width // stride)
        for vertical, horizontal in tiles(rows, columns, self._facts.encoder_margin):
            window = planes(rgb, vertical.outer, horizontal.outer, stride)
            whole = self._run(self._encoder, window, layout)
            place = (slice(None), vertical.core, horizontal.core)
            yield place, whole[: layout.latents, vertical.inner(), horizontal.inner()]

    def synthesise(
        self, levels: NDArray[np.int16], size: tuple[int, int], layout: Layout
    ) -> Image.Image:
        """What the decoder network makes of levels ``M x ceil(H/s) x ceil(W/s)``: 8-bit RGB of
        ``size`` (width, height).
        """
        stride = self._facts.stride
        decoder = self._folder.decoder(layout.latents)
        picture = Image.new("RGB", size)
        rows, columns = levels.shape[1:]
        for vertical, horizontal in tiles(rows, columns, self._facts.decoder_margin):
            part = levels[:, vertical.outer, horizontal.outer]
            code = layout.bitmap(part) if self._facts.steps is None else part
            found = self._run(decoder, code.astype(np.float32), layout)
            core = found[:, vertical.inner(stride), horizontal.inner(stride)]
            left, top = horizontal.start * stride, vertical.start * stride
            core = core[:, : size[1] - top, : size[0] - left]
            picture.paste(Image.fromarray(to_bytes(core)), (left, top))
        return picture

    def _run(self, name: str, values: NDArray[np.float32], layout: Layout) -> NDArray[np.float32]:
        """One tile through a network, which is loaded only once."""
        if name not in self._networks:
            self._networks[name] = self._folder.network(name, self._threads)
        step = None if self._facts.steps is None else step_of(layout.index)
        return self._networks[name].run(values, step)
