"""Every input that fuzzing found worth keeping is tried again, without the fuzzer."""

from __future__ import annotations

from pathlib import Path

import pytest

from bitcodec.codec import Codec
from tests.fuzz.harness import CORPUS, DATA, check, golden_codec

SEEDS = sorted((DATA / "golden").glob("*.bitc"))


@pytest.fixture(scope="module")
def codec() -> Codec:
    return golden_codec()


@pytest.mark.parametrize("seed", SEEDS, ids=lambda path: path.name)
def test_seeds_decode(codec: Codec, seed: Path) -> None:
    assert check(codec, seed.read_bytes())


def test_corpus_raises_nothing_unexpected(codec: Codec) -> None:
    inputs = sorted(CORPUS.iterdir())
    assert len(inputs) >= 20
    decoded = sum(check(codec, path.read_bytes()) for path in inputs)
    # Some get past the checksum and the coder, or the corpus would not reach them.
    assert decoded >= 1
