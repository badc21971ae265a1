"""Follow-ups read as questions that stand alone (tests/data/followups.jsonl), and what must not be touched."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import UsageError
from assistant.followup import Earlier, Resolved, resolve
from tests.assistant.shelf import evidence, paper
from tests.conftest import ROOT

CASES = [json.loads(line) for line in (ROOT / "tests/data/followups.jsonl").read_text(encoding="utf-8").splitlines()]
PAPERS = [paper(f"p{i}", title=f"Title {i}") for i in (1, 2, 3)]


def earlier(question: str, of: int = 3) -> list[Earlier]:
    return [Earlier(question, tuple(evidence(i, f"Quote {i}.", p) for i, p in enumerate(PAPERS[:of], 1)))]


def faults(case: dict[str, Any], got: Resolved) -> str:
    said = set(re.findall(r"\w+", got.query.lower()))
    if case["same"]:
        return "" if (got.standalone, got.query, got.papers) == ("", case["question"], ()) else "not left alone"
    named = [p.id for p in PAPERS for i in case["papers"] if p is PAPERS[i - 1]]
    if sorted(got.papers) != sorted(named):
        return f"papers {got.papers}"
    lost = set(case["words"]) - said
    return f"lost {lost}" if lost else f"kept {said & set(case['without'])}" if said & set(case["without"]) else ""


def test_what_was_said_already_is_not_said_twice() -> None:
    got = resolve("And in sandy soil?", earlier("Velorite increases tomato yield on sandy soil."))
    assert got.standalone == "Velorite increases tomato yield on sandy soil?"


KNOWN = pytest.mark.xfail(strict=True, reason="rules cannot tell")


@pytest.mark.parametrize(
    "case", [pytest.param(c, id=c["question"], marks=[KNOWN] if c.get("limit") else []) for c in CASES]
)
def test_a_follow_up_stands_alone(case: dict[str, Any]) -> None:
    got = resolve(case["question"], earlier(case["earlier"], case["papers_cited"]))
    assert not faults(case, got), got


VELORITE = "Does velorite increase tomato yield?"


@pytest.mark.parametrize(
    ("question", "standalone", "query"),
    [
        ("why?", "Does velorite increase tomato yield, and why?", ""),
        ("And DNA damage?", "Does velorite increase tomato yield, and what about DNA damage?", ""),
        ("What  dose did the\nsecond paper use?", "What dose did “Title 2” use?", "What dose did use?"),
        ("In [1] and [3], was it dry?", "In “Title 1” and “Title 3”, was it dry?", "was it dry?"),
        (
            "What limits do the authors see?",
            "What limits do the authors of “Title 1”, “Title 2” and “Title 3” see?",
            "",
        ),
    ],
)
def test_what_the_reader_is_shown(question: str, standalone: str, query: str) -> None:
    got = resolve(question, earlier(VELORITE))
    assert got.standalone == standalone
    assert not query or got.query == query


@pytest.mark.parametrize("question", ["why?", "the second paper?", "[3]", "它有效吗？", "and in men?", "Does it last?"])
def test_the_first_question_stands_as_it_is(question: str) -> None:
    assert resolve(question, []) == Resolved("", question)


def test_a_paper_that_was_not_cited_is_a_sentence() -> None:
    with pytest.raises(UsageError, match="the last answer cites 2 papers"):
        resolve("What did the fourth paper find?", earlier(VELORITE, 2))


def test_a_mark_that_no_answer_has_is_text() -> None:
    question = "Is the claim of reference [17] on zinc true?"
    assert resolve(question, earlier(VELORITE)) == Resolved("", question)


def test_a_mark_is_looked_for_in_the_last_answer_that_has_it() -> None:
    turns = [*earlier("What is zinc?"), Earlier("What is tin?", (evidence(1, "Tin.", paper("tin")),))]
    assert resolve("What was done in [1]?", turns).papers == ("tin",)
    assert resolve("What was done in [3]?", turns).papers == ("p3",)


def test_a_work_counts_once_and_an_answer_without_sources_is_passed_over() -> None:
    one, preprint, other = paper("one", work="w"), paper("preprint", work="w"), paper("other")
    quotes = tuple(evidence(i, "Quote.", p) for i, p in enumerate((one, preprint, other), 1))
    turns = [Earlier(VELORITE, quotes), Earlier("Who won?", ())]
    assert resolve("What dose did the second paper use?", turns).papers == ("other",)


def test_what_a_paper_was_asked_is_asked_on_of_the_same_paper() -> None:
    turn = Earlier("What dose was used?", earlier(VELORITE)[0].evidence, named=("p2",))
    assert resolve("why?", [turn]).papers == ("p2",)
    named = Earlier("What dose did “It lasts” use?", turn.evidence, ("p2",), "What dose did use?")
    asked = resolve("why?", [*earlier(VELORITE), named])
    assert (asked.standalone, asked.query) == (
        "What dose did “It lasts” use, and why?",
        "What dose did use, and why?",
    )
    assert resolve("Does it last?", [*earlier(VELORITE), named]).query == "Does velorite last?"
    assert resolve("What did the other paper use?", [Earlier("q", turn.evidence[:2], ("p2",))]).papers == ("p1",)
    assert resolve("Is the soil of Mars wet?", [turn]).papers == ()


@pytest.mark.parametrize(
    ("question", "standalone"),
    [
        ("为什么？", "氮肥影响土壤微生物吗？为什么？"),
        ("那长期呢？", "氮肥影响土壤微生物吗？那长期呢？"),
        ("它安全吗？", "氮肥影响土壤微生物吗？它安全吗？"),
        ("阿司匹林能降低中风的风险吗？", ""),
    ],
)
def test_follow_ups_in_chinese(question: str, standalone: str) -> None:
    assert resolve(question, earlier("氮肥影响土壤微生物吗？")).standalone == standalone


def test_a_paper_by_number_in_chinese() -> None:
    assert resolve("第二篇论文用了什么剂量？", earlier("氮肥影响土壤微生物吗？")).papers == ("p2",)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_anything_is_read_or_refused_in_a_sentence(question: str, before: str) -> None:
    try:
        got = resolve(question, earlier(before))
    except UsageError as error:
        assert "name it by its title" in str(error)  # noqa: PT017
        return
    assert len(got.standalone) <= len(question) + len(before) + 200
    assert got.query or not question.strip()


def test_a_long_question_is_read_in_no_time() -> None:
    for hostile in ("it " * 1300, "in the " * 570, "does a b c d it " * 250, "[1] and " * 500, "and " * 1000):
        resolve(hostile, earlier("does " + "in a " * 790))
