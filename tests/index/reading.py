"""Reads tiny PDFs in the test's own process, and spells boxes again by an independent call of pdfium."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Any

import pypdfium2

from assistant.index.pages.layout import read_layout
from assistant.index.pages.pdf import open_pdf
from assistant.testing import tiny_pdf
from assistant.types import Box, Page, Role


def write(folder: Path, pages: list[str], name: str = "paper.pdf", **options: Any) -> Path:
    path = folder / name
    path.write_bytes(tiny_pdf(pages, **options))
    return path


def read(path: Path) -> tuple[Page, ...]:
    with open_pdf(path) as file:
        raw = [file.read_page(number) for number in range(1, file.page_count + 1)]
        return read_layout(raw, file.styles, file.outline).pages


def texts(page: Page, role: Role) -> list[str]:
    return [page.text[b.start : b.end].strip() for b in page.blocks if b.role is role]


def letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)).lower()


def spell(path: Path, number: int, boxes: tuple[Box, ...]) -> str:
    """The characters of the page whose centre lies in a box, in the order pdfium gives them."""
    document = pypdfium2.PdfDocument(path)
    page = document[number - 1]
    text = page.get_textpage()
    found = []
    for i in range(text.count_chars()):
        left, bottom, right, top = text.get_charbox(i)
        x, y = (left + right) / 2, (bottom + top) / 2
        if any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in boxes):
            found.append(text.get_text_range(i, 1))
    text.close()
    page.close()
    document.close()
    return letters("".join(found))
