"""Tables, figures and references on the wire: what is sent comes back, and a lie is refused."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from assistant.index import wire
from assistant.index.checks import WireError
from assistant.index.geometry import pack
from assistant.types import Block, Cell, Document, Figure, Page, PageQuality, Reference, Role, Span, Table

TEXT = "Table 1 ab\n[1] Doe 2020"
PAGE = Page(
    2,
    "ii",
    600.0,
    800.0,
    TEXT,
    (Block(Role.HEADING, 0, 11, "Methods > Soil", 2), Block(Role.REFERENCE, 11, len(TEXT))),
    pack(np.ones((len(TEXT), 4))),
    PageQuality.OCR,
)
DOCUMENT = Document(
    (PAGE,),
    "A title",
    ("Ann Author",),
    2020,
    "10.5555/x",
    ("odd",),
    "2101.00001",
    "123",
    "Journal of Soil",
    (
        Table(
            2, "Table 1", (1.0, 2.0, 3.0, 4.0), (Cell(0, 0, 8, 9, header=True), Cell(1, 0, 9, 10, 2, 3)), Span(2, 0, 7)
        ),
    ),
    (Figure(2, "Figure 1", (0.0, -5.5, 9.0, 9.0)), Figure(2, "", (0.0, 0.0, 9.0, 9.0), Span(2, 0, 3))),
    (Reference("Doe 2020", (Span(2, 15, 23), Span(2, 11, 14)), "1", 2020, "10.5555/y", "2101.2", "Of soil"),),
    False,
)


def _sent(document: Document) -> Document:
    pages = []
    for kind, parts in wire.Frames(10**6).feed(b"".join(map(wire.encode_page, document.pages))):
        assert kind == "page"
        pages.append(wire.decode_page(parts, characters=1000))
    ((kind, parts),) = wire.Frames(10**6).feed(wire.encode_document(document))
    assert kind == "document"
    return wire.decode_document(parts[0], tuple(pages))


def test_what_is_sent_comes_back() -> None:
    assert _sent(DOCUMENT) == DOCUMENT


@pytest.mark.parametrize(
    ("path", "lie"),
    [
        (("tables", 0, 0), 3),
        (("tables", 0, 0), True),
        (("tables", 0, 1), "x" * 3000),
        (("tables", 0, 2), [0, 0, 1]),
        (("tables", 0, 2, 3), "4"),
        (("tables", 0, 2, 3), 1e300),
        (("tables", 0, 3, 2), len(TEXT) + 1),
        (("tables", 0, 3, 1), 8),
        (("tables", 0, 4, 0, 3), 10_000),
        (("tables", 0, 4, 0, 2), 10),
        (("tables", 0, 4, 0, 4), 0),
        (("tables", 0, 4, 0, 4), 5001),
        (("tables", 0, 4, 0, 1), 500),
        (("tables", 0, 4, 0, 5), 501),
        (("tables", 0, 4, 0, 6), 1),
        (("tables", 0, 4), "cells"),
        (("figures", 0, 0), 1),
        (("figures", 1, 3), [2, 5, 4]),
        (("references", 0, 0), "a\x00b"),
        (("references", 0, 1, 0, 0), 7),
        (("references", 0, 3), 99),
        (("references",), None),
        (("paged",), 1),
        (("arxiv",), 5),
    ],
)
def test_a_lie_is_refused(path: tuple[str | int, ...], lie: object) -> None:
    ((_, parts),) = wire.Frames(10**6).feed(wire.encode_document(DOCUMENT))
    about: Any = json.loads(parts[0])
    place = about
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = lie
    with pytest.raises(WireError):
        wire.decode_document(json.dumps(about).encode(), (PAGE,))


@pytest.mark.parametrize(
    "row", [["body", 0, len(TEXT), ""], ["body", 0, len(TEXT), "", -1], ["body", 0, len(TEXT), "", 10]]
)
def test_a_block_without_its_level_is_refused(row: list[object]) -> None:
    ((_, parts),) = wire.Frames(10**6).feed(wire.encode_page(PAGE))
    about = json.loads(parts[0]) | {"blocks": [row]}
    with pytest.raises(WireError):
        wire.decode_page([json.dumps(about).encode(), *parts[1:]], characters=1000)


def test_a_page_of_unknown_quality_is_refused() -> None:
    ((_, parts),) = wire.Frames(10**6).feed(wire.encode_page(PAGE))
    about = json.loads(parts[0]) | {"quality": "splendid"}
    with pytest.raises(WireError, match="quality"):
        wire.decode_page([json.dumps(about).encode(), *parts[1:]], characters=1000)
