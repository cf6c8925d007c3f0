"""One image through one codec at one setting, and many of those on several cores."""

from __future__ import annotations

import math
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from bitcodec.evaluation.baselines import ImageCodec, Setting
from bitcodec.evaluation.blockiness import blockiness
from bitcodec.evaluation.false_edges import false_edges
from bitcodec.evaluation.metrics import MsSsim
from bitcodec.images import open_rgb
from bitcodec.pixels import psnr

# Each worker computes on its own core; libraries that start threads of their own would only
# fight each other for it.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Measurement:
    """A row of the results.

    Attributes:
        codec: the codec's name, variant included.
        setting: quality, target rate or model.
        image: file name without its ending.
        bpp: bytes of the complete file x 8 / pixels.
        psnr: in dB over 8-bit RGB; infinite if nothing was lost.
        ms_ssim: at most 1; NaN for images with a side of 160 pixels or less.
        blockiness: of the decoded image; about 1 means no grid.
        encode_ms: processor time, one thread.
        decode_ms: processor time, one thread.
        false_edges: edges that were added where the original is smooth
            (:mod:`bitcodec.evaluation.false_edges`).
        smooth_places: places at which one could have been added.
    """

    codec: str
    setting: Setting
    image: str
    bpp: float
    psnr: float
    ms_ssim: float
    blockiness: float
    encode_ms: float
    decode_ms: float
    false_edges: float = math.nan
    smooth_places: float = math.nan


class Original:
    """An image to compare with, and what is computed from it once."""

    def __init__(self, name: str, image: Image.Image) -> None:
        self.name = name
        self.image = image
        self.pixels = np.asarray(image)
        self.blockiness = blockiness(self.pixels)
        self._ms_ssim = MsSsim(self.pixels)

    def measure(self, codec: ImageCodec, setting: Setting) -> Measurement:
        """Encode, decode and compare."""
        _warm_up(codec, setting)
        start = time.process_time()
        data = codec.encode(self.image, setting)
        encoded = time.process_time()
        decoded = codec.decode(data, setting)
        end = time.process_time()
        pixels = np.asarray(decoded)
        edges = false_edges(self.pixels, pixels)
        return Measurement(
            codec=codec.name,
            setting=setting,
            image=self.name,
            bpp=self.bpp(data),
            psnr=psnr(self.pixels, pixels),
            ms_ssim=self._ms_ssim(pixels),
            blockiness=blockiness(pixels),
            encode_ms=1000 * (encoded - start),
            decode_ms=1000 * (end - encoded),
            false_edges=edges.edges,
            smooth_places=edges.places,
        )

    def bpp(self, data: bytes) -> float:
        """Bits of a file for each pixel of the image."""
        return len(data) * 8 / math.prod(self.image.size)


@lru_cache(maxsize=1)
def open_original(path: Path) -> Original:
    """The image in a file; the last one is kept, since a worker mostly asks for it again.

    Raises:
        BitcodecError: if the file is not a picture.
    """
    return Original(path.stem, open_rgb(path))


@dataclass(frozen=True)
class Sweep:
    """The work of measuring one image with one codec at all settings of its sweep."""

    path: Path
    codec: ImageCodec

    def __len__(self) -> int:
        return len(self.codec.settings)

    def __call__(self) -> list[Measurement]:
        original = open_original(self.path)
        return [original.measure(self.codec, setting) for setting in self.codec.settings]


def run(
    tasks: Sequence[Callable[[], list[Measurement]]],
    jobs: int,
    finished: Callable[[int], None] = lambda index: None,
) -> list[Measurement]:
    """Do all tasks, ``jobs`` at a time, and return their rows in the order of the tasks.

    Args:
        tasks: functions that other processes can unpickle.
        jobs: processes; with 1, everything happens in this one.
        finished: told the index of each task that is done.
    """
    results: list[list[Measurement]] = [[] for _ in tasks]
    if jobs == 1:
        for index, task in enumerate(tasks):
            results[index] = task()
            finished(index)
        return [row for rows in results for row in rows]
    # Forking a process that has threads (a progress bar, a network session) can deadlock.
    context = multiprocessing.get_context("spawn")
    with _environment(_ONE_THREAD), ProcessPoolExecutor(jobs, mp_context=context) as pool:
        futures = {pool.submit(task): index for index, task in enumerate(tasks)}
        try:
            for future in as_completed(futures):
                results[futures[future]] = future.result()
                finished(futures[future])
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    return [row for rows in results for row in rows]


@contextmanager
def _environment(changes: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


_warm: set[tuple[str, Setting]] = set()


def _warm_up(codec: ImageCodec, setting: Setting) -> None:
    """Loading a library or a network is no part of the time that an image takes."""
    if (codec.name, setting) not in _warm:
        _warm.add((codec.name, setting))
        codec.decode(codec.encode(Image.new("RGB", (64, 64)), setting), setting)
