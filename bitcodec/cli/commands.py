"""The subcommands, one module each, of which only the one that is asked for is loaded."""

from __future__ import annotations

import signal
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from bitcodec.errors import BitcodecError

COMMANDS = {
    "encode": "encode",
    "decode": "decode",
    "info": "info",
    "models": "models",
    "bench": "bench",
    "eval": "evaluate",
    "train": "train",
    "export": "export",
    "compare": "compare",
    "inspect": "inspect",
}
"""What users type, in the order of the help page, and the function in the module of that name."""


class Commands(TyperGroup):
    """The group of all commands, built at need: the program's start is most of a small picture."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        # Typer looks here for names like a mistyped one.
        self.commands = dict.fromkeys(COMMANDS)  # type: ignore[assignment]
        _convert_quickly(self)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of this name, or None if there is none."""
        if cmd_name in COMMANDS and self.commands[cmd_name] is None:
            self.commands[cmd_name] = _build(cmd_name)
        return self.commands.get(cmd_name)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a signal that ends it is an error with a sentence and its own code."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stop:
            # Typer would make 130 of every signal, without a word.
            error = BitcodecError("interrupted")
            error.exit_code = 128 + getattr(stop, "number", signal.SIGINT)
            raise error from None


def _build(name: str) -> Any:
    module = import_module(f"bitcodec.cli.{name}")
    alone = typer.Typer(add_completion=False, rich_markup_mode="rich")
    settings: dict[str, Any] = {"epilog": getattr(module, "EPILOG", None)}
    if hasattr(module, "SETTINGS"):
        # Another program reads the arguments, and explains them.
        settings |= {"context_settings": module.SETTINGS, "add_help_option": False}
    alone.command(name, **settings)(getattr(module, COMMANDS[name]))
    command = get_command(alone)
    _convert_quickly(command)
    return command


class _Quick:
    """A parameter's conversion for values that are plainly right.

    Newer versions of Typer load pydantic for every parameter, even one that was not given, which
    takes longer than encoding a small picture does. Whatever is not plainly right goes to Typer,
    whose sentences are the ones that users see.
    """

    def __init__(self, descriptor: Any) -> None:
        self._descriptor = descriptor
        self._kind = descriptor.annotation
        self._info = descriptor.parameter_info

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """As Typer's own conversions do it."""
        several = param.multiple or param.nargs == -1
        if value is None:
            return () if several else None
        if self._info.parser is not None and several and isinstance(value, list | tuple):
            return [self._info.parser(item) for item in value]
        if self._info.parser is None and isinstance(value, str):
            if self._kind is str:
                return value
            if self._kind is int and value.isascii() and value.isdigit() and len(value) < 10:
                low, high = self._info.min, self._info.max
                number = int(value)
                if (low is None or number >= low) and (high is None or number <= high):
                    return number
        from typer._coercion import build_runtime_param

        return build_runtime_param(self._descriptor).coerce(value, param=param, ctx=ctx)


def _convert_quickly(command: Any) -> None:
    for parameter in command.get_params(typer.Context(command)):
        # Older versions convert without pydantic, and have no such attributes.
        if hasattr(parameter, "_runtime_param") and hasattr(parameter, "type_descriptor"):
            parameter._runtime_param = _Quick(parameter.type_descriptor)
