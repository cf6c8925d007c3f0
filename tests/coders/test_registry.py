"""Names, header bytes and table files of the coders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bitcodec.coders import CODERS, coder_by_id, coder_by_name, load_coder, save_tables
from bitcodec.coders.context import ContextCoder
from bitcodec.coders.huffman import HuffmanCoder
from bitcodec.errors import DamagedFileError, UnknownModelError, UsageError
from bitcodec.layout import Layout
from tests.coders.samples import smooth_bitmap


def test_names_and_ids_are_distinct_and_found() -> None:
    assert len({c.name for c in CODERS}) == len({c.id for c in CODERS}) == len(CODERS)
    for coder in CODERS:
        assert coder_by_name(coder.name) is coder
        assert coder_by_id(coder.id) is coder


def test_unknown_ones_are_named_in_the_error() -> None:
    with pytest.raises(UsageError, match=r"'zip'.*huffman"):
        coder_by_name("zip")
    with pytest.raises(DamagedFileError, match="250"):
        coder_by_id(250)


def test_tables_in_a_folder(fitted: ContextCoder, tmp_path: Path) -> None:
    huffman = HuffmanCoder.fit([smooth_bitmap(seed, 16, 16) for seed in range(3)])
    bitmap = smooth_bitmap(9, 15, 21)
    plain = Layout((1,) * len(bitmap))
    for coder in (huffman, fitted):
        path = save_tables(coder, tmp_path)
        assert path.is_file()
        again = load_coder(coder.name, tmp_path)
        payload = coder.encode(bitmap, plain)
        assert again.encode(bitmap, plain) == payload
        assert np.array_equal(again.decode(payload, bitmap.shape[1:], plain), bitmap)
    assert {path.name for path in tmp_path.iterdir()} == {"context.npz", "huffman.npz"}


@pytest.mark.parametrize("content", [None, b"", b"not a zip", b"PK\x03\x04 cut short"])
def test_a_folder_without_good_tables(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "huffman.npz").write_bytes(content)
    with pytest.raises(UnknownModelError, match=r"huffman\.npz"):
        load_coder("huffman", tmp_path)


def test_pickled_tables_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "huffman.npz", counts=np.array([{}], object))
    with pytest.raises(UnknownModelError):
        load_coder("huffman", tmp_path)
