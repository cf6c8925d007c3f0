"""How many bits each coefficient of the lapped transform deserves, and how its levels widen.

A position has a fixed number of bits, but coefficients have heavy tails: with equal steps, either
the step is coarse or busy regions are cut off at the outermost level. So the levels of a latent
widen outwards, more so the fewer they are::

    level n  stands for  step * sinh(k n) / k        k: WIDENING of the number of bits

The mean of a block does reach its bound, in every white sky, where the other coefficients never do:
its k is at least so large that the outermost level gets there.

The bits go where they lower ``squared error + lambda * entropy`` most, under a model of the
coefficients: generalized Gaussian densities of shape 1/2 (Birney and Fischer 1995 measured such
heavy tails in subbands) and the deviations of :mod:`bitcodec.transforms.lapped_transform`. The
best split is found by dynamic programming over the coefficients, as in Shoham and Gersho (1988).
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import torch
from torch import Tensor

from bitcodec.transforms import lapped_transform as lapped
from bitcodec.transforms.gray_folding import compress, widen

MAX_BITS = 7
#: k by the number of bits.
WIDENING = {2: 1.0, 3: 0.5, 4: 0.3, 5: 0.15, 6: 0.05, 7: 0.01}
#: The step for which the bits are allocated, in 8-bit levels. Coarser steps do as well with the
#: same bits (weights then carry over from one rate to another), finer ones do not.
STEP = 30.0
GRID = 4000


@dataclass(frozen=True)
class Allocation:
    """The latents of a code position.

    Attributes:
        coefficients: indices into :func:`bitcodec.transforms.lapped_transform.basis`, by falling
            deviation.
        bits: of each latent, 2 to :data:`MAX_BITS` (one could not say "zero, plus or minus").
        widening: k of each latent; 0 for equal levels.
    """

    coefficients: list[int]
    bits: list[int]
    widening: list[float]


def allocate(channels: int, widening: float, step: float = STEP) -> Allocation:
    """Spend ``channels`` bits on the coefficients.

    Args:
        channels: bits of a code position, at least 2.
        widening: factor of :data:`WIDENING`; 0 makes all levels equal. The bits are allocated for
            levels that widen, whatever the factor.
        step: of the levels, in 8-bit levels; the bits are allocated for :data:`STEP`, whatever
            the step.
    """
    deviations = lapped.deviations()
    bits = _best_split(channels)
    order = torch.argsort(deviations, descending=True, stable=True).tolist()
    chosen = [index for index in order if bits[index]]
    counts = [bits[index] for index in chosen]
    factors = [widening * WIDENING[count] for count in counts]
    if widening:
        for place, index in enumerate(chosen):
            if index in lapped.MEANS:
                reach = lapped.largest_mean(index) / step
                factors[place] = _reaching(reach, 2 ** (counts[place] - 1) - 1, factors[place])
    return Allocation(chosen, counts, factors)


def _reaching(value: float, last: int, least: float) -> float:
    """The smallest k above ``least`` for which ``sinh(k last) / k`` is ``value`` or more."""
    if math.sinh(least * last) >= value * least:
        return least
    low, high = least, 2.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        if math.sinh(middle * last) < value * middle:
            low = middle
        else:
            high = middle
    return high


@functools.cache
def _best_split(channels: int) -> tuple[int, ...]:
    deviations = lapped.deviations().tolist()
    costs = {value: _costs(value) for value in set(deviations)}
    least = torch.full((channels + 1,), math.inf, dtype=torch.float64)
    least[0] = 0
    choices = []
    for deviation in deviations:
        options = torch.full((MAX_BITS + 1, channels + 1), math.inf, dtype=torch.float64)
        for count, cost in enumerate(costs[deviation]):
            if count <= channels:
                options[count, count:] = least[: channels + 1 - count] + cost
        least, choice = options.min(dim=0)
        choices.append(choice.tolist())
    bits, left = [], channels
    for choice in reversed(choices):
        bits.append(choice[left])
        left -= choice[left]
    return tuple(reversed(bits))


def _costs(deviation: float) -> list[float]:
    """``squared error + lambda * entropy`` of a coefficient with 0 to :data:`MAX_BITS` bits.

    Lambda is the slope of a uniform quantizer at a high rate, whose error is ``STEP**2 / 12`` and
    falls by 6.02 dB with every bit: ``2 ln 2 * STEP**2 / 12``.
    """
    trade = 2 * math.log(2) * STEP**2 / 12
    values, weights = _density(deviation)
    costs = [float((weights * values.square()).sum()), math.inf]
    for count in range(2, MAX_BITS + 1):
        k, last = WIDENING[count], 2 ** (count - 1)
        level = compress(values / STEP, k).round().clamp(-last, last - 1)
        error = (weights * (values - STEP * widen(level, k)).square()).sum()
        share = torch.bincount((level + last).long(), weights, minlength=2 * last)
        costs.append(float(error - trade * torch.xlogy(share, share).sum() / math.log(2)))
    return costs


def _density(deviation: float) -> tuple[Tensor, Tensor]:
    """Values and their probabilities, generalized Gaussian of shape 1/2.

    The square root of the magnitude follows a gamma distribution of shape 2, ``t exp(-t)``, and
    its fourth moment is 5! = 120.
    """
    root = (torch.arange(GRID, dtype=torch.float64) + 0.5) * (20 / GRID)
    weights = root * torch.exp(-root)
    values = root.square() * (deviation / math.sqrt(120))
    both = torch.cat([weights, weights])
    return torch.cat([values, -values]), both / both.sum()
