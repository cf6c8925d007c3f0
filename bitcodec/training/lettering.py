"""Made-up pages of text, for the coder's tables: photographs hold hardly any.

Letters by chance, in the fonts that come with matplotlib; other fonts are left for judging.
"""

from __future__ import annotations

import string
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

FONTS = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSans-Oblique",
    "DejaVuSansMono",
    "DejaVuSerif",
    "DejaVuSerif-Bold",
)
SIZES = range(9, 25)
"""In pixels."""
LINES = range(1, 6)
"""Of one font and size, before the next."""
COMMON, ALL = string.ascii_lowercase, string.ascii_letters + string.digits


def page_of_text(side: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A page ``side x side x 3``: half of them black on white, the others in any two colours."""
    if rng.random() < 0.5:
        paper, ink = (255, 255, 255), (0, 0, 0)
    else:
        paper, ink = _colour(rng), _colour(rng)
    sheet = Image.new("RGB", (side, side), paper)
    draw = ImageDraw.Draw(sheet)
    top = int(rng.integers(8))
    while top < side:
        size = int(rng.choice(SIZES))
        font = _font(FONTS[int(rng.integers(len(FONTS)))], size)
        for _ in range(int(rng.choice(LINES))):
            draw.text((int(rng.integers(12)), top), _line(side, rng), ink, font)
            top += int(1.4 * size)
        top += int(rng.integers(12))
    return np.asarray(sheet)


def _colour(rng: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = rng.integers(0, 256, 3).tolist()
    return red, green, blue


def _line(side: int, rng: np.random.Generator) -> str:
    """Words enough for the smallest letters: what is too long ends at the page's edge."""
    letters = np.array(list(COMMON if rng.random() < 0.8 else ALL))
    words: list[str] = []
    left = side // 3
    while left > 0:
        words.append("".join(rng.choice(letters, int(rng.integers(1, 10)))))
        left -= len(words[-1]) + 1
    return " ".join(words)


@lru_cache(maxsize=len(FONTS) * len(SIZES))
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    import matplotlib

    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return ImageFont.truetype(str(fonts / f"{name}.ttf"), size)
