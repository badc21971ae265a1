"""Names for files that come from elsewhere: safe in any folder, and never that of a file which is there.

Knows the file system only; what is in the files is not looked at.
"""

from __future__ import annotations

import os
import re
import unicodedata
from itertools import count
from pathlib import Path, PurePosixPath

LONGEST = 120
"""Bytes of a name without its suffix, in UTF-8; file systems allow 255 in all."""
_LONGEST_SUFFIX = 12
_FORBIDDEN = re.compile(r'[<>:"|?*/\\]')
"""What Windows or the path itself would take for something else."""
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)


def safe_name(wished: str) -> str:
    """The last part of a name or path as a plain file name: no folders, control characters, marks that turn the
    direction of writing, leading dots; never empty, never longer than a file system takes."""
    last = wished.replace("\\", "/").rstrip("/").rpartition("/")[2]
    shown = "".join(c for c in unicodedata.normalize("NFC", last) if unicodedata.category(c)[0] != "C")
    name = _FORBIDDEN.sub("_", " ".join(shown.split())).lstrip(". ").rstrip(". ")
    if not name or _DEVICES.match(name):
        name = f"_{name}"
    path = PurePosixPath(name)
    suffix = path.suffix if len(path.suffix.encode()) <= _LONGEST_SUFFIX else ""
    stem = name.removesuffix(suffix) if suffix else name
    return stem.encode()[:LONGEST].decode("utf-8", "ignore") + suffix


def put(source: Path, folder: Path, name: str) -> Path:
    """Move a file of the same folder's file system into `folder` under that name, or the next "name (2)" that is free.
    Raises OSError."""
    path = PurePosixPath(name)
    for number in count(1):
        target = folder / (name if number == 1 else f"{path.stem} ({number}){path.suffix}")
        try:
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            continue
        source.replace(target)
        return target
    raise AssertionError("there is always a next number")
