"""Reading the checkpoints of earlier runs: to go on with one, or to start from its weights."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bitcodec.errors import BitcodecError, UsageError
from bitcodec.training.modules import CodecModule
from bitcodec.training.resume_facts import check_facts


def checked_step(path: str, module: CodecModule, facts: Mapping[str, Any] | None = None) -> int:
    """The step of a checkpoint, once it is known to be whole and to fit the run.

    Args:
        path: the checkpoint.
        module: that is to go on from it.
        facts: of the run, as :func:`bitcodec.training.resume_facts.resume_facts` has them; left
            out if they may differ.

    Raises:
        BitcodecError: as from :func:`checked`, or if the facts are others.
    """
    checkpoint = checked(path, module)
    check_facts(checkpoint, facts or {}, path)
    return int(checkpoint["global_step"])


def checked(path: str, module: CodecModule) -> dict[str, Any]:
    """A checkpoint, once it is known to be whole and of a module like this one.

    Raises:
        BitcodecError: naming the file, if it is missing, damaged, or of another kind of run.
    """
    checkpoint = _load(path, "ckpt_path")
    theirs, state = checkpoint["hyper_parameters"], checkpoint["state_dict"]
    for name in ("model", "binarizer", "penalty", "noise", "optimizer", "seed"):
        if theirs[name] != module.hparams[name]:
            raise UsageError(
                f"was trained with {name}={_short(theirs[name])}, and this run asks for "
                f"{_short(module.hparams[name])}: repeat the overrides of the first run",
                path,
            )
    if state.keys() != module.state_dict().keys():
        raise BitcodecError("its weights are not those of this model; check ckpt_path", path)
    return checkpoint


def start_from(path: str, module: CodecModule) -> None:
    """Take over the weights of another run, as a new run's first ones.

    Parts of the module that the other run did not have are fine if they are zero as yet, or feed
    what is, and so change nothing: then the new run starts where the other one ended.

    Raises:
        BitcodecError: naming the file, if it is missing or damaged, or its weights do not fit.
    """
    state = _load(path, "init_from")["state_dict"]
    ours = module.state_dict()
    new = {name: value for name, value in ours.items() if name not in state}
    wanted = {name: value.shape for name, value in ours.items() if name in state}
    given = {name: value.shape for name, value in state.items()}
    if wanted != given or any(value.any() and not _feeds(name, new) for name, value in new.items()):
        raise BitcodecError("its weights are not those of this model; check init_from", path)
    module.load_state_dict(new | state)


def _feeds(name: str, new: Mapping[str, Tensor]) -> bool:
    """Whether a weight is of a whole residual block that is new, and the identity as yet: its first
    layer is not zero, but nothing of that passes the second.
    """
    block, _, layer = name.rpartition(".")[0].rpartition(".")
    second = [f"{block}.second.{part}" for part in ("weight", "bias")]
    return layer == "first" and all(part in new and not new[part].any() for part in second)


def _load(path: str, key: str) -> dict[str, Any]:
    file = Path(path)
    if not file.is_file():
        raise BitcodecError(f"no such checkpoint; check {key}", file)
    try:
        checkpoint: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
        for part in ("hyper_parameters", "state_dict", "global_step"):
            checkpoint[part]
    except (OSError, EOFError, RuntimeError, KeyError, ValueError, pickle.UnpicklingError) as error:
        raise BitcodecError(
            "not a readable checkpoint of this project; name a last.ckpt or best.ckpt", file
        ) from error
    return checkpoint


def _short(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    return "{" + ", ".join(f"{k}: {v}" for k, v in value.items()) + "}"
