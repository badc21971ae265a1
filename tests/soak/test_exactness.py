"""Over every real paper there is: each span of each passage is that part of its page, and its boxes hold it."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from assistant.index.chunk import passages
from assistant.index.geometry import line_boxes
from assistant.index.sandbox import read_paper
from assistant.types import PassageKind
from tests.index.places import Pages, letters

pytestmark = pytest.mark.soak

ALIKE = 0.97
"""Ratio of letters from which a box's content counts as the quote; some fonts give a letter two codes."""


def test_every_passage_of_every_paper(shared: Path) -> None:
    files = [
        *sorted((shared / "pdfs" / "ground_truth").glob("*.pdf")),
        *sorted((shared / "pdfs" / "mixed").glob("*.pdf")),
    ]
    spans = alike = 0
    for file in files:
        document = read_paper(file)
        pages = {page.number: page for page in document.pages}
        shown = Pages(file)
        for passage in passages(document, "x", target=160, count=lambda texts: [len(t.split()) for t in texts]):
            texts = [pages[s.page].text[s.start : s.end] for s in passage.spans]
            assert passage.text == " ".join(texts), file
            for span, text in zip(passage.spans, texts, strict=True):
                boxes = line_boxes(pages[span.page], span.start, span.end)
                inside = shown.inside(span.page, boxes)
                wanted, found = letters(text), letters(inside)
                if passage.kind is PassageKind.ROW:
                    # A table runs row by row here, and in any order in the file.
                    wanted, found = "".join(sorted(wanted)), "".join(sorted(found))
                ratio = difflib.SequenceMatcher(None, wanted, found, autojunk=False).ratio()
                spans += 1
                alike += ratio >= ALIKE
                if ratio < ALIKE:
                    print(file.name, span.page, round(ratio, 2), text[:80])
    print(f"{alike} of {spans} spans of {len(files)} papers are in their boxes, and nothing else")
    assert spans > 1000
    assert alike >= 0.995 * spans
