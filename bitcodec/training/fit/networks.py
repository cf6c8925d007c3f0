"""Fitting the integer networks of the context coder, for the means and for all others.

Float weights are trained by stochastic gradient descent on the code length of the levels, as a
mixture of Laplace densities of three widths has it, and rounded to integers at the end. The tables
of symbols are then counted under the integer networks, so that no density has to be right.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bitcodec.coders.integer_network import (
    CLASSES,
    EIGHTHS,
    HIDDEN_MAX,
    HIDDEN_SCALE,
    L_SCALE,
    S_SCALE,
    W1_SCALE,
    W2_SCALE,
    X_SCALE,
    FastNetworks,
    Networks,
)
from bitcodec.coders.relative_network import FastRelative, RelativeNetworks
from bitcodec.coders.symbol_tables import (
    BEYOND,
    FRACTIONS,
    PER_OCTAVE,
    SYMBOLS,
    TABLES,
    UNIT,
    shares,
)
from bitcodec.coders.symbols import Plan
from bitcodec.training.fit.relative import Relative

BATCH = 1024
LEARNING_RATE = 2e-2
WARM_UP = 50

# Bounds of the float weights; with them no sum of integers can reach 2^24 (Networks.check). The
# constant's weights say how wide a spread is before anything is seen: they must reach every class.
MAX_W1, MAX_W2, MAX_L, MAX_S = 8.0, 5.0, 12.0, 3.0
MAX_CONSTANT = 2.0 * CLASSES

#: Shares and widths of the mixture, in spreads.
MIXTURE = ((0.45, 0.6), (0.45, 1.2), (0.1, 3.5))
LEAST = 1e-9

#: So many levels of the mixture are added to what was counted for a table.
PRIOR = 30.0


@dataclass(frozen=True)
class Samples:
    """What one network sees and is to predict, N times.

    Attributes:
        x: ``N x M``.
        s: ``N x S``.
        levels: ``N x B``, for the means less the neighbours' average.
        coded: ``N x B``, whether the level is coded at all.
    """

    x: NDArray[np.int8]
    s: NDArray[np.int8]
    levels: NDArray[np.int16]
    coded: NDArray[np.bool_]


class _Networks(nn.Module):
    """The float twins of some integer networks."""

    def __init__(self, samples: Sequence[Samples], units: int) -> None:
        super().__init__()
        count, first = len(samples), samples[0]
        magnitudes, outputs = first.x.shape[1], first.levels.shape[1]
        chance = torch.Generator().manual_seed(0)
        self.hidden = nn.Parameter(0.15 * torch.randn(count, units, magnitudes, generator=chance))
        self.output = nn.Parameter(torch.zeros(count, outputs, units))
        linear = torch.zeros(count, outputs, magnitudes)
        for row, part in zip(linear, samples, strict=True):
            total = np.abs(part.levels.astype(float) * part.coded).sum(axis=0) + 0.1
            spread = total / (part.coded.sum(axis=0) + 1)
            classes = PER_OCTAVE * np.log2(spread)
            row[:, -1] = torch.from_numpy(classes.clip(-CLASSES // 2, CLASSES // 2 - 1))
        self.linear = nn.Parameter(linear)
        self.signed = nn.Parameter(torch.zeros(count, outputs, first.s.shape[1]))

    def forward(self, x: Tensor, s: Tensor) -> tuple[Tensor, Tensor]:
        """``N x M x P`` and ``N x S x P`` → spreads as classes and expectations ``N x B x P``."""
        hidden = torch.bmm(self.hidden, x).clamp(0, HIDDEN_MAX / HIDDEN_SCALE)
        spread = torch.baddbmm(torch.bmm(self.output, hidden), self.linear, x)
        return spread, torch.bmm(self.signed, s)

    def rounded(self) -> Networks:
        """The integer networks."""

        def integers(value: Tensor, scale: int, bound: float) -> NDArray[np.int16]:
            clipped = value.detach().clamp(-bound, bound).double().numpy()
            return np.rint(clipped * scale).astype(np.int16)

        output = [
            integers(self.output, W2_SCALE, MAX_W2),
            integers(self.linear[..., :-1], L_SCALE, MAX_L),
            integers(self.linear[..., -1:] + 0.5, L_SCALE, MAX_CONSTANT),  # classes round down
        ]
        networks = Networks(
            hidden=integers(self.hidden, W1_SCALE, MAX_W1),
            output=np.concatenate(output, axis=-1),
            signed=integers(self.signed, S_SCALE, MAX_S),
        )
        networks.check()
        return networks


def code_length(spread: Tensor, distance: Tensor, single: bool) -> Tensor:
    """Bits of a level under the mixture.

    Args:
        spread: as a class, less the middle one.
        distance: of the level from what is expected.
        single: there are two levels only, at a distance of 0 and of 1.
    """
    width = torch.exp2(spread.clamp(-CLASSES // 2, CLASSES // 2 - 1) / PER_OCTAVE)
    away = torch.zeros_like(distance) if single else distance.abs()
    near, far = away - 0.5, away + 0.5
    share = torch.zeros_like(width)
    for weight, factor in MIXTURE:
        inner = torch.exp(-near.abs() / (factor * width))
        outer = torch.exp(-far / (factor * width))
        share = share + weight * torch.where(near > 0, inner - outer, 2 - inner - outer) / 2
    if single:
        share = torch.where(distance.abs() > 0.5, 1 - share, share)
    return -torch.log2(share.clamp_min(LEAST))


def fit_networks(
    samples: Sequence[Samples],
    units: int,
    steps: int,
    single: bool = False,
    progress: Callable[[], object] = lambda: None,
    relative: Relative | None = None,
) -> Networks:
    """Fit a network to each of ``samples``, all at once.

    Args:
        samples: one for each network, of equal shapes but for N, none of them empty.
        units: hidden units.
        steps: gradient steps.
        single: levels are -1 and 0 only.
        progress: called after every step.
        relative: networks that are fitted with these, and whose outputs are added to theirs.
    """
    rng = np.random.default_rng(0)
    with torch.enable_grad():
        networks = _Networks(samples, units)
        if single:
            networks.signed.requires_grad_(False)
        weights = [weight for weight in networks.parameters() if weight.requires_grad]
        weights += relative.parameters() if relative else []
        optimizer = torch.optim.Adam(weights, LEARNING_RATE)
        for step in range(steps):
            rate = 0.505 + 0.495 * math.cos(math.pi * step / steps)
            optimizer.param_groups[0]["lr"] = LEARNING_RATE * rate * min(1.0, (step + 1) / WARM_UP)
            chosen = [rng.integers(len(part.x), size=BATCH) for part in samples]
            x = _batch([part.x for part in samples], chosen) / X_SCALE
            s = _batch([part.s for part in samples], chosen)
            spread, expected = networks(x, s)
            if relative:
                more_spread, more_expected = relative(s)
                spread, expected = spread + more_spread, expected + more_expected
            distance = _batch([part.levels for part in samples], chosen) - expected
            coded = _batch([part.coded for part in samples], chosen)
            bits = code_length(spread, distance, single)
            optimizer.zero_grad()
            ((bits * coded).sum() / coded.sum().clamp_min(1)).backward()
            optimizer.step()
            progress()
    return networks.rounded()


def _batch(arrays: Sequence[NDArray], chosen: Sequence[NDArray[np.intp]]) -> Tensor:
    """``N x features x BATCH`` floats."""
    parts = [torch.from_numpy(a[c]).T.float() for a, c in zip(arrays, chosen, strict=True)]
    return torch.stack(parts)


def count_symbols(
    networks: Networks, samples: Sequence[Samples], relative: RelativeNetworks | None = None
) -> NDArray[np.int64]:
    """How often each symbol of each table occurs: ``TABLES x SYMBOLS``."""
    fast, beside = FastNetworks(networks), FastRelative(relative) if relative else None
    counts = np.zeros(TABLES * SYMBOLS, np.int64)
    for number, part in enumerate(samples):
        for start in range(0, len(part.x), 1 << 16):
            here = slice(start, start + (1 << 16))
            x = np.ascontiguousarray(part.x[here].T, np.float32)
            s = np.ascontiguousarray(part.s[here].T, np.float32)
            more = beside(number, s) if beside else None
            classes, expected = (value.T[part.coded[here]] for value in fast(number, x, s, more))
            plan = Plan(classes, expected)
            levels = part.levels[here][part.coded[here]].astype(np.int32)
            index = plan.table.astype(np.intp) * SYMBOLS + plan.symbols(plan.remainders(levels))
            counts += np.bincount(index, minlength=len(counts))
    return counts.reshape(TABLES, SYMBOLS)


def probabilities(counts: NDArray[np.int64]) -> NDArray[np.int32]:
    """Tables of probabilities, in 2^-20 and none of them 0, from counts."""
    mixed = counts + PRIOR * _mixture_tables()
    fine = np.rint(1024 * mixed).astype(np.int64)
    return shares(fine, fine.sum(axis=1)).astype(np.int32)


def _mixture_tables() -> NDArray[np.float64]:
    """``TABLES x SYMBOLS``: what the mixture says of symbols."""
    classes, fraction = np.divmod(np.arange(TABLES), FRACTIONS)
    unit = UNIT[classes][:, None]
    expected = (fraction / EIGHTHS)[:, None] + ((1 << unit) >> 1)
    border = ((np.arange(-BEYOND, BEYOND) + 1) << unit) - 0.5 - expected
    width = np.exp2((classes - CLASSES // 2) / PER_OCTAVE)[:, None]
    below = np.zeros(border.shape)
    for weight, factor in MIXTURE:
        tail = np.exp(-np.abs(border) / (factor * width)) / 2
        below += weight * np.where(border < 0, tail, 1 - tail)
    return np.diff(below, axis=1, prepend=0.0, append=1.0)
