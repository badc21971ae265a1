"""A copy of a damaged PDF with its structure built anew; the only importer of pikepdf.

pikepdf (qpdf) finds pages where pdfium gives up: in files that were cut off in downloading, above all. Runs in the
limited process of `assistant.index.worker`; the copy is kept in memory.
"""

from __future__ import annotations

import io
from pathlib import Path


def mended(path: Path, password: str = "") -> bytes:
    """The copy, not encrypted any more; empty where nothing could be saved."""
    import pikepdf  # no file but a damaged one needs it

    copy = io.BytesIO()
    try:
        with pikepdf.open(path, password=password) as file:
            if not len(file.pages):
                return b""
            file.save(copy, encryption=False)
    except (pikepdf.PdfError, pikepdf.PasswordError, pikepdf.ForeignObjectError, OSError, ValueError, RuntimeError):
        return b""
    return copy.getvalue()
