"""One more encoder for a model: trained for another measure, with the decoder kept as it is."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from bitcodec import model_folder
from bitcodec.errors import UsageError
from bitcodec.model_folder import ModelFolder, refuse_existing
from bitcodec.training.export import appear, encoder_graph, rounded, seal, write_networks
from bitcodec.training.receptive_field import encoder_radius


def add_encoder(
    model: ModelFolder,
    encoder: nn.Module,
    decoder: nn.Module,
    tune: str,
    out: str | Path,
    record: Mapping[str, Any],
) -> ModelFolder:
    """Write a model folder that has all of ``model`` and this encoder beside it.

    What the model wrote, the new folder decodes, and the other way round: bits mean what they did.

    Args:
        model: the folder that the encoder is for.
        encoder: as of :func:`bitcodec.training.export.export_model`.
        decoder: what it was trained with; its weights are those of ``model``.
        tune: the measure that it does best in, such as ``ms-ssim``.
        out: the new folder; it must not exist, and appears only when it is complete.
        record: free facts for people on how the encoder was trained.

    Raises:
        UsageError: if ``out`` exists, the name will not do or is taken, or the encoder belongs to
            another decoder.
        UnknownModelError: if ``model`` is damaged.
    """
    out = Path(out)
    refuse_existing(out)
    model.verify()
    if not re.fullmatch(model_folder.TUNE, tune):
        raise UsageError(f"{tune!r} cannot name an encoder: up to 31 of a-z 0-9 -")
    if tune in model.tunes:
        raise UsageError(f"there is an encoder for {tune} already", model.path)
    encoder = rounded(encoder)
    _check_fits(model, encoder, rounded(decoder))
    graph_file, weights_file = model_folder.tuned_files(tune)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as temporary:
        folder = Path(temporary) / "model"
        shutil.copytree(model.path, folder)
        graph = encoder_graph(encoder, model.facts, graph_file)
        write_networks({"encoder": encoder}, [graph], folder, weights_file)
        others = model.facts.training.get("tuned", {})
        training = model.facts.training | {"tuned": {**others, tune: dict(record)}}
        seal(folder, replace(model.facts, training=training))
        appear(folder, out)
    return ModelFolder(out)


def _check_fits(model: ModelFolder, encoder: nn.Module, decoder: nn.Module) -> None:
    from safetensors.torch import load_file

    weights = load_file(model.path / model_folder.WEIGHTS)
    kept = {name: tensor.half() for name, tensor in decoder.state_dict().items()}
    theirs = {name for name in weights if name.startswith("decoder.")}
    same = theirs == {f"decoder.{name}" for name in kept}
    if not same or not all(torch.equal(weights[f"decoder.{n}"], t) for n, t in kept.items()):
        raise UsageError(
            "the encoder was trained with another decoder than this model's: train it with "
            "init_from=CHECKPOINT of the model and frozen=[decoder,penalty]",
            model.path,
        )
    if encoder_radius(encoder, model.facts.stride) > model.facts.encoder_margin:
        raise UsageError("the encoder looks further around than this model's", model.path)
