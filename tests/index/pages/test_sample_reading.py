"""The sample papers as they lie in a library: every known fact is in a passage, on its page, inside its boxes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assistant.index.geometry import line_boxes
from assistant.index.store import Store
from tests.conftest import ROOT
from tests.index.places import Pages, letters

SAMPLES = ROOT / "examples" / "papers"
FACTS: list[dict[str, Any]] = json.loads((SAMPLES / "facts.json").read_text(encoding="utf-8"))["facts"]


@pytest.fixture(scope="module")
def store(sample_library: Path) -> Store:
    return Store(sample_library)


@pytest.mark.parametrize("fact", FACTS, ids=[f["question"][:40] for f in FACTS])
def test_every_fact_is_in_a_passage_on_its_page(fact: dict[str, Any], store: Store) -> None:
    (paper,) = [p for p in store.papers() if p.paths[0].stem == Path(fact["paper"]).stem]
    pages = [
        {span.page for span in passage.spans}
        for passage in store.passages_of(paper.id)
        if letters(fact["quote"]) in letters(passage.text)
    ]
    assert any(fact["page"] in found for found in pages)


def test_every_passage_is_where_its_spans_say_and_its_boxes_hold_it_and_nothing_else(store: Store) -> None:
    """By an independent look at the file: pdfium's characters whose centre lies in the boxes."""
    checked = 0
    for paper in store.papers():
        shown = Pages(paper.paths[0])
        pages = {page.number: page for page in store.pages(paper.id)}
        for passage in store.passages_of(paper.id):
            texts = [pages[s.page].text[s.start : s.end] for s in passage.spans]
            assert passage.text == " ".join(texts)
            for span, text in zip(passage.spans, texts, strict=True):
                inside = shown.inside(span.page, line_boxes(pages[span.page], span.start, span.end))
                assert letters(inside) == letters(text)
                checked += 1
    assert checked > 60


def test_metadata_is_that_of_the_first_page(store: Store) -> None:
    for paper in store.papers():
        assert paper.title
        assert len(paper.authors) >= 2
        assert paper.year in range(2015, 2026)
        assert paper.doi.startswith("10.5555/")
