"""What a JPEG 2000 file says of its samples and colours, and Pillow does not pass on."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_SIGNATURE = b"\0\0\0\x0cjP  "
_CODESTREAM = b"\xff\x4f\xff\x51"
"""Its first two markers: the start, and the sizes of everything."""
_MOST = 1 << 24
"""Bytes of a header; only its profile may be long."""


@dataclass(frozen=True)
class Stated:
    """As the file has it.

    Args:
        profile: an ICC profile.
        colours: the number of a colour space, if there is no profile.
        depths: bits of each component's samples.
        signed: whether any component's samples are signed.
    """

    profile: bytes | None = None
    colours: int | None = None
    depths: tuple[int, ...] = ()
    signed: bool = False


def stated(stream: BinaryIO) -> Stated:
    """Read the headers of a file from its start; what is damaged says nothing."""
    if stream.read(len(_SIGNATURE)) != _SIGNATURE:
        stream.seek(0)
        return Stated(None, None, *_depths(stream))
    profile, colours = None, None
    stream.seek(0)
    for kind, length in _boxes(stream):
        if kind == b"jp2h":
            profile, colours = _colours(stream.read(min(length, _MOST)))
        elif kind == b"jp2c":
            return Stated(profile, colours, *_depths(stream))
    return Stated(profile, colours)


def _boxes(stream: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Kind and length of each box, the stream standing at its content."""
    start = stream.tell()
    while len(head := stream.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        used = 8
        if length == 1:
            long = stream.read(8)
            if len(long) < 8:
                return
            length, used = struct.unpack(">Q", long)[0], 16
        yield kind, (length - used if length else _MOST)
        # A length of 0 is that of the last box, which ends with the file.
        if length < used:
            return
        start += length
        stream.seek(start)


def _colours(header: bytes) -> tuple[bytes | None, int | None]:
    """The first specification of colour that is there: a profile, or a number."""
    at = 0
    while at + 8 <= len(header):
        length, kind = struct.unpack_from(">I4s", header, at)
        content = header[at + 8 : at + length]
        if kind == b"colr" and len(content) > 3:
            if content[0] == 1 and len(content) >= 7:
                return None, struct.unpack_from(">I", content, 3)[0]
            if content[0] in (2, 3):
                return content[3:], None
        if length < 8:
            break
        at += length
    return None, None


def _depths(stream: BinaryIO) -> tuple[tuple[int, ...], bool]:
    head = stream.read(42)
    if len(head) < 42 or head[:4] != _CODESTREAM:
        return (), False
    components = stream.read(3 * struct.unpack_from(">H", head, 40)[0])[::3]
    return tuple((each & 127) + 1 for each in components), any(each & 128 for each in components)
