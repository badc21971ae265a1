"""Over every real paper there is: each span of each passage is that part of its page, and its boxes hold it."""

from __future__ import annotations

import difflib
import re
import unicodedata
from pathlib import Path

import pypdfium2
import pytest

from assistant.index.chunk import passages
from assistant.index.geometry import line_boxes
from assistant.index.sandbox import read_paper

pytestmark = pytest.mark.soak

ALIKE = 0.97
"""Ratio of letters from which a box's content counts as the quote; some fonts give a letter two codes."""


def letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)).lower()


def test_every_passage_of_every_paper(shared: Path) -> None:
    files = [
        *sorted((shared / "pdfs" / "ground_truth").glob("*.pdf")),
        *sorted((shared / "pdfs" / "mixed").glob("*.pdf")),
    ]
    spans = alike = 0
    for file in files:
        document = read_paper(file)
        pages = {page.number: page for page in document.pages}
        pdf = pypdfium2.PdfDocument(file)
        seen: dict[int, list[tuple[float, float, str]]] = {}
        for passage in passages(document, "x", target=160, count=lambda texts: [len(t.split()) for t in texts]):
            texts = [pages[s.page].text[s.start : s.end] for s in passage.spans]
            assert passage.text == " ".join(texts), file
            for span, text in zip(passage.spans, texts, strict=True):
                if span.page not in seen:
                    seen[span.page] = characters(pdf, span.page)
                boxes = line_boxes(pages[span.page], span.start, span.end)
                inside = "".join(
                    c for x, y, c in seen[span.page] if any(a <= x <= d and b <= y <= e for a, b, d, e in boxes)
                )
                ratio = difflib.SequenceMatcher(None, letters(text), letters(inside), autojunk=False).ratio()
                spans += 1
                alike += ratio >= ALIKE
                if ratio < ALIKE:
                    print(file.name, span.page, round(ratio, 2), text[:80])
        pdf.close()
    print(f"{alike} of {spans} spans of {len(files)} papers are in their boxes, and nothing else")
    assert spans > 1000
    assert alike >= 0.995 * spans


def characters(pdf: pypdfium2.PdfDocument, page: int) -> list[tuple[float, float, str]]:
    text = pdf[page - 1].get_textpage()
    boxes = [text.get_charbox(i) for i in range(text.count_chars())]
    return [((b[0] + b[2]) / 2, (b[1] + b[3]) / 2, text.get_text_range(i, 1)) for i, b in enumerate(boxes)]
