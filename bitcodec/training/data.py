"""DataModules. A batch is a float tensor ``N x 3 x H x W`` in [0, 1], nothing else.

Training batches are a pure function of (seed, step, rank): a resumed run goes on with exactly
the crops that an uninterrupted one would have seen.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from bitcodec.errors import BitcodecError, UsageError
from bitcodec.training.config_check import build
from bitcodec.training.photos import Photo, centre_crop, find_images, load_all
from bitcodec.training.synthetic import synthetic_crop

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BatchConfig:
    """How training batches are made; values come from ``conf/data``.

    Attributes:
        batch_size: images in a batch.
        crop: side of the random square crop, in pixels.
        flip: mirror half of the crops left to right.
        gain: a crop is multiplied by a factor drawn from [1 - gain, 1 + gain] ...
        bias: ... and shifted by a value from [-bias, bias], then clipped to [0, 1].
        synthetic: share of crops that are made up (:mod:`bitcodec.training.synthetic`).
    """

    batch_size: int
    crop: int
    flip: bool
    gain: float
    bias: float
    synthetic: float

    def __post_init__(self) -> None:
        if self.batch_size < 1 or self.crop < 1:
            raise UsageError("data.batch.batch_size and data.batch.crop must be at least 1")
        if not 0 <= self.gain < 1 or not 0 <= self.bias < 1:
            raise UsageError("data.batch.gain and data.batch.bias must be from 0 up to, but not, 1")
        if not 0 <= self.synthetic <= 1:
            raise UsageError(f"data.batch.synthetic={self.synthetic}: give a share from 0 to 1")


class BatchStream(IterableDataset[Tensor]):
    """An endless stream of training batches that can start at any step.

    Photographs are kept, and crops are cut, on ``device``: a few processor cores could not feed
    an accelerator.
    """

    def __init__(
        self,
        photos: Sequence[Photo],
        config: BatchConfig,
        seed: int,
        step: int = 0,
        rank: int = 0,
        world: int = 1,
        device: torch.device | str = "cpu",
    ) -> None:
        self.photos = [
            torch.from_numpy(np.require(p, requirements=["C", "W"])).to(device) for p in photos
        ]
        self.config, self.device = config, torch.device(device)
        self.seed, self.step, self.rank, self.world = seed, step, rank, world
        self._epoch = -1
        self._order = np.empty(0, dtype=np.int64)

    def __iter__(self) -> Iterator[Tensor]:
        step = self.step
        while True:
            yield self.batch(step)
            step += 1

    def batch(self, step: int) -> Tensor:
        """The batch of one step: photographs in shuffled epochs, crops at random."""
        size = self.config.batch_size
        rng = np.random.default_rng([self.seed, step, self.rank])
        first = (step * self.world + self.rank) * size
        crops = [self._crop(self._photo(first + i), rng) for i in range(size)]
        if self.config.synthetic:
            for i in range(size):
                if rng.random() < self.config.synthetic:
                    made = synthetic_crop(self.config.crop, rng)
                    crops[i] = torch.from_numpy(made).to(self.device)
        images = torch.stack(crops).permute(0, 3, 1, 2).float() / 255
        if self.config.gain or self.config.bias:
            shape, gain, bias = (size, 1, 1, 1), self.config.gain, self.config.bias
            scale = torch.from_numpy(rng.uniform(1 - gain, 1 + gain, shape)).float()
            shift = torch.from_numpy(rng.uniform(-bias, bias, shape)).float()
            images = (images * scale.to(self.device) + shift.to(self.device)).clamp(0, 1)
        return images.contiguous()

    def _photo(self, position: int) -> Tensor:
        epoch, place = divmod(position, len(self.photos))
        if epoch != self._epoch:
            self._order = np.random.default_rng([self.seed, epoch]).permutation(len(self.photos))
            self._epoch = epoch
        return self.photos[int(self._order[place])]

    def _crop(self, photo: Tensor, rng: np.random.Generator) -> Tensor:
        side = self.config.crop
        top = int(rng.integers(photo.shape[0] - side + 1))
        left = int(rng.integers(photo.shape[1] - side + 1))
        crop = photo[top : top + side, left : left + side]
        return crop.flip(1) if self.config.flip and rng.random() < 0.5 else crop


class PhotoDataModule(pl.LightningDataModule):
    """Base: photographs in memory, random crops to train on, fixed centre crops to validate on.

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
        self.train_photos: list[Photo] = []
        self.val_batches: list[Tensor] = []

    def photos(self) -> tuple[list[Photo], list[Photo]]:
        """Training and validation photographs, ``H x W x 3`` uint8; the two are disjoint."""
        raise NotImplementedError

    def setup(self, stage: str | None = None) -> None:
        if self.train_photos:
            return
        train, val = self.photos()
        usable = [p for p in train if min(p.shape[:2]) >= self.config.crop]
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
        self.train_photos = usable
        crops = [centre_crop(p, self.val_size, 16) for p in val[: self.val_images]]
        self.val_batches = list(_batches([c for c in crops if c.size], self.val_batch_size))
        if not self.val_batches:
            raise BitcodecError("no validation image is at least 16 pixels on both sides")

    def train_dataloader(self) -> DataLoader[Tensor]:
        trainer = self.trainer
        where: dict[str, Any] = {}
        if trainer:
            where = {"step": trainer.global_step, "device": trainer.strategy.root_device}
            where |= {"rank": trainer.global_rank, "world": trainer.world_size}
        stream = BatchStream(self.train_photos, self.config, self.seed, **where)
        return DataLoader(stream, batch_size=None)

    def val_dataloader(self) -> DataLoader[Tensor]:
        return DataLoader(self.val_batches, batch_size=None)  # type: ignore[arg-type]

    def sample_batches(self, count: int) -> list[Tensor]:
        """Batches of training crops without augmentation, for fitting coder tables."""
        plain = BatchConfig(self.config.batch_size, self.config.crop, False, 0.0, 0.0, 0.0)
        stream = BatchStream(self.train_photos, plain, self.seed + 1)
        return [stream.batch(step) for step in range(count)]


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
    """

    def __init__(self, root: str | None, val_root: str | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if root is None:
            raise UsageError("data=folder needs a folder of images: add data.root=DIR")
        self.root, self.val_root = Path(root), Path(val_root) if val_root else None

    def photos(self) -> tuple[list[Photo], list[Photo]]:
        paths = find_images(self.root)
        if self.val_root:
            return load_all(paths), load_all(find_images(self.val_root)[: self.val_images])
        if len(paths) < 2:
            raise BitcodecError(
                "holds one image; give at least two, or name data.val_root=DIR", self.root
            )
        val = paths[::10]
        return load_all([p for p in paths if p not in set(val)]), load_all(val[: self.val_images])


def _batches(crops: list[Photo], size: int) -> Iterator[Tensor]:
    """Neighbouring crops of one shape, stacked; the order of images is kept."""
    group: list[Photo] = []
    for crop in [*crops, None]:
        if group and (crop is None or crop.shape != group[0].shape or len(group) == size):
            yield torch.from_numpy(np.stack(group)).permute(0, 3, 1, 2).float().contiguous() / 255
            group = []
        if crop is not None:
            group.append(crop)
