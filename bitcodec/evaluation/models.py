"""bitcodec's own models among the codecs: one with steps by its qualities, others as one each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from bitcodec import installed_models
from bitcodec.codec import Codec
from bitcodec.evaluation.baselines import ImageCodec, Setting
from bitcodec.loading import load
from bitcodec.model_folder import ModelFolder

SWEPT = (1, *range(5, 101, 5))
"""Qualities of a sweep."""


@dataclass(frozen=True)
class BitcodecModel(ImageCodec):
    """The ``.bitc`` files of a model with steps; a quality is the setting.

    Attributes:
        folder: of the model.
        tune: what encoding is to do best in, of the folder's ``tunes``.
    """

    folder: Path
    name: str = "bitcodec"
    family: str = "bitcodec"
    settings: tuple[Setting, ...] = SWEPT
    tune: str | None = None

    @property
    def all_settings(self) -> tuple[Setting, ...]:
        return tuple(range(1, 101))

    def encode(self, image: Image.Image, setting: Setting) -> bytes:
        return load(self.folder, threads=1, tune=self.tune).encode(image, quality=int(setting))

    def decode(self, data: bytes, setting: Setting) -> Image.Image:
        return load(self.folder, threads=1).decode(data)


@dataclass(frozen=True)
class BitcodecModels(ImageCodec):
    """The ``.bitc`` files of models of one quality each; a model's name is the setting.

    Attributes:
        settings: names of models, by quality.
        folders: where each of them lies.
    """

    settings: tuple[Setting, ...]
    folders: dict[Setting, Path]
    name: str = "bitcodec-models"
    family: str = "bitcodec-models"

    @property
    def all_settings(self) -> tuple[Setting, ...]:
        return self.settings

    def encode(self, image: Image.Image, setting: Setting) -> bytes:
        return self._load(setting).encode(image)

    def decode(self, data: bytes, setting: Setting) -> Image.Image:
        return self._load(setting).decode(data)

    def _load(self, setting: Setting) -> Codec:
        return load(self.folders[setting], threads=1)


def models(names: Sequence[str] | None) -> list[ImageCodec]:
    """The named models, or all installed ones for None; none when there are none to run. Each of a
    model's encoders is a codec, and all of them are one family.

    Raises:
        UnknownModelError: for a name that is no model.
    """
    if names is None:
        found = installed_models.available()
    else:
        found = [installed_models.find(name) for name in names]
    stepped = [folder for folder in found if folder.facts.steps is not None]
    plain = [folder for folder in found if folder.facts.steps is None]
    result: list[ImageCodec] = []
    for folder in stepped:
        name = "bitcodec" if len(stepped) == 1 else f"bitcodec-{folder.facts.name}"
        for tune in folder.tunes:
            variant = name if len(folder.tunes) == 1 else f"{name}-{tune}"
            result.append(BitcodecModel(_place(folder), name=variant, tune=tune))
    if plain:
        plain.sort(key=lambda folder: (folder.facts.quality, folder.facts.name))
        folders: dict[Setting, Path] = {folder.facts.name: _place(folder) for folder in plain}
        names_of = {} if stepped else {"name": "bitcodec", "family": "bitcodec"}
        result.append(BitcodecModels(tuple(folders), folders, **names_of))
    return result


def default_setting(own: ImageCodec) -> Setting:
    """The setting that a model has unless another is asked for."""
    if isinstance(own, BitcodecModel):
        return ModelFolder(own.folder).facts.default_quality or SWEPT[0]
    return own.settings[0]


def _place(folder: ModelFolder) -> Path:
    return Path(folder.path).resolve()
