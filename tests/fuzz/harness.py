"""One input of the fuzzer: what may happen to it, and nothing else.

The input is tried in three ways: as it is; with its last four bytes replaced by the right checksum,
which a fuzzer cannot guess; and as the payload of a well-formed file, its first three bytes being
coder, width and height, since behind the container is where the decoders are.
"""

from __future__ import annotations

import io
import zlib
from pathlib import Path

from PIL import Image

from bitcodec import container
from bitcodec.codec import Codec
from bitcodec.coders import CODERS
from bitcodec.container import Header
from bitcodec.errors import BitcodecError
from bitcodec.model_folder import ModelFolder

DATA = Path(__file__).parents[1] / "data"
CORPUS = Path(__file__).parent / "corpus"
MOST_PIXELS = 1 << 16
"""Larger pictures are legal but slow: the fuzzer would spend its time on them."""


def golden_codec() -> Codec:
    """The committed tiny model, whose fingerprint the seeds carry."""
    return Codec(ModelFolder(DATA / "tiny_model"), threads=1)


def check(codec: Codec, data: bytes) -> bool:
    """Whether any of the variants decoded; anything but success or BitcodecError propagates."""
    sealed = data[:-4] + zlib.crc32(data[:-4]).to_bytes(4, "little")
    decoded = [_decodes(codec, variant) for variant in (data, sealed, _wrapped(codec, data))]
    return any(decoded)


def _wrapped(codec: Codec, data: bytes) -> bytes:
    if len(data) < 3:
        return b""
    coder = CODERS[data[0] % len(CODERS)].id
    payload = data[3:]
    fields = (codec.facts.name, codec.folder.fingerprint, data[1] + 1, data[2] + 1, coder)
    return container.write(Header(*fields, len(payload)), payload)


def _decodes(codec: Codec, data: bytes) -> bool:
    try:
        header, _ = container.read_header(data)
        assert data.startswith(container.read_stream(io.BytesIO(data)))
    except BitcodecError:
        _refused_by_pillow(data)
        return False
    if header.width * header.height > MOST_PIXELS:
        return False
    try:
        header, bitmap = codec.unpack(data)
    except BitcodecError:
        return False
    size = (header.width, header.height)
    assert bitmap.shape == codec.shape(size)
    assert codec.reconstruct(bitmap, size).size == size
    return True


def _refused_by_pillow(data: bytes) -> None:
    try:
        with Image.open(io.BytesIO(data), formats=["BITC"]):
            raise AssertionError("Pillow accepted what the container refuses")
    except (BitcodecError, Image.UnidentifiedImageError):
        pass
