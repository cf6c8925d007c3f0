"""bitcodec: images compressed into a bitmap of zeros and ones by a neural network.

>>> import bitcodec
>>> bitcodec.save("photo.png", "photo.bitc")
>>> bitcodec.open("photo.bitc").save("photo-decoded.png")

Importing the package also teaches Pillow the format: ``Image.open("photo.bitc")`` and
``image.save("photo.bitc")`` work from then on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bitcodec import pillow_plugin
from bitcodec.errors import BitcodecError

if TYPE_CHECKING:
    from bitcodec.codec import Codec, load, save
    from bitcodec.codec import open_picture as open

__all__ = ["BitcodecError", "Codec", "load", "open", "save"]

pillow_plugin.register()


def __getattr__(name: str) -> Any:
    # NumPy is loaded with the codec, at its first use, so that `bitcodec --help` is instant.
    if name not in __all__:
        raise AttributeError(f"module 'bitcodec' has no attribute {name!r}")
    from bitcodec import codec

    return getattr(codec, "open_picture" if name == "open" else name)
