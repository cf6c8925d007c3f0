"""Hostile files: always a BitcodecError, never much memory, never a wrong picture."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from bitcodec import container
from bitcodec.codec import Codec
from bitcodec.coders import coder_by_name
from bitcodec.coders.context import ContextCoder
from bitcodec.coders.symbols import WORD
from bitcodec.container import Header
from bitcodec.errors import BitcodecError
from bitcodec.installed_models import SEARCH_PATH
from tests.tiny import textured

SIZE = (64, 40)


@pytest.fixture(params=["huffman", "context"])
def good(request: pytest.FixtureRequest, tiny: Codec) -> bytes:
    """A small intact file of each coder."""
    return tiny.encode(textured(*SIZE), coder=request.param)


def sealed(data: bytes | bytearray) -> bytes:
    """``data`` with its last four bytes made the right checksum."""
    return bytes(data[:-4]) + zlib.crc32(data[:-4]).to_bytes(4, "little")


def must_refuse(codec: Codec, data: bytes) -> None:
    with pytest.raises(BitcodecError):
        codec.decode(data)


def test_cut_at_every_byte(tiny: Codec, good: bytes) -> None:
    for length in range(len(good)):
        must_refuse(tiny, good[:length])


def test_every_single_bit_flipped(tiny: Codec, good: bytes) -> None:
    for bit in range(8 * len(good)):
        damaged = bytearray(good)
        damaged[bit // 8] ^= 1 << bit % 8
        must_refuse(tiny, bytes(damaged))


def test_flipped_bits_under_a_right_checksum(tiny: Codec, good: bytes) -> None:
    """Someone computed the checksum anew: a refusal or some picture of the claimed size."""
    for bit in range(8 * (len(good) - 4)):
        damaged = bytearray(good)
        damaged[bit // 8] ^= 1 << bit % 8
        try:
            header, bitmap = tiny.unpack(sealed(damaged))
        except BitcodecError:
            continue
        assert bitmap.shape == tiny.shape((header.width, header.height))


def test_payload_cut_under_a_right_checksum(tiny: Codec, good: bytes) -> None:
    header, payload = container.read(good)
    whole = tiny.unpack(good)[1]
    for length in range(len(payload)):
        fields = (header.model, header.fingerprint, *SIZE, header.coder, length)
        data = container.write(Header(*fields), payload[:length])
        try:
            bitmap = tiny.unpack(data)[1]
        except BitcodecError:
            continue
        # A shorter payload may be another bitmap's, but not silently the same one's. Only the one
        # word that a range coder ends with may say no more than the zeros beyond the end do.
        spare = header.coder == ContextCoder.id and length == len(payload) - WORD.itemsize
        assert spare or not np.array_equal(bitmap, whole)


def test_payload_lengthened_under_a_right_checksum(tiny: Codec, good: bytes) -> None:
    header, payload = container.read(good)
    for more in (b"\0", b"\xff", bytes(1000), b"\x55" * 17):
        longer = payload + more
        fields = (header.model, header.fingerprint, *SIZE, header.coder, len(longer))
        must_refuse(tiny, container.write(Header(*fields), longer))


def test_wrong_checksum(tiny: Codec, good: bytes) -> None:
    must_refuse(tiny, good[:-4] + bytes(4))


def test_unknown_coder(tiny: Codec, good: bytes) -> None:
    header, payload = container.read(good)
    fields = (header.model, header.fingerprint, *SIZE, 77, len(payload))
    with pytest.raises(BitcodecError, match="coder 77"):
        tiny.decode(container.write(Header(*fields), payload))


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (1000, 1000), (4096, 4096), (65_535, 256)])
def test_absurd_sizes_under_a_right_checksum(
    tiny: Codec, good: bytes, size: tuple[int, int]
) -> None:
    header, payload = container.read(good)
    fields = (header.model, header.fingerprint, *size, header.coder, len(payload))
    must_refuse(tiny, container.write(Header(*fields), payload))


@pytest.mark.parametrize("name", ["PNG", "JPEG", "WEBP", "GIF", "TIFF"])
def test_another_format_renamed(tiny: Codec, name: str) -> None:
    buffer = io.BytesIO()
    textured(*SIZE).save(buffer, name)
    must_refuse(tiny, buffer.getvalue())


quick = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@quick
@given(data=st.binary(max_size=400))
def test_random_bytes(tiny: Codec, data: bytes) -> None:
    must_refuse(tiny, data)


@quick
@given(payload=st.binary(max_size=300), coder=st.sampled_from(["huffman", "context"]))
def test_random_payload_under_a_right_header(tiny: Codec, payload: bytes, coder: str) -> None:
    if coder not in tiny.folder.coders:
        return
    number = coder_by_name(coder).id
    header = Header("tiny", tiny.folder.fingerprint, *SIZE, number, len(payload))
    try:
        _, bitmap = tiny.unpack(container.write(header, payload))
    except BitcodecError:
        return
    # Accepted: then it is what the encoder writes for that bitmap, or decodes to it again.
    again = tiny.unpack(tiny.pack(bitmap, SIZE, coder=coder))[1]
    assert np.array_equal(again, bitmap)


BOMB = """
import re, sys
from pathlib import Path
import bitcodec
codec = bitcodec.load("tiny", threads=1)
codec.decode(codec.encode(Path(sys.argv[1])))
try:
    bitcodec.open(sys.argv[2]).tobytes()
    outcome = "decoded"
except bitcodec.BitcodecError:
    outcome = "refused"
# Not ru_maxrss, which remembers the size of the process that started this one.
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print(outcome, int(peak[1]) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("coder", ["huffman", "context"])
@pytest.mark.parametrize("kind", ["zeros", "ones", "claims", "long"])
def test_bombs_stay_below_256_megabytes(tiny: Codec, tmp_path: Path, coder: str, kind: str) -> None:
    """Tiny files that claim the largest picture that a file of their size may claim."""
    size = (2048, 2048)
    if kind == "zeros":
        data = tiny.pack(np.zeros(tiny.shape(size), bool), size, coder=coder)
    elif kind == "claims":
        number = coder_by_name(coder).id
        header = Header("tiny", tiny.folder.fingerprint, *size, number, 3)
        data = container.write(header, b"\xff\xff\xff")
    elif kind == "ones":
        number = coder_by_name(coder).id
        header = Header("tiny", tiny.folder.fingerprint, *size, number, 4000)
        data = container.write(header, bytes(4000))
    else:
        # A header alone, whose last byte, the length of the payload, gives way to a larger one.
        header = Header("tiny", bytes(4), *size, 1, 0)
        head = container.write(header, b"")[: -4 - header.padding]
        data = head[:-1] + b"\xff\xff\xff\xff\x03" + bytes(1000)
    path, picture = tmp_path / "bomb.bitc", tmp_path / "small.png"
    path.write_bytes(data)
    textured(*SIZE).save(picture)
    done = subprocess.run(
        [sys.executable, "-c", BOMB, str(picture), str(path)],
        env=os.environ
        | {SEARCH_PATH: str(tiny.folder.path.parent), "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        check=True,
        text=True,
    )
    outcome, megabytes = done.stdout.split()
    assert int(megabytes) < 256, done.stdout
    if kind in ("claims", "long"):
        assert outcome == "refused"


def test_an_endless_file_is_not_read_to_its_end(tiny: Codec, tmp_path: Path, good: bytes) -> None:
    path = tmp_path / "endless.bitc"
    path.write_bytes(good)
    with path.open("r+b") as stream:
        stream.truncate(1 << 34)
    with pytest.raises(BitcodecError):
        Image.open(path)
    from bitcodec.container import read_file

    assert len(read_file(path)) == len(good) + 1
