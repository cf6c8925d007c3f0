"""The ``bitcodec`` command: where it begins, and where errors are printed."""

from __future__ import annotations

import io
import logging
import os
import signal
import sys
import warnings
from contextlib import suppress

# The coder's products are small: a second BLAS thread only waits, and spins while it does. NumPy
# reads this when it is loaded, which happens in the commands below.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import typer

from bitcodec.cli import streams
from bitcodec.cli.commands import Commands
from bitcodec.errors import BitcodecError, UsageError

try:  # Typer carries its own copy of click in some versions and imports click in others.
    from typer._click.exceptions import UsageError as CommandLineError
except ImportError:
    from click.exceptions import UsageError as CommandLineError  # type: ignore[assignment]

EPILOG = """
[bold]Examples[/bold]

bitcodec encode photo.jpg            photo.bitc beside it

bitcodec decode photo.bitc           photo.png beside it

bitcodec encode holiday/ -o small/   a whole folder

bitcodec info photo.bitc             what is in the file
"""

FEWEST_COLUMNS = 20

app = typer.Typer(
    name="bitcodec",
    cls=Commands,
    help="Images compressed into a bitmap of zeros and ones by a neural network.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)


@app.callback()
def _group() -> None:
    """Typer wants a function for what stands before the command."""


def main() -> None:
    """Entry point: whatever the user did wrong becomes one sentence on stderr and an exit code."""
    streams.open_missing()
    _prepare()
    try:
        _check_folder()
        code = app(standalone_mode=False)
        sys.stdout.flush()
    except BitcodecError as error:
        _complain(str(error))
        code = error.exit_code
    except CommandLineError as error:
        _complain(_one_sentence(error))
        code = 2
    except (KeyboardInterrupt, typer.Abort) as stop:
        # Before or after a command, which has its own way.
        _complain("interrupted")
        code = 128 + getattr(stop, "number", signal.SIGINT)
    except SystemExit as stop:
        # Rich ends the program by itself when the reader of standard output went away.
        code = 141 if isinstance(stop.__context__, BrokenPipeError) else stop.code
    except MemoryError:
        _complain("out of memory: close other programs, or give fewer --jobs")
        code = 1
    except BrokenPipeError:
        # The reader of our standard output went away; that is its right.
        streams.drop_output()
        code = 141
    except OSError as error:
        # Commands name the files that they fail with; what is left is standard output.
        streams.drop_output()
        _complain(f"standard output cannot be written ({error.strerror or error})")
        code = 1
    sys.exit(code if isinstance(code, int) else 0)


def _prepare() -> None:
    """Signals that end the process clean up first; libraries' warnings are not for users."""
    from bitcodec.cli.batch import Interrupted

    def stop(number: int, _: object) -> None:
        raise Interrupted(number)

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        # What `nohup` has set to be ignored stays ignored.
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, stop)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    logging.getLogger("PIL").addHandler(logging.NullHandler())
    if os.environ.get("COLUMNS", "").isdigit() and int(os.environ["COLUMNS"]) < FEWEST_COLUMNS:
        # Rich would show nothing at all in none.
        os.environ["COLUMNS"] = str(FEWEST_COLUMNS)
    for stream in (sys.stdout, sys.stderr):
        # A terminal of few characters shows question marks, not a traceback.
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")


def _check_folder() -> None:
    try:
        os.getcwd()  # noqa: PTH109
    except OSError as error:
        raise UsageError(
            f"the current folder cannot be used ({error.strerror}): change into another one"
        ) from None


def _one_sentence(error: Exception) -> str:
    message = getattr(error, "format_message", error.__str__)().rstrip(".")
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "bitcodec"
    return f"{message}; see `{path} --help`"


def _complain(sentence: str) -> None:
    # Where even that is impossible, the exit code says it.
    with suppress(OSError):
        streams.say(sentence, wrong=True)
