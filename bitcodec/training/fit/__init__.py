"""Fitting the coders' integer tables to the bitmaps of training images (needs torch)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from bitcodec.bitmap import Bitmap
from bitcodec.coders.base import Coder
from bitcodec.coders.huffman import HuffmanCoder
from bitcodec.layout import Layout
from bitcodec.training.fit.context import fit_context

Sample = tuple[Bitmap, Layout]
"""A bitmap and what its channels are."""


def _fit_huffman(samples: Iterable[Sample], found: object = None) -> HuffmanCoder:
    return HuffmanCoder.fit(bitmap for bitmap, _ in samples)


FITS: Mapping[str, Callable[..., Coder]] = {"huffman": _fit_huffman, "context": fit_context}
"""What fits the tables of each coder, by its name: to samples, and to what the encoder found for
the means of each (:func:`bitcodec.training.fit.context.fit_context`), if that is given and used."""
