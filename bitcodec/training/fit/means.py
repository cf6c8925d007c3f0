"""Fitting the networks that predict numbers (train time only: needs torch).

As :mod:`bitcodec.training.fit.context`: float weights by gradient descent on the code length,
rounded at the end. Every slot of a kind of pass is fitted at once, on numbers drawn from all
bitmaps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from bitcodec.bitmap import Bitmap
from bitcodec.coders.integer_network import (
    HIDDEN_MAX,
    HIDDEN_SCALE,
    HIDDEN_STEP,
    LOGIT_SCALE,
    WEIGHT_SCALE,
)
from bitcodec.coders.mean_model import NumberModel, features, number_values, walk
from bitcodec.coders.means import CLASSES, NEAREST, passes

UNITS = 16
SAMPLES = 60_000
SHARES = (0.05, 0.7, 0.7, 0.3, 0.3, 0.2, 0.2)
"""Of the context network's steps, for each kind of pass."""
BATCH = 2048
LEARNING_RATE = 2e-2
#: The float network sees features in these units; with it, all weights learn at one rate.
UNIT = 0.5

# Bounds of the float weights, of features as they are; with them no sum can reach 2^24.
MAX_HIDDEN, MAX_OUTPUT, MAX_LINEAR, MAX_BIAS = 16.0, 8.0, 4.0, 500.0


class _Network(nn.Module):
    """The float twin of the integer network, all slots of one kind of pass."""

    def __init__(self, slots: int, count: int) -> None:
        super().__init__()
        self.hidden = nn.Parameter(0.3 * torch.randn(slots, UNITS, count))
        self.hidden_bias = nn.Parameter(torch.zeros(slots, UNITS, 1))
        self.output = nn.Parameter(torch.zeros(slots, 1, UNITS))
        linear = torch.zeros(slots, 1, count)
        linear[..., :NEAREST] = 0.1 * UNIT  # a start: the mean of what is nearest
        self.linear = nn.Parameter(linear)
        self.output_bias = nn.Parameter(torch.zeros(slots, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """``slots x M x positions`` → ``slots x positions`` logits of a positive sign."""
        hidden = torch.baddbmm(self.hidden_bias, self.hidden, x).clamp(0, HIDDEN_MAX / HIDDEN_SCALE)
        logit = torch.baddbmm(self.output_bias, self.output, hidden)
        return torch.baddbmm(logit, self.linear, x)[:, 0]


def fit_numbers(
    bitmaps: Sequence[Bitmap], members: Sequence[Sequence[int]], steps: int
) -> NumberModel:
    """Fit the networks.

    Args:
        bitmaps: boolean ``C x H x W`` each, of any sizes.
        members: the channels of each number, coarse to fine.
        steps: gradient steps of the context network; this one takes its share.
    """
    most = max(map(len, members))
    slots, count = len(members) * most, features(len(members))
    channels = np.full((len(members), most), -1, np.int16)
    for number, row in enumerate(members):
        channels[number, : len(row)] = row
    rng = np.random.default_rng(0)
    samples = _samples(bitmaps, members, most, rng)
    tables: dict[str, list[NDArray[np.int64]]] = {}
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(0)
        for (x, positive), share in zip(samples, SHARES, strict=True):
            network = _Network(slots, count)
            if len(positive):
                _fit(network, x, positive, math.ceil(share * steps), rng)
            for name, table in _rounded(network).items():
                tables.setdefault(name, []).append(table)
    arrays = {name: np.stack(parts) for name, parts in tables.items()}
    model = NumberModel(
        channels=channels,
        hidden=arrays["hidden"].astype(np.int16),
        hidden_bias=arrays["hidden_bias"].astype(np.int32),
        output=arrays["output"].astype(np.int16),
        output_bias=arrays["output_bias"].astype(np.int32),
    )
    model.check()
    return model


def _samples(
    bitmaps: Sequence[Bitmap],
    members: Sequence[Sequence[int]],
    most: int,
    rng: np.random.Generator,
) -> list[tuple[NDArray[np.int8], NDArray[np.bool_]]]:
    """For each kind of pass: features ``positions x slots x M`` and signs ``positions x slots``."""
    slots, count = len(members) * most, features(len(members))
    found: list[list[tuple[NDArray[np.int8], NDArray[np.bool_]]]] = [[] for _ in range(CLASSES)]
    for bitmap in bitmaps:
        values = number_values(bitmap, members).reshape(len(members), -1)
        for step in passes(*bitmap.shape[1:]):
            few = max(1, SAMPLES // len(bitmaps))
            chosen = rng.choice(len(step.here), min(few, len(step.here)), replace=False)
            part = type(step)(step.kind, step.here[chosen], step.around[:, chosen])
            x = np.zeros((len(chosen), slots, count), np.int8)
            positive = np.zeros((len(chosen), slots), np.bool_)

            def note(
                slot: int,
                features_: NDArray[np.float32],
                signs_: NDArray[np.int32],
                x: NDArray[np.int8] = x,
                positive: NDArray[np.bool_] = positive,
            ) -> NDArray[np.int32]:
                x[:, slot], positive[:, slot] = features_.T, signs_
                return signs_

            walk(values, members, part, note)
            found[step.kind].append((x, positive))
    empty = (np.zeros((0, slots, count), np.int8), np.zeros((0, slots), np.bool_))
    joined = []
    for kind in found:
        inputs_, signs_ = zip(*(kind or [empty]), strict=True)
        joined.append((np.concatenate(inputs_), np.concatenate(signs_)))
    return joined


def _fit(
    network: _Network,
    x: NDArray[np.int8],
    positive: NDArray[np.bool_],
    steps: int,
    rng: np.random.Generator,
) -> None:
    optimizer = torch.optim.Adam(network.parameters(), LEARNING_RATE)
    for step in range(steps):
        rate = min(1.0, (step + 1) / 50) * (0.505 + 0.495 * math.cos(math.pi * step / steps))
        optimizer.param_groups[0]["lr"] = LEARNING_RATE * rate
        chosen = rng.integers(len(x), size=BATCH)
        batch = torch.from_numpy(x[chosen]).permute(1, 2, 0).float() / UNIT
        target = torch.from_numpy(positive[chosen]).T.float()
        optimizer.zero_grad()
        binary_cross_entropy_with_logits(network(batch), target, reduction="sum").div(
            BATCH
        ).backward()
        optimizer.step()


def _rounded(network: _Network) -> dict[str, NDArray[np.int64]]:
    def integers(value: Tensor, scale: float, bound: float) -> NDArray[np.int64]:
        clipped = value.detach().clamp(-bound, bound).double().numpy()
        return np.rint(clipped * scale).astype(np.int64)

    hidden_bias = integers(network.hidden_bias[..., 0], WEIGHT_SCALE, MAX_BIAS) + HIDDEN_STEP // 2
    output = integers(network.output, WEIGHT_SCALE, MAX_OUTPUT)
    linear = integers(network.linear, LOGIT_SCALE / UNIT, MAX_LINEAR * UNIT)
    return {
        "hidden": integers(network.hidden, WEIGHT_SCALE / UNIT, MAX_HIDDEN * UNIT),
        "hidden_bias": hidden_bias,
        "output": np.concatenate([output, linear], axis=-1),
        "output_bias": integers(network.output_bias[..., 0], LOGIT_SCALE, MAX_BIAS),
    }
