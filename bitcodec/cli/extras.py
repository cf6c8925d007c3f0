"""Packages that only some commands need, and that the base install leaves out."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec

from bitcodec.errors import UsageError


def require(command: str, packages: Iterable[str], extra: str) -> None:
    """Check that a command's packages are there before it does anything.

    They are looked for and not imported, which takes seconds for some.

    Args:
        command: the name of the subcommand.
        packages: top-level names, as in ``import NAME``.
        extra: what of ``bitcodec[...]`` brings them.

    Raises:
        UsageError: that says how to install what is missing.
    """
    for name in packages:
        if find_spec(name) is None:
            raise UsageError(
                f"bitcodec {command} needs the package {name}: pip install 'bitcodec[{extra}]'"
            )
