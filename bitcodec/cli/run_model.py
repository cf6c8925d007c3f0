"""A training run where a command takes a model: exported for the time that the command needs it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from bitcodec import installed_models, model_folder
from bitcodec.cli.export import find_checkpoint, recorded
from bitcodec.errors import UsageError
from bitcodec.images import open_rgb

CHECKPOINTS = "checkpoints"
NAME = "run"
FEWEST = 8
"""Pictures that tables are fitted to; those of a model with steps are each taken at another one."""
FIT_STEPS = 100
"""Of the context coder: enough to look at, some per cent more bytes than a real export's."""


def is_run(model: str | None) -> bool:
    """Whether a text that would name a model is the folder of a training run.

    Raises:
        UsageError: if it is a folder, but neither a model's nor a run's.
    """
    if model is None or not Path(model).is_dir() or (Path(model) / model_folder.FACTS).exists():
        return False
    path = "/" in model or os.sep in model
    if not path and any(found.facts.name == model for found in installed_models.available()):
        return False
    if any((Path(model) / CHECKPOINTS).glob("*.ckpt")):
        return True
    raise UsageError(
        f"neither a model's folder, which holds {model_folder.FACTS}, nor a training run's, "
        f"which holds {CHECKPOINTS}/last.ckpt: name one of these with --model",
        model,
    )


@contextmanager
def exported(model: str, photograph: Image.Image) -> Iterator[tuple[str, str]]:
    """A model folder of a run that is gone afterwards, and a sentence on what it is.

    It needs the packages of ``bitcodec[train]``.

    Args:
        model: the folder of the training run, of which :func:`is_run` holds.
        photograph: what the coder's tables are fitted to where the run left no pictures.

    Raises:
        BitcodecError: if the checkpoint cannot be read.
    """
    from bitcodec.training.export import export_model
    from bitcodec.training.modules import load_module, model_facts

    run = Path(model)
    checkpoint = find_checkpoint(run / CHECKPOINTS)
    module = load_module(checkpoint)
    facts = model_facts(module, NAME, 1, "", {})
    panels = sorted((run / "panels").glob("*/panel_input.png"))
    pictures = [open_rgb(path) for path in panels[:FEWEST]] or [photograph]
    fitted = f"{len(panels[:FEWEST])} photographs of its panels" if panels else "this photograph"
    if facts.steps is not None:
        pictures *= -(-FEWEST // len(pictures))
    steps = recorded(checkpoint).get("steps")
    after = "" if steps is None else f" after {steps:,} steps"
    with tempfile.TemporaryDirectory(prefix="bitcodec-run-") as temporary:
        folder = export_model(
            module.encoder,
            module.decoder,
            facts,
            pictures,
            Path(temporary) / NAME,
            # One pass over the bits without steps; the context coder alone knows what steps are.
            coders=["huffman" if facts.steps is None else "context"],
            fit_settings={"context": {"progress": False, "steps": FIT_STEPS}},
        )
        yield (
            str(folder.path),
            f"The model is {checkpoint.name} of the training run {run.resolve().name}{after}; its "
            f"tables were fitted in haste to {fitted}, and files of an export are smaller",
        )
