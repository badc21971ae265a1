"""What was read of a file, to look at: as JSON, and as text. Nothing here knows PDF, or prints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from assistant.errors import UsageError
from assistant.index.geometry import line_boxes
from assistant.types import RUNNING_TEXT, Box, Cell, Document, Figure, Page, Reference, Role, Span, Table

Json = dict[str, Any]
T = TypeVar("T")
_SHOWN = RUNNING_TEXT | {Role.AUTHOR, Role.CAPTION, Role.TABLE, Role.FOOTNOTE, Role.REFERENCE}
"""Roles that `document_text` gives: what a reader of the paper would copy."""
_DECIMALS = 2
"""Of a place: a hundredth of a point."""


def document_json(document: Document, *, page: int | None = None) -> Json:
    """What `read --json` prints; with `page` (1-based) that page alone. Raises UsageError where it was not read."""
    pages = {p.number: p for p in _pages(document, page)}
    return {
        "pages": [_page_json(p) for p in pages.values()],
        "metadata": {
            name: getattr(document, name) for name in ("title", "authors", "year", "doi", "arxiv", "pmid", "venue")
        },
        "tables": [_table_json(t, pages) for t in document.tables if t.page in pages],
        "figures": [_figure_json(f, pages) for f in document.figures if f.page in pages],
        "references": [_reference_json(r) for r in document.references if page is None],
        "flags": list(document.flags),
        "paged": document.paged,
    }


def document_text(document: Document, *, page: int | None = None) -> str:
    """The text a reader would copy, a line for each block: no running heads, labels in figures or hidden text.
    Raises UsageError for a page that was not read."""
    return "\n".join(
        p.text[b.start : b.end].rstrip("\n") for p in _pages(document, page) for b in p.blocks if b.role in _SHOWN
    )


def _pages(document: Document, number: int | None) -> tuple[Page, ...]:
    """All pages, or the one with this number. Raises UsageError where it was not read."""
    pages = tuple(p for p in document.pages if number in (None, p.number))
    if not pages:
        raise UsageError(f"there is no page {number}; {len(document.pages)} were read")
    return pages


def table_text(document: Document, n: int) -> str:
    """The n-th table (from 1) as CSV. Raises UsageError where there is none."""
    table = nth(document.tables, n, "table")
    from assistant.index.tables import table_csv

    return table_csv(next(page for page in document.pages if page.number == table.page), table)


def nth(items: Sequence[T], n: int, name: str) -> T:
    """The n-th of the items, counted from 1. Raises UsageError where there is none."""
    if not 1 <= n <= len(items):
        raise UsageError(f"there is no {name} {n}; {len(items)} were found in this file")
    return items[n - 1]


def _page_json(page: Page) -> Json:
    return {
        "page": page.number,
        "label": page.label,
        "width": page.width,
        "height": page.height,
        "quality": str(page.quality),
        "blocks": [
            {
                "role": str(b.role),
                "text": page.text[b.start : b.end].rstrip("\n"),
                "boxes": _boxes(line_boxes(page, b.start, b.end)),
                "section": b.section,
                "level": b.level,
            }
            for b in page.blocks
        ],
    }


def _table_json(table: Table, pages: dict[int, Page]) -> Json:
    return {
        "page": table.page,
        "label": table.label,
        "box": list(table.box),
        "caption": _words(table.caption, pages.get(table.caption.page) if table.caption else None),
        "cells": [_cell_json(cell, pages[table.page]) for cell in table.cells],
    }


def _cell_json(cell: Cell, page: Page) -> Json:
    return {
        "row": cell.row,
        "column": cell.column,
        "rows": cell.rows,
        "columns": cell.columns,
        "header": cell.header,
        "text": page.text[cell.start : cell.end],
        "boxes": _boxes(line_boxes(page, cell.start, cell.end)),
    }


def _figure_json(figure: Figure, pages: dict[int, Page]) -> Json:
    return {
        "page": figure.page,
        "label": figure.label,
        "box": list(figure.box),
        "caption": _words(figure.caption, pages.get(figure.caption.page) if figure.caption else None),
    }


def _reference_json(reference: Reference) -> Json:
    names = ("label", "text", "year", "doi", "arxiv", "title")
    return {name: getattr(reference, name) for name in names} | {"pages": sorted({s.page for s in reference.spans})}


def _words(span: Span | None, page: Page | None) -> str:
    return page.text[span.start : span.end] if span and page else ""


def _boxes(boxes: Iterable[Box]) -> list[list[float]]:
    return [[round(side, _DECIMALS) for side in box] for box in boxes]
