"""Which coders there are. A coder is imported when it is first used: `info` needs none."""

from __future__ import annotations

from importlib import import_module

from bitcodec.coders.base import Coder
from bitcodec.errors import DamagedFileError, UsageError

_CODERS = {
    "huffman": (1, "bitcodec.coders.huffman", "HuffmanCoder"),
    "context": (2, "bitcodec.coders.context", "ContextCoder"),
}

NAMES = tuple(_CODERS)


def coder_class(name: str) -> type[Coder]:
    """The class of the coder that ``--coder`` names.

    Raises:
        UsageError: if there is none.
    """
    if name not in _CODERS:
        raise UsageError(f"no coder is called {name!r}: choose among {', '.join(NAMES)}")
    _, module, attribute = _CODERS[name]
    return getattr(import_module(module), attribute)


def coder_id(name: str) -> int:
    """The byte in the file header that stands for a coder of :data:`NAMES`."""
    return _CODERS[name][0]


def name_of(coder: int) -> str:
    """The coder's name for the byte in a file header.

    Raises:
        DamagedFileError: if no coder has this id.
    """
    for name, (number, _, _) in _CODERS.items():
        if number == coder:
            return name
    raise DamagedFileError(
        f"the file uses coder {coder}, which this bitcodec does not know: update bitcodec"
    )
