"""Fitting the context coder's network (train time only: needs torch).

Float weights are trained by stochastic gradient descent on the code length itself (binary cross
entropy of the bits given their features), on tiles cut at random from the bitmaps, and rounded to
the integers of :class:`bitcodec.coders.context_model.ContextModel` at the end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from bitcodec.bitmap import Bitmap
from bitcodec.coders.context_features import (
    COLUMNS_BESIDE,
    GROUP,
    PHASES,
    ROWS_ABOVE,
    ROWS_BELOW,
    choose_features,
    coding_order,
)
from bitcodec.coders.context_model import ContextModel
from bitcodec.coders.integer_network import (
    HIDDEN_MAX,
    HIDDEN_SCALE,
    HIDDEN_STEP,
    LOGIT_SCALE,
    WEIGHT_SCALE,
    sigmoid_table,
)
from bitcodec.coders.mean_model import NumberModel, number_planes, number_values
from bitcodec.errors import UsageError
from bitcodec.training.fit.means import fit_numbers

FEATURES = 96
UNITS = 32
TILE = 16
BATCH = 8
EPOCHS = 10
STEPS = range(200, 4001)
LEARNING_RATE = 6e-3

# Bounds of the float weights; with them no sum of integers can reach 2^24 (ContextModel.check).
MAX_WEIGHT, MAX_LINEAR, MAX_BIAS = 8.0, 24.0, 500.0


class _Network(nn.Module):
    """The float twin of the integer network, all groups at once."""

    def __init__(self, features: NDArray[np.int16], ones: NDArray[np.floating]) -> None:
        super().__init__()
        phases, groups, count, _ = features.shape
        logit = np.log(ones / (1 - ones)).reshape(1, groups, GROUP, 1).repeat(phases, axis=0)
        self.hidden = nn.Parameter(0.3 * torch.randn(phases, groups, UNITS, count))
        self.hidden_bias = nn.Parameter(torch.zeros(phases, groups, UNITS, 1))
        self.output = nn.Parameter(torch.zeros(phases, groups, GROUP, UNITS))
        self.linear = nn.Parameter(torch.zeros(phases, groups, GROUP, count))
        self.output_bias = nn.Parameter(torch.from_numpy(logit).float())

    def forward(self, phase: int, x: Tensor) -> Tensor:
        """``groups x M x positions`` bits → ``groups x GROUP x positions`` logits."""
        hidden = torch.baddbmm(self.hidden_bias[phase], self.hidden[phase], x)
        hidden = hidden.clamp(0, HIDDEN_MAX / HIDDEN_SCALE)
        logit = torch.baddbmm(self.output_bias[phase], self.output[phase], hidden)
        return torch.baddbmm(logit, self.linear[phase], x)


class _Tiles:
    """Random tiles with their surroundings, as flat vectors, and where to read in them."""

    def __init__(self, bitmaps: Sequence[Bitmap], coded: int, features: NDArray[np.int16]) -> None:
        self.coded, self.ranks = coded, features.shape[1] * GROUP
        self.zero = self.ranks + len(bitmaps[0]) - coded
        self.padded = [self._pad(bitmap) for bitmap in bitmaps]
        area = np.array([bitmap[0].size for bitmap in bitmaps], float)
        self.chance = area / area.sum()
        reads = [self._reads(features[phase], phase) for phase in range(PHASES)]
        self.inputs = [inputs for inputs, _, _ in reads]
        self.targets = [targets for _, targets, _ in reads]
        self.valid = [valid for _, _, valid in reads]

    def _pad(self, bitmap: Bitmap) -> Bitmap:
        """To whole groups and at least a tile; two planes more: of zeros, and of what is inside
        the bitmap.
        """
        _, height, width = bitmap.shape
        channels, planes = bitmap[: self.coded], bitmap[self.coded :]
        inside = np.ones((1, height, width), bool)
        filler = np.zeros((self.ranks - self.coded, height, width), bool)
        right, below = max(0, TILE - width), max(0, TILE - height)
        beside = (COLUMNS_BESIDE, COLUMNS_BESIDE + right)
        edges = ((0, 0), (ROWS_ABOVE, ROWS_BELOW + below), beside)
        return np.pad(np.concatenate([channels, filler, planes, ~inside, inside]), edges)

    def _reads(self, features: NDArray[np.int16], phase: int) -> tuple[Tensor, Tensor, Tensor]:
        """Indices of inputs ``(groups * M) x positions``, targets ``ranks x positions``, mask."""
        y, x = np.mgrid[:TILE, phase:TILE:PHASES].reshape(2, -1)
        y, x = y + ROWS_ABOVE, x + COLUMNS_BESIDE
        rows, length = TILE + ROWS_ABOVE + ROWS_BELOW, TILE + 2 * COLUMNS_BESIDE
        rank, dy, dx = features.reshape(-1, 3).astype(np.int64).T[..., None]
        rank = np.where(rank < 0, self.zero, rank)
        inputs = (rank * rows + y + dy) * length + x + dx
        targets = (np.arange(self.ranks)[:, None] * rows + y) * length + x
        valid = ((self.zero + 1) * rows + y) * length + x
        return torch.from_numpy(inputs), torch.from_numpy(targets), torch.from_numpy(valid)

    def draw(self, rng: np.random.Generator) -> Tensor:
        """``(planes * rows * columns) x BATCH``: reading a place takes it from all tiles."""
        tiles = []
        for index in rng.choice(len(self.padded), BATCH, p=self.chance):
            source = self.padded[index]
            height, width = TILE + ROWS_ABOVE + ROWS_BELOW, TILE + 2 * COLUMNS_BESIDE
            top = rng.integers(source.shape[1] - height + 1)
            left = rng.integers(source.shape[2] - width + 1)
            tiles.append(source[:, top : top + height, left : left + width].reshape(-1))
        return torch.from_numpy(np.stack(tiles, axis=-1).astype(np.float32))


def _code_length(network: _Network, tiles: _Tiles, batch: Tensor, real: Tensor) -> Tensor:
    """Bits per coded bit, by the network's probabilities."""
    groups = tiles.ranks // GROUP
    bits, count = torch.zeros(()), torch.zeros(())
    for phase in range(PHASES):
        columns = tiles.valid[phase].numel() * BATCH
        inputs = batch[tiles.inputs[phase].reshape(-1)].reshape(groups, -1, columns)
        logit = network(phase, inputs)
        target = batch[tiles.targets[phase].reshape(-1)].reshape(groups, GROUP, columns)
        weight = real * batch[tiles.valid[phase]].reshape(1, 1, columns)
        loss = binary_cross_entropy_with_logits(logit, target, weight, reduction="sum")
        bits, count = bits + loss / math.log(2), count + weight.sum()
    return bits / count.clamp_min(1)


def fit_context(
    bitmaps: Sequence[Bitmap],
    steps: int | None = None,
    progress: bool = True,
    numbers: Sequence[Sequence[int]] = (),
) -> ContextModel:
    """Fit the integer network to bitmaps of training images (all with the same channels).

    Args:
        bitmaps: boolean ``C x H x W`` each, of any sizes.
        steps: gradient steps; by default ten passes over the bitmaps, at most 4,000 (about five
            minutes on one core), at least 200.
        progress: show a progress bar on stderr.
        numbers: channels that together are a number worth predicting from its neighbours, coarse to
            fine, as :mod:`bitcodec.transforms.gray_folding` writes them; a tuple for each number.

    Raises:
        UsageError: if there is no bitmap.
    """
    if not bitmaps:
        raise UsageError("the context coder cannot be fitted to no bitmap at all")
    positions = sum(bitmap[0].size for bitmap in bitmaps)
    if steps is None:
        wanted = EPOCHS * positions // (BATCH * TILE * TILE)
        steps = min(max(wanted, STEPS.start), STEPS.stop - 1)
    while numbers and sum(map(len, numbers)) >= len(bitmaps[0]):
        numbers = numbers[:-1]  # the network of the others must have a channel to code
    predictor = fit_numbers(bitmaps, numbers, steps) if numbers else None
    taken = [channel for row in numbers for channel in row]
    order = np.array([c for c in coding_order(bitmaps).tolist() if c not in taken], np.int64)
    seen = [bitmap[order] for bitmap in bitmaps]
    if predictor:
        values = [number_values(bitmap, numbers) for bitmap in bitmaps]
        planes = [number_planes(b, v, numbers) for b, v in zip(bitmaps, values, strict=True)]
        seen = [np.concatenate(both) for both in zip(seen, planes, strict=True)]
    features = choose_features(seen, len(order), FEATURES)
    tiles = _Tiles(seen, len(order), features)
    ones = sum(bitmap.sum(axis=(1, 2)) for bitmap in bitmaps)[order] / positions
    ones = np.pad(np.clip(ones, 1e-4, 1 - 1e-4), (0, tiles.ranks - len(order)), mode="edge")
    real = (torch.arange(tiles.ranks) < len(order)).float().reshape(-1, GROUP, 1)
    rng = np.random.default_rng(0)
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(0)
        network = _Network(features, ones)
        optimizer = torch.optim.Adam(network.parameters(), LEARNING_RATE)
        with Progress(console=Console(stderr=True), disable=not progress) as bar:
            task = bar.add_task("context coder", total=steps)
            for step in range(steps):
                rate = min(1.0, (step + 1) / 50) * (
                    0.505 + 0.495 * math.cos(math.pi * step / steps)
                )
                optimizer.param_groups[0]["lr"] = LEARNING_RATE * rate
                optimizer.zero_grad()
                _code_length(network, tiles, tiles.draw(rng), real).backward()
                optimizer.step()
                bar.advance(task)
    return _rounded(network, order, features, predictor)


def _rounded(
    network: _Network,
    order: NDArray[np.int64],
    features: NDArray[np.int16],
    numbers: NumberModel | None,
) -> ContextModel:
    def integers(value: Tensor, scale: int, bound: float) -> NDArray[np.int64]:
        clipped = value.detach().clamp(-bound, bound).double().numpy()
        return np.rint(clipped * scale).astype(np.int64)

    output = integers(network.output, WEIGHT_SCALE, MAX_WEIGHT)
    linear = integers(network.linear, LOGIT_SCALE, MAX_LINEAR)
    hidden_bias = integers(network.hidden_bias[..., 0], WEIGHT_SCALE, MAX_BIAS)
    model = ContextModel(
        order=order.astype(np.int16),
        features=features,
        hidden=integers(network.hidden, WEIGHT_SCALE, MAX_WEIGHT).astype(np.int16),
        hidden_bias=(hidden_bias + HIDDEN_STEP // 2).astype(np.int32),
        output=np.concatenate([output, linear], axis=-1).astype(np.int16),
        output_bias=integers(network.output_bias[..., 0], LOGIT_SCALE, MAX_BIAS).astype(np.int32),
        probability=sigmoid_table(),
        numbers=numbers,
    )
    model.check()
    return model
