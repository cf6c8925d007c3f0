"""Real odd files that once went wrong: right, or refused in a sentence that names the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bitcodec.errors import BitcodecError, UsageError
from bitcodec.images import open_rgb
from bitcodec.loading import load

FILES = Path(__file__).parent / "data" / "hard_files"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("avif-one-byte-flipped.avif", "cannot be read"),
        ("dds-unknown-pixel-format.dds", "cannot be read"),
        ("rgb16-planar.tif", "separate planes"),
        ("grey16-with-trns-key.png", "--background"),
        ("rgb16-with-trns-key.png", "--background"),
    ],
)
def test_what_cannot_be_right_is_refused_by_name(name: str, words: str) -> None:
    with pytest.raises(BitcodecError) as refused:
        open_rgb(FILES / name)
    assert name in str(refused.value) and words in str(refused.value)


def test_orientation_needs_no_rewritten_exif() -> None:
    assert open_rgb(FILES / "exif-orientation6-resolution-as-text.jpg").size == (48, 64)


def test_a_transparent_key_of_16_bits_is_compared_at_16_bits() -> None:
    pixels = np.asarray(open_rgb(FILES / "grey16-with-trns-key.png", "white"))
    assert set(np.unique(pixels)) == {round(40000 / 257), 255}
    with pytest.raises(UsageError):
        open_rgb(FILES / "rgb16-with-trns-key.png")


def test_twelve_bits_have_their_brightness() -> None:
    pixels = np.asarray(open_rgb(FILES / "grey12bit.tif"))
    assert pixels.max() == 255 and pixels.mean() > 100


def test_a_profile_is_judged_by_its_curve_and_not_by_its_name() -> None:
    """Linear values of this picture have a mean of about 60; those of sRGB of about 100."""
    assert np.asarray(open_rgb(FILES / "icc-linear-srgb.png")).mean() > 95


def test_text_on_a_screen_is_better_with_every_step_of_quality() -> None:
    codec = load()
    picture = open_rgb(FILES / "screenshot-text.png")
    wanted = np.asarray(picture).astype(float)
    errors, sizes = [], []
    for quality in (1, 4, 10, 25, 40, 55, 70, 85, 100):
        data = codec.encode(picture, quality=quality)
        errors.append(np.mean((np.asarray(codec.decode(data)) - wanted) ** 2))
        sizes.append(len(data))
    assert errors == sorted(errors, reverse=True) and sizes == sorted(sizes)
    assert errors[-1] < 5 < 1_000 < errors[0]
