"""How long encoding and decoding take, beside Pillow's own codecs at files of the same size."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import AvifImagePlugin, Image, features

from bitcodec.codec import Codec
from bitcodec.images import to_rgb
from bitcodec.layout import Layout
from bitcodec.loading import load
from bitcodec.model_folder import ModelFolder
from bitcodec.pixels import psnr

Result = TypeVar("Result")


@dataclass(frozen=True)
class Timing:
    """One codec on a set of pictures: means of each picture's best time, in milliseconds.

    The parts are None for codecs that have none: the network, and the coder with all that is left.
    The process is everything from starting the program to its end, files included.
    """

    codec: str
    threads: str
    bytes: float
    psnr: float
    encode_network: float | None
    encode_coder: float | None
    encode_total: float
    encode_process: float
    decode_network: float | None
    decode_coder: float | None
    decode_total: float
    decode_process: float


@dataclass(frozen=True)
class _Rival:
    """A codec of Pillow's and how it is asked for a quality."""

    name: str
    format: str
    feature: str
    qualities: Sequence[float]
    options: Callable[[float], dict[str, Any]]


def _by_quality(quality: float) -> dict[str, Any]:
    return {"quality": int(quality)}


RIVALS = (
    _Rival("JPEG", "JPEG", "jpg", range(1, 96), _by_quality),
    _Rival("WebP", "WEBP", "webp", range(101), _by_quality),
    _Rival("AVIF", "AVIF", "avif", range(101), _by_quality),
    _Rival(
        "JPEG 2000",
        "JPEG2000",
        "jpg_2000",
        [24 / 1.05**step for step in range(140, -1, -1)],
        lambda rate: {
            "irreversible": True,
            "quality_mode": "rates",
            "quality_layers": [24 / rate],
        },
    ),
)


def available_rivals() -> list[_Rival]:
    """Those that this build of Pillow can write and read."""
    return [rival for rival in RIVALS if features.check(rival.feature)]


def time_bitcodec(
    folder: ModelFolder,
    quality: int | None,
    pictures: Sequence[Path],
    one_thread: bool,
    repeat: int,
) -> Timing:
    """Time a model at a quality; ``one_thread`` also keeps the process on one core."""
    codec = load(folder.path, threads=1 if one_thread else None)
    command = [sys.executable, "-m", "bitcodec"]
    model = ["--model", str(folder.path), "--overwrite", "--quiet"]
    chosen = ["-q", str(quality)] if quality and folder.facts.steps else []
    layout = codec.layout(quality if folder.facts.steps else None)
    rows = []
    with cores(one_thread), tempfile.TemporaryDirectory() as place:
        source, file = f"{place}/picture.png", f"{place}/picture.bitc"
        for picture in pictures:
            rgb = to_rgb(picture)
            rgb.save(source)
            coded, encoding = best(repeat, codec.coded, rgb, layout)
            decoded, decoding = best(repeat, codec.decode, coded.data)
            _, analysis = best(repeat, _analyse, codec, rgb, layout)
            levels = coded.levels, rgb.size, layout
            _, synthesis = best(repeat, codec.transforms.synthesise, *levels)
            _, encode_process = best(repeat, _run, [*command, "encode", source, *model, *chosen])
            _, decode_process = best(repeat, _run, [*command, "decode", file, *model])
            figures = (len(coded.data), psnr(np.asarray(rgb), np.asarray(decoded)))
            encode = (analysis, encoding - analysis, encoding, encode_process)
            decode = (synthesis, decoding - synthesis, decoding, decode_process)
            rows.append((*figures, *encode, *decode))
    name = f"bitcodec {folder.facts.name}"
    return Timing(name, "1" if one_thread else "all", *np.mean(rows, axis=0).tolist())


def _analyse(codec: Codec, rgb: Image.Image, layout: Layout) -> None:
    for _ in codec.transforms.analyse(rgb, layout):
        pass


def time_rival(
    rival: _Rival,
    pictures: Sequence[Path],
    sizes: Sequence[int],
    one_thread: bool,
    repeat: int,
) -> Timing:
    """Time a codec of Pillow's, each picture at the quality whose file is nearest in size."""
    rows = []
    with cores(one_thread), tempfile.TemporaryDirectory() as place:
        source, file = f"{place}/picture.png", f"{place}/picture"
        for picture, size in zip(pictures, sizes, strict=True):
            rgb = to_rgb(picture)
            rgb.save(source)
            options = _nearest(rival, rgb, size)
            if rival.format == "AVIF" and one_thread:
                options |= {"max_threads": 1}
            data, encode = best(repeat, _save, rgb, rival.format, options)
            decoded, decode = best(repeat, _open, data, one_thread)
            there = f"Image.open({source!r}).save({file!r}, {rival.format!r}, **{options!r})"
            back = f"Image.open({file!r}).save({source!r})"
            _, encode_process = best(repeat, _python, there)
            _, decode_process = best(repeat, _python, back)
            figures = (len(data), psnr(np.asarray(rgb), np.asarray(decoded)))
            rows.append((*figures, encode, encode_process, decode, decode_process))
    means = np.mean(rows, axis=0).tolist()
    return Timing(
        rival.name,
        "1" if one_thread else "all",
        bytes=means[0],
        psnr=means[1],
        encode_network=None,
        encode_coder=None,
        encode_total=means[2],
        encode_process=means[3],
        decode_network=None,
        decode_coder=None,
        decode_total=means[4],
        decode_process=means[5],
    )


def best(repeat: int, work: Callable[..., Result], *arguments: Any) -> tuple[Result, float]:
    """The result, and the shortest of ``repeat`` times in milliseconds.

    The first of several also warms up caches and sessions, so it is seldom the shortest.
    """
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        result = work(*arguments)
        times.append(1000 * (time.perf_counter() - start))
    return result, min(times)


@contextlib.contextmanager
def cores(only_one: bool) -> Iterator[None]:
    """Keep all threads of this process, and its children, on one core, where the system can."""
    if not only_one or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    _keep_on({min(before)})
    try:
        yield
    finally:
        _keep_on(before)


def _keep_on(allowed: set[int]) -> None:
    # A mask is one thread's own: pools that libraries have started already would go on elsewhere.
    tasks = Path("/proc/self/task")
    for thread in [int(task.name) for task in tasks.iterdir()] if tasks.is_dir() else [0]:
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(thread, allowed)


def _nearest(rival: _Rival, rgb: Image.Image, size: int) -> dict[str, Any]:
    """Options for a file nearest to ``size`` bytes, by bisection: files grow with quality."""
    low, high = 0, len(rival.qualities) - 1
    tried: dict[int, int] = {}

    def bytes_at(index: int) -> int:
        if index not in tried:
            options = rival.options(rival.qualities[index])
            tried[index] = len(_save(rgb, rival.format, options))
        return tried[index]

    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if bytes_at(middle) >= size else (middle + 1, high)
    bytes_at(low)
    nearest = min(tried, key=lambda index: abs(tried[index] - size))
    return rival.options(rival.qualities[nearest])


def _save(rgb: Image.Image, format: str, options: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    rgb.save(buffer, format, **options)
    return buffer.getvalue()


def _open(data: bytes, one_thread: bool) -> Image.Image:
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1 if one_thread else 0
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True)


def _python(expression: str) -> None:
    _run([sys.executable, "-c", f"from PIL import Image; {expression}"])
