"""Random numbers of a training step: each image's own, however a batch is split.

A step's whole batch lies over all processes and all micro-batches of `accumulate_grad_batches`. An
image's crop and noise follow from (seed, step, position in the whole batch) and from nothing else:
eight images at once, four and four, or four on each of two ranks are the same eight.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

ORDER, CROPS, TRAINING, VALIDATION, SHARED = range(1, 6)
"""What is drawn; the first number of a key, so that no two kinds meet."""


@dataclass(frozen=True)
class Draws:
    """The random numbers of some neighbouring images of a whole batch.

    Attributes:
        seed: of the run, zero or more.
        step: of the optimizer, zero or more.
        first: position of the first image in the whole batch.
        kind: ``TRAINING`` or ``VALIDATION``.
    """

    seed: int
    step: int = 0
    first: int = 0
    kind: int = TRAINING

    def integer(self, low: int, high: int) -> int:
        """One of ``low`` to ``high - 1`` for the whole batch: the same wherever it is asked."""
        return int(source(SHARED, self.seed, self.step).integers(low, high))

    def normal(self, like: Tensor, std: float) -> Tensor:
        """Gaussian numbers of the shape, type and device of ``N x ...``, each image its own."""
        numbers = torch.empty_like(like)
        for image, generator in zip(numbers, self._generators(like), strict=True):
            image.normal_(0.0, std, generator=generator)
        return numbers

    def uniform(self, like: Tensor) -> Tensor:
        """As :meth:`normal`, between 0 and 1."""
        numbers = torch.empty_like(like)
        for image, generator in zip(numbers, self._generators(like), strict=True):
            image.uniform_(generator=generator)
        return numbers

    def _generators(self, like: Tensor) -> Iterator[torch.Generator]:
        generator = torch.Generator(like.device)
        for position in range(self.first, self.first + len(like)):
            key = [self.kind, self.seed, self.step, position]
            (number,) = np.random.SeedSequence(key).generate_state(1, np.uint64)
            yield generator.manual_seed(int(number) % 2**63)


def source(kind: int, seed: int, *where: int) -> np.random.Generator:
    """Random numbers of one kind, for a step, and for a position in its whole batch."""
    return np.random.default_rng([kind, seed, *where])


def first_position(micro: int, world: int, rank: int, size: int) -> int:
    """Where the ``size`` images begin that a rank sees as the ``micro``-th part of a step."""
    return (micro * world + rank) * size
