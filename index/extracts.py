"""What stands apart from the running text and is found on its own: rows of tables, entries of a list of references.

Pure: a document as read -> runs of its pages' text, disjoint, none of them hidden or on a page that cannot be read.
Knows nothing of tokens or passages. A reader is not believed: runs that overlap others are left out, so that what comes
out is never more than the pages hold.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assistant.index.tables import Run, row_spans
from assistant.types import Block, Document, Page, PageQuality, Reference, Role, Table

LEAST_CELLS = 2
"""Cells with a letter or a digit that a row must have to say anything."""

Piece = tuple[int, int, int]
"""Index of the page in the document, start, end."""


@dataclass(frozen=True, slots=True)
class TableRows:
    """The rows of one table that are worth finding, from the top, on the page of this index in the document.

    `header` is None where there is none; `region` reaches from the first of all cells to the last.
    """

    page: int
    header: Run | None
    rows: tuple[Run, ...]
    region: Run
    section: str


def is_readable(page: Page) -> bool:
    """Whether what the page says is known."""
    return page.quality is not PageQuality.UNREADABLE


def trimmed(text: str, start: int, end: int) -> Run | None:
    """The run without the white space at its ends; None where nothing is left."""
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    return (start + left, start + len(piece.rstrip())) if left < len(piece) else None


def find_rows(document: Document) -> list[TableRows]:
    """The tables with cells, in the order of the document."""
    places = {page.number: n for n, page in enumerate(document.pages)}
    shown = [_Shown(page) for page in document.pages]
    found = [(t, places[t.page]) for t in document.tables if t.page in places and t.cells]
    runs = [(n, *run, i) for i, (table, n) in enumerate(found) for run in _rows(table, shown[n])]
    kept: dict[int, list[Run]] = {}
    for _, start, end, i in disjoint(runs):
        kept.setdefault(i, []).append((start, end))
    return [
        TableRows(n, _header(table, shown[n]), tuple(kept[i]), _region(table), shown[n].section(kept[i][0][0]))
        for i, (table, n) in enumerate(found)
        if i in kept
    ]


def _rows(table: Table, shown: _Shown) -> list[Run]:
    """The runs of the rows with enough cells that say something."""
    said = sorted(c.start for c in table.cells if any(map(str.isalnum, shown.page.text[c.start : c.end])))
    runs = (trimmed(shown.page.text, *run) for _, run in row_spans(table))
    return [
        run
        for run in runs
        if run and bisect_left(said, run[1]) - bisect_left(said, run[0]) >= LEAST_CELLS and shown.is_shown(*run)
    ]


def _header(table: Table, shown: _Shown) -> Run | None:
    header = next((header for header, _ in row_spans(table)), None)
    run = trimmed(shown.page.text, *header) if header else None
    return run if run and shown.is_shown(*run) else None


def _region(table: Table) -> Run:
    return min(c.start for c in table.cells), max(c.end for c in table.cells)


def find_entries(document: Document) -> list[tuple[Piece, ...]]:
    """The entries of the list of references, in their order: those the reader named, else one for each block."""
    shown = [_Shown(page) for page in document.pages]
    listed = list(_named(document)) if document.references else list(_blocks(document.pages))
    pieces = [(n, *run, i) for n, start, end, i in listed if (run := trimmed(document.pages[n].text, start, end))]
    kept: dict[int, list[Piece]] = {}
    for n, start, end, i in disjoint(pieces):
        if shown[n].is_shown(start, end):
            kept.setdefault(i, []).append((n, start, end))
    return [tuple(kept[i]) for i in sorted(kept)]


def _named(document: Document) -> Iterable[tuple[int, int, int, int]]:
    places = {page.number: n for n, page in enumerate(document.pages)}
    entries: Sequence[Reference] = document.references
    for i, entry in enumerate(entries):
        yield from ((places[s.page], s.start, s.end, i) for s in entry.spans if s.page in places)


def _blocks(pages: Sequence[Page]) -> Iterable[tuple[int, int, int, int]]:
    found = [(n, b) for n, page in enumerate(pages) for b in page.blocks if b.role is Role.REFERENCE]
    yield from ((n, b.start, b.end, i) for i, (n, b) in enumerate(found))


def disjoint(runs: Iterable[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Of runs (page, start, end, owner) those that overlap none before them in the text; in the text's order."""
    kept: list[tuple[int, int, int, int]] = []
    for run in sorted(runs):
        if not kept or kept[-1][0] != run[0] or kept[-1][2] <= run[1]:
            kept.append(run)
    return kept


class _Shown:
    """A page asked which of its text a reader of the paper sees, and under which headings it stands."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._blocks: list[Block] = sorted(page.blocks, key=lambda b: b.start)
        self._starts = [b.start for b in self._blocks]

    def is_shown(self, start: int, end: int) -> bool:
        """Whether the page can be read and nothing of the run is hidden."""
        first, last = max(0, bisect_right(self._starts, start) - 1), bisect_left(self._starts, end)
        over = (b for b in self._blocks[first:last] if b.end > start)
        return is_readable(self.page) and all(b.role not in (Role.HIDDEN, Role.FURNITURE) for b in over)

    def section(self, offset: int) -> str:
        """The section of the block that holds the character; "" where none does."""
        at = bisect_right(self._starts, offset) - 1
        return self._blocks[at].section if at >= 0 and self._blocks[at].end > offset else ""
