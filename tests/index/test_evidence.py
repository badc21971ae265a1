"""The library as reasoning sees it: places of quotes of several runs, rows, references, files without pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from assistant.config import Settings
from assistant.index import writes
from assistant.index.chunk import passages
from assistant.index.evidence import LibraryRetriever
from assistant.index.geometry import pack
from assistant.index.library import Library
from assistant.reasoning import answer, check_claim
from assistant.testing import HashEmbedder
from assistant.types import (
    Answer,
    Block,
    Cell,
    Document,
    Evidence,
    Filters,
    Page,
    Passage,
    PassageKind,
    Reference,
    Role,
    Span,
    Table,
    Verdict,
)
from tests.assistant.scripted import Scripted

HEADER, ROW, ENTRY = "Plot Yield of wheat", "North 4.1 t", "1. Doe J. Velorite reduces the yield of wheat. Soils 4, 2."
PROSE = "Velorite raised the yield of wheat in each of the plots. It was cheap."


def page(number: int, parts: Sequence[tuple[Role, str]]) -> Page:
    """A page with a line for each part, each character one point wide and ten high."""
    text, blocks, boxes = "", [], []
    for line, (role, part) in enumerate(parts):
        blocks.append(Block(role, len(text), len(text) + len(part) + 1, "Results"))
        text += part + "\n"
        y = 700.0 - 20 * line
        boxes += [(float(x), y, x + 1.0, y + 10) if not c.isspace() else (0.0,) * 4 for x, c in enumerate(part + "\n")]
    return Page(number, f"S{number}", 600, 800, text, tuple(blocks), pack(np.array(boxes)))


def paper() -> Document:
    shown = page(1, [(Role.BODY, PROSE), (Role.TABLE, HEADER), (Role.TABLE, ROW), (Role.REFERENCE, ENTRY)])
    at = [shown.text.index(part) for part in ("Plot", "Yield of", "North", "4.1", ENTRY)]
    cells = (
        Cell(0, 0, at[0], at[0] + 4, header=True),
        Cell(0, 1, at[1], at[1] + 14, header=True),
        Cell(1, 0, at[2], at[2] + 5),
        Cell(1, 1, at[3], at[3] + 5),
    )
    entry = Reference(ENTRY, (Span(1, at[4], at[4] + len(ENTRY)),))
    return Document((shown,), "Yield", tables=(Table(1, "Table 1", (0, 0, 9, 9), cells),), references=(entry,))


def plain() -> Document:
    parts = [
        (Role.HEADING, "Barley"),
        (Role.BODY, "We sowed barley by hand. It grew"),
        (Role.BODY, "Then barley died."),
    ]
    return Document(tuple(page(n, [part]) for n, part in enumerate(parts, 1)), "Barley", paged=False)


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LibraryRetriever]:
    embedder = HashEmbedder()
    library = Library(tmp_path_factory.mktemp("library"), create=True)
    with library.writing() as db, writes.transaction(db):
        writes.set_setting(db, "dimension", str(embedder.dimension))
        for name, document in (("a" * 64, paper()), ("b" * 64, plain())):
            cut = passages(document, name, target=40, count=lambda texts: [len(t.split()) for t in texts])
            vectors = embedder.embed([p.text for p in writes.findable(cut)])
            writes.add_paper(db, name, document, cut, vectors, reader="1", fallback_title="")
    yield LibraryRetriever(library, embedder, Settings())
    library.close()


def found(retriever: LibraryRetriever, kind: PassageKind) -> Passage:
    hits = retriever.search("yield of wheat", k=9, filters=Filters(references=True))
    return next(h.passage for h in hits if h.passage.kind is kind)


def test_a_row_has_a_place_for_its_header_and_one_for_itself(retriever: LibraryRetriever) -> None:
    hit = next(
        h for h in retriever.search("yield of wheat", k=9, filters=Filters()) if h.passage.kind is PassageKind.ROW
    )
    assert hit.passage.text == f"{HEADER} {ROW}"
    spans, label = retriever.evidence(hit, 0, len(hit.passage.text))
    assert label == "S1"
    text = paper().pages[0].text
    assert [text[s.start : s.end] for s in spans] == [HEADER, ROW]
    assert [[round(b[3] - b[1]) for b in s.boxes] for s in spans] == [[10], [10]]
    assert [round(s.boxes[0][1]) for s in spans] == [680, 660]
    within, _ = retriever.evidence(hit, len(HEADER) - 5, len(HEADER) + 6)
    assert [text[s.start : s.end] for s in within] == ["wheat", "North"]


def ask(retriever: LibraryRetriever, question: str, filters: Filters) -> Answer:
    *_, result = answer(question, retriever, settings=Settings(answer_above=0.0), filters=filters)
    assert isinstance(result, Answer)
    return result


def test_an_answer_quotes_references_on_request_only(retriever: LibraryRetriever) -> None:
    question = "Does velorite raise the yield of wheat?"
    usual = ask(retriever, question, Filters())
    assert ENTRY not in [e.text for e in usual.evidence]
    wider = ask(retriever, question, Filters(references=True))
    entry = next(e for e in wider.evidence if e.text == ENTRY)
    assert entry.passage.kind is PassageKind.REFERENCE
    assert entry.score > 0.01
    assert entry.spans[0].boxes
    assert "lists of references" in wider.steps[0].text


def test_a_title_in_a_list_of_references_is_no_vote(retriever: LibraryRetriever) -> None:
    *events, verdict = check_claim(
        "Velorite raises the yield of wheat.", retriever, verifier=Scripted(), filters=Filters(references=True)
    )
    assert isinstance(verdict, Verdict)
    assert (verdict.n_for, verdict.n_against) == (1, 0)
    assert {e.passage.kind for e in events if isinstance(e, Evidence)} == {PassageKind.TEXT}


def test_a_sentence_ends_with_its_paragraph_in_a_file_without_pages(retriever: LibraryRetriever) -> None:
    hits = retriever.search("barley", k=1, filters=Filters(papers=("b" * 64,)))
    text = hits[0].passage.text
    assert [text[a:b] for a, b in retriever.split(hits[0].passage)] == [
        "Barley",
        "We sowed barley by hand.",
        "It grew",
        "Then barley died.",
    ]
