"""The tables of a page: found before its text is put together, placed in the text after.

Ties regions, grids and the page's text to each other; how each is told is theirs to know.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from assistant.index.geometry import turn
from assistant.index.pages.compose import Composed, Paragraph
from assistant.index.pages.floats import caption_label, starts_table
from assistant.index.pages.grid import Grid, Patch, find_grid
from assistant.index.pages.lines import Line, glyphs
from assistant.index.pages.pdf import RawPage
from assistant.index.pages.profile import Profile
from assistant.index.pages.regions import Region, find_regions
from assistant.index.pages.words import Word, text_lines, words_of
from assistant.types import Box, Cell, Role, Table

MAX_TABLES = 20
"""Tables of one page."""
_NOTE_GAP = 1.4
"""Font sizes of free room between a table and its notes, and between these, at most."""


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A table whose cells are known by their words. `lines` are the lines of text it takes up."""

    caption: Line
    lines: tuple[Line, ...]
    grid: Grid
    rows: tuple[Paragraph, ...]


def find_tables(page: RawPage, lines: Sequence[Line], usual: Profile) -> list[FoundTable]:
    """The tables of a page whose captions are marked; their lines get the role table.

    A journal sets its captions above its tables or below them: what gives more tables on the page is taken, and what
    is left is then looked for on the other side.
    """
    if not any(starts_table(line) for line in lines):
        return []
    marks = glyphs(page)
    tries = [_on_side(page, marks, lines, usual, below=below) for below in (True, False)]
    best, other = sorted(tries, key=len, reverse=True)
    found = best + [table for table in other if not any(_clash(table, known) for known in best)]
    for table in found:
        for line in table.lines:
            line.role = Role.TABLE
    for table in found:
        _mark_notes(lines, table, usual)
    return found


def _mark_notes(lines: Sequence[Line], table: FoundTable, usual: Profile) -> None:
    """Set the role footnote on the small text that follows closely under a table."""
    x0, edge, x1, _ = table.grid.box
    under = [x for x in lines if x.role is Role.BODY and x.style.turned == table.caption.style.turned]
    inside = [x for x in under if x.box[3] < edge + 1 and x0 - 2 * x.size < x.box[0] < x1]
    for line in sorted(inside, key=lambda x: -x.middle):
        if edge - line.box[3] > _NOTE_GAP * line.size or not usual.is_smaller(line):
            return
        line.role = Role.FOOTNOTE
        edge = min(edge, line.box[1])


def _on_side(
    page: RawPage, marks: Sequence[str], lines: Sequence[Line], usual: Profile, *, below: bool
) -> list[FoundTable]:
    regions = find_regions(lines, page.graphics, usual, below=below)[:MAX_TABLES]
    return [table for region in regions if (table := _table(page, marks, region)) is not None]


def _clash(a: FoundTable, b: FoundTable) -> bool:
    """Whether two tables have one caption or one line of text."""
    return a.caption is b.caption or not {id(x) for x in a.lines}.isdisjoint(id(x) for x in b.lines)


def _table(page: RawPage, marks: Sequence[str], region: Region) -> FoundTable | None:
    words = words_of(page, marks, region.lines)
    grid = find_grid(words, region.box, region.across, region.uprights)
    if grid is None:
        return None
    rows = tuple(_row(grid, number, marks) for number in range(grid.rows))
    return FoundTable(region.caption[0], tuple(region.lines), grid, tuple(row for row in rows if row.lines))


def _row(grid: Grid, number: int, marks: Sequence[str]) -> Paragraph:
    """A row's pieces of line, cell by cell."""
    pieces: list[Line] = []
    starts: set[int] = set()
    for cell in grid.cells:
        if cell.row == number and cell.words:
            starts.add(len(pieces))
            pieces += _pieces(cell, marks)
    return Paragraph(Role.TABLE, pieces, starts=frozenset(starts))


def _ordered(cell: Patch) -> list[Word]:
    """A cell's words as they are read."""
    return [word for line in text_lines(cell.words) for word in line.words]


def _pieces(cell: Patch, marks: Sequence[str]) -> list[Line]:
    """A cell's words as pieces of the lines they come from, without anything between that is not the cell's."""
    runs: list[list[Word]] = []
    for word in _ordered(cell):
        last = runs[-1][-1] if runs else None
        goes_on = last is not None and last.line is word.line and last.end <= word.start
        if goes_on and last is not None and not "".join(marks[last.end : word.start]).strip():
            runs[-1].append(word)
        else:
            runs.append([word])
    return [_piece(run) for run in runs]


def _piece(run: Sequence[Word]) -> Line:
    line, start, end = run[0].line, run[0].start, run[-1].end
    boxes = [word.box for word in run]
    box = (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))
    text = " ".join(word.text for word in run)
    return replace(line, start=start, end=end, text=text, box=box, hyphen=line.hyphen and end >= line.end)


def with_rows(paragraphs: Sequence[Paragraph], tables: Sequence[FoundTable]) -> list[Paragraph]:
    """The page's paragraphs with each table's rows behind its caption, under the caption's heading."""
    result = list(paragraphs)
    for table in tables:
        at = next((i for i, p in enumerate(result) if any(x.start == table.caption.start for x in p.lines)), None)
        section = result[at].section if at is not None else ""
        for row in table.rows:
            row.section = section
        where = len(result) if at is None else at + 1
        result[where:where] = table.rows
    return result


def place_table(composed: Composed, found: FoundTable) -> Table:
    """The table with its cells' places in the page's text."""
    cells: list[Cell] = []
    end = 0
    for patch in found.grid.cells:
        start = end
        if patch.words:
            start, end = composed.run((word.start, word.end) for word in patch.words)
        elif cells and cells[-1].row != patch.row:
            start = end = _row_start(composed, found.grid, patch.row, end)
        cells.append(Cell(patch.row, patch.column, start, end, patch.rows, patch.columns, patch.header))
    return Table(
        composed.page.number,
        caption_label(found.caption.text),
        _box(found),
        tuple(cells),
        composed.block_around(found.caption.start),
    )


def _row_start(composed: Composed, grid: Grid, row: int, fallback: int) -> int:
    """Where a row's text begins, which is where the empty cells before its first words stand."""
    words = [word for cell in grid.cells if cell.row == row for word in cell.words]
    return composed.run((word.start, word.end) for word in words)[0] if words else fallback


def _box(found: FoundTable) -> Box:
    """The table's box in the page's user space."""
    x0, y0, x1, y1 = turn(np.array([found.grid.box]), -found.caption.style.turned)[0].tolist()
    return (x0, y0, x1, y1)
