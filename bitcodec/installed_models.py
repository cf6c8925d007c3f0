"""Which models are installed, and the one that a name, a quality or a file asks for."""

from __future__ import annotations

import os
from pathlib import Path

from bitcodec.container import Header
from bitcodec.errors import NoSuchModelError, UnknownModelError, UsageError
from bitcodec.model_folder import FACTS, ModelFolder, check

SEARCH_PATH = "BITCODEC_MODELS"
"""Environment variable: folders of model folders, searched before the shipped ones."""

DEFAULT = "photo"
"""Name of the model that is taken unless another is asked for."""

_SHIPPED = Path(__file__).parent / "models"


def available() -> list[ModelFolder]:
    """All models that can be named without a path, by quality, then name.

    A folder that is no usable model does not hide the others; asked for by its path, it is named.
    """
    places = [Path(p) for p in os.environ.get(SEARCH_PATH, "").split(os.pathsep) if p]
    found: dict[str, ModelFolder] = {}
    for place in [*places, _SHIPPED]:
        for facts in sorted(place.glob(f"*/{FACTS}")):
            try:
                folder = ModelFolder(facts.parent)
            except UnknownModelError:
                continue
            found.setdefault(folder.facts.name, folder)
    return sorted(found.values(), key=lambda f: (f.facts.quality, f.facts.name))


def find(name: str | Path | None = None, quality: int | None = None) -> ModelFolder:
    """The model of this name or folder; the default one if nothing is said.

    Where no model with steps is installed, a quality selects one of those without, and the default
    is the middle one of them.

    Raises:
        UsageError: if both a name and a quality are given, and the model has one quality only.
        NoSuchModelError: if there is none of this name or quality; the sentence lists all.
        UnknownModelError: if the folder is not a model's, or no models are installed.
    """
    if isinstance(name, Path) or (name and ("/" in name or os.sep in name)):
        return _with_quality(ModelFolder(name), quality)
    models = available()
    if not models:
        if name:
            raise NoSuchModelError(f"no model is called {name!r}, no models are installed")
        raise UnknownModelError(
            f"no models are installed: name a model folder, or set {SEARCH_PATH} to where they are"
        )
    if name is None:
        return _default(models, quality)
    for model in models:
        if model.facts.name == name:
            return _with_quality(model, quality)
    if (Path(name) / FACTS).exists():
        return _with_quality(ModelFolder(name), quality)
    raise NoSuchModelError(f"no model is called {name!r}: there are {_listed(models)}")


def _default(models: list[ModelFolder], quality: int | None) -> ModelFolder:
    with_steps = [model for model in models if model.facts.steps is not None]
    if with_steps:
        return min(with_steps, key=lambda model: model.facts.name != DEFAULT)
    if quality is None:
        return models[(len(models) - 1) // 2]
    for model in models:
        if model.facts.quality == quality:
            return model
    raise NoSuchModelError(f"no model has quality {quality}: there are {_listed(models)}")


def _with_quality(model: ModelFolder, quality: int | None) -> ModelFolder:
    if quality is not None and model.facts.steps is None:
        raise UsageError(
            f"a quality and model {model.facts.name}, which has one quality, exclude each other: "
            "give one of them"
        )
    return model


def _listed(models: list[ModelFolder]) -> str:
    return ", ".join(
        m.facts.name if m.facts.steps else f"{m.facts.name} (-q {m.facts.quality})" for m in models
    )


def find_for(header: Header) -> ModelFolder:
    """The model that wrote a file.

    Raises:
        UnknownModelError: if it is not here, or only one of the same name.
    """
    for model in available():
        if model.facts.name == header.model:
            check(model, header)
            return model
    known = ", ".join(m.facts.name for m in available()) or "none"
    raise UnknownModelError(
        f"the file was made with model {header.model!r}, which is not installed (installed: "
        f"{known}): update bitcodec, or name the model's folder with --model"
    )
