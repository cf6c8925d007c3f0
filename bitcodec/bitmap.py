"""The bitmap: what the encoder writes, as a boolean array ``C x H x W``, and its statistics."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bitmap = NDArray[np.bool_]


def pack(bitmap: Bitmap) -> bytes:
    """Bits in C order, eight to a byte, most significant first; the last byte is zero-padded.

    >>> bits = np.array([1, 0, 0, 0, 0, 0, 0, 0, 1], bool).reshape(1, 3, 3)
    >>> pack(bits)
    b'\\x80\\x80'
    >>> np.array_equal(unpack(pack(bits), (1, 3, 3)), bits)
    True
    """
    return np.packbits(bitmap.reshape(-1)).tobytes()


def unpack(data: bytes, shape: tuple[int, int, int]) -> Bitmap:
    """Inverse of :func:`pack`.

    Raises:
        ValueError: if ``data`` is not exactly as long as the shape demands.
    """
    count = int(np.prod(shape))
    if len(data) != (count + 7) // 8:
        raise ValueError(f"{len(data)} bytes cannot hold exactly {count} bits")
    bits = np.unpackbits(np.frombuffer(data, np.uint8), count=count)
    return bits.astype(bool).reshape(shape)


def ones(bitmap: Bitmap) -> float:
    """Share of ones, 0 to 1.

    >>> ones(np.array([[[0, 1, 0, 0]]], bool))
    0.25
    """
    return float(np.mean(bitmap))


def order0_bits(bitmap: Bitmap) -> float:
    """Order-0 entropy of the whole bitmap in bits, each channel under its own density.

    ``sum_c n * h(p_c)`` with ``h`` the binary entropy (Shannon, 1948) and ``p_c`` the share of
    ones in channel c of this very bitmap: what an ideal coder without context would need if it
    were told the densities for free. Its twin in torch, for batches in training, is
    :func:`bitcodec.training.module.entropy_bpp`.

    >>> order0_bits(np.array([[[0, 1, 0, 1]], [[0, 0, 0, 0]]], bool))
    4.0
    """
    channels = bitmap.reshape(bitmap.shape[0], -1)
    p = channels.mean(axis=1)
    inside = p[(p > 0) & (p < 1)]
    h = -(inside * np.log2(inside) + (1 - inside) * np.log2(1 - inside))
    return float(h.sum() * channels.shape[1])
