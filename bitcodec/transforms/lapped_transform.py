"""The lapped transform: JPEG's cosine transform of blocks, but with blocks that overlap.

It runs over rows and columns, with a plain cosine transform over the three colours, and is where
the networks of :mod:`bitcodec.transforms.stepped` begin. The basis functions reach over two blocks
of 8 pixels and fade out at their ends, which a block DCT's do not: quantization then leaves no
mosaic. After Malvar and Staelin, "The LOT: transform coding without blocking effects" (1989): the
optimal one for a first-order autoregressive signal. At the borders of a picture it goes on
mirrored, where the functions' symmetry makes it exact.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

BLOCK = 8
SUPPORT = 2 * BLOCK
MARGIN = (SUPPORT - BLOCK) // 2
COLOURS = 3
CORRELATION = 0.95

# Standard deviation of the coefficients in 8-bit levels, by colour axis (about: light, red against
# blue, green against both), a rule fitted to photographs: the mean's, and AC / (u + v) ** DECAY for
# frequencies u, v.
DC = (830.0, 390.0, 180.0)
AC = (120.0, 38.0, 19.0)
DECAY = 0.85

#: The coefficients of frequency 0.
MEANS = tuple(range(0, COLOURS * BLOCK**2, BLOCK**2))


def dct_matrix(size: int) -> Tensor:
    """Orthonormal DCT-II, ``size x size``, one basis function a row (Ahmed et al., 1974)."""
    k = torch.arange(size, dtype=torch.float64)
    matrix = torch.cos(math.pi * (k + 0.5) * k[:, None] / size) * math.sqrt(2 / size)
    matrix[0] /= math.sqrt(2)
    return matrix


def lapped_matrix() -> Tensor:
    """``BLOCK x SUPPORT``, one basis function a row; even rows are symmetric, odd ones not."""
    dct = dct_matrix(BLOCK)
    difference = dct[0::2] - dct[1::2]
    mirrored = difference.flip(1)
    left, right = torch.cat([difference, difference]), torch.cat([mirrored, -mirrored])
    feasible = 0.5 * torch.cat([left, right], dim=1)
    place = torch.arange(SUPPORT, dtype=torch.float64)
    covariance = CORRELATION ** (place[:, None] - place).abs()
    matrix = torch.empty(BLOCK, SUPPORT, dtype=torch.float64)
    for odd, half in enumerate(feasible.chunk(2)):
        _, directions = torch.linalg.eigh(half @ covariance @ half.T)  # rising variance
        rows = directions.flip(1).T @ half
        # The sign of an eigenvector is arbitrary, and ours must not depend on the library.
        matrix[odd::2] = rows * rows[:, MARGIN : MARGIN + 1].sign()
    return matrix


def basis() -> Tensor:
    """``192 x 3 x 16 x 16``, orthonormal; the index runs over colour axis, then u, then v."""
    space = lapped_matrix()
    product = torch.einsum("ac,ui,vj->auvcij", dct_matrix(COLOURS), space, space)
    return product.reshape(-1, COLOURS, SUPPORT, SUPPORT).float()


def synthesis(functions: Tensor) -> Tensor:
    """Kernel of the 3x3 convolution that makes blocks of pixels from coefficients.

    Args:
        functions: ``M x 3 x 16 x 16``.

    Returns:
        ``192 x M x 3 x 3``; the outputs are a block's pixels as ``PixelShuffle(8)`` wants them.
    """
    count = len(functions)
    field = torch.zeros(count, COLOURS, 3 * BLOCK, 3 * BLOCK)
    inside = slice(MARGIN, MARGIN + SUPPORT)
    field[..., inside, inside] = functions
    parts = field.reshape(count, COLOURS, 3, BLOCK, 3, BLOCK).flip(2, 4)
    return parts.permute(1, 3, 5, 0, 2, 4).reshape(COLOURS * BLOCK**2, count, 3, 3).contiguous()


def mirror_pixels(image: Tensor) -> Tensor:
    """``N x C x H x W`` with :data:`MARGIN` mirrored rows and columns on each side."""
    for dim in (2, 3):
        first = image.narrow(dim, 0, MARGIN).flip(dim)
        last = image.narrow(dim, image.shape[dim] - MARGIN, MARGIN).flip(dim)
        image = torch.cat([first, image, last], dim=dim)
    return image


def mirror_signs(indices: list[int]) -> tuple[Tensor, Tensor]:
    """Sign of each coefficient of the mirrored picture, across rows and across columns.

    Returns:
        Two tensors ``1 x M x 1 x 1`` of 1 and -1.
    """
    index = torch.tensor(indices)
    u, v = index // BLOCK % BLOCK, index % BLOCK
    return tuple((1.0 - 2.0 * (f % 2)).view(1, -1, 1, 1) for f in (u, v))  # type: ignore[return-value]


def mirror_coefficients(coefficients: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """``N x M x h x w`` with one mirrored position on each side; signs as of the above."""
    for dim, sign in ((2, rows), (3, columns)):
        first = coefficients.narrow(dim, 0, 1) * sign
        last = coefficients.narrow(dim, coefficients.shape[dim] - 1, 1) * sign
        coefficients = torch.cat([first, coefficients, last], dim=dim)
    return coefficients


def deviations() -> Tensor:
    """Expected standard deviation of each of the 192 coefficients, in 8-bit levels."""
    u = torch.arange(BLOCK, dtype=torch.float32)
    frequency = (u[:, None] + u[None, :]).clamp_min(1)
    table = torch.tensor(AC).view(COLOURS, 1, 1) / frequency**DECAY
    table[:, 0, 0] = torch.tensor(DC)
    return table.reshape(-1)


def largest_mean(index: int) -> float:
    """The largest magnitude of one of :data:`MEANS` in a picture of one colour, in 8-bit levels."""
    return 127.5 * float(basis()[index].sum(dim=(1, 2)).abs().sum())
