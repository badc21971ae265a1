from __future__ import annotations

import os
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.terminal import (
    answer_text,
    clean,
    file_line,
    health_text,
    ingest_summary,
    paper_text,
    papers_text,
    verdict_text,
)
from assistant.types import (
    Answer,
    Evidence,
    FileReport,
    FileStatus,
    HealthCheck,
    IngestReport,
    Label,
    Paper,
    PaperVerdict,
    Passage,
    Provenance,
    ReasoningStep,
    Reference,
    Related,
    Span,
    StepKind,
    Verdict,
)

HOSTILE = "\x1b[2J\x1b]0;owned\x07Evil\x9b31m \u202etitle\x08\r\n\x1b]8;;http://x\x1b\\!"
PAPER = Paper(
    "ab" * 32, "w", "Velorite and tomatoes", ("Ines Hallam",), 2021, "10.5555/x", (Path("/p/field.pdf"),), 2, 9
)
SPAN = Span(3, 0, 5)


def quote(
    text: str = "Velorite raised yield.", *, paper: Paper = PAPER, label: str = "117", stance: Label | None = None
) -> Evidence:
    return Evidence(1, text, (SPAN,), Passage(paper.id, text, (SPAN,), "Results"), paper, 0.934, label, stance)


def answered(text: str = "1 quote.\n\n“Velorite raised yield.” [1]", *evidence: Evidence) -> Answer:
    steps = (
        ReasoningStep(StepKind.SEARCH, "Searched 9 passages."),
        ReasoningStep(StepKind.CONCLUSION, "What follows [1].", (1,)),
    )
    return Answer("q?", text, False, steps, evidence or (quote(),), Provenance(1, "r", "e"))


def test_answer_shows_text_steps_and_cited_passages() -> None:
    assert answer_text(answered()).split("\n") == [
        "1 quote.",
        "",
        "“Velorite raised yield.” [1]",
        "",
        "Steps",
        "1. search: Searched 9 passages.",
        "2. conclusion: What follows [1].",
        "",
        "Cited passages",
        "[1] Velorite and tomatoes, Results, p. 117 (page 3 of the file): “Velorite raised yield.”",
        "    /p/field.pdf, relevance 93%",
    ]


def test_written_steps_say_what_the_checks_found_and_what_was_dropped() -> None:
    step = ReasoningStep(StepKind.OBSERVATION, "It rose.", (1,), quote="rose", note="not supported")
    made_from = Provenance(1, "r", "e", counts={"invented quote": 2, "no JSON": 1})
    shown = answer_text(replace(answered(), steps=(step,), provenance=made_from, follow_ups=("Why?", "Where?")))
    assert "1. observation: It rose. [not supported]" in shown
    assert shown.endswith("Ask next\n- Why?\n- Where?\n\nDropped of what was written: 2 invented quote, 1 no JSON")


@pytest.mark.parametrize(
    ("label", "shown"), [("3", "p. 3: “"), ("", "p. 3: “"), ("iv", "p. iv (page 3 of the file): “")]
)
def test_the_printed_page_is_told_from_the_page_of_the_file(label: str, shown: str) -> None:
    assert shown in answer_text(answered("t", quote(label=label)))


def test_a_format_without_pages_has_no_page() -> None:
    bare = Evidence(1, "q", (), Passage("b", "q", ()), Paper("b" * 64, "b", ""), 0.5)
    assert "[1] untitled (bbbbbbbbbbbb): “q”" in answer_text(answered("t", bare))


def test_a_format_without_pages_shows_its_paragraphs() -> None:
    web = Paper("c" * 64, "c", "A page", pages=80, passages=9, paged=False)
    assert "[1] A page, Results, ¶ 3: “Velorite raised yield.”" in answer_text(
        answered("t", quote(paper=web, label=""))
    )
    assert papers_text([web]).endswith("A page  (80 paragraphs, 9 passages)")
    passage = Passage(web.id, "Words.", (Span(3, 0, 5), Span(5, 0, 9)), "Results")
    assert "¶¶ 3-5, Results: Words." in paper_text(web, [passage])
    report = FileReport(Path("/p/a.html"), FileStatus.INDEXED, pages=80, passages=9, paged=False)
    assert file_line(report) == "indexed   /p/a.html (80 paragraphs, 9 passages)"


@pytest.mark.parametrize("width", [40, 60, 100])
def test_lines_keep_to_the_width(width: int) -> None:
    text = answer_text(answered("word " * 90, quote("Velorite raised yield. " * 20)), width=width)
    assert max(map(len, text.split("\n"))) <= width
    assert text.count("word") == 90


def test_chinese_keeps_to_the_width_in_columns() -> None:
    text = answer_text(answered("石灰提高了土壤的酸碱度" * 20), width=40)
    first = text.split("\n")[0]
    assert len(first) == 20


def test_hostile_text_cannot_steer_the_terminal() -> None:
    paper = Paper(
        "c" * 64, "w", HOSTILE, (HOSTILE,), 2020, HOSTILE, (Path("/p/\x1b[31mx\n.pdf"),), 1, 1, flags=(HOSTILE,)
    )
    report = FileReport(Path("/p/\x1b[31mx\n.pdf"), FileStatus.FAILED, HOSTILE)
    shown = [
        answer_text(answered(HOSTILE, quote(HOSTILE, paper=paper, label=HOSTILE))),
        verdict_text(Verdict(HOSTILE, Label.REFUTES, evidence=(quote(HOSTILE, paper=paper),), method=HOSTILE)),
        papers_text([paper]),
        paper_text(paper, [Passage("c", HOSTILE, (SPAN,), HOSTILE)]),
        health_text([HealthCheck(HOSTILE, False, HOSTILE)]),
        file_line(report),
    ]
    for text in shown:
        assert all(c == "\n" or unicodedata.category(c) not in ("Cc", "Cf") for c in text)
        assert "owned" not in text
    assert "\n" not in file_line(report)
    assert len(papers_text([paper, paper]).split("\n")) == 2


@given(st.text())
def test_clean_leaves_one_line_that_can_be_encoded(text: str) -> None:
    cleaned = clean(text)
    assert "\n" not in cleaned
    assert "\x1b" not in cleaned
    cleaned.encode()


def test_clean_keeps_what_is_harmless() -> None:
    assert clean("naïve β₂ “x” 石灰 e\u0301") == "naïve β₂ “x” 石灰 e\u0301"


def test_a_name_that_is_no_text_is_escaped() -> None:
    assert clean(os.fsdecode(b"caf\xe9.pdf")) == "caf\\xe9.pdf"


def test_colour_only_where_asked_for() -> None:
    verdict = Verdict("c", Label.SUPPORTS, n_for=1)
    assert "\x1b[32m+ SUPPORTS\x1b[0m" in verdict_text(verdict, colour=True)
    assert "\x1b" not in verdict_text(verdict)


def test_verdict_states_votes_confidence_method_and_conflict() -> None:
    verdict = Verdict(
        "Velorite helps.", Label.REFUTES, None, False, True, 1, 2, (quote(stance=Label.REFUTES),), "polarity-1: words"
    )
    text = verdict_text(verdict)
    assert text.startswith("Claim: Velorite helps.\n- REFUTES: 1 paper for, 2 papers against\nThe papers disagree.\n")
    assert "Confidence: not known (not calibrated)" in text
    assert "Method: polarity-1: words" in text
    assert "[1] (against) Velorite and tomatoes" in text
    assert "Confidence: 80% (calibrated)" in verdict_text(Verdict("c", Label.SUPPORTS, 0.8, True))


def test_file_lines_and_summary() -> None:
    good = FileReport(Path("/p/a.pdf"), FileStatus.INDEXED, pages=2, passages=1)
    bad = FileReport(Path("/p/b.pdf"), FileStatus.FAILED, "encrypted")
    assert file_line(good) == "indexed   /p/a.pdf (2 pages, 1 passage)"
    assert file_line(bad) == "failed    /p/b.pdf: encrypted"
    assert ingest_summary(IngestReport((good, bad), 1.25)) == "2 files in 1.2 s: 1 indexed, 1 failed"
    assert "run it again" in ingest_summary(IngestReport((), 0.0, interrupted=True))


def test_papers() -> None:
    assert papers_text([PAPER]) == "abababababab  2021  Velorite and tomatoes  (2 pages, 9 passages)"
    assert "assistant ingest" in papers_text([])
    twin = replace(PAPER, id="cd" * 32)
    first, second = papers_text([PAPER, twin]).split("\n")
    assert first.endswith("[same work as cdcdcdcdcdcd]")
    assert second.endswith("[same work as abababababab]")
    shown = paper_text(PAPER, [Passage("x", "Some text.", (SPAN, Span(4, 0, 2)), "Results")])
    assert "authors  Ines Hallam" in shown
    assert "pp. 3-4, Results: Some text." in shown


def test_a_paper_shows_what_it_has_to_do_with_others() -> None:
    other = Paper("cd" * 32, "w", "Velorite\x1b[2J again")
    entry = Reference("[1] Hallam I. Velorite\x1b[2J again. 2020.", ())
    related = Related((other,), ((other, 0.97),), ((entry, other), (entry, None)), (other,))
    shown = paper_text(replace(PAPER, venue="Annals", source="my.bib: k1"), (), related)
    assert "venue    Annals\n" in shown
    assert "as in    my.bib: k1\n" in shown
    assert "work     also cdcdcdcdcdcd Velorite again\n" in shown
    assert "near duplicate of cdcdcdcdcdcd Velorite again: 97% in common" in shown
    assert "2 references, 1 of them in the library\n- [1] Hallam I. Velorite again. 2020.\n  -> cdcdcdcdcdcd" in shown
    assert "\x1b" not in shown


def test_health() -> None:
    assert (
        health_text([HealthCheck("disk", True, "9 GB"), HealthCheck("model", False, "gone")])
        == "ok    disk: 9 GB\nLOST  model: gone"
    )


def test_votes_mismatches_and_reasons_are_shown() -> None:
    papers = (
        PaperVerdict(quote().paper, Label.REFUTES, (0.1, 0.7, 0.2), (1,)),
        PaperVerdict(quote().paper, Label.NOT_ENOUGH_INFO, (0.1, 0.2, 0.7)),
    )
    verdict = Verdict("It helps.", Label.REFUTES, 0.7, True, n_against=1, papers=papers, mismatches=("25 is not 15.",))
    text = verdict_text(verdict)
    assert "- against 70%" in text
    assert "? 1 paper read says too little to vote" in text
    assert "Differs: 25 is not 15." in text
    far = verdict_text(replace(verdict, confidence=None, calibrated=False, reason="not calibrated here: too long"))
    assert "Confidence: not calibrated here: too long" in far
    assert "70%" not in far


def test_a_step_shows_what_the_verifier_makes_of_it() -> None:
    def shown(verdict: Verdict) -> str:
        step = ReasoningStep(StepKind.CONCLUSION, "It follows.", (), verdict)
        return answer_text(replace(answered(), steps=(step,)))

    assert "It follows. (supports 70%)" in shown(Verdict("c", Label.SUPPORTS, 0.7, True))
    assert "It follows. (not judged: language)" in shown(
        Verdict("c", Label.NOT_ENOUGH_INFO, reason="not judged: language")
    )
