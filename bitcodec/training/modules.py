"""Which LightningModule trains which kind of model, and what ``model.json`` says of either."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from bitcodec.errors import BitcodecError
from bitcodec.layout import StepRange
from bitcodec.model_facts import ModelFacts
from bitcodec.training.module import BitCodecModule
from bitcodec.training.stepped_module import SteppedModule

CodecModule = BitCodecModule | SteppedModule

DEFAULT_QUALITY = 50
"""The quality of the step that training shows."""


def module_class(kind: str) -> type[BitCodecModule] | type[SteppedModule]:
    """The module for ``model.kind``; one that does not exist is left to the first to refuse."""
    return SteppedModule if kind == "stepped" else BitCodecModule


def load_module(checkpoint: Path) -> CodecModule:
    """The trained module in a checkpoint, on the CPU.

    Raises:
        BitcodecError: naming the file, if it is no checkpoint of this project.
    """
    try:
        found = torch.load(checkpoint, map_location="cpu", weights_only=True)
        kind = found["hyper_parameters"]["model"]["kind"]
        module = module_class(kind)(**found["hyper_parameters"])
        module.load_state_dict(found["state_dict"])
        return module
    except BitcodecError:
        raise
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BitcodecError(f"not a checkpoint of bitcodec ({reason})", checkpoint) from None


def model_facts(
    module: CodecModule, name: str, quality: int, coder: str, training: dict[str, Any]
) -> ModelFacts:
    """What ``model.json`` says of a module that is to be exported.

    Args:
        module: the trained module.
        name: as in the file header.
        quality: the place among others of a model without steps; not used with steps.
        coder: the one to use unless another is asked for; empty for the smallest.
        training: facts for people.
    """
    network = module.hparams["model"]
    if isinstance(module, BitCodecModule):
        return ModelFacts(
            name=name,
            channels=network["channels"],
            stride=network["stride"],
            coder=coder,
            quality=quality,
            training=training,
        )
    steps: StepRange = module.steps
    return ModelFacts(
        name=name,
        channels=steps.layout(steps.finest).channels,
        stride=network["stride"],
        coder=coder,
        steps=steps,
        qualities=(
            (1, steps.coarsest),
            (DEFAULT_QUALITY, module.shown.index),
            (100, steps.finest),
        ),
        default_quality=DEFAULT_QUALITY,
        training=training,
    )
