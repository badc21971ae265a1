"""What is done with a table once its cells are known: its rows as runs of the page's text, and CSV.

Pure. Does not know how the cells were found: that is `assistant.index.pages.grid`'s.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

from assistant.types import Cell, Page, Table

Run = tuple[int, int]
"""Start and end in the page's text."""

_FORMULA = ("=", "+", "-", "@")
"""What a spreadsheet takes for the beginning of a formula: https://owasp.org/www-community/attacks/CSV_Injection"""
_NUMBER = re.compile(r"[+-]?(?:\d[\d,. ]*|\.\d+)(?:[eE][+-]?\d+)?\s*%?")


def row_spans(table: Table) -> list[tuple[Run | None, Run]]:
    """For each row of the body, from the top: the run of the header's rows (None for no header) and its own.

    Both are runs of the text of the table's page. A cell that covers several rows stands in the first of them.
    """
    rows: dict[int, list[Cell]] = {}
    for cell in table.cells:
        rows.setdefault(cell.row, []).append(cell)
    headers = _header_rows(rows)
    header = _run(cell for number in range(headers) for cell in rows[number])
    runs = [_run(rows[number]) for number in sorted(rows) if number >= headers]
    return [(header, run) for run in runs if run is not None]


def _header_rows(rows: dict[int, list[Cell]]) -> int:
    """How many rows from the top on hold nothing but header cells."""
    count = 0
    while count in rows and all(cell.header for cell in rows[count]):
        count += 1
    return count


def _run(cells: Iterable[Cell]) -> Run | None:
    """From the first character of the cells to the last; None where all are empty."""
    filled = [cell for cell in cells if cell.end > cell.start]
    return (min(c.start for c in filled), max(c.end for c in filled)) if filled else None


def table_csv(page: Page, table: Table) -> str:
    """The table as CSV (RFC 4180). `page` is the page the table stands on.

    A cell that covers several rows or columns is repeated in each of them, so that every row and column stands on
    its own. A cell that a spreadsheet would run as a formula gets an apostrophe before it.
    """
    height = max((cell.row + cell.rows for cell in table.cells), default=0)
    width = max((cell.column + cell.columns for cell in table.cells), default=0)
    filled = [[""] * width for _ in range(height)]
    for cell in table.cells:
        text = _harmless(page.text[cell.start : cell.end])
        for row in filled[cell.row : cell.row + cell.rows]:
            row[cell.column : cell.column + cell.columns] = [text] * cell.columns
    out = io.StringIO()
    csv.writer(out).writerows(filled)
    return out.getvalue()


def _harmless(text: str) -> str:
    """A dash alone stands for "none", and is no formula."""
    formula = len(text) > 1 and text.startswith(_FORMULA) and not _NUMBER.fullmatch(text)
    return f"'{text}" if formula else text
