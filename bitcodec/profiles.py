"""ICC profiles: those that Pillow leaves in the file, and those that a PNG states in numbers."""

from __future__ import annotations

import struct
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bitcodec import jpeg2000
from bitcodec.open_file import from_start

_D50 = (0.9642, 1.0, 0.8249)
"""The white that profiles count from, as X, Y and Z."""
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
_SRGB = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
"""White, red, green and blue, each as x and y."""
_SRGB_GAMMA = 1 / 2.2
_GAMMAS = (0.1, 10)
"""What is beyond was not meant: such a curve leaves nothing but black and white."""
_EMBEDDED = b"DEBM"
"""In a bitmap's header: its profile follows."""
_MOST = 1 << 24
"""Bytes of a profile; printers' have two million."""


def left_in_file(image: Image.Image) -> bytes | None:
    """The profile of an open JPEG 2000 or BMP file, of which Pillow says nothing."""
    if image.format == "BMP":
        return from_start(image, _in_bmp)
    if image.format == "JPEG2000":
        return from_start(image, lambda stream: jpeg2000.stated(stream).profile)
    return None


def in_numbers(image: Image.Image) -> bytes | None:
    """What a PNG's gamma and chromaticities say, as a profile; None where that is sRGB."""
    if image.format != "PNG" or "srgb" in image.info:
        return None
    gamma = image.info.get("gamma") or None
    if gamma is not None and not _GAMMAS[0] <= gamma <= _GAMMAS[1]:
        gamma = None
    points = image.info.get("chromaticity") or _SRGB
    usual = gamma is None or abs(gamma - _SRGB_GAMMA) <= 0.02
    if usual and np.allclose(points, _SRGB, atol=0.01):
        return None
    colours = _matrix(points)
    return None if colours is None else _profile(colours, gamma)


def _in_bmp(stream: BinaryIO) -> bytes | None:
    stream.seek(14)
    header = stream.read(124)
    if len(header) < 124 or struct.unpack_from("<I", header)[0] < 124:
        return None
    start, length = struct.unpack_from("<II", header, 112)
    if header[56:60] != _EMBEDDED or length > _MOST:
        return None
    stream.seek(14 + start)
    return stream.read(length)


def _matrix(points: tuple[float, ...]) -> NDArray[np.float64] | None:
    """X, Y and Z of full red, green and blue under D50; None if the points span nothing."""
    x, y = np.array(points, np.float64).reshape(4, 2).T
    if (y <= 0).any():
        return None
    white, *primaries = np.stack([x / y, np.ones(4), (1 - x - y) / y], axis=1)
    try:
        shares = np.linalg.solve(np.transpose(primaries), white)
    except np.linalg.LinAlgError:
        return None
    cones = _BRADFORD @ np.array(_D50) / (_BRADFORD @ white)
    to_d50 = np.linalg.inv(_BRADFORD) @ np.diag(cones) @ _BRADFORD
    found: NDArray[np.float64] = (to_d50 @ (np.transpose(primaries) * shares)).T
    return found if np.isfinite(found).all() and np.abs(found).max() < 100 else None


def _profile(colours: NDArray[np.float64], gamma: float | None) -> bytes:
    """A display's profile (ICC.1, version 4): three colours, and one curve for all."""

    def fixed(*values: float) -> bytes:
        return struct.pack(f">{len(values)}i", *(round(value * 65_536) for value in values))

    if gamma is None:
        curve = struct.pack(">4s4xH2x", b"para", 3)
        curve += fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    else:
        curve = struct.pack(">4s4xH2x", b"para", 0) + fixed(1 / gamma)
    parts = [
        (b"wtpt", b"XYZ \0\0\0\0" + fixed(*_D50)),
        *(
            (name + b"XYZ", b"XYZ \0\0\0\0" + fixed(*colour))
            for name, colour in zip((b"r", b"g", b"b"), colours, strict=True)
        ),
        *((name + b"TRC", curve) for name in (b"r", b"g", b"b")),
    ]
    table, body = struct.pack(">I", len(parts)), b""
    start = 128 + 4 + 12 * len(parts)
    for name, content in parts:
        table += struct.pack(">4sII", name, start + len(body), len(content))
        body += content
    head = struct.pack(
        ">I4sI4s4s4s12x4s28x", start + len(body), b"", 0x04200000, b"mntr", b"RGB ", b"XYZ ",
        b"acsp",
    ) + fixed(*_D50)  # fmt: skip
    return head.ljust(128, b"\0") + table + body
