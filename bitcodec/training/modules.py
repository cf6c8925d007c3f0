"""Which LightningModule trains which kind of model."""

from __future__ import annotations

from bitcodec.training.module import BitCodecModule
from bitcodec.training.stepped_module import SteppedModule

CodecModule = BitCodecModule | SteppedModule


def module_class(kind: str) -> type[BitCodecModule] | type[SteppedModule]:
    """The module for ``model.kind``; one that does not exist is left to the first to refuse."""
    return SteppedModule if kind == "stepped" else BitCodecModule
