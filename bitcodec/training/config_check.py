"""From a config group to its dataclass, with one sentence for a value of the wrong type."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

from bitcodec.errors import UsageError

Settings = TypeVar("Settings")

_KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "float": ((int, float), "a number"),
    "int": ((int,), "a whole number"),
    "bool": ((bool,), "true or false"),
    "str": ((str,), "a word"),
}


def build(cls: type[Settings], group: str, values: Mapping[str, Any]) -> Settings:
    """An instance of the dataclass ``cls`` from the values of config group ``group``.

    Raises:
        UsageError: naming the key, for a missing, unknown or wrongly typed value.
    """
    fields = {field.name: str(field.type) for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    if wrong := sorted(fields.keys() ^ values.keys()):
        state = "is missing" if wrong[0] in fields else "is not a setting"
        raise UsageError(f"{group}.{wrong[0]} {state}; the settings are {', '.join(fields)}")
    arguments: dict[str, Any] = {}
    for name, kind in fields.items():
        types, words = _KINDS[kind]
        value = values[name]
        if not isinstance(value, types) or (isinstance(value, bool) and kind != "bool"):
            raise UsageError(f"{group}.{name}={value}: give {words}")
        arguments[name] = float(value) if kind == "float" else value  # type: ignore[arg-type]
    return cls(**arguments)
