"""What the reading process says to its parent: frames, and the checks that make them safe to believe.

A frame is one line of JSON, `{"kind": "page", "sizes": [120, 4000, 9000]}`, followed by that many bytes for each part.
The process may have been taken over by a hostile file, so the parent takes nothing on trust: every size, type, range
and relation is checked here, and nothing sent can run. Knows nothing of processes or PDF files.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple
from typing import Any

from assistant.index.geometry import unpacked_size
from assistant.types import (
    Block,
    Box,
    Cell,
    Document,
    Figure,
    Page,
    PageQuality,
    Reference,
    Role,
    Span,
    Table,
)

KINDS = {
    "opened": 1,
    "reading": 1,
    "unpaged": 1,
    "working": 0,
    "page": 3,
    "document": 1,
    "failed": 1,
    "picture": 2,
}
"""Number of parts a frame of each kind has."""
MAX_HEADER = 200
MAX_PART = 400 << 20
"""Bytes: 20 million characters with their boxes stay below it."""
MAX_PIXELS = 40_000_000
"""Of one picture of a page; a larger one is drawn at a lower resolution."""
_MAX_LABEL, _MAX_NAME, _MAX_LIST = 20, 2000, 500
_MAX_FLOATS, _MAX_CELLS, _MAX_REFERENCES, _MAX_ENTRY = 5_000, 50_000, 20_000, 20_000
"""Tables or figures of a file, cells of a table, entries of a bibliography, characters of an entry."""
_MAX_ROWS, _MAX_COLUMNS = 5_000, 500
"""Of a table: what is laid out as a grid must fit into memory, whatever its cells say."""
_MAX_POINTS = 1e7
_ROLES = frozenset(role.value for role in Role)
_QUALITIES = frozenset(quality.value for quality in PageQuality)
_MAX_LEVEL = 9


class WireError(ValueError):
    """A frame is not what the protocol allows."""


def encode(kind: str, *parts: bytes) -> bytes:
    header = json.dumps({"kind": kind, "sizes": [len(part) for part in parts]})
    return b"".join([header.encode(), b"\n", *parts])


def encode_json(kind: str, value: dict[str, Any]) -> bytes:
    return encode(kind, json.dumps(value).encode())


def encode_page(page: Page) -> bytes:
    about = {
        "number": page.number,
        "label": page.label,
        "width": page.width,
        "height": page.height,
        "quality": page.quality.value,
        "blocks": [[b.role.value, b.start, b.end, b.section, b.level] for b in page.blocks],
    }
    return encode("page", json.dumps(about).encode(), page.text.encode(), page.char_boxes)


def encode_document(document: Document) -> bytes:
    """All but the pages, which go in frames of their own before it."""
    names = ("title", "authors", "year", "doi", "flags", "arxiv", "pmid", "venue", "paged")
    about = {name: getattr(document, name) for name in names}
    return encode_json("document", about | parts_json(document))


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


def encode_picture(width: int, height: int, matrix: Sequence[float], pixels: bytes) -> bytes:
    """A drawn page: its size in pixels, the matrix from user space to pixels, and its rows of RGB bytes."""
    about = {"width": width, "height": height, "matrix": list(matrix)}
    return encode("picture", json.dumps(about).encode(), pixels)


def decode_picture(parts: list[bytes]) -> tuple[int, int, tuple[float, ...], bytes]:
    """What `encode_picture` was given. Raises WireError where size and bytes do not fit, or are too many."""
    about = decode_json(parts[0])
    width, height = _integer(about.get("width"), 1, MAX_PIXELS), _integer(about.get("height"), 1, MAX_PIXELS)
    matrix = tuple(_coordinate(value) for value in _list(about.get("matrix"), 6, exactly=True))
    if width * height > MAX_PIXELS or len(parts[1]) != 3 * width * height:
        raise WireError("a picture's size does not match its pixels")
    return width, height, matrix, parts[1]


class Frames:
    """Bytes as they come -> whole frames. Raises WireError at the first thing that is not allowed.

    `limit` is the most bytes taken in all: a process that talks for ever is cut off.
    """

    def __init__(self, limit: int) -> None:
        self._buffer = bytearray()
        self._left = limit

    def feed(self, data: bytes) -> Iterator[tuple[str, list[bytes]]]:
        self._left -= len(data)
        if self._left < 0:
            raise WireError("too much was sent")
        self._buffer += data
        while (frame := self._take()) is not None:
            yield frame

    def _take(self) -> tuple[str, list[bytes]] | None:
        end = self._buffer.find(b"\n", 0, MAX_HEADER + 1)
        if end < 0:
            if len(self._buffer) > MAX_HEADER:
                raise WireError("a frame's header is too long")
            return None
        kind, sizes = _header(bytes(self._buffer[:end]))
        at = end + 1
        if len(self._buffer) < at + sum(sizes):
            return None
        parts = []
        for size in sizes:
            parts.append(bytes(self._buffer[at : at + size]))
            at += size
        del self._buffer[:at]
        return kind, parts


def _header(line: bytes) -> tuple[str, list[int]]:
    value = decode_json(line)
    kind, sizes = value.get("kind"), value.get("sizes")
    if not isinstance(kind, str) or kind not in KINDS or not isinstance(sizes, list) or len(sizes) != KINDS[kind]:
        raise WireError("a frame of no known kind")
    return kind, [_integer(size, 0, MAX_PART) for size in sizes]


def decode_json(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise WireError("not JSON") from error
    if not isinstance(value, dict):
        raise WireError("not a JSON object")
    return value


def decode_number(data: bytes, name: str, high: int) -> int:
    """The one number, 0 to `high`, that an "opened", "reading" or "unpaged" frame carries."""
    return _integer(decode_json(data).get(name), 0, high)


def decode_reason(data: bytes) -> tuple[str, bool]:
    """The sentence of a "failed" frame, and whether another try may go better."""
    about = decode_json(data)
    return _string(about.get("reason"), 200), _boolean(about.get("transient"))


def decode_page(parts: list[bytes], *, characters: int) -> Page:
    """A page of at most `characters` characters, its blocks tiling its text."""
    about = decode_json(parts[0])
    try:
        text = parts[1].decode()
    except UnicodeDecodeError as error:
        raise WireError("text is not UTF-8") from error
    if len(text) > characters:
        raise WireError("a page has too many characters")
    _check_characters(text, allowed="\n")
    _check_boxes(parts[2], len(text))
    return Page(
        _integer(about.get("number"), 1, 10**9),
        _string(about.get("label"), _MAX_LABEL),
        _points(about.get("width")),
        _points(about.get("height")),
        text,
        _blocks(about.get("blocks"), len(text)),
        parts[2],
        _quality(about.get("quality")),
    )


def _quality(value: object) -> PageQuality:
    if not isinstance(value, str) or value not in _QUALITIES:
        raise WireError("not a page's quality")
    return PageQuality(value)


def decode_document(data: bytes, pages: tuple[Page, ...]) -> Document:
    about = decode_json(data)
    year = about.get("year")
    tables, figures, references = decode_parts(about, {page.number: len(page.text) for page in pages})
    return Document(
        pages,
        _string(about.get("title"), _MAX_NAME),
        _strings(about.get("authors")),
        _year(year),
        _string(about.get("doi"), _MAX_NAME),
        _strings(about.get("flags")),
        _string(about.get("arxiv"), _MAX_NAME),
        _string(about.get("pmid"), _MAX_NAME),
        _string(about.get("venue"), _MAX_NAME),
        tables,
        figures,
        references,
        _boolean(about.get("paged")),
    )


def decode_parts(
    about: dict[str, Any], lengths: Mapping[int, int]
) -> tuple[tuple[Table, ...], tuple[Figure, ...], tuple[Reference, ...]]:
    """What `parts_json` gave; `lengths` are the characters of each page. Raises WireError for a place that is none."""
    return (
        tuple(_table(row, lengths) for row in _list(about.get("tables"), _MAX_FLOATS)),
        tuple(_figure(row, lengths) for row in _list(about.get("figures"), _MAX_FLOATS)),
        tuple(_reference(row, lengths) for row in _list(about.get("references"), _MAX_REFERENCES)),
    )


def _table(row: object, lengths: Mapping[int, int]) -> Table:
    page, label, box, caption, cells = _list(row, 5, exactly=True)
    length = _length(page, lengths)
    return Table(
        page,
        _string(label, _MAX_NAME),
        _box(box),
        tuple(_cell(cell, length) for cell in _list(cells, _MAX_CELLS)),
        None if caption is None else _span(caption, lengths),
    )


def _figure(row: object, lengths: Mapping[int, int]) -> Figure:
    page, label, box, caption = _list(row, 4, exactly=True)
    _length(page, lengths)
    return Figure(page, _string(label, _MAX_NAME), _box(box), None if caption is None else _span(caption, lengths))


def _cell(value: object, length: int) -> Cell:
    row, column, start, end, rows, columns, header = _list(value, 7, exactly=True)
    top, left, first = (
        _integer(row, 0, _MAX_ROWS - 1),
        _integer(column, 0, _MAX_COLUMNS - 1),
        _integer(start, 0, length),
    )
    return Cell(
        top,
        left,
        first,
        _integer(end, first, length),
        _integer(rows, 1, _MAX_ROWS - top),
        _integer(columns, 1, _MAX_COLUMNS - left),
        _boolean(header),
    )


def _reference(row: object, lengths: Mapping[int, int]) -> Reference:
    text, spans, label, year, doi, arxiv, title = _list(row, 7, exactly=True)
    return Reference(
        _string(text, _MAX_ENTRY),
        tuple(_span(span, lengths) for span in _list(spans, _MAX_LIST)),
        _string(label, _MAX_NAME),
        _year(year),
        _string(doi, _MAX_NAME),
        _string(arxiv, _MAX_NAME),
        _string(title, _MAX_NAME),
    )


def _length(page: object, lengths: Mapping[int, int]) -> int:
    """Characters of a page that was sent."""
    if not isinstance(page, int) or isinstance(page, bool) or page not in lengths:
        raise WireError("a page that was not sent")
    return lengths[page]


def _span(value: object, lengths: Mapping[int, int]) -> Span:
    page, start, end = _list(value, 3, exactly=True)
    first = _integer(start, 0, _length(page, lengths))
    return Span(page, first, _integer(end, first, lengths[page]))


def _box(value: object) -> Box:
    x0, y0, x1, y1 = (_coordinate(side) for side in _list(value, 4, exactly=True))
    return (x0, y0, x1, y1)


def _year(value: object) -> int | None:
    return None if value is None else _integer(value, 1000, 9999)


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise WireError("not true or false")
    return value


def _check_characters(text: str, *, allowed: str = "") -> None:
    if any(character < " " or character == "\x7f" for character in set(text) - set(allowed)):
        raise WireError("text has control characters")


def _check_boxes(data: bytes, count: int) -> None:
    try:
        held = unpacked_size(data, count)
    except ValueError as error:
        raise WireError("character boxes are damaged") from error
    if held != count:
        raise WireError("character boxes do not match the text")


def _blocks(value: object, length: int) -> tuple[Block, ...]:
    rows = _list(value, length + 1)
    blocks, at = [], 0
    for row in rows:
        role, start, end, section, level = _list(row, 5, exactly=True)
        if (
            not isinstance(role, str)
            or role not in _ROLES
            or start != at
            or not isinstance(end, int)
            or not at <= end <= length
        ):
            raise WireError("blocks do not tile the text")
        blocks.append(Block(Role(role), at, end, _string(section, _MAX_NAME), _integer(level, 0, _MAX_LEVEL)))
        at = end
    if at != length:
        raise WireError("blocks do not tile the text")
    return tuple(blocks)


def _list(value: object, most: int, *, exactly: bool = False) -> list[Any]:
    if not isinstance(value, list) or len(value) > most or (exactly and len(value) != most):
        raise WireError("not a list of the right length")
    return value


def _strings(value: object) -> tuple[str, ...]:
    return tuple(_string(item, _MAX_NAME) for item in _list(value, _MAX_LIST))


def _string(value: object, most: int) -> str:
    if not isinstance(value, str) or len(value) > most:
        raise WireError("not a string of allowed length")
    _check_characters(value)
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise WireError("text holds half a character") from error
    return value


def _integer(value: object, low: int, high: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise WireError("not a whole number in range")
    return value


def _points(value: object) -> float:
    """A length in points."""
    length = _coordinate(value)
    if length < 0:
        raise WireError("not a length")
    return length


def _coordinate(value: object) -> float:
    if (
        not isinstance(value, int | float)
        or isinstance(value, bool)
        or not math.isfinite(value)
        or abs(value) > _MAX_POINTS
    ):
        raise WireError("not a place on a page")
    return float(value)
