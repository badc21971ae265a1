"""Which pages of a file are pictures, whether this machine can read them, and what is said of it.

Cheap to import: the parent asks it too. Knows nothing of pixels; `assistant.index.pages.ocr` reads a picture.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from assistant.errors import ReadError
from assistant.types import PageQuality

if TYPE_CHECKING:
    from assistant.index.pages.ocr import Engine
    from assistant.index.pages.pdf import PdfFile, RawPage

PROGRAM = "tesseract"
INSTALL = "install tesseract (apt install tesseract-ocr, or brew install tesseract) and ingest again"
_NAMED = 10
"""Runs of pages named in a flag, at most."""


class Scans:
    """The pictures among a file's pages: those read, those not, and why. `allowed`: OCR may be used."""

    def __init__(self, *, allowed: bool) -> None:
        self._allowed = allowed
        self._engine: Engine | None = None
        self._read: list[int] = []
        self._blank: list[int] = []
        self._failed: list[int] = []
        self._left: list[int] = []

    def read(self, file: PdfFile, page: RawPage) -> RawPage:
        """The page, read by OCR where it is a picture, or its letters are none, and OCR is to be had."""
        if page.quality not in (PageQuality.PICTURE, PageQuality.UNREADABLE):
            return page
        from assistant.index.pages import ocr

        if self._allowed and self._engine is None:
            self._engine = ocr.find_engine()
            self._allowed = self._engine is not None
        if self._engine is None:
            if page.quality is PageQuality.PICTURE:
                self._left.append(page.number)
            return page
        return self._try(file, page, self._engine)

    def _try(self, file: PdfFile, page: RawPage, engine: Engine) -> RawPage:
        from assistant.index.pages import ocr
        from assistant.index.pages.raster import rasterise

        try:
            with file.page(page.number) as drawn:
                raster = rasterise(drawn, ocr.DPI)
            found = ocr.ocr_page(engine, page, raster, file.style_number)
        except ReadError:
            self._failed.append(page.number)
            return page
        (self._read if found.quality is PageQuality.OCR else self._blank).append(page.number)
        return found

    @property
    def tried(self) -> int:
        """Pages that OCR was tried on."""
        return len(self._read) + len(self._blank) + len(self._failed)

    def flags(self) -> list[str]:
        """What is to be said of the file's pictures, one sentence for each kind."""
        said = (
            (self._read, "was read by OCR", "were read by OCR"),
            (self._blank, "is a picture without text", "are pictures without text"),
            (self._failed, "is a picture that OCR failed on", "are pictures that OCR failed on"),
            (self._left, f"is a picture: {INSTALL}", f"are pictures: {INSTALL}"),
        )
        return [f"p. {runs(pages)} {one if len(pages) == 1 else more}" for pages, one, more in said if pages]

    def refusal(self, otherwise: str) -> ReadError:
        """The error for a file without any text; another try may go better once there is an engine."""
        if self._left:
            return ReadError(f"no text layer: its pages are pictures; {INSTALL}", transient=True)
        return ReadError(otherwise)


def is_waiting(flags: Iterable[str]) -> bool:
    """Whether pages of a paper with these flags were left unread that this machine could read now."""
    return any(flag.endswith(INSTALL) for flag in flags) and shutil.which(PROGRAM) is not None


def runs(pages: Sequence[int]) -> str:
    """Ascending page numbers in words: "3-7, 9"."""
    found: list[list[int]] = []
    for page in pages:
        if found and page == found[-1][-1] + 1:
            found[-1][1:] = [page]
        else:
            found.append([page])
    named = ", ".join("-".join(map(str, run)) for run in found[:_NAMED])
    return f"{named} and more" if len(found) > _NAMED else named
