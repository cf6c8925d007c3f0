"""The three-dimensional DCT over colour, rows and columns, and how many bits each of its
coefficients deserves: where the folded transforms start from.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

BLOCK = 8

# Standard deviation of the orthonormal coefficients in 8-bit levels, by colour axis (about: light,
# red against blue, green against both), a rule fitted to photographs: the mean's, and
# AC / (u + v) ** DECAY for frequencies u, v.
DC = (830.0, 390.0, 180.0)
AC = (120.0, 38.0, 19.0)
DECAY = 0.85

#: The levels of a latent span this many standard deviations.
SPAN = 5.0
MAX_BITS = 7


def dct_matrix(size: int) -> Tensor:
    """Orthonormal DCT-II, ``size x size``, one basis function a row (Ahmed et al., 1974)."""
    k = torch.arange(size, dtype=torch.float64)
    matrix = torch.cos(math.pi * (k + 0.5) * k[:, None] / size) * math.sqrt(2 / size)
    matrix[0] /= math.sqrt(2)
    return matrix.float()


def basis() -> Tensor:
    """``192 x 3 x 8 x 8``, orthonormal; the index runs over colour axis, then u, then v."""
    colour, space = dct_matrix(3), dct_matrix(BLOCK)
    return torch.einsum("ac,ui,vj->auvcij", colour, space, space).reshape(-1, 3, BLOCK, BLOCK)


def deviations() -> Tensor:
    """Expected standard deviation of each of the 192 coefficients, in 8-bit levels."""
    u = torch.arange(BLOCK, dtype=torch.float32)
    frequency = (u[:, None] + u[None, :]).clamp_min(1)
    table = torch.tensor(AC).view(3, 1, 1) / frequency**DECAY
    table[:, 0, 0] = torch.tensor(DC)
    return table.reshape(-1)


def allocate(channels: int) -> tuple[list[int], list[int]]:
    """Which coefficients get bits, and how many, so that they are ``channels`` in all.

    The finest common quantization step for which the bits suffice; a coefficient gets two bits
    or more (one could not say "zero, plus or minus") or none.

    Returns:
        Coefficient indices by falling deviation, and the bits of each.
    """
    deviation = deviations()
    low, high = 0.0, 12.0  # log2 of the step
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _bits(deviation, middle).sum() > channels else (low, middle)
    bits = _bits(deviation, high)
    order = torch.argsort(deviation, descending=True, stable=True)
    left = channels - int(bits.sum())
    for index in order.tolist():  # ties at the chosen step leave some over
        if left >= 2 and bits[index] == 0:
            bits[index] = 2
            left -= 2
    for index in order.tolist():
        if left and 0 < bits[index] < MAX_BITS:
            bits[index] += 1
            left -= 1
    chosen = [index for index in order.tolist() if bits[index]]
    return chosen, [int(bits[index]) for index in chosen]


def _bits(deviation: Tensor, log_step: float) -> Tensor:
    bits = torch.ceil(torch.log2(SPAN * deviation) - log_step).clamp(0, MAX_BITS)
    return torch.where(bits < 2, 0, bits).long()
