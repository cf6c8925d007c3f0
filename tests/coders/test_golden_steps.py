"""Files of a model with steps stay what they are, byte for byte: means, other latents, symbols.

``python -m tests.coders.test_golden_steps`` writes them: only when the format changes on purpose,
which takes a new version or a new coder id (docs/format.md).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from bitcodec import container
from bitcodec.coders.context import ContextCoder
from bitcodec.container import Header
from tests.coders import made
from tests.coders.samples import RANGE

GOLDEN = Path(__file__).parent.parent / "data" / "golden_steps"
BANDS = GOLDEN / "bands.sha256"
STEPS = {
    "coarse": (RANGE.coarsest, (9, 14)),
    "middle": (601, (17, 12)),
    "fine": (RANGE.finest, (5, 11)),
    "colours": (577, (13, 15)),
    "proportions": (590, (14, 11)),
    "learning": (RANGE.finest, (16, 18)),
}
"""Of each file the step's index, and rows and columns of positions."""


def written(coder: ContextCoder, name: str) -> bytes:
    """The file of this name."""
    index, (rows, columns) = STEPS[name]
    layout = RANGE.layout(index)
    payload = coder.encode(layout.bitmap(made.levels(layout, rows, columns)), layout)
    width, height = made.STRIDE * columns - 3, made.STRIDE * rows - 5
    header = Header("made", b"step", width, height, coder.id, len(payload), step=index)
    return container.write(header, payload)


def digest_of_bands(coder: ContextCoder) -> str:
    """Of a payload of two bands of rows, which is too long to keep."""
    layout = RANGE.layout(RANGE.coarsest)
    bitmap = layout.bitmap(made.levels(layout, 66, 512))
    return hashlib.sha256(coder.encode(bitmap, layout)).hexdigest()


def coder_of(name: str) -> ContextCoder:
    """The coder with which the file of this name is written."""
    return made.coder(name if name in made.KINDS else made.FIRST)


@pytest.mark.parametrize("name", STEPS)
def test_golden_files_with_steps_are_written_byte_for_byte(name: str) -> None:
    assert written(coder_of(name), name) == (GOLDEN / f"{name}.bitc").read_bytes()


@pytest.mark.parametrize("name", STEPS)
def test_golden_files_with_steps_decode_to_their_levels(name: str) -> None:
    header, payload = container.read((GOLDEN / f"{name}.bitc").read_bytes())
    index, size = STEPS[name]
    assert (header.step, header.coder) == (index, ContextCoder.id)
    layout = RANGE.layout(header.step)
    back = layout.levels(coder_of(name).decode(payload, size, layout))
    assert np.array_equal(back, made.levels(layout, *size))


def test_bands_of_rows_begin_where_they_always_did() -> None:
    assert digest_of_bands(made.coder(made.FIRST)) == BANDS.read_text("utf-8").strip()


def main() -> None:
    """Write the files."""
    GOLDEN.mkdir(exist_ok=True)
    for name in STEPS:
        (GOLDEN / f"{name}.bitc").write_bytes(written(coder_of(name), name))
    BANDS.write_text(digest_of_bands(made.coder(made.FIRST)) + "\n", "utf-8")


if __name__ == "__main__":
    main()
