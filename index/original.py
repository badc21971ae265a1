"""Where the very file lies that a paper was read from. Knows the file system only.

A file may have been changed or replaced since: what is drawn over a page is right only on the bytes that were read.
"""

from __future__ import annotations

import functools
import stat
from pathlib import Path

from assistant.index.files import sha256_of
from assistant.types import Paper

REMEMBERED = 512
"""Files whose hash is kept while size and time of change stay as they are."""


def original(paper: Paper) -> Path | None:
    """The first of the paper's paths with the bytes that the paper was read from; None where there is none any more."""
    return next((p for p in paper.paths if _hash(p) == paper.id), None)


def _hash(path: Path) -> str:
    """Empty for what is no file, or cannot be read."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return ""
        return _hash_of(path, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    except OSError:
        return ""


@functools.lru_cache(maxsize=REMEMBERED)
def _hash_of(path: Path, size: int, changed: int, touched: int) -> str:
    return sha256_of(path)
