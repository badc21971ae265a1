"""A ZIP archive that may be hostile, read one named member at a time and never more than a set sum of bytes.

Nothing is unpacked to disk; sizes that the archive states are not believed, the bytes that come out are counted.
"""

from __future__ import annotations

import lzma
import zipfile
import zlib
from pathlib import Path

from assistant.errors import ReadError

MAX_ENTRIES = 20_000
"""Members; a book of a thousand pictures has some thousands."""
MAX_BYTES = 256 << 20
"""Bytes unpacked in all: only text is unpacked, and 20 million characters with their markup stay below it."""
DAMAGED = "damaged: the archive cannot be unpacked; save the file again"
_CHUNK = 1 << 20
_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
"""What the standard library raises for archives that are damaged, encrypted or packed in an unknown way."""


class Archive:
    """An open archive. `names` are its members' names."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except _FAULTS as error:
            raise ReadError(DAMAGED) from error
        self.names = frozenset(self._zip.namelist())
        self._left = MAX_BYTES
        if len(self.names) > MAX_ENTRIES:
            raise ReadError(f"an archive with more than {MAX_ENTRIES} files in it is no paper")

    def read(self, name: str) -> bytes:
        """A member's bytes, b"" where there is none. Raises ReadError where it is damaged, locked or too much."""
        if name not in self.names:
            return b""
        pieces = []
        try:
            if self._zip.getinfo(name).flag_bits & 1:
                raise ReadError("encrypted: it needs a password; save it without one")
            with self._zip.open(name) as member:
                while piece := member.read(_CHUNK):
                    self._left -= len(piece)
                    if self._left < 0:
                        raise ReadError(f"too large after unpacking (over {MAX_BYTES >> 20} MiB of text)")
                    pieces.append(piece)
        except _FAULTS as error:
            raise ReadError(DAMAGED) from error
        return b"".join(pieces)
