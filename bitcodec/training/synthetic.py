"""Made-up crops for training: what photographs hardly hold, but users encode all the same.

Flat colours, ramps, hard-edged shapes in the sizes of letters, and text, each as likely as the
others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bitcodec.training.lettering import page_of_text

STROKES = 60
"""Of a crop with letters, for 128 x 128 pixels."""


def synthetic_crop(side: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A crop ``side x side x 3``."""
    return KINDS[int(rng.integers(len(KINDS)))](side, rng)


def _colour(rng: np.random.Generator) -> NDArray[np.float64]:
    """Any colour; half of them with every channel at an end or in the middle of its range."""
    if rng.random() < 0.5:
        return rng.choice([0.0, 128.0, 255.0], 3)
    return rng.uniform(0, 255, 3)


def _flat(side: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    return np.broadcast_to(np.rint(_colour(rng)), (side, side, 3)).astype(np.uint8)


def _ramp(side: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """From one colour to another, or in grey over the whole range, straight or slightly bent."""
    y, x = np.mgrid[:side, :side] / side - 0.5
    angle = rng.choice([0.0, np.pi / 2, rng.uniform(0, 2 * np.pi)])
    length = rng.choice([1.0, 2.0, 4.0])
    place = (x * np.cos(angle) + y * np.sin(angle)) / length + rng.uniform(0.3, 0.7)
    place = place + rng.normal(0, 0.15) * (x * x - y * y)
    first, last = _colour(rng), _colour(rng)
    if rng.random() < 0.3:
        first, last = np.zeros(3), np.full(3, 255.0)
    ramp = first + (last - first) * np.clip(place, 0, 1)[..., None]
    return np.rint(ramp).astype(np.uint8)


Place = NDArray[np.float64]


def _upright(steps: Place, height: int, width: int, rng: np.random.Generator) -> list[Place]:
    return [steps * height, 0 * steps]


def _lying(steps: Place, height: int, width: int, rng: np.random.Generator) -> list[Place]:
    return [0 * steps + rng.integers(height), steps * width]


def _slanted(steps: Place, height: int, width: int, rng: np.random.Generator) -> list[Place]:
    return [steps * height, steps * width]


def _round(steps: Place, height: int, width: int, rng: np.random.Generator) -> list[Place]:
    turn = 2 * np.pi * steps
    return [height * (0.5 + 0.5 * np.sin(turn)), width * np.cos(turn)]


STROKE_KINDS = (_upright, _lying, _slanted, _round)
"""Each says how far down and along the line a stroke's dots lie, from steps of 0 to 1."""


def _letters(side: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Short strokes, straight and slanted, one or two pixels wide, in lines as text has them."""
    paper, ink = (255.0, 0.0) if rng.random() < 0.5 else (rng.uniform(150, 255), rng.uniform(0, 90))
    papers, inks = np.full(3, paper), np.full(3, ink)
    if rng.random() < 0.3:
        papers, inks = _colour(rng), _colour(rng)
    scale = int(rng.integers(1, 4))
    small = -(-side // scale)
    mask = np.zeros((small, small))
    height = int(rng.integers(5, 12))
    for _ in range(int(STROKES * (small / 128) ** 2 * (12 / height)) + 4):
        line = int(rng.integers(max(1, small // (2 * height)) + 1)) * 2 * height
        left, width = int(rng.integers(small)), int(rng.integers(2, height))
        steps = np.arange(2 * height) / (2 * height - 1)
        down, along = STROKE_KINDS[int(rng.integers(len(STROKE_KINDS)))](steps, height, width, rng)
        at = ((line + down).astype(int) % small, (left + along).astype(int) % small)
        strength = 1.0 if rng.random() < 0.7 else 0.6  # grey: as smoothed edges have it
        mask[at] = np.maximum(mask[at], strength)
    mask = mask.repeat(scale, axis=0).repeat(scale, axis=1)[:side, :side, None]
    return np.rint(papers + (inks - papers) * mask).astype(np.uint8)


KINDS = (_flat, _ramp, _letters, page_of_text)
