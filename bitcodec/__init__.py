"""bitcodec: images compressed into a bitmap of zeros and ones by a neural network.

From file to file:

>>> import bitcodec
>>> bitcodec.save("photo.png", "photo.bitc")
>>> bitcodec.open("photo.bitc").save("photo-decoded.png")

In memory, with a codec that is loaded once and may be shared between threads:

>>> codec = bitcodec.load()
>>> data = codec.encode("photo.png")  # or a Pillow image, or an H x W x 3 array of uint8
>>> codec.decode(data)
<PIL.Image.Image image mode=RGB size=96x64 at ...>

What a user can mend is a :class:`BitcodecError`, whose text is one sentence:

>>> bitcodec.open("missing.bitc")
Traceback (most recent call last):
bitcodec.errors.UsageError: missing.bitc: there is no such file

Importing the package also teaches Pillow the format:

>>> from PIL import Image
>>> Image.open("photo.bitc").size
(96, 64)
>>> Image.open("photo.png").save("again.bitc")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from bitcodec import pillow_plugin
from bitcodec.errors import BitcodecError

if TYPE_CHECKING:
    from bitcodec.codec import Codec
    from bitcodec.loading import load
    from bitcodec.loading import open_picture as open
    from bitcodec.targets import save

__all__ = ["BitcodecError", "Codec", "load", "open", "save"]

_LATER = {
    "Codec": ("bitcodec.codec", "Codec"),
    "load": ("bitcodec.loading", "load"),
    "open": ("bitcodec.loading", "open_picture"),
    "save": ("bitcodec.targets", "save"),
}

pillow_plugin.register()


def __getattr__(name: str) -> Any:
    # NumPy is loaded with the codec, at its first use, so that `bitcodec --help` is instant.
    if name not in _LATER:
        raise AttributeError(f"module 'bitcodec' has no attribute {name!r}")
    module, found = _LATER[name]
    return getattr(import_module(module), found)
