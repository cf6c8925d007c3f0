"""The settings of a run: its resolved config as one flat table of dotted keys."""

from __future__ import annotations

import errno
import json
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from bitcodec.files import read_regular

NOISE, WEIGHT, SEED = "noise.std", "penalty.weight", "seed"
AXIS_NAMES = {NOISE: "noise std", WEIGHT: "penalty weight"}

Value = str | float | bool | None
Settings = Mapping[str, Value]
"""Dotted key → value. Integers are floats, so that ``std: 15`` and ``std: 15.0`` are one setting;
lists are their JSON text."""

_LARGEST_FILE = 1 << 20


def read_whole(path: Path, parse: Callable[[str], Any], kind: str) -> Any:
    """What ``parse`` makes of a file of a run, which may be in any condition.

    Raises:
        ValueError: the rest of a sentence about the file, such as ``is not KIND``.
    """
    try:
        return parse(read_regular(path, _LARGEST_FILE).decode())
    except FileNotFoundError:
        raise ValueError("is missing") from None
    except OSError as error:
        large = error.errno == errno.EFBIG
        why = "is far too large" if large else f"cannot be read ({error.strerror})"
        raise ValueError(why) from None
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError):
        raise ValueError(f"is not {kind}") from None


def parse_settings(text: str) -> Settings:
    """The settings in the text of a ``config.yaml``.

    Raises:
        ValueError: for another kind of text; YAML's and Python's errors for what cannot be parsed.
    """
    # A resolved config has no aliases, and a few of them can stand for gigabytes.
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
        raise ValueError("with aliases")
    if not (settings := dict(_leaves(yaml.safe_load(text), ""))):
        raise ValueError("without keys")
    return settings


def _leaves(node: dict[Any, Any], prefix: str) -> Iterator[tuple[str, Value]]:
    for name, value in node.items():
        key = f"{prefix}{printable(str(name))}"
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{key}.")
        elif isinstance(value, bool) or value is None:
            yield key, value
        elif isinstance(value, int | float):
            yield key, float(value)
        else:
            yield (
                key,
                printable(value if isinstance(value, str) else json.dumps(value, default=str)),
            )


def number(value: Any) -> float | None:
    """The value if it is a finite number, else None."""
    return value if isinstance(value, float) and math.isfinite(value) else None


def shown(value: Value) -> str:
    """A value as people write it: ``15``, ``0.001``, ``true``, ``null``."""
    if isinstance(value, str):
        return value
    return repr(value).removesuffix(".0") if isinstance(value, float) else json.dumps(value)


def printable(text: str) -> str:
    """One line without control characters, which a terminal would obey, and half characters."""
    return printable_path(" ".join(text.split()))


def printable_path(text: str) -> str:
    """The same for names of files, which keep their spaces."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)
