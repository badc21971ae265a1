from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant.contract import (
    answer_json,
    evidence_json,
    file_json,
    health_json,
    paper_json,
    summary_json,
    verdict_json,
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
    Span,
    StepKind,
    Verdict,
)

EVIDENCE = [
    "n",
    "paper_id",
    "work_id",
    "title",
    "path",
    "page",
    "paragraph",
    "page_label",
    "text",
    "spans",
    "boxes",
    "context",
    "section",
    "score",
    "stance",
    "kind",
    "language",
]
JUDGEMENT = ["label", "confidence", "calibrated", "conflict", "n_for", "n_against", "reason", "mismatches"]
ODD = os.fsdecode(b"/papers/caf\xe9.pdf")

PAPER = Paper(
    "a" * 64,
    "work",
    "T <b>",
    ("A", "B"),
    2021,
    "10.5555/x",
    (Path(ODD), Path("rel.pdf")),
    2,
    9,
    "flagged",
    ("no title",),
)
SPANS = (Span(3, 10, 20, ((1.0, 2.0, 3.0, 4.0),)), Span(4, 0, 5, ((5.0, 6.0, 7.0, 8.0), (5.5, 6.5, 7.5, 8.5))))
QUOTE = Evidence(
    1,
    "a quote “ü”",
    SPANS,
    Passage("a" * 64, "It is a quote “ü”.", SPANS, "Results"),
    PAPER,
    0.75,
    "119",
    Label.REFUTES,
)
BARE = Evidence(2, "quote", (), Passage("b", "quote", ()), Paper("b", "b", ""), 0.5)
VERDICT = Verdict("c?", Label.REFUTES, n_against=1, evidence=(QUOTE, BARE))
ANSWER = Answer(
    "q?", "t [1]", False,
    (ReasoningStep(StepKind.SEARCH, "s"),
     ReasoningStep(StepKind.CONCLUSION, "c [1]", (1, 2), VERDICT, "as said", "rewritten")),
    (QUOTE, BARE), Provenance(3, "reader-1", "mini@53aa", ("m",), 0, "c0de", (7, 8), {"no JSON": 2}), (VERDICT,),
    {"total": 0.25}, standalone="q, then?", follow_ups=("r?",),
)  # fmt: skip


def test_answer_has_the_fields_of_the_contract_in_order() -> None:
    found = answer_json(ANSWER)
    first = ["id", "question", "text", "abstained", "steps", "evidence", "verdicts", "provenance", "timings"]
    assert list(found) == [*first, "standalone", "follow_ups", "relations"]
    assert [list(s) for s in found["steps"]] == [["kind", "text", "evidence", "verdict", "quote", "note"]] * 2
    assert [list(e) for e in found["evidence"]] == [EVIDENCE] * 2
    assert [list(v) for v in found["verdicts"]] == [JUDGEMENT]
    made_from = ["library_generation", "reader", "embedder", "models", "seed", "prompts", "passages", "counts"]
    assert list(found["provenance"]) == made_from
    assert list(found["evidence"][0]["context"]) == ["text"]
    assert [list(s) for s in found["evidence"][0]["spans"]] == [["page", "start", "end", "boxes"]] * 2


def test_answer_values() -> None:
    found = answer_json(ANSWER)
    assert (found["question"], found["text"], found["abstained"], found["timings"]) == (
        "q?",
        "t [1]",
        False,
        {"total": 0.25},
    )
    assert found["provenance"] == {
        "library_generation": 3,
        "reader": "reader-1",
        "embedder": "mini@53aa",
        "models": ["m"],
        "seed": 0,
        "prompts": "c0de",
        "passages": [7, 8],
        "counts": {"no JSON": 2},
    }
    assert (found["standalone"], found["follow_ups"]) == ("q, then?", ["r?"])
    judgement = {
        "label": "REFUTES",
        "confidence": None,
        "calibrated": False,
        "conflict": False,
        "n_for": 0,
        "n_against": 1,
        "reason": "",
        "mismatches": [],
    }
    assert found["steps"] == [
        {"kind": "search", "text": "s", "evidence": [], "verdict": None, "quote": "", "note": ""},
        {
            "kind": "conclusion",
            "text": "c [1]",
            "evidence": [1, 2],
            "verdict": judgement,
            "quote": "as said",
            "note": "rewritten",
        },
    ]
    assert found["verdicts"] == [judgement]


def test_evidence_values_repeat_the_first_span() -> None:
    first = answer_json(ANSWER)["evidence"][0]
    assert first == {
        "n": 1, "paper_id": "a" * 64, "work_id": "work", "title": "T <b>", "path": ODD, "page": 3, "paragraph": None,
        "page_label": "119",
        "text": "a quote “ü”",
        "spans": [
            {"page": 3, "start": 10, "end": 20, "boxes": [[1.0, 2.0, 3.0, 4.0]]},
            {"page": 4, "start": 0, "end": 5, "boxes": [[5.0, 6.0, 7.0, 8.0], [5.5, 6.5, 7.5, 8.5]]},
        ],
        "boxes": [[1.0, 2.0, 3.0, 4.0]], "context": {"text": "It is a quote “ü”."}, "section": "Results",
        "score": 0.75, "stance": "REFUTES", "kind": "text", "language": "en",
    }  # fmt: skip


def test_evidence_without_pages_has_nulls() -> None:
    bare = answer_json(ANSWER)["evidence"][1]
    assert (bare["path"], bare["page"], bare["stance"], bare["spans"], bare["boxes"]) == (None, None, None, [], [])
    assert bare["paragraph"] is None


def test_a_quote_from_a_file_without_pages_names_its_paragraph() -> None:
    span = Span(12, 0, 7)
    paper = Paper("b", "b", "T", paged=False)
    found = evidence_json(Evidence(1, "a quote", (span,), Passage("b", "a quote", (span,)), paper, 0.5))
    assert (found["page"], found["paragraph"], found["page_label"], found["boxes"]) == (None, 12, "", [])
    assert found["spans"] == [{"page": 12, "start": 0, "end": 7, "boxes": []}]


def test_verdict_has_the_fields_of_the_contract_in_order() -> None:
    assert list(verdict_json(VERDICT)) == ["claim", *JUDGEMENT, "method", "papers", "evidence"]


def test_paths_are_absolute_and_lead_back_to_the_file() -> None:
    first, second = paper_json(PAPER)["paths"]
    assert os.fsencode(json.loads(json.dumps(first))) == b"/papers/caf\xe9.pdf"
    assert Path(second).is_absolute()
    assert Path(second).name == "rel.pdf"


def test_paper_has_the_fields_of_the_contract_in_order() -> None:
    found = paper_json(PAPER)
    fields = "id title authors year doi paths pages paged passages status flags work_id arxiv pmid venue source"
    assert list(found) == fields.split()
    assert (found["authors"], found["year"], found["status"], found["flags"]) == (
        ["A", "B"],
        2021,
        "flagged",
        ["no title"],
    )
    assert paper_json(Paper("b", "b", ""))["year"] is None


def test_file_and_summary() -> None:
    good = FileReport(Path("/p/a.pdf"), FileStatus.INDEXED, "", "a" * 64, 2, 9, 0.5)
    bad = FileReport(Path("/p/b.pdf"), FileStatus.FAILED, "encrypted", seconds=0.25)
    assert list(file_json(good).items()) == [
        ("path", "/p/a.pdf"), ("status", "indexed"), ("reason", ""), ("paper_id", "a" * 64), ("pages", 2),
        ("paged", True),
        ("passages", 9),
        ("seconds", 0.5),
    ]  # fmt: skip
    web = FileReport(Path("/p/c.html"), FileStatus.INDEXED, "", "c" * 64, 80, 3, 0.5, paged=False)
    assert summary_json(IngestReport((good, bad, web), 0.75)) == {
        "files": 3, "indexed": 2, "unchanged": 0, "flagged": 0, "failed": 1, "pages": 2, "passages": 12,
        "seconds": 0.75, "interrupted": False,
    }  # fmt: skip


def test_health_is_ok_when_every_check_is() -> None:
    good, bad = HealthCheck("database", True, "sound"), HealthCheck("model", False, "missing")
    assert health_json([good]) == {"ok": True, "checks": [{"name": "database", "ok": True, "detail": "sound"}]}
    assert not health_json([good, bad])["ok"]
    assert health_json([])["ok"]


@pytest.mark.parametrize(
    "value",
    [
        answer_json(ANSWER),
        verdict_json(VERDICT),
        paper_json(PAPER),
        file_json(FileReport(Path(ODD), FileStatus.FLAGGED)),
        health_json([HealthCheck("a", True, "\x1b[31m")]),
    ],
)
def test_every_value_survives_json(value: dict[str, Any]) -> None:
    text = json.dumps(value, allow_nan=False)
    text.encode("ascii")
    assert json.loads(text) == value


def test_a_papers_vote_has_its_probabilities_by_name() -> None:
    verdict = replace(VERDICT, papers=(PaperVerdict(PAPER, Label.REFUTES, (0.1, 0.7, 0.2), (1,)),), mismatches=("x",))
    found = verdict_json(verdict)
    assert found["mismatches"] == ["x"]
    assert found["papers"] == [
        {
            "paper_id": PAPER.id,
            "work_id": PAPER.work_id,
            "title": PAPER.title,
            "label": "REFUTES",
            "probabilities": {"SUPPORTS": 0.1, "REFUTES": 0.7, "NOT_ENOUGH_INFO": 0.2},
            "evidence": [1],
        }
    ]
    assert json.loads(json.dumps(found)) == found
