"""DataModules. A batch is a float tensor ``N x 3 x H x W`` in [0, 1], nothing else."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from bitcodec import machine
from bitcodec.errors import BitcodecError, UsageError
from bitcodec.training.batches import BatchConfig, BatchStream, Share
from bitcodec.training.config_check import build
from bitcodec.training.photos import Photo, PhotoFiles, centre_crop, find_images, load_all

log = logging.getLogger(__name__)


class PhotoDataModule(pl.LightningDataModule, ABC):
    """Base: photographs, random crops of them to train on, fixed centre crops to validate on.

    Args:
        batch: fields of :class:`BatchConfig`.
        val_size: validation images are centre crops of at most this side (a multiple of 16).
        val_images: how many validation images at most, the first ones by name.
        val_batch_size: validation images of one size are batched up to this number.
        seed: of the order, the crops and the augmentation.
    """

    def __init__(
        self,
        batch: dict[str, Any],
        val_size: int,
        val_images: int,
        val_batch_size: int,
        seed: int,
    ) -> None:
        super().__init__()
        if val_size < 16 or val_size % 16:
            raise UsageError(f"data.val_size={val_size}: give a multiple of 16, at least 16")
        if val_images < 1 or val_batch_size < 1:
            raise UsageError("data.val_images and data.val_batch_size must be at least 1")
        self.config = build(BatchConfig, "data.batch", batch)
        self.val_size, self.val_images, self.val_batch_size = val_size, val_images, val_batch_size
        self.seed = seed
        self.train_photos: list[Photo] | PhotoFiles = []
        #: Threads that read ahead where photographs stay on disk.
        self.workers = 1
        #: That train on this machine, each with its own photographs.
        self.processes = 1
        self.val_crops: list[Photo] = []
        #: Of this rank; the first image of each stands in ``val_firsts``, by its position in the
        #: whole validation set.
        self.val_batches: list[Tensor] = []
        self.val_firsts: list[int] = []

    @abstractmethod
    def photos(self) -> tuple[list[Photo] | PhotoFiles, list[Photo]]:
        """Training and validation photographs, ``H x W x 3`` uint8; the two are disjoint."""

    def setup(self, stage: str | None = None) -> None:
        if not self.train_photos:
            self._load()
        first, end = self._validated(len(self.val_crops))
        self.val_batches = list(_batches(self.val_crops[first:end], self.val_batch_size))
        sizes = [len(batch) for batch in self.val_batches]
        self.val_firsts = [first + sum(sizes[:i]) for i in range(len(sizes))]

    def _load(self) -> None:
        train, val = self.photos()
        side = self.config.crop
        usable: list[Photo] | PhotoFiles
        if isinstance(train, PhotoFiles):
            usable = train.at_least(side)
        else:
            usable = [p for p in train if min(p.shape[:2]) >= side]
        if len(usable) < len(train):
            log.warning(
                "%d of %d training images are smaller than data.batch.crop=%d and are left out",
                len(train) - len(usable),
                len(train),
                self.config.crop,
            )
        if not usable:
            raise BitcodecError(
                f"no training image is at least {self.config.crop} pixels on both sides; "
                "lower data.batch.crop"
            )
        crops = [centre_crop(p, self.val_size, 16) for p in val[: self.val_images]]
        self.val_crops = [crop.copy() for crop in crops if crop.size]  # lets go of the rest
        if not self.val_crops:
            raise BitcodecError("no validation image is at least 16 pixels on both sides")
        self.train_photos = usable

    def _validated(self, count: int) -> tuple[int, int]:
        """This rank's stretch of the validation images; all of them where they are too few."""
        if not self.trainer or self.trainer.world_size > count:
            return 0, count
        rank, world = self.trainer.global_rank, self.trainer.world_size
        return count * rank // world, count * (rank + 1) // world

    def train_dataloader(self) -> DataLoader[Tensor]:
        trainer = self.trainer
        where: dict[str, Any] = {}
        if trainer:
            where = {"step": trainer.global_step, "device": trainer.strategy.root_device}
            where["share"] = Share(
                trainer.global_rank, trainer.world_size, trainer.accumulate_grad_batches
            )
        stream = BatchStream(
            self.train_photos, self.config, self.seed, workers=self.workers, **where
        )
        return DataLoader(stream, batch_size=None)

    def val_dataloader(self) -> DataLoader[Tensor]:
        return DataLoader(self.val_batches, batch_size=None)  # type: ignore[arg-type]

    def sample_crops(self, count: int) -> Iterator[Tensor]:
        """So many training crops without augmentation, in batches, for fitting coder tables."""
        size = self.config.batch_size
        for first in range(0, count, size):
            plain = BatchConfig(1, self.config.crop, False, 0.0, 0.0, 0.0, 0.0)
            stream = BatchStream(self.train_photos, plain, self.seed + 1)
            yield torch.cat([stream.batch(n) for n in range(first, min(first + size, count))])


class SampleData(PhotoDataModule):
    """The colour photographs inside the scikit-image wheel; nothing is downloaded."""

    train_names = ("astronaut.png", "coffee.png", "rocket.jpg")
    val_names = ("chelsea.png", "motorcycle_left.png")

    def photos(self) -> tuple[list[Photo], list[Photo]]:
        import skimage

        folder = Path(skimage.__file__).parent / "data"
        train = load_all([folder / name for name in self.train_names])
        return train, load_all([folder / name for name in self.val_names])


class Cifar10Data(PhotoDataModule):
    """CIFAR-10 through torchvision, downloaded once into ``root``."""

    def __init__(self, root: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.root = root

    def photos(self) -> tuple[list[Photo], list[Photo]]:
        from torchvision.datasets import CIFAR10

        try:
            train = CIFAR10(self.root, train=True, download=True)
            test = CIFAR10(self.root, train=False, download=True)
        except (OSError, RuntimeError) as error:
            raise BitcodecError(
                f"CIFAR-10 could not be downloaded ({error}); fetch it by hand into this folder, "
                "or train on a folder of images with data=folder data.root=DIR",
                self.root,
            ) from error
        return list(train.data), list(test.data)


class FolderData(PhotoDataModule):
    """All PNG, JPEG and WebP images below ``root``.

    Args:
        root: the folder.
        val_root: a folder of validation images; without one, every tenth image of ``root`` (at
            least one) is kept out of training.
        memory_share: of the machine's memory, for the training photographs of all processes on it;
            what needs more stays on disk.
        workers: threads that then read ahead.
    """

    def __init__(
        self,
        root: str | None,
        val_root: str | None,
        memory_share: float,
        workers: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not 0 <= memory_share <= 1:
            raise UsageError(f"data.memory_share={memory_share}: give a share from 0 to 1")
        if workers < 1:
            raise UsageError("data.workers must be at least 1")
        self.memory_share, self.workers = memory_share, workers
        if root is None:
            raise UsageError("data=folder needs a folder of images: add data.root=DIR")
        self.root, self.val_root = Path(root), Path(val_root) if val_root else None

    def photos(self) -> tuple[list[Photo] | PhotoFiles, list[Photo]]:
        paths = find_images(self.root)
        if self.val_root:
            val = find_images(self.val_root)
            return self._training(paths), load_all(val[: self.val_images])
        if len(paths) < 2:
            raise BitcodecError(
                "holds one image; give at least two, or name data.val_root=DIR", self.root
            )
        val = paths[::10]
        kept = set(val)
        train = self._training([p for p in paths if p not in kept])
        return train, load_all(val[: self.val_images])

    def _training(self, paths: list[Path]) -> list[Photo] | PhotoFiles:
        """In memory, if the processes on this machine have room for one each."""
        memory = machine.memory()
        if memory is None:
            return load_all(paths)
        files = PhotoFiles.of(paths)
        needed = files.bytes * self.processes
        if needed <= self.memory_share * memory:
            return load_all(paths)
        for path in sorted(set(paths) - set(files.paths)):
            log.warning("%s: unreadable, left out", path)
        log.info(
            "photographs would take %.3g GB, more than data.memory_share=%g of %.1f GB: they are "
            "read from disk all along",
            needed / 1e9,
            self.memory_share,
            memory / 1e9,
        )
        return files


def _batches(crops: list[Photo], size: int) -> Iterator[Tensor]:
    """Neighbouring crops of one shape, stacked; the order of images is kept."""
    group: list[Photo] = []
    for crop in [*crops, None]:
        if group and (crop is None or crop.shape != group[0].shape or len(group) == size):
            yield torch.from_numpy(np.stack(group)).permute(0, 3, 1, 2).float().contiguous() / 255
            group = []
        if crop is not None:
            group.append(crop)
