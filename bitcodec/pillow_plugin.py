"""Pillow learns ``.bitc``: ``Image.open`` and ``Image.save``, with the installed models."""

from __future__ import annotations

from typing import IO, Any

from PIL import Image, ImageFile

from bitcodec import container

FORMAT = "BITC"


class BitcImageFile(ImageFile.ImageFile):
    """A ``.bitc`` file opened by Pillow: the header is read at once, the picture when needed."""

    format = FORMAT
    format_description = "bitcodec neural image"

    def _open(self) -> None:
        self._bytes = container.read_stream(self.fp)  # type: ignore[arg-type]
        header, _ = container.read(self._bytes)
        self._size = (header.width, header.height)
        self._mode = "RGB"
        self.info["model"] = header.model

    def load(self) -> Any:
        """Decode once.

        Raises:
            BitcodecError: if the file is damaged or its model not installed.
        """
        if self._bytes:
            from bitcodec.codec import load_for

            self.im = load_for(self._bytes).decode(self._bytes).im
            self._bytes = b""
        return super().load()


def register() -> None:
    """Called on ``import bitcodec``."""
    Image.register_open(FORMAT, BitcImageFile, _accept)
    Image.register_save(FORMAT, _save)
    Image.register_extension(FORMAT, container.SUFFIX)
    Image.register_mime(FORMAT, "image/x-bitc")


def _accept(prefix: bytes) -> bool:
    return prefix.startswith(container.MAGIC)


def _save(image: Image.Image, stream: IO[bytes], filename: str | bytes) -> None:
    """Options of ``image.save``: ``quality``, ``model``, ``coder``, ``background``."""
    from bitcodec.codec import load

    options = dict(image.encoderinfo)
    codec = load(options.get("model"), quality=options.get("quality"))
    chosen = {key: options[key] for key in ("coder", "background") if key in options}
    stream.write(codec.encode(image, **chosen))
