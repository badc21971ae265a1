"""What the reading process says to its parent: frames, and pages and documents in them, checked.

A frame is one line of JSON, `{"kind": "page", "sizes": [120, 4000, 9000]}`, followed by that many bytes for each part.
The process may have been taken over by a hostile file, so the parent takes nothing on trust: every size, type, range
and relation is checked here, and nothing sent can run. Knows nothing of processes or PDF files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from assistant.index.checks import (
    MAX_NAME,
    WireError,
    boolean,
    check_characters,
    coordinate,
    integer,
    list_of,
    points,
    string,
    strings,
    year_of,
)
from assistant.index.geometry import unpacked_size
from assistant.index.parts import decode_parts, parts_json
from assistant.types import Block, Document, Page, PageQuality, Role

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
_MAX_LABEL = 20
_ROLES = frozenset(role.value for role in Role)
_QUALITIES = frozenset(quality.value for quality in PageQuality)
_MAX_LEVEL = 9


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


def encode_picture(width: int, height: int, matrix: Sequence[float], pixels: bytes) -> bytes:
    """A drawn page: its size in pixels, the matrix from user space to pixels, and its rows of RGB bytes."""
    about = {"width": width, "height": height, "matrix": list(matrix)}
    return encode("picture", json.dumps(about).encode(), pixels)


def decode_picture(parts: list[bytes]) -> tuple[int, int, tuple[float, ...], bytes]:
    """What `encode_picture` was given. Raises WireError where size and bytes do not fit, or are too many."""
    about = decode_json(parts[0])
    width, height = integer(about.get("width"), 1, MAX_PIXELS), integer(about.get("height"), 1, MAX_PIXELS)
    matrix = tuple(coordinate(value) for value in list_of(about.get("matrix"), 6, exactly=True))
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
    return kind, [integer(size, 0, MAX_PART) for size in sizes]


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
    return integer(decode_json(data).get(name), 0, high)


def decode_reason(data: bytes) -> tuple[str, bool]:
    """The sentence of a "failed" frame, and whether another try may go better."""
    about = decode_json(data)
    return string(about.get("reason"), 200), boolean(about.get("transient"))


def decode_page(parts: list[bytes], *, characters: int) -> Page:
    """A page of at most `characters` characters, its blocks tiling its text."""
    about = decode_json(parts[0])
    try:
        text = parts[1].decode()
    except UnicodeDecodeError as error:
        raise WireError("text is not UTF-8") from error
    if len(text) > characters:
        raise WireError("a page has too many characters")
    check_characters(text, allowed="\n")
    _check_boxes(parts[2], len(text))
    return Page(
        integer(about.get("number"), 1, 10**9),
        string(about.get("label"), _MAX_LABEL),
        points(about.get("width")),
        points(about.get("height")),
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
        string(about.get("title"), MAX_NAME),
        strings(about.get("authors")),
        year_of(year),
        string(about.get("doi"), MAX_NAME),
        strings(about.get("flags")),
        string(about.get("arxiv"), MAX_NAME),
        string(about.get("pmid"), MAX_NAME),
        string(about.get("venue"), MAX_NAME),
        tables,
        figures,
        references,
        boolean(about.get("paged")),
    )


def _check_boxes(data: bytes, count: int) -> None:
    try:
        held = unpacked_size(data, count)
    except ValueError as error:
        raise WireError("character boxes are damaged") from error
    if held != count:
        raise WireError("character boxes do not match the text")


def _blocks(value: object, length: int) -> tuple[Block, ...]:
    rows = list_of(value, length + 1)
    blocks, at = [], 0
    for row in rows:
        role, start, end, section, level = list_of(row, 5, exactly=True)
        if (
            not isinstance(role, str)
            or role not in _ROLES
            or start != at
            or not isinstance(end, int)
            or not at <= end <= length
        ):
            raise WireError("blocks do not tile the text")
        blocks.append(Block(Role(role), at, end, string(section, MAX_NAME), integer(level, 0, _MAX_LEVEL)))
        at = end
    if at != length:
        raise WireError("blocks do not tile the text")
    return tuple(blocks)
