"""bitcodec's own models as one more codec, whose settings are the models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from bitcodec import codec, model_folder
from bitcodec.evaluation.baselines import ImageCodec, Setting


@dataclass(frozen=True)
class BitcodecModels(ImageCodec):
    """The ``.bitc`` files of several models; a model's name is the setting.

    Attributes:
        settings: names of models, by quality.
        folders: where each of them lies.
    """

    settings: tuple[Setting, ...]
    folders: dict[Setting, Path]
    name: str = "bitcodec"
    family: str = "bitcodec"

    @property
    def all_settings(self) -> tuple[Setting, ...]:
        return self.settings

    def encode(self, image: Image.Image, setting: Setting) -> bytes:
        return self._load(setting).encode(image)

    def decode(self, data: bytes, setting: Setting) -> Image.Image:
        return self._load(setting).decode(data)

    def _load(self, setting: Setting) -> codec.Codec:
        return codec.load(self.folders[setting], threads=1)


def models(names: Sequence[str] | None) -> BitcodecModels | None:
    """The named models, or all installed ones for None; None when there are none to run.

    Raises:
        UnknownModelError: for a name that is no model.
    """
    if names is None:
        found = model_folder.available()
    else:
        found = [model_folder.find(name) for name in names]
    found = sorted(found, key=lambda folder: (folder.facts.quality, folder.facts.name))
    folders: dict[Setting, Path] = {
        folder.facts.name: Path(folder.path).resolve() for folder in found
    }
    return BitcodecModels(tuple(folders), folders) if folders else None
