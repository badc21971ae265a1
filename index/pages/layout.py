"""Raw pages of a whole file -> pages of text with blocks: the order of the steps, and nothing else.

Reading order is the order of the file's content, which is right in over 99 % of papers; it is rearranged by geometry
only where it is clearly wrong (see `order`). Every line ends with one role; text that is not the paper's own is
marked, never deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, groupby

from assistant.index.pages.cells import FoundTable, find_tables, place_table, with_rows
from assistant.index.pages.compose import Hyphens, compose
from assistant.index.pages.equations import mark_equations
from assistant.index.pages.figures import FoundFigure, common_drawings, find_figures, place_figure
from assistant.index.pages.floats import mark_captions, mark_cells
from assistant.index.pages.front import mark_abstract, mark_footnotes, mark_front
from assistant.index.pages.furniture import mark_furniture
from assistant.index.pages.headings import mark_headings
from assistant.index.pages.lines import Line, cut, page_lines, with_bullets, without_false_ends
from assistant.index.pages.order import in_order
from assistant.index.pages.outline import mark_outline
from assistant.index.pages.paragraphs import paragraphs
from assistant.index.pages.pdf import OutlineEntry, RawPage, Style
from assistant.index.pages.profile import Profile, even_sizes, profile
from assistant.index.pages.references import mark_references
from assistant.index.pages.runins import Cut, part_run_ins
from assistant.index.pages.sections import set_levels
from assistant.index.pages.spacing import without_false_spaces
from assistant.types import Figure, Page, Table

MAX_FLOATS = 5_000
"""Tables, and figures, of one file; more is no paper."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What was read: the pages, and their tables and figures in the order of the pages."""

    pages: tuple[Page, ...]
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()


def read_layout(pages: Sequence[RawPage], styles: list[Style], outline: Sequence[OutlineEntry] = ()) -> Layout:
    """The pages as read; `styles` is the table that the raw pages' style numbers refer to."""
    styles = even_sizes(pages, styles)
    pages = [without_false_spaces(without_false_ends(with_bullets(page), styles), styles) for page in pages]
    lines = [page_lines(page, styles) for page in pages]
    usual = profile(lines)
    lines = [in_order(page, usual) for page in lines]
    by_number = {page.number: page for page in pages}
    found, drawn = mark_roles(lines, pages, outline, lambda line, at: cut(by_number[line.page], styles, line, at))
    hyphens = Hyphens(line for page in lines for line in page)
    composed = [
        compose(page, size_of(page), with_rows(grouped, tables), hyphens)
        for page, grouped, tables in zip(pages, paragraphs(_outside(lines, found), profile(lines)), found, strict=True)
    ]
    tables = [place_table(page, table) for page, own in zip(composed, found, strict=True) for table in own]
    figures = [place_figure(page, figure) for page, own in zip(composed, drawn, strict=True) for figure in own]
    return Layout(tuple(page.page for page in composed), tuple(tables[:MAX_FLOATS]), tuple(figures[:MAX_FLOATS]))


def _outside(pages: Sequence[Sequence[Line]], found: Sequence[Sequence[FoundTable]]) -> list[list[Line]]:
    """The lines of each page that are in no table's cells."""
    taken = {id(line) for tables in found for table in tables for line in table.lines}
    return [[line for line in page if id(line) not in taken] for page in pages]


def mark_roles(
    pages: list[list[Line]], raw: Sequence[RawPage], outline: Sequence[OutlineEntry], cut_line: Cut
) -> tuple[list[list[FoundTable]], list[list[FoundFigure]]]:
    """Set the role of every line; each step looks only at what the ones before it left as body.

    Gives the tables of each page whose cells are known, and its figures.
    """
    usual = profile(pages)
    mark_furniture(pages, usual)
    mark_references(pages, usual)
    for page in pages[:1]:
        mark_front(page, usual)
    for page in pages:
        mark_captions(page, usual)
    tables = [find_tables(drawn, page, usual) for drawn, page in zip(raw, pages, strict=True)]
    common = common_drawings([page.graphics for page in raw])
    figures = [
        find_figures(page, drawn.graphics, [table.grid.box for table in found], common, usual)
        for drawn, page, found in zip(raw, pages, tables, strict=True)
    ]
    mark_headed(pages, usual, outline, cut_line)
    for page in pages:
        mark_equations(page, usual, numbered=True)
        mark_cells(page, usual)
        mark_footnotes(page, usual)
        mark_equations(page, usual, numbered=False)
    return tables, figures


def mark_headed(pages: list[list[Line]], usual: Profile, outline: Sequence[OutlineEntry], cut_line: Cut) -> None:
    """Find the headings, the abstract under its own, and the headings' levels; run-in headings part their lines."""
    named = mark_outline(pages, outline, usual)
    mark_headings(list(chain.from_iterable(pages)), usual)
    mark_abstract([line for page in pages[:2] for line in page], usual)
    lines = list(chain.from_iterable(pages))
    run_ins = part_run_ins(lines, usual, cut_line, named)
    set_levels(lines, run_ins, usual)
    parted = {number: list(group) for number, group in groupby(lines, key=lambda line: line.page)}
    for page in pages:
        page[:] = parted[page[0].page] if page else []


def size_of(page: RawPage) -> tuple[float, float]:
    """Width and height in points before /Rotate."""
    x0, y0, x1, y1 = page.bounds
    return (x1 - x0, y1 - y0)
