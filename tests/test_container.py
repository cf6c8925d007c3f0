"""The container: what is written is read back, and nothing else is."""

import io
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitcodec import container
from bitcodec.container import Header
from bitcodec.errors import DamagedFileError
from bitcodec.metadata import Metadata


def make(payload: bytes = b"payload", **changes: object) -> bytes:
    fields = {
        "model": "photo3",
        "fingerprint": b"\x01\x02\x03\x04",
        "width": 768,
        "height": 512,
        "coder": 2,
        "payload_length": len(payload),
    }
    return container.write(Header(**fields | changes), payload)  # type: ignore[arg-type]


@given(
    model=st.from_regex(r"[a-z0-9][a-z0-9._-]{0,15}", fullmatch=True),
    fingerprint=st.binary(min_size=4, max_size=4),
    width=st.integers(1, 65_535),
    height=st.integers(1, 256),
    coder=st.integers(0, 255),
    step=st.integers(0, 65_535),
    payload=st.binary(max_size=300),
    metadata=st.builds(Metadata, st.binary(max_size=40), st.binary(max_size=300)),
)
def test_round_trip(
    model: str,
    fingerprint: bytes,
    width: int,
    height: int,
    coder: int,
    step: int,
    payload: bytes,
    metadata: Metadata,
) -> None:
    block = metadata.to_bytes()
    header = Header(model, fingerprint, width, height, coder, len(payload), step, len(block))
    data = container.write(header, payload, block)
    assert container.read(data) == (header, payload)
    assert container.read_metadata(data) == metadata
    assert len(data) - len(payload) - len(block) - header.padding <= 49
    assert container.read_stream(io.BytesIO(data)) == data


def test_overhead_is_what_the_format_promises() -> None:
    payload = bytes(20_000)
    assert len(make(payload, model="photo", step=700)) - len(payload) == 33
    longest = make(payload, model="a" * 16, width=16384, height=16384, step=65_535)
    assert len(longest) - len(payload) - (2**28 - 2**20) // 1024 + len(payload) <= 49


def test_cut_anywhere_is_noticed() -> None:
    data = make()
    for length in range(len(data)):
        with pytest.raises(DamagedFileError):
            container.read(data[:length])


def test_every_flipped_bit_is_noticed() -> None:
    data = make()
    for bit in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(DamagedFileError):
            container.read(bytes(damaged))


def test_trailing_bytes_are_noticed() -> None:
    with pytest.raises(DamagedFileError, match="2 bytes follow"):
        container.read(make() + b"\n\n")


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"\r\n", b"\n"), (b"\n", b"\r\n"), (b"\xbc", b"\x3c"), (b"\xbc", b"\xef\xbf\xbd")],
)
def test_transfer_as_text_is_named(old: bytes, new: bytes) -> None:
    with pytest.raises(DamagedFileError, match="as text"):
        container.read(make().replace(old, new))


@pytest.mark.parametrize(
    ("version", "advice"),
    [(1, "version 1, which .* no longer .*decode it with"), (9, "version 9, .*update bitcodec")],
)
def test_another_version_is_named(version: int, advice: str) -> None:
    data = bytearray(make())
    data[len(container.MAGIC)] = version
    data[-4:] = zlib.crc32(data[:-4]).to_bytes(4, "little")
    with pytest.raises(DamagedFileError, match=advice):
        container.read(bytes(data))


@pytest.mark.parametrize(
    "changes",
    [
        {"width": 0},
        {"height": 65_536},
        {"width": 65_535, "height": 65_535},
        {"width": 1, "height": 1, "payload_length": 5_000},
        {"model": ""},
        {"model": "../evil"},
        {"model": "a" * 17},
        {"model": "Ähm"},
        {"fingerprint": b"abc"},
        {"coder": 256},
        {"step": 65_536},
        {"metadata_length": (1 << 20) + 1},
    ],
)
def test_values_outside_their_limits_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(DamagedFileError):
        make(**changes)


def test_padding_keeps_a_huge_picture_from_coming_out_of_a_tiny_file() -> None:
    data = make(b"x", width=10_000, height=10_000)
    assert len(data) * container.PIXELS_PER_BYTE + container.FREE_PIXELS >= 10_000 * 10_000
    header, payload = container.read(data)
    assert payload == b"x" and header.padding > 90_000
    dirty = bytearray(data)
    dirty[-5] = 1
    dirty[-4:] = zlib.crc32(dirty[:-4]).to_bytes(4, "little")
    with pytest.raises(DamagedFileError, match="padding"):
        container.read(bytes(dirty))


def test_a_small_claim_costs_a_flat_picture_nothing() -> None:
    assert Header("photo", bytes(4), 1024, 768, 2, 150).padding == 0
    assert Header("photo", bytes(4), 2048, 2048, 2, 400).padding == (2**22 - 2**20) // 1024 - 400


def test_metadata_longer_than_announced_is_not_written() -> None:
    header = Header("photo", bytes(4), 8, 8, 2, 1, metadata_length=5)
    with pytest.raises(ValueError, match="lengths"):
        container.write(header, b"x", b"123456")


@pytest.mark.parametrize(
    "block", [b"\x03\x01x", b"\x02\x01x\x01\x01x", b"\x01\x00", b"\x01\x05x", b"\x01\x01x\x01\x01x"]
)
def test_odd_metadata_is_refused_on_reading(block: bytes) -> None:
    header = Header("photo", bytes(4), 8, 8, 2, 1, metadata_length=len(block))
    with pytest.raises(DamagedFileError):
        container.read(container.write(header, b"x", block))


@pytest.mark.parametrize("number", [b"\x80\x00", b"\xff\xff\xff\xff\xff\x01"])
def test_numbers_have_one_spelling(number: bytes) -> None:
    data = make(width=1, height=1)
    start = data.index(b"\x02\x00\x01\x01\x00\x07")
    data = data[: start + 2] + number + data[start + 3 : -4]
    with pytest.raises(DamagedFileError, match="well formed"):
        container.read(data + zlib.crc32(data).to_bytes(4, "little"))


def test_a_stream_is_not_read_beyond_its_announcement() -> None:
    data = make(bytes(100))
    stream = io.BytesIO(data + bytes(1 << 22))
    assert len(container.read_stream(stream)) == len(data) + 1


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n" + bytes(50), bytes(100), b"\xbcBC"])
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(DamagedFileError):
        container.read(data)
