"""The ``bitcodec`` command: one module per subcommand, loaded here, errors printed here."""

from __future__ import annotations

import sys

import typer
from rich.console import Console

from bitcodec.errors import BitcodecError

app = typer.Typer(
    name="bitcodec",
    help="Images compressed into a bitmap of zeros and ones by a neural network.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Entry point: a :class:`BitcodecError` becomes one sentence on stderr and an exit code."""
    try:
        app()
    except BitcodecError as error:
        Console(stderr=True, soft_wrap=True).print(str(error), markup=False, highlight=False)
        sys.exit(error.exit_code)
