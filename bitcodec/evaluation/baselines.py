"""The codecs that people use, behind one interface, each at the settings that score best.

Every codec encodes into memory; the bytes counted are exactly those that a file would hold, header
and all. One thread throughout, so that processor times compare.
"""

from __future__ import annotations

import importlib
import io
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from PIL import AvifImagePlugin, Image

from bitcodec.errors import UsageError

Setting = int | float | str


class ImageCodec(ABC):
    """Anything that turns an RGB image into bytes at a given setting, and the bytes back.

    Attributes:
        name: unique; what the ``codec`` column of the results says.
        family: the name under which users ask for it; several variants may share one.
        settings: what a sweep visits, the smallest file first.
    """

    name: str
    family: str
    settings: tuple[Setting, ...]

    @abstractmethod
    def encode(self, image: Image.Image, setting: Setting) -> bytes:
        """The complete file for an RGB image."""

    @abstractmethod
    def decode(self, data: bytes, setting: Setting) -> Image.Image:
        """The RGB image in a complete file that was encoded at this setting."""

    @property
    @abstractmethod
    def all_settings(self) -> tuple[Setting, ...]:
        """Every setting to choose an operating point from, the smallest file first."""

    def missing(self) -> str | None:
        """Why the codec cannot run here and what to do about it; None when it can."""
        return None


@dataclass(frozen=True)
class PillowCodec(ImageCodec):
    """A codec inside Pillow or one of its plugins, steered by a quality from 0 to 100.

    Attributes:
        pillow_format: Pillow's name of the format.
        options: keyword arguments of ``Image.save`` that hold at every quality.
        plugin: the module that registers the format, if it is not Pillow's own.
        install: the pip command that makes the format available.
    """

    name: str
    family: str
    pillow_format: str
    settings: tuple[Setting, ...]
    options: dict[str, Any] = field(default_factory=dict)
    plugin: str | None = None
    install: str = "pip install --upgrade pillow"

    @property
    def all_settings(self) -> tuple[Setting, ...]:
        return tuple(range(int(min(self.settings)), 101))

    def missing(self) -> str | None:
        try:
            self._register()
        except ImportError:
            return f"{self.install} adds it"
        if self.pillow_format not in Image.SAVE or self.pillow_format not in Image.OPEN:
            return f"this Pillow was built without it; {self.install} brings one that has it"
        return None

    def encode(self, image: Image.Image, setting: Setting) -> bytes:
        self._register()
        buffer = io.BytesIO()
        image.save(buffer, self.pillow_format, **self.options, **self.rate_options(setting))
        return buffer.getvalue()

    def decode(self, data: bytes, setting: Setting) -> Image.Image:
        self._register()
        with Image.open(io.BytesIO(data), formats=[self.pillow_format]) as image:
            return image.convert("RGB")

    def rate_options(self, setting: Setting) -> dict[str, Any]:
        """The keyword arguments of ``Image.save`` that choose the rate."""
        return {"quality": setting}

    def _register(self) -> None:
        # At every use: the codec may have arrived in a process that has not yet loaded a plugin.
        Image.init()
        if self.plugin is not None:
            importlib.import_module(self.plugin)


class Jpeg2000(PillowCodec):
    """JPEG 2000, whose setting is the target rate in bits per pixel instead of a quality."""

    @property
    def all_settings(self) -> tuple[Setting, ...]:
        return tuple(round(0.05 * 1.02**step, 4) for step in range(240))

    def rate_options(self, setting: Setting) -> dict[str, Any]:
        return {"quality_mode": "rates", "quality_layers": [24 / float(setting)]}


class Avif(PillowCodec):
    """AVIF; Pillow decodes it with as many threads as there are cores unless told otherwise."""

    def decode(self, data: bytes, setting: Setting) -> Image.Image:
        AvifImagePlugin.DEFAULT_MAX_THREADS = 1
        return super().decode(data, setting)


class JpegXl(PillowCodec):
    """JPEG XL; the plugin's decoder takes its number of threads from a module variable."""

    def decode(self, data: bytes, setting: Setting) -> Image.Image:
        plugin = importlib.import_module("pillow_jxl.JpegXLImagePlugin")
        plugin.DECODE_THREADS = 0  # type: ignore[attr-defined]
        return super().decode(data, setting)


# Chosen on the validation photographs by PSNR and MS-SSIM at equal rate.
_JPEG_QUALITIES = (5, 10, 15, 20, 30, 40, 50, 60, 70, 80, 90, 95)
_QUALITIES = (1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95)


def _avif(name: str, **options: Any) -> Avif:
    fixed = {"subsampling": "4:4:4", "speed": 6, "max_threads": 1}
    return Avif(name, "avif", "AVIF", (10, 20, 35, 50, 60, 70, 80, 90), {**fixed, **options})


def _jpeg(name: str, subsampling: str, **options: bool) -> PillowCodec:
    return PillowCodec(
        name, "jpeg", "JPEG", _JPEG_QUALITIES, {"subsampling": subsampling, **options}
    )


#: A family with several variants stands for their upper envelope, the best that it does at each
#: rate (see :func:`bitcodec.evaluation.curves.best_of`). JPEG: ``optimize`` computes Huffman tables
#: for the image, ``progressive`` also reorders the coefficients; neither changes a pixel;
#: ``jpeg-420`` is what Pillow writes when asked for nothing but a quality. AVIF: the encoder's
#: default tuning is the better one for MS-SSIM, tuning for PSNR the better one for PSNR; speed 6 is
#: Pillow's default (speed 4 takes five times as long for files about 5 % smaller).
BASELINES: tuple[ImageCodec, ...] = (
    _jpeg("jpeg-420", "4:2:0"),
    _jpeg("jpeg-420-optimize", "4:2:0", optimize=True),
    _jpeg("jpeg-420-progressive", "4:2:0", optimize=True, progressive=True),
    _jpeg("jpeg-444", "4:4:4"),
    _jpeg("jpeg-444-optimize", "4:4:4", optimize=True),
    _jpeg("jpeg-444-progressive", "4:4:4", optimize=True, progressive=True),
    Jpeg2000(
        "jpeg2000",
        "jpeg2000",
        "JPEG2000",
        (0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0),
        {"irreversible": True, "mct": 1},
    ),
    PillowCodec("webp", "webp", "WEBP", _QUALITIES, {"method": 6}),
    _avif("avif-default"),
    _avif("avif-psnr", codec="aom", advanced={"tune": "psnr"}),
    JpegXl(
        "jxl",
        "jxl",
        "JXL",
        _QUALITIES,
        {"effort": 7, "num_threads": 0},
        plugin="pillow_jxl",
        install="pip install pillow-jxl-plugin",
    ),
)

FAMILIES: tuple[str, ...] = tuple(dict.fromkeys(codec.family for codec in BASELINES))


def baselines(families: Sequence[str]) -> tuple[list[ImageCodec], dict[str, str]]:
    """The baselines of the named families that can run here, and for the other families why not.

    Raises:
        UsageError: for a name that is no family.
    """
    for family in families:
        if family not in FAMILIES:
            raise UsageError(f"--codec {family}: no such codec; choose from {', '.join(FAMILIES)}")
    present: list[ImageCodec] = []
    missing: dict[str, str] = {}
    for codec in BASELINES:
        if codec.family in families:
            reason = codec.missing()
            if reason is None:
                present.append(codec)
            else:
                missing[codec.family] = reason
    return present, missing
