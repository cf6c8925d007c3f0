"""The settings of a run: its resolved config as one flat table of dotted keys."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

NOISE, WEIGHT, SEED = "noise.std", "penalty.weight", "seed"
AXIS_NAMES = {NOISE: "noise std", WEIGHT: "penalty weight"}

Value = str | float | bool | None
Settings = Mapping[str, Value]
"""Dotted key → value. Integers are floats, so that ``std: 15`` and ``std: 15.0`` are one setting;
lists are their JSON text."""

_LARGEST_FILE = 1 << 20


def read_settings(path: Path) -> dict[str, Value]:
    """The settings in a ``config.yaml``.

    Raises:
        ValueError: if the file is not there, or not such a config; the text says why.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise ValueError("is missing") from None
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from None
    if len(data) > _LARGEST_FILE:
        raise ValueError("is far too large for a config")
    try:
        text = data.decode()
        # A resolved config has no aliases, and a few of them can stand for gigabytes.
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
            raise ValueError("with aliases")
        settings = dict(_leaves(yaml.safe_load(text), ""))
        if not settings:
            raise ValueError("without keys")
        return settings
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError):
        raise ValueError("is not a readable config") from None


def _leaves(node: dict[Any, Any], prefix: str) -> Iterator[tuple[str, Value]]:
    for name, value in node.items():
        key = f"{prefix}{printable(str(name))}"
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{key}.")
        elif isinstance(value, str):
            yield key, printable(value)
        elif isinstance(value, bool) or value is None:
            yield key, value
        elif isinstance(value, int | float):
            yield key, float(value)
        else:
            yield key, printable(json.dumps(value, default=str))


def typed(text: str) -> Value:
    """An override as typed, where the config is lost: numbers are still numbers."""
    try:
        return float(text)
    except ValueError:
        return text


def split_overrides(typed: list[str]) -> dict[str, str]:
    """``["noise.std=15", "+a=1"]`` → ``{"noise.std": "15", "a": "1"}``."""
    pairs = (printable(text).partition("=") for text in typed)
    return {key.lstrip("+~"): value for key, _, value in pairs}


def number(value: Value) -> float | None:
    """The value if it is a finite number, else None."""
    if isinstance(value, float) and math.isfinite(value):
        return value
    return None


def shown(value: Value) -> str:
    """A value as people write it: ``15``, ``0.001``, ``true``, ``null``."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return json.dumps(value)


def printable(text: str) -> str:
    """One line without control characters, which a terminal would obey, and half characters."""
    return printable_path(" ".join(text.split()))


def printable_path(text: str) -> str:
    """The same for names of files, which keep their spaces."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)
