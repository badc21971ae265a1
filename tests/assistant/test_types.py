"""What a notebook shows of an answer, and what an answer keeps when its library changes."""

from __future__ import annotations

import shutil
from pathlib import Path

from assistant import Assistant
from assistant.types import Answer, Evidence, Paper, Passage, Provenance, Span

HOSTILE = "<script>alert(1)</script> ![x](https://example.org/leak) [click](javascript:alert(1))"


def test_a_notebook_shows_hostile_text_as_text() -> None:
    paper = Paper("a" * 64, "w", HOSTILE, paths=(Path("/p/a.pdf"),))
    passage = Passage(paper.id, HOSTILE, (Span(3, 0, len(HOSTILE)),))
    evidence = Evidence(1, HOSTILE, passage.spans, passage, paper, 0.9, page_label="117")
    shown = Answer(HOSTILE, HOSTILE, False, (), (evidence,), Provenance(1, "r", "e"))._repr_markdown_()
    assert "<script>" not in shown
    assert "](" not in shown
    assert "**[1]**" in shown
    assert "p. 117" in shown


def test_an_answer_keeps_its_quotes_and_boxes_when_its_papers_are_gone(sample_library: Path, tmp_path: Path) -> None:
    with Assistant(shutil.copytree(sample_library, tmp_path / "library")) as assistant:
        answer = assistant.ask("Does velorite increase tomato yield?")
        before = [(e.text, e.spans, e.page_label) for e in answer.evidence]
        for paper in assistant.papers():
            assistant.remove(paper.id)
        assert assistant.papers() == []
        assert [(e.text, e.spans, e.page_label) for e in answer.evidence] == before
        assert all(span.boxes for e in answer.evidence for span in e.spans)


def test_a_paper_that_was_moved_is_where_it_is_now(tmp_path: Path) -> None:
    old, new = tmp_path / "old.pdf", tmp_path / "new.pdf"
    paper = Paper("a" * 64, "w", "A title", paths=(old, new))
    assert paper.path == old, "neither is there: the first"
    new.touch()
    assert paper.path == new
    assert Paper("a" * 64, "w", "A title").path is None


def test_the_retriever_is_langchains(sample_library: Path) -> None:
    from langchain_core.retrievers import BaseRetriever

    with Assistant(sample_library) as assistant:
        retriever = assistant.retriever(k=3)
        found = retriever.invoke("nitrate leaching under velorite")
    assert isinstance(retriever, BaseRetriever)
    assert len(found) == 3
    assert "nitrate" in found[0].page_content
    assert set(found[0].metadata) == {"paper_id", "title", "path", "page", "paragraph", "section", "score"}
