"""Callbacks: they watch the training and never change it."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from torch import Tensor

from bitcodec.bitmap import Bitmap
from bitcodec.code_pictures import article_figure, code_grid
from bitcodec.coders.huffman import HuffmanCoder
from bitcodec.container import Header, write
from bitcodec.layout import Layout
from bitcodec.pixels import to_bytes
from bitcodec.training.loggers import PictureLog
from bitcodec.training.module import Reading, entropy_bpp, psnr
from bitcodec.training.modules import CodecModule
from bitcodec.training.ranks import gathered

log = logging.getLogger(__name__)


class ImagePanels(pl.Callback):
    """Shows fixed validation images and their codes in the loggers, and as PNG beside them.

    Each PNG carries the figures of its caption, as JSON in the text chunk ``bitcodec``.

    Args:
        images: positions among the validation images; the same in every run, so runs compare.
        folder: where the PNGs go: ``step_N.png`` is the article's figure of the first image, and
            ``image_K/`` holds the single pictures of the latest validation.
    """

    def __init__(self, images: Sequence[int], folder: str) -> None:
        self.images, self.folder = sorted(images), Path(folder)
        self._readings: dict[int, Reading] = {}

    def on_validation_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._readings = {}

    def on_validation_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Tensor,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        first = _first(trainer, batch_idx)
        for position in self.images:
            if first <= position < first + len(batch):
                fields = (x[position - first].float().cpu() for x in outputs["reading"])
                self._readings[position] = Reading(*fields)

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.sanity_checking:
            return
        shown = {}
        for position, reading in self._readings.items():
            facts = _facts(trainer, pl_module, reading, position)
            shown[position] = facts, _pictures(reading, _caption(facts))
        everywhere = {k: made for found in gathered(shown) for k, made in found.items()}
        if not trainer.is_global_zero:
            return
        step = trainer.global_step
        for position, (facts, pictures) in sorted(everywhere.items()):
            leads = position == self.images[0]
            for logger in trainer.loggers:
                if isinstance(logger, PictureLog):
                    for tag, pixels in pictures.items():
                        name = tag if leads else f"{tag}/{position}"
                        logger.log_picture(name, pixels, step)
            folder = self.folder / f"image_{position}"
            folder.mkdir(parents=True, exist_ok=True)
            text = PngInfo()
            text.add_text("bitcodec", json.dumps(facts))
            for tag, pixels in pictures.items():
                path = folder / f"{tag.replace('/', '_')}.png"
                Image.fromarray(pixels).save(path, pnginfo=text)
            if leads:
                composite = Image.fromarray(pictures["panel/article"])
                composite.save(self.folder / f"step_{step:06d}.png", pnginfo=text)


def _facts(
    trainer: pl.Trainer, module: pl.LightningModule, reading: Reading, position: int
) -> dict[str, float]:
    """What a validation image's caption says; ``bpp`` of its real file where that was made."""
    assert isinstance(module, CodecModule)
    image = reading.image[None]
    step = trainer.global_step
    rates = [c.bpp for c in trainer.callbacks if isinstance(c, BitstreamRate)]  # type: ignore[attr-defined]
    measured = rates[0].get(position) if rates else None
    order0 = entropy_bpp(reading.bitmap[None], image).item()
    return {
        "step": step,
        "noise_std": round(module.binarizer.config.std_at(step / max(1, trainer.max_steps)), 4),
        "psnr_sigmoid": round(psnr(reading.sigmoid[None], image).item(), 4),
        "psnr_binary": round(psnr(reading.binary[None], image).item(), 4),
        "ones": round(reading.bitmap.float().mean().item(), 6),
        "entropy_bpp": round(order0, 4),
        **({} if measured is None else {"bpp": round(measured, 4)}),
    }


def _caption(facts: dict[str, float]) -> str:
    rate = (
        f"{facts['bpp']:.2f} bpp" if "bpp" in facts else f"{facts['entropy_bpp']:.2f} bpp, order 0"
    )
    return (
        f"noise std {facts['noise_std']:g}, step {facts['step']:,}: "
        f"sigmoid {facts['psnr_sigmoid']:.2f} dB, binarized {facts['psnr_binary']:.2f} dB, "
        f"{rate}, {facts['ones']:.1%} ones"
    )


def _pictures(reading: Reading, title: str) -> dict[str, np.ndarray]:
    """The image tags of one validation image."""
    image, sigmoid, binary = (to_bytes(x.numpy()) for x in reading[:3])
    code, bitmap = (code_grid(x.numpy()) for x in reading[3:])
    return {
        "panel/input": image,
        "panel/sigmoid": sigmoid,
        "panel/binary": binary,
        "code/sigmoid": code,
        "code/binary": bitmap,
        "panel/article": article_figure(image, sigmoid, binary, code, bitmap, title),
    }


class BitstreamRate(pl.Callback):
    """Logs ``val/bpp``: whole ``.bitc`` files, Huffman-coded, header and all.

    The code tables are fitted to bitmaps of training crops, as those of a shipped model are, and
    count as part of the model, not of the file.

    Args:
        fit_images: training crops that the tables are fitted to.

    Attributes:
        bpp: bits a pixel of each image of the latest validation on this rank, in order.
    """

    def __init__(self, fit_images: int) -> None:
        self.fit_images = fit_images
        self._coder: HuffmanCoder | None = None
        self.bpp: dict[int, float] = {}

    def on_validation_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        assert isinstance(pl_module, CodecModule)
        self.bpp = {}
        self._coder = None
        if not trainer.sanity_checking:
            data: Any = trainer.datamodule  # type: ignore[attr-defined]
            self._coder = HuffmanCoder.fit(
                bitmap
                for batch in data.sample_crops(self.fit_images)
                for bitmap in _bitmaps(pl_module, batch)
            )

    def on_validation_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Tensor,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        if self._coder is None:
            return
        for place, bitmap in enumerate(
            outputs["reading"].bitmap.cpu().numpy(), _first(trainer, batch_idx)
        ):
            height, width = batch.shape[-2:]
            payload = self._coder.encode(bitmap, Layout((1,) * len(bitmap)))
            header = _header(self._coder.id, width, height, len(payload))
            size = len(write(header, payload))
            self.bpp[place] = size * 8 / (width * height)

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        everywhere = {place: bpp for found in gathered(self.bpp) for place, bpp in found.items()}
        if everywhere:
            mean = float(np.mean([everywhere[place] for place in sorted(everywhere)]))
            pl_module.log("val/bpp", mean)


def _first(trainer: pl.Trainer, batch_idx: int) -> int:
    """The position of a batch's first image in the whole validation set."""
    data: Any = trainer.datamodule  # type: ignore[attr-defined]
    return int(data.val_firsts[batch_idx])


def _bitmaps(module: CodecModule, batch: Tensor) -> list[Bitmap]:
    with torch.autocast(module.device.type, enabled=False):
        return list(module.bitmaps(batch.to(module.device)).cpu().numpy())


def _header(coder: int, width: int, height: int, payload_length: int) -> Header:
    """A header of the usual length; a model in training has no name or fingerprint yet."""
    return Header("training", bytes(4), width, height, coder, payload_length)
