"""Table archives of anyone: what they state is checked before it is believed."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from bitcodec.coders import archive, load_coder
from bitcodec.coders.archive import read_tables
from bitcodec.errors import UnknownModelError


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def zipped(path: Path, *members: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members:
            file.writestr(name, data)
    return path


def test_arrays_come_back_as_numpy_wrote_them(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    arrays = {
        "rows": rng.integers(-9, 9, (3, 4, 5)).astype(np.int16),
        "columns": np.asfortranarray(rng.integers(0, 9, (4, 6)).astype(np.uint32)),
        "swapped": rng.integers(0, 999, 7).astype(">i4"),
        "one": np.array(5, np.int64),
        "none": np.empty((0, 3), np.int8),
    }
    np.savez_compressed(tmp_path / "t.npz", **arrays)
    found = read_tables(tmp_path / "t.npz")
    assert set(found) == set(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype and np.array_equal(found[name], array)
        found[name][...] = 1  # Not a view of bytes that nobody may write to.


def test_what_is_too_much_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = zipped(tmp_path / "bomb.npz", ("a.npy", npy(np.zeros(archive.MOST_BYTES, np.int8))))
    assert bomb.stat().st_size < 100_000
    many = [(f"{n}.npy", npy(np.zeros(1, np.int8))) for n in range(archive.MOST_TABLES + 1)]
    zipped(tmp_path / "many.npz", *many)

    def unpacked(*_: object) -> bytes:
        raise AssertionError("unpacked")

    monkeypatch.setattr(zipfile.ZipFile, "read", unpacked)
    for name in ("bomb.npz", "many.npz"):
        with pytest.raises(ValueError, match="too large"):
            read_tables(tmp_path / name)


@pytest.mark.parametrize(
    "stated",
    [b"(4294967296, 4294967296)", b"(8,)", b"(-1,)", b"(3,)", b"(2.0,)", b"('a',)"],
)
def test_a_shape_that_is_not_that_of_the_bytes_is_refused(tmp_path: Path, stated: bytes) -> None:
    whole = npy(np.arange(4, dtype=np.int16))
    forged = whole.replace(b"(4,), }".ljust(len(stated) + 3), stated + b", }")
    if forged == whole:
        forged = whole.replace(b"(4,), }" + b" " * (len(stated) - 4), stated + b", }")
    assert forged != whole and len(forged) == len(whole)
    zipped(tmp_path / "huffman.npz", ("counts.npy", forged), ("usage.npy", whole))
    with pytest.raises(UnknownModelError, match=r"huffman\.npz: this is not a table file"):
        load_coder("huffman", tmp_path)


@pytest.mark.parametrize("kind", ["f8", "S4", "M8[s]", "c8", "?", "V3"])
def test_other_kinds_of_numbers_are_refused(tmp_path: Path, kind: str) -> None:
    zipped(tmp_path / "huffman.npz", ("counts.npy", npy(np.zeros(4, kind))))
    with pytest.raises(UnknownModelError, match="not a table file"):
        load_coder("huffman", tmp_path)
