"""Made-up pages of text."""

from __future__ import annotations

import numpy as np

from bitcodec.training.lettering import page_of_text


def test_a_page_is_of_two_colours_and_what_lies_between_them() -> None:
    rng = np.random.default_rng(3)
    for _ in range(6):
        page = page_of_text(160, rng).astype(int)
        assert page.shape == (160, 160, 3)
        colours, counts = np.unique(page.reshape(-1, 3), axis=0, return_counts=True)
        paper = colours[np.argmax(counts)]
        assert counts.max() > page[..., 0].size / 2, "most of a page is paper"
        far = np.abs(colours - paper).sum(axis=1)
        ink = colours[np.argmax(far)]
        # Smoothed edges: every colour is on the line from paper to ink, to rounding.
        share = far / far.max()
        assert np.abs(paper + share[:, None] * (ink - paper) - colours).max() <= 1.0


def test_text_fills_a_page_from_edge_to_edge_and_is_another_each_time() -> None:
    rng = np.random.default_rng(0)
    first, second = (page_of_text(200, rng) for _ in range(2))
    assert (first != second).any()
    inked = (first != first[0, 0]).any(axis=2)
    for stretch in np.array_split(inked.any(axis=0), 6) + np.array_split(inked.any(axis=1), 6):
        assert stretch.any()
    again = page_of_text(200, np.random.default_rng(0))
    assert (first == again).all()
