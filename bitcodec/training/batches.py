"""The endless stream of training batches: which photographs, which crops, which changes.

Batches are a pure function of seed, step and place in the step's whole batch
(:mod:`bitcodec.training.draws`): a resumed run goes on with exactly the crops that an uninterrupted
one would have seen, and ranks and micro-batches share out what one process would have seen at once.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import IterableDataset

from bitcodec.errors import UsageError
from bitcodec.training.cameras import enlargement, grainy
from bitcodec.training.draws import CROPS, ORDER, first_position, source
from bitcodec.training.photos import Photo, PhotoFiles
from bitcodec.training.synthetic import synthetic_crop


@dataclass(frozen=True)
class BatchConfig:
    """How training batches are made; values come from ``conf/data``.

    Attributes:
        batch_size: images in a batch, on each rank.
        crop: side of the random square crop, in pixels.
        flip: mirror half of the crops left to right.
        gain: a crop is multiplied by a factor drawn from [1 - gain, 1 + gain] ...
        bias: ... and shifted by a value from [-bias, bias], then clipped to [0, 1].
        synthetic: share of crops that are made up (:mod:`bitcodec.training.synthetic`).
        enlarged: share of the others that are enlarged, to at most twice their size, and half of
            those are grainy (:mod:`bitcodec.training.cameras`).
    """

    batch_size: int
    crop: int
    flip: bool
    gain: float
    bias: float
    synthetic: float
    enlarged: float

    def __post_init__(self) -> None:
        if self.batch_size < 1 or self.crop < 1:
            raise UsageError("data.batch.batch_size and data.batch.crop must be at least 1")
        if not 0 <= self.gain < 1 or not 0 <= self.bias < 1:
            raise UsageError("data.batch.gain and data.batch.bias must be from 0 up to, but not, 1")
        for name in ("synthetic", "enlarged"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(
                    f"data.batch.{name}={getattr(self, name)}: give a share from 0 to 1"
                )


@dataclass(frozen=True)
class Share:
    """Which part of every step's whole batch a stream yields.

    Attributes:
        rank: of this process.
        world: number of processes that train one model.
        accumulate: micro-batches of one step.
    """

    rank: int = 0
    world: int = 1
    accumulate: int = 1


class BatchStream(IterableDataset[Tensor]):
    """An endless stream of training batches that can start at any step.

    Photographs in memory are kept, and their crops are cut, on ``device``: a few processor cores
    could not feed an accelerator. Those on disk are decoded ahead by threads, whose decoders let
    others run; the batches are the same. In place of one that cannot be decoded stands the next
    of its epoch.

    Args:
        photos: ``H x W x 3`` uint8, in memory or on disk.
        config: how batches are made.
        seed: of order, crops and changes.
        step: to begin with.
        share: of every step's whole batch.
        device: of the batches.
        workers: batches that are prepared side by side, from photographs on disk.
    """

    def __init__(
        self,
        photos: Sequence[Photo] | PhotoFiles,
        config: BatchConfig,
        seed: int,
        step: int = 0,
        share: Share | None = None,
        device: torch.device | str = "cpu",
        workers: int = 1,
    ) -> None:
        self.files = photos if isinstance(photos, PhotoFiles) else None
        held = [] if isinstance(photos, PhotoFiles) else photos
        self.photos = [_tensor(photo).to(device) for photo in held]
        self.count, self.workers = len(photos), workers
        self.config, self.device = config, torch.device(device)
        self.seed, self.step, self.share = seed, step, share or Share()
        self._orders: dict[int, NDArray[np.int64]] = {}

    def __iter__(self) -> Iterator[Tensor]:
        if self.files is None:
            for step, micro in self._parts():
                yield self.batch(step, micro)
            return
        pool, ahead = ThreadPoolExecutor(self.workers), deque[Future[Tensor]]()
        try:
            for step, micro in self._parts():
                ahead.append(pool.submit(self.batch, step, micro))
                if len(ahead) > self.workers:
                    yield ahead.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _parts(self) -> Iterator[tuple[int, int]]:
        for step in count(self.step):
            for micro in range(self.share.accumulate):
                yield step, micro

    def batch(self, step: int, micro: int = 0) -> Tensor:
        """One part of a step's batch: photographs in shuffled epochs, crops at random."""
        share, size = self.share, self.config.batch_size
        first = first_position(micro, share.world, share.rank, size)
        whole = size * share.world * share.accumulate
        crops, gains, shifts = [], [], []
        for position in range(first, first + size):
            rng = source(CROPS, self.seed, step, position)
            crops.append(self._crop(step * whole + position, rng))
            gains.append(rng.uniform(1 - self.config.gain, 1 + self.config.gain))
            shifts.append(rng.uniform(-self.config.bias, self.config.bias))
        images = torch.stack(crops).to(self.device).permute(0, 3, 1, 2).float() / 255
        if self.config.gain or self.config.bias:
            gain, shift = (
                torch.tensor(v, dtype=torch.float32).view(size, 1, 1, 1) for v in (gains, shifts)
            )
            images = (images * gain.to(self.device) + shift.to(self.device)).clamp(0, 1)
        return images.contiguous()

    def _photo(self, place: int) -> Tensor:
        epoch, place = divmod(place, self.count)
        order = self._orders.get(epoch)
        if order is None:
            order = source(ORDER, self.seed, epoch).permutation(self.count)
            recent = {n: known for n, known in self._orders.items() if n == epoch - 1}
            self._orders = recent | {epoch: order}  # replaced whole: threads may be reading it
        if self.files is None:
            return self.photos[int(order[place])]
        onwards = (int(order[(place + more) % self.count]) for more in range(self.count))
        return _tensor(self.files.first_readable(onwards))

    def _crop(self, place: int, rng: np.random.Generator) -> Tensor:
        """``H x W x 3`` uint8: cut from a photograph, or made up."""
        side = self.config.crop
        if self.config.synthetic and rng.random() < self.config.synthetic:
            made_up = _tensor(synthetic_crop(side, rng))
            return made_up if self.files else made_up.to(self.device)
        photo = self._photo(place)
        whole = side
        if self.config.enlarged and rng.random() < self.config.enlarged:
            side = math.ceil(side / enlargement(rng))
        top = int(rng.integers(photo.shape[0] - side + 1))
        left = int(rng.integers(photo.shape[1] - side + 1))
        crop = photo[top : top + side, left : left + side]
        if side < whole:
            soft = _resized(crop, whole).cpu().numpy()
            crop = torch.from_numpy(grainy(soft, rng)).to(crop.device)
        if self.config.flip and rng.random() < 0.5:
            return crop.flip(1)
        return crop.clone() if self.files else crop  # a view would hold the whole photograph


def _resized(crop: Tensor, side: int) -> Tensor:
    """``h x w x 3`` uint8 → ``side x side x 3``."""
    planes = crop.permute(2, 0, 1)[None].float()
    planes = F.interpolate(planes, size=(side, side), mode="bicubic", align_corners=False)
    return planes[0].permute(1, 2, 0).round().clamp(0, 255).to(torch.uint8)


def _tensor(photo: Photo) -> Tensor:
    return torch.from_numpy(np.require(photo, requirements=["C", "W"]))
