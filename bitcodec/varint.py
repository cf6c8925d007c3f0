"""Numbers of variable length, and reading fields one after the other without running over."""

from __future__ import annotations

from bitcodec.errors import DamagedFileError

LONGEST = 5
"""Bytes of one number."""


def varint(value: int) -> bytes:
    """Seven bits to a byte, least significant first, the high bit set on all but the last.

    >>> varint(300).hex(" ")
    'ac 02'
    """
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


class Cursor:
    """Reads fields one after the other and objects at the end of the data."""

    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self.position = position

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes.

        Raises:
            DamagedFileError: if there are fewer.
        """
        piece = self._data[self.position : self.position + count]
        if len(piece) < count:
            raise DamagedFileError("the file is cut short inside its header: fetch it again")
        self.position += count
        return piece

    def byte(self) -> int:
        """The next byte as a number."""
        return self.take(1)[0]

    def varint(self) -> int:
        """The next number: at most five bytes, and no more than its value needs.

        Raises:
            DamagedFileError: if it is none, or the data end.
        """
        value = 0
        for shift in range(0, 7 * LONGEST, 7):
            piece = self.byte()
            value |= (piece & 0x7F) << shift
            if piece < 0x80:
                if piece == 0 and shift:
                    break
                return value
        raise DamagedFileError("a number in the header is not well formed: the file is damaged")
