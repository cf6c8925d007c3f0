"""Standard input, output and error: closed, full, or shared with libraries that talk too much."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from bitcodec.files import cannot

_ERROR = 2
"""The number of standard error, to which libraries in C write."""


def open_missing() -> None:
    """Have streams that whoever started us had closed fail when they are used, and not before.

    Their numbers would else go to the next files that are opened.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            # The wrong way round, but for complaints, which nobody can be told of.
            os.open(os.devnull, os.O_RDONLY if name == "stdout" else os.O_WRONLY)
        if getattr(sys, name) is None:
            stream = open(number, "w" if number else "r", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)


def say(sentence: str, *, wrong: bool = False) -> None:
    """One line on standard error, red on a terminal if something is wrong.

    Characters that are none to look at, which names of files may have, are shown as escapes.
    """
    line = "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in sentence
    )
    # Not by Rich, which takes longer to load than a small picture takes.
    if wrong and os.name == "posix" and sys.stderr.isatty() and "NO_COLOR" not in os.environ:
        line = f"\x1b[31m{line}\x1b[0m"
    print(line, file=sys.stderr)


@contextmanager
def reading() -> Iterator[None]:
    """Standard input is read in here.

    Raises:
        BitcodecError: if the system refuses.
    """
    try:
        yield
    except OSError as error:
        raise cannot("read", error, "standard input") from None


@contextmanager
def writing() -> Iterator[None]:
    """Standard output is written in here.

    Raises:
        BitcodecError: if the system refuses.
        BrokenPipeError: if its reader went away.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        drop_output()
        raise cannot("written", error, "standard output") from None


def drop_output() -> None:
    """Point standard output nowhere, so that the interpreter's last flush does not fail again."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())


@contextmanager
def silent_libraries() -> Iterator[None]:
    """Nothing but our own sentences on standard error.

    Of a damaged file libtiff tells standard error its own mind, without the file's name.
    """
    told = sys.stderr
    try:
        ours = os.dup(_ERROR) if told.fileno() == _ERROR else None
    except (OSError, ValueError, AttributeError):
        ours = None
    if ours is None:
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _ERROR)
    os.close(nowhere)
    with open(ours, "w", buffering=1, encoding=told.encoding, errors=told.errors) as kept:  # noqa: PTH123
        sys.stderr = kept
        try:
            yield
        finally:
            sys.stderr = told
            os.dup2(ours, _ERROR)
