"""What the page of a photograph is made of, against figures that can be worked out."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from bitcodec.evaluation.baselines import BASELINES, PillowCodec
from bitcodec.inspect_page import rivals
from bitcodec.inspect_page.bits import PER_GRID, grids, heat, spent
from bitcodec.pages.document import to_script_json
from tests.tiny import textured


def test_shares_of_a_file_add_up_to_it_and_follow_the_bits() -> None:
    random = np.random.default_rng(0)
    bitmap = np.zeros((4, 24, 30), bool)
    bitmap[1] = random.random((24, 30)) < 0.5
    bitmap[2, 12:] = True
    bitmap[3, :, 20:] = random.random((24, 10)) < 0.3
    found = spent(bitmap, 500)
    assert found.size.sum() == pytest.approx(500) and found.place.sum() == pytest.approx(8 * 500)
    assert found.ones == pytest.approx(bitmap.mean(axis=(1, 2)))
    assert found.entropy[0] == 0 and found.entropy[2] == pytest.approx(1)
    nothing, noise, halves, some = found.size
    assert nothing < halves / 2, "the border of the halves costs something"
    assert halves < some / 3 < noise / 3, "what the neighbours tell is cheap, whatever its entropy"
    assert found.place[:, 22:].mean() > 1.2 * found.place[:, :18].mean(), "two channels are busy"


def test_grids_hold_every_bit_at_its_place() -> None:
    bitmap = np.random.default_rng(1).random((PER_GRID + 21, 3, 5)) < 0.4
    first, second = (np.asarray(picture) == 255 for picture in grids(bitmap))
    assert first.shape == (8 * 3, 16 * 5) and second.shape == (2 * 3, 16 * 5)
    for channel in (0, 15, 16, 127):
        y, x = divmod(channel, 16)
        assert (first[3 * y : 3 * y + 3, 5 * x : 5 * x + 5] == bitmap[channel]).all()
    assert (second[3:6, 20:25] == bitmap[PER_GRID + 20]).all() and not second[3:, 25:].any()


def test_heat_rises_and_stops_at_its_most() -> None:
    colours = np.asarray(heat(np.array([[0.0, 1, 2, 4, 9]]), 4)).astype(int)[0]
    luma = colours @ (0.299, 0.587, 0.114)
    assert (np.diff(luma[:4]) > 20).all() and (colours[3] == colours[4]).all()


@pytest.mark.parametrize("codec", rivals.present(), ids=lambda codec: codec.name)
def test_rivals_come_as_near_as_they_can(codec: PillowCodec) -> None:
    picture = textured(96, 72)
    every = [len(codec.encode(picture, setting)) for setting in codec.all_settings]
    sizes = [every[10] + 3, every[70], 1, 10**6, every[30] - 2]
    found = rivals.equal_bytes(codec, picture, sizes)
    for size, file in zip(sizes, found, strict=True):
        nearest = min(every, key=lambda other: abs(np.log(other / size)))
        allowed = max(0.02, abs(np.log(nearest / size)))
        # Sizes do not rise everywhere: one setting beside the nearest may be taken.
        assert abs(np.log(len(file.data) / size)) <= allowed + 0.03
        with Image.open(io.BytesIO(file.data)) as decoded:
            assert decoded.size == picture.size
        assert len(file.data) == every[codec.all_settings.index(file.setting)]


def test_rivals_are_baselines_that_exist() -> None:
    assert rivals.RIVALS.keys() <= {codec.name for codec in BASELINES}
    assert set(rivals.RIVALS.values()) == rivals.MEDIA.keys()


def test_no_text_leaves_its_script_element() -> None:
    text = to_script_json({"title": "</script><script>alert(1)</script>&<!--"})
    assert not {"<", ">", "&"} & set(text)
