from __future__ import annotations

import re
from dataclasses import replace

from assistant.overview import MAX_SUMMARIES, overview
from assistant.types import Answer, Evidence, Filters, Passage, ReasoningStep, StepKind
from tests.assistant.shelf import Shelf, paper

HALLAM = paper("hallam", title="Velorite [7] raises yield")
SAND = paper("sand", title="Velorite on sand")
TEXTS = {
    HALLAM: ["We asked whether velorite raises the yield of tomatoes. Our results show that yield rose by 18 %."],
    SAND: ["Our results show that velorite decreased the yield of tomatoes by 6 % on sand."],
}


def answer(question: str, shelf: Shelf | None = None, filters: Filters | None = None) -> Answer | None:
    shelf = shelf or Shelf(dict(TEXTS))

    def passages_of(paper_id: str) -> list[Passage]:
        return [replace(p, section="Abstract") for p in shelf.passages if p.paper_id == paper_id]

    events = overview(question, shelf, list(shelf.papers.values()), passages_of, filters=filters)
    if events is None:
        return None
    *before, last = events
    assert isinstance(last, Answer)
    assert tuple(e for e in before if isinstance(e, ReasoningStep)) == last.steps
    assert tuple(e for e in before if isinstance(e, Evidence)) == last.evidence
    return last


def test_an_ordinary_question_is_left_to_others() -> None:
    assert answer("Does velorite raise the yield?") is None


def test_what_are_these_papers_about_sums_up_each_and_says_what_it_did() -> None:
    found = answer("What are these papers about?")
    assert found is not None
    assert not found.abstained
    assert "Taken as a wish for a summary of 2 papers" in found.steps[0].text
    assert "Asks: “We asked whether velorite raises the yield of tomatoes.” [1]" in found.text
    cited = {int(n) for n in re.findall(r"\[(\d+)\]", found.text)}
    assert cited == {e.n for e in found.evidence}


def test_a_mark_in_a_title_does_not_pass_for_a_citation() -> None:
    found = answer("Summarise hallam 2020")
    assert found is not None
    assert "[7]" not in found.text + "".join(s.text for s in found.steps)
    assert {e.paper.id for e in found.evidence} == {"hallam"}


def test_filters_limit_what_is_summed_up() -> None:
    found = answer("Summarise the papers", filters=Filters(papers=("sand",)))
    assert found is not None
    assert {e.paper.id for e in found.evidence} == {"sand"}


def test_compare_gives_a_step_for_each_work_and_its_relations() -> None:
    found = answer("Compare the yield of tomatoes with velorite")
    assert found is not None
    assert [s.kind for s in found.steps] == [StepKind.SEARCH, StepKind.COMPARISON, StepKind.COMPARISON]
    assert [(r.cause, r.sign) for r in found.relations] == [("velorite", -1)]


def test_summarise_and_a_topic_compares() -> None:
    found = answer("Summarise what is known about tomatoes")
    assert found is not None
    assert "compare what works say on “what is known about tomatoes”" in found.steps[0].text


def test_a_topic_that_no_work_speaks_of_is_an_abstention() -> None:
    found = answer("Compare quarks with leptons")
    assert found is not None
    assert found.abstained
    assert found.evidence == ()


def test_too_many_works_are_named() -> None:
    many = {paper(f"p{i}"): [f"Our results show that yield rose by {i} %."] for i in range(MAX_SUMMARIES + 2)}
    found = answer("Summarise all papers", Shelf(dict(many)))
    assert found is not None
    assert "2 more have no room" in found.steps[0].text
