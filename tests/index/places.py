"""An independent look at what a PDF shows where: pdfium's characters and their boxes, read without this project."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import pypdfium2

from assistant.types import Box


def letters(text: str) -> str:
    """Letters and digits only, as they are compared: NFKC, lower case."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)).lower()


class Pages:
    """The characters of a file's pages."""

    def __init__(self, path: object) -> None:
        self._pdf = pypdfium2.PdfDocument(path)
        self._seen: dict[int, list[tuple[float, float, str]]] = {}

    def inside(self, page: int, boxes: Iterable[Box]) -> str:
        """What stands on the page (from 1) with its centre in one of the boxes, in the file's order."""
        if page not in self._seen:
            text = self._pdf[page - 1].get_textpage()
            found = [(text.get_charbox(i), text.get_text_range(i, 1)) for i in range(text.count_chars())]
            self._seen[page] = [((b[0] + b[2]) / 2, (b[1] + b[3]) / 2, c) for b, c in found]
        kept = tuple(boxes)
        return "".join(c for x, y, c in self._seen[page] if any(a <= x <= d and b <= y <= e for a, b, d, e in kept))
