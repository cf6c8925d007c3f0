"""Single precision inside an autocast region, for values that bfloat16 cannot hold."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor


def single_precision(x: Tensor) -> AbstractContextManager[Any]:
    """A context in which nothing is cast down; outside of autocast, one that does nothing.

    Exporters then do not see it.
    """
    if torch.is_autocast_enabled(x.device.type):
        return torch.autocast(x.device.type, enabled=False)
    return contextlib.nullcontext()
