"""Packages that only some commands need, and that the base install leaves out."""

from __future__ import annotations

import importlib
from collections.abc import Iterable

from bitcodec.errors import UsageError


def require(command: str, modules: Iterable[str]) -> None:
    """Check that a command's packages are there before it does anything.

    Raises:
        UsageError: that says how to install what is missing.
    """
    try:
        for module in modules:
            importlib.import_module(module)
    except ImportError as error:
        raise UsageError(
            f"bitcodec {command} needs the package {error.name}: pip install 'bitcodec[eval]'"
        ) from None
