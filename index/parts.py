"""Tables, figures and references of a document as JSON, and back: what a worker says and the store keeps.

Nothing is taken on trust: each place must lie on a page that there is, within its text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple
from typing import Any

from assistant.index.checks import MAX_LIST, MAX_NAME, WireError, boolean, coordinate, integer, list_of, string, year_of
from assistant.types import Box, Cell, Document, Figure, Reference, Span, Table

_MAX_FLOATS, _MAX_CELLS, _MAX_REFERENCES, _MAX_ENTRY = 5_000, 50_000, 20_000, 20_000
"""Tables or figures of a file, cells of a table, entries of a bibliography, characters of an entry."""
_MAX_ROWS, _MAX_COLUMNS = 5_000, 500
"""Of a table: what is laid out as a grid must fit into memory, whatever its cells say."""


def parts_json(document: Document) -> dict[str, Any]:
    """Tables, figures and references as JSON, as `decode_parts` reads them; the store keeps them in this form too."""
    return {
        "tables": [
            [t.page, t.label, t.box, _span_json(t.caption), [list(astuple(c)) for c in t.cells]]
            for t in document.tables
        ],
        "figures": [[f.page, f.label, f.box, _span_json(f.caption)] for f in document.figures],
        "references": [
            [r.text, [_span_json(s) for s in r.spans], r.label, r.year, r.doi, r.arxiv, r.title]
            for r in document.references
        ],
    }


def _span_json(span: Span | None) -> list[int] | None:
    return None if span is None else [span.page, span.start, span.end]


def decode_parts(
    about: dict[str, Any], lengths: Mapping[int, int]
) -> tuple[tuple[Table, ...], tuple[Figure, ...], tuple[Reference, ...]]:
    """What `parts_json` gave; `lengths` are the characters of each page. Raises WireError for a place that is none."""
    return (
        tuple(_table(row, lengths) for row in list_of(about.get("tables"), _MAX_FLOATS)),
        tuple(_figure(row, lengths) for row in list_of(about.get("figures"), _MAX_FLOATS)),
        tuple(_reference(row, lengths) for row in list_of(about.get("references"), _MAX_REFERENCES)),
    )


def _table(row: object, lengths: Mapping[int, int]) -> Table:
    page, label, box, caption, cells = list_of(row, 5, exactly=True)
    length = _length(page, lengths)
    return Table(
        page,
        string(label, MAX_NAME),
        _box(box),
        tuple(_cell(cell, length) for cell in list_of(cells, _MAX_CELLS)),
        None if caption is None else _span(caption, lengths),
    )


def _figure(row: object, lengths: Mapping[int, int]) -> Figure:
    page, label, box, caption = list_of(row, 4, exactly=True)
    _length(page, lengths)
    return Figure(page, string(label, MAX_NAME), _box(box), None if caption is None else _span(caption, lengths))


def _cell(value: object, length: int) -> Cell:
    row, column, start, end, rows, columns, header = list_of(value, 7, exactly=True)
    top, left, first = (
        integer(row, 0, _MAX_ROWS - 1),
        integer(column, 0, _MAX_COLUMNS - 1),
        integer(start, 0, length),
    )
    return Cell(
        top,
        left,
        first,
        integer(end, first, length),
        integer(rows, 1, _MAX_ROWS - top),
        integer(columns, 1, _MAX_COLUMNS - left),
        boolean(header),
    )


def _reference(row: object, lengths: Mapping[int, int]) -> Reference:
    text, spans, label, year, doi, arxiv, title = list_of(row, 7, exactly=True)
    return Reference(
        string(text, _MAX_ENTRY),
        tuple(_span(span, lengths) for span in list_of(spans, MAX_LIST)),
        string(label, MAX_NAME),
        year_of(year),
        string(doi, MAX_NAME),
        string(arxiv, MAX_NAME),
        string(title, MAX_NAME),
    )


def _length(page: object, lengths: Mapping[int, int]) -> int:
    """Characters of a page that was sent."""
    if not isinstance(page, int) or isinstance(page, bool) or page not in lengths:
        raise WireError("a page that was not sent")
    return lengths[page]


def _span(value: object, lengths: Mapping[int, int]) -> Span:
    page, start, end = list_of(value, 3, exactly=True)
    first = integer(start, 0, _length(page, lengths))
    return Span(page, first, integer(end, first, lengths[page]))


def _box(value: object) -> Box:
    x0, y0, x1, y1 = (coordinate(side) for side in list_of(value, 4, exactly=True))
    return (x0, y0, x1, y1)
