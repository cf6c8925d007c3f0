"""The ``bitcodec`` command: one module per subcommand, registered here, errors printed here."""

from __future__ import annotations

import sys

import typer

from bitcodec.cli import bench, compare, decode, encode, eval, export, info, inspect, models
from bitcodec.errors import BitcodecError

EPILOG = """
[bold]Examples[/bold]

bitcodec encode photo.jpg            photo.bitc beside it

bitcodec decode photo.bitc           photo.png beside it

bitcodec encode holiday/ -o small/   a whole folder

bitcodec info photo.bitc             what is in the file
"""

app = typer.Typer(
    name="bitcodec",
    help="Images compressed into a bitmap of zeros and ones by a neural network.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.command(epilog=encode.EPILOG)(encode.encode)
app.command(epilog=decode.EPILOG)(decode.decode)
app.command(epilog=info.EPILOG)(info.info)
app.command(epilog=models.EPILOG)(models.models)
app.command(epilog=bench.EPILOG)(bench.bench)
app.command(name="eval", epilog=eval.EPILOG)(eval.evaluate)
app.command(epilog=export.EPILOG)(export.export)
app.command(epilog=compare.EPILOG)(compare.compare)
app.command(epilog=inspect.EPILOG)(inspect.inspect)

# Typer carries its own copy of click in some versions and imports click in others.
_CommandLineError: type[Exception] = typer.BadParameter.__bases__[0]


def main() -> None:
    """Entry point: whatever the user did wrong becomes one sentence on stderr and an exit code."""
    try:
        code = app(standalone_mode=False)
    except BitcodecError as error:
        _complain(str(error))
        code = error.exit_code
    except _CommandLineError as error:
        _complain(_one_sentence(error))
        code = 2
    except (KeyboardInterrupt, typer.Abort):
        _complain("interrupted")
        code = 130
    except BrokenPipeError:
        # The reader of our standard output went away; that is its right.
        sys.stderr.close()
        code = 141
    sys.exit(code if isinstance(code, int) else 0)


def _one_sentence(error: Exception) -> str:
    message = getattr(error, "format_message", error.__str__)().rstrip(".")
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "bitcodec"
    return f"{message}; see `{path} --help`"


def _complain(sentence: str) -> None:
    from bitcodec.cli.batch import console

    console().print(sentence, markup=False, highlight=False, style="red")
