"""False edges against figures that can be worked out by hand, and a slow twin."""

from __future__ import annotations

import numpy as np
import pytest

from bitcodec.evaluation.false_edges import FalseEdges, false_edges, pooled


def grey(rows: np.ndarray) -> np.ndarray:
    return np.repeat(rows[..., None], 3, axis=2).astype(np.uint8)


def slow(original: np.ndarray, decoded: np.ndarray) -> tuple[int, int]:
    """The definition, place by place."""
    a, b = (x @ (0.299, 0.587, 0.114) for x in (original, decoded))
    height, width = a.shape
    steps = np.zeros_like(a)
    for y in range(height):
        for x in range(width):
            right, below = min(x + 1, width - 1), min(y + 1, height - 1)
            steps[y, x] = (abs(a[y, right] - a[y, x]) + abs(a[below, x] - a[y, x])) / 2
    padded = np.pad(steps, 8, mode="edge")
    edges = places = 0
    for y in range(height):
        for x in range(width):
            if padded[y : y + 17, x : x + 17].mean() >= 2:
                continue
            for dy, dx in ((0, 1), (1, 0)):
                at, length = (x, width) if dx else (y, height)
                if not 3 <= at < length - 3:
                    continue
                places += 1

                def step(
                    p: np.ndarray, y: int = y, x: int = x, dy: int = dy, dx: int = dx
                ) -> float:
                    after = [p[y + dy * n, x + dx * n] for n in (1, 2, 3)]
                    before = [p[y - dy * n, x - dx * n] for n in (1, 2, 3)]
                    return abs(sum(after) - sum(before)) / 3

                edges += step(b) > 3 and step(b) > 2 * step(a) + 1
    return edges, places


def test_the_fast_count_is_the_definition() -> None:
    rng = np.random.default_rng(3)
    smooth = 120 + 40 * np.sin(np.arange(40)[:, None] / 23) + 30 * np.cos(np.arange(34) / 17)
    smooth[:, 28:] += rng.normal(0, 30, (40, 6))
    original = grey(smooth.clip(0, 255))
    decoded = (original // 12 * 12 + rng.integers(0, 4, original.shape)).astype(np.uint8)
    found = false_edges(original, decoded)
    assert found == slow(original, decoded) and 0 < found.edges < found.places


def test_one_step_in_a_flat_picture_is_seen_by_four_columns() -> None:
    flat = grey(np.full((20, 30), 100))
    stepped = flat.copy()
    stepped[:, 15:] += 9
    # d = 3, 6, 9, 9, 6, 3 around the border: more than 3 levels in four columns of 20 places.
    assert false_edges(flat, stepped) == FalseEdges(80, 20 * 24 + 30 * 14)
    assert false_edges(stepped, stepped).edges == 0


def test_textures_have_no_smooth_places_and_thin_pictures_no_room() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    assert false_edges(noise, noise // 2) == (0, 0)
    thin = grey(np.full((3, 40), 90))
    assert false_edges(thin, thin).places == 3 * 34
    assert FalseEdges(0, 0).per_thousand == 0


def test_pictures_are_pooled_and_shapes_must_agree() -> None:
    assert pooled([FalseEdges(1, 10), FalseEdges(3, 90)]).per_thousand == 40
    with pytest.raises(ValueError, match="shapes differ"):
        false_edges(grey(np.zeros((9, 9))), grey(np.zeros((9, 8))))
