"""The ``.bitc`` file: header, payload, checksum. ``docs/format.md`` is the normative text.

The container knows nothing of networks or coders: it carries a payload and says whose it is.
Nothing is allocated on the word of a length field before that field was checked.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bitcodec.errors import DamagedFileError, UsageError

MAGIC = b"\xbcBC\r\n\x1a\n"
VERSION = 1
SUFFIX = ".bitc"

MAX_SIDE = 65_535
MAX_PIXELS = 1 << 28
FREE_PIXELS = 1 << 22
"""Pixels that any file may claim, however short (4.2 million)."""
PIXELS_PER_BYTE = 1024
"""Pixels beyond FREE_PIXELS that each byte of payload pays for: the guard against bombs."""
MAX_BYTES_PER_PIXEL = 64
SMALL_PAYLOAD = 4096
"""Payload bytes allowed whatever the area, for coders with a fixed cost."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,15}")
_CRC_BYTES = 4
_FINGERPRINT_BYTES = 4
_LONGEST_NAME = 16
_LONGEST_HEADER = len(MAGIC) + 2 + _LONGEST_NAME + _FINGERPRINT_BYTES + 1 + 3 * 5


@dataclass(frozen=True)
class Header:
    """What a ``.bitc`` file says about its payload.

    Args:
        model: name of the model, 1 to 16 characters of ``a-z 0-9 . _ -``.
        fingerprint: 4 bytes that change with the model's decoder or coder tables.
        width: pixels, 1 to 65,535.
        height: pixels, 1 to 65,535; width x height at most 2^28.
        coder: id of the coder, 0 to 255.
        payload_length: bytes of payload.
        version: of the format.
    """

    model: str
    fingerprint: bytes
    width: int
    height: int
    coder: int
    payload_length: int
    version: int = VERSION

    def __post_init__(self) -> None:
        """Raises:
        DamagedFileError: for a value outside its limits.
        """
        if self.version != VERSION:
            raise DamagedFileError(
                f"this file has format version {self.version}, and this bitcodec reads version "
                f"{VERSION}: update bitcodec"
            )
        if not is_model_name(self.model):
            raise DamagedFileError(f"{self.model!r} cannot be the name of a model")
        if len(self.fingerprint) != _FINGERPRINT_BYTES or not 0 <= self.coder <= 255:
            raise DamagedFileError("the fingerprint has 4 bytes and the coder's id 1")
        problem = size_problem(self.width, self.height)
        if problem:
            raise DamagedFileError(problem)
        pixels = self.width * self.height
        if not 0 <= self.payload_length <= SMALL_PAYLOAD + MAX_BYTES_PER_PIXEL * pixels:
            raise DamagedFileError(
                f"a payload of {self.payload_length} bytes is impossible for "
                f"{self.width} x {self.height} pixels"
            )

    @property
    def padding(self) -> int:
        """Zero bytes after the payload, so that a huge picture never comes from a tiny file."""
        beyond = max(0, self.width * self.height - FREE_PIXELS)
        return max(0, -(-beyond // PIXELS_PER_BYTE) - self.payload_length)


def is_model_name(name: str) -> bool:
    """Whether a model may be called so: it must fit the header and be safe as a folder name."""
    return _NAME.fullmatch(name) is not None


def size_problem(width: int, height: int) -> str | None:
    """Why a picture of this size cannot be a ``.bitc`` file, or None if it can."""
    if width < 1 or height < 1:
        return f"a picture of {width} x {height} pixels has no pixels"
    if width > MAX_SIDE or height > MAX_SIDE or width * height > MAX_PIXELS:
        return (
            f"{width} x {height} pixels are too many: a side has at most {MAX_SIDE} and a "
            f"picture {MAX_PIXELS}"
        )
    return None


def write(header: Header, payload: bytes) -> bytes:
    """The whole file. ``header.payload_length`` must be ``len(payload)``."""
    if header.payload_length != len(payload):
        raise ValueError(f"payload_length is {header.payload_length}, not {len(payload)}")
    name = header.model.encode("ascii")
    head = b"".join(
        [
            MAGIC,
            bytes([header.version, len(name)]),
            name,
            header.fingerprint,
            bytes([header.coder]),
            _varint(header.width),
            _varint(header.height),
            _varint(header.payload_length),
        ]
    )
    body = head + payload + bytes(header.padding)
    return body + zlib.crc32(body).to_bytes(_CRC_BYTES, "little")


def read(data: bytes) -> tuple[Header, bytes]:
    """Header and payload of a whole file held in memory.

    Raises:
        DamagedFileError: if ``data`` is not exactly one intact file of a known version.
    """
    header, start = read_header(data)
    end = start + header.payload_length
    checked = end + header.padding
    total = checked + _CRC_BYTES
    if len(data) < total:
        raise DamagedFileError(
            f"the file is cut short ({len(data)} bytes of {total}): fetch it again"
        )
    if len(data) > total:
        raise DamagedFileError(
            f"{len(data) - total} bytes follow the end of the picture: fetch the file again"
        )
    if zlib.crc32(data[:checked]) != int.from_bytes(data[checked:total], "little"):
        raise DamagedFileError("the checksum does not match, the file is damaged: fetch it again")
    if any(data[end:checked]):
        raise DamagedFileError("the padding after the payload is not zero")
    return header, data[start:end]


def read_header(data: bytes) -> tuple[Header, int]:
    """Header and the offset of the payload, from the first bytes of a file; no checksum.

    Raises:
        DamagedFileError: as :func:`read`.
    """
    if data[: len(MAGIC)] != MAGIC:
        raise DamagedFileError(_what_else(data))
    cursor = _Cursor(data, len(MAGIC))
    version = cursor.byte()
    if version != VERSION:
        # Fields of another version may mean anything: stop before reading them.
        Header("unread", bytes(4), 1, 1, 0, 0, version)
    name_length = cursor.byte()
    if name_length > _LONGEST_NAME:
        raise DamagedFileError(f"a model name of {name_length} bytes is too long: file damaged")
    name = cursor.take(name_length)
    fields = {
        "model": name.decode("ascii", "replace"),
        "fingerprint": cursor.take(_FINGERPRINT_BYTES),
        "coder": cursor.byte(),
        "width": cursor.varint(),
        "height": cursor.varint(),
        "payload_length": cursor.varint(),
    }
    return Header(**fields), cursor.position  # type: ignore[arg-type]


def read_stream(stream: BinaryIO) -> bytes:
    """The bytes of one file from a stream, never reading more than its header announces.

    The result still goes through :func:`read`; one byte too many is kept so that it can object.

    Raises:
        DamagedFileError: if the stream does not begin with a header.
    """
    data = bytearray()
    _fill(stream, data, _LONGEST_HEADER)
    header, start = read_header(bytes(data))
    _fill(stream, data, start + header.payload_length + header.padding + _CRC_BYTES + 1)
    return bytes(data)


def read_file(path: str | Path) -> bytes:
    """:func:`read_stream` of a file.

    Raises:
        UsageError: if there is no such file or it cannot be read.
        DamagedFileError: if it does not begin with a header.
    """
    try:
        with Path(path).open("rb") as stream:
            return read_stream(stream)
    except FileNotFoundError:
        raise UsageError("there is no such file", path) from None
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror or error})", path) from None
    except DamagedFileError as error:
        raise error.at(path) from None


def _fill(stream: BinaryIO, data: bytearray, wanted: int) -> None:
    # In pieces: a header may announce gigabytes that the stream does not have.
    while len(data) < wanted:
        piece = stream.read(min(wanted - len(data), 1 << 20))
        if not piece:
            return
        data += piece


def _what_else(data: bytes) -> str:
    """What a file without the magic bytes looks like, in words that help."""
    if not data:
        return "the file is empty"
    if MAGIC.startswith(data):
        return "the file is cut short inside its first bytes: fetch it again"
    damaged_by_text_mode = (
        data.startswith((MAGIC[:3] + b"\n", MAGIC[:3] + b"\r\r\n", MAGIC[:5] + b"\x1a\r\n"))
        or data.startswith(bytes([MAGIC[0] & 0x7F]) + MAGIC[1:3])
        or data.startswith("�".encode() + MAGIC[1:3])
    )
    if damaged_by_text_mode:
        return "the file was transferred as text, which damaged it: transfer it as binary"
    return "this is not a .bitc file"


def _varint(value: int) -> bytes:
    """Seven bits to a byte, least significant first, the high bit set on all but the last."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


class _Cursor:
    """Reads fields one after the other and objects at the end of the data."""

    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self.position = position

    def take(self, count: int) -> bytes:
        piece = self._data[self.position : self.position + count]
        if len(piece) < count:
            raise DamagedFileError("the file is cut short inside its header: fetch it again")
        self.position += count
        return piece

    def byte(self) -> int:
        return self.take(1)[0]

    def varint(self) -> int:
        """At most five bytes, and no more than the value needs."""
        value = 0
        for shift in range(0, 35, 7):
            piece = self.byte()
            value |= (piece & 0x7F) << shift
            if piece < 0x80:
                if piece == 0 and shift:
                    break
                return value
        raise DamagedFileError("a number in the header is not well formed: the file is damaged")
