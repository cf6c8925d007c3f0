"""The ``.bitc`` file: header, metadata, payload, checksum; ``docs/format.md`` is normative.

The container knows nothing of networks or coders: it carries a payload and says whose it is.
Nothing is allocated on the word of a length field before that field was checked.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bitcodec import metadata as metadata_block
from bitcodec import varint as numbers
from bitcodec.errors import DamagedFileError, UsageError
from bitcodec.metadata import Metadata
from bitcodec.varint import Cursor, varint

MAGIC = b"\xbcBC\r\n\x1a\n"
VERSION = 2
SUFFIX = ".bitc"

MAX_SIDE = 65_535
MAX_PIXELS = 1 << 28
MAX_STEP = (1 << 16) - 1
FREE_PIXELS = 1 << 20
"""Pixels that any file may claim, however short (a million): about a second of work."""
PIXELS_PER_BYTE = 1024
"""Pixels beyond FREE_PIXELS that each byte of payload or padding pays for: the guard against
bombs. It costs pictures of nearly one colour a kilobyte for each million pixels, others nothing."""
MAX_BYTES_PER_PIXEL = 64
SMALL_PAYLOAD = 4096
"""Payload bytes allowed whatever the area, for coders with a fixed cost."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,15}")
_CRC_BYTES = 4
_FINGERPRINT_BYTES = 4
_LONGEST_NAME = 16
_LONGEST_HEADER = len(MAGIC) + 2 + _LONGEST_NAME + _FINGERPRINT_BYTES + 1 + 5 * numbers.LONGEST


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
        step: index of the quantization step, 0 for a model that has none; at most 65,535.
        metadata_length: bytes of the metadata block, 0 if there is none; at most 2^20.
        version: of the format.
    """

    model: str
    fingerprint: bytes
    width: int
    height: int
    coder: int
    payload_length: int
    step: int = 0
    metadata_length: int = 0
    version: int = VERSION

    def __post_init__(self) -> None:
        """Raises:
        DamagedFileError: for a value outside its limits.
        """
        if self.version != VERSION:
            raise DamagedFileError(_other_version(self.version))
        if not is_model_name(self.model):
            raise DamagedFileError(f"{self.model!r} cannot be the name of a model")
        if len(self.fingerprint) != _FINGERPRINT_BYTES or not 0 <= self.coder <= 255:
            raise DamagedFileError("the fingerprint has 4 bytes and the coder's id 1")
        if not 0 <= self.step <= MAX_STEP:
            raise DamagedFileError(f"a step index of {self.step} is impossible")
        if not 0 <= self.metadata_length <= metadata_block.LONGEST:
            raise DamagedFileError(f"{self.metadata_length} bytes of metadata are too many")
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


def _other_version(version: int) -> str:
    """Why a file of another version is not read, and what helps."""
    if version < VERSION:
        return (
            f"this file has format version {version}, which this bitcodec no longer reads (it "
            f"reads version {VERSION}): decode it with the bitcodec that wrote it"
        )
    return (
        f"this file has format version {version}, and this bitcodec reads version {VERSION}: "
        "update bitcodec"
    )


def write(header: Header, payload: bytes, metadata: bytes = b"") -> bytes:
    """The whole file; the header's two lengths must be those of payload and metadata.

    Raises:
        ValueError: if they are not.
    """
    if (header.payload_length, header.metadata_length) != (len(payload), len(metadata)):
        raise ValueError("the header states other lengths than payload and metadata have")
    name = header.model.encode("ascii")
    head = b"".join(
        [
            MAGIC,
            bytes([header.version, len(name)]),
            name,
            header.fingerprint,
            bytes([header.coder]),
            *(
                varint(number)
                for number in (
                    header.step,
                    header.width,
                    header.height,
                    header.metadata_length,
                    header.payload_length,
                )
            ),
        ]
    )
    body = head + metadata + payload + bytes(header.padding)
    return body + zlib.crc32(body).to_bytes(_CRC_BYTES, "little")


def read(data: bytes) -> tuple[Header, bytes]:
    """Header and payload of a whole file held in memory.

    Raises:
        DamagedFileError: if ``data`` is not exactly one intact file of a known version.
    """
    header, start, _ = _read(data)
    return header, data[start : start + header.payload_length]


def read_metadata(data: bytes) -> Metadata:
    """The Exif and XMP of a whole file held in memory.

    Raises:
        DamagedFileError: as :func:`read`.
    """
    return _read(data)[2]


def _read(data: bytes) -> tuple[Header, int, Metadata]:
    """Header, the offset of the payload, and the metadata of a file that is intact."""
    header, metadata_start = read_header(data)
    start = metadata_start + header.metadata_length
    end = start + header.payload_length
    checked = end + header.padding
    total = checked + _CRC_BYTES
    if len(data) < total:
        raise DamagedFileError(
            f"the file is cut short ({len(data)} bytes of {total}): fetch it again"
        )
    if len(data) > total:
        more = len(data) - total
        count = "1 byte follows" if more == 1 else f"{more} bytes follow"
        raise DamagedFileError(f"{count} the end of the picture: fetch the file again")
    if zlib.crc32(data[:checked]) != int.from_bytes(data[checked:total], "little"):
        raise DamagedFileError("the checksum does not match, the file is damaged: fetch it again")
    if any(data[end:checked]):
        raise DamagedFileError("the padding after the payload is not zero")
    return header, start, Metadata.from_bytes(data[metadata_start:start])


def read_header(data: bytes) -> tuple[Header, int]:
    """Header and its length, from the first bytes of a file; no checksum.

    Raises:
        DamagedFileError: as :func:`read`.
    """
    if data[: len(MAGIC)] != MAGIC:
        raise DamagedFileError(_what_else(data))
    cursor = Cursor(data, len(MAGIC))
    version = cursor.byte()
    if version != VERSION:
        # Fields of another version may mean anything: stop before reading them.
        raise DamagedFileError(_other_version(version))
    name_length = cursor.byte()
    if name_length > _LONGEST_NAME:
        raise DamagedFileError(f"a model name of {name_length} bytes is too long: file damaged")
    name = cursor.take(name_length)
    fields = {
        "model": name.decode("ascii", "replace"),
        "fingerprint": cursor.take(_FINGERPRINT_BYTES),
        "coder": cursor.byte(),
        "step": cursor.varint(),
        "width": cursor.varint(),
        "height": cursor.varint(),
        "metadata_length": cursor.varint(),
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
    rest = header.metadata_length + header.payload_length + header.padding + _CRC_BYTES
    _fill(stream, data, start + rest + 1)
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
