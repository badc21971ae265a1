from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.intents import Intent, Wish, intent_of, papers_named
from tests.assistant.shelf import paper

A, B = Wish.SUMMARY, Wish.COMPARISON


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("What are these papers about?", Intent(A, "")),
        ("what is this paper about", Intent(A, "")),
        ("Summarise the papers", Intent(A, "")),
        ("Please summarize everything for me.", Intent(A, "")),
        ("Could you give me a short summary of all papers?", Intent(A, "")),
        ("Summarise Hallam 2021", Intent(A, "Hallam 2021")),
        ("summarise what is known about nitrate leaching", Intent(A, "what is known about nitrate leaching")),
        ("Compare the effect of velorite on sand and loam", Intent(B, "the effect of velorite on sand and loam")),
        ("总结这些论文", Intent(A, "")),
        ("比较砂土和壤土的产量", Intent(B, "砂土和壤土的产量")),
    ],
)
def test_wishes(question: str, intent: Intent) -> None:
    assert intent_of(question) == intent


@pytest.mark.parametrize(
    "question",
    [
        "Does velorite increase tomato yield?",
        "What are the effects of velorite about which growers complain?",
        "Which summary statistic was used?",
        "How does velorite compare with lime?",
        "Compared to placebo, does zinc help?",
        "What do my papers say about nitrate?",
        "Compare",
        "What are these?",
        "番茄产量提高了多少？",
        "",
    ],
)
def test_ordinary_questions(question: str) -> None:
    assert intent_of(question) is None


HALLAM = paper("abcdef123", title="Velorite raises the yield of field tomatoes", authors=("Ines T. Hallam",), year=2021)
LUND = paper("fedcba321", title="Twin-lamp referencing of turbidity probes", authors=("Lund, Pia",), year=2022)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hallam 2021", [HALLAM]),
        ("Hallam et al. 2021 and Lund 2022", [HALLAM, LUND]),
        ("abcdef1", [HALLAM]),
        ("the paper on turbidity probes", [LUND]),
        ("what is known about nitrate leaching", []),
        ("Hallam", []),
        ("abc", []),
    ],
)
def test_papers_are_named_by_id_author_and_year_or_title(text: str, found: list[object]) -> None:
    assert papers_named(text, [HALLAM, LUND]) == found


@given(st.text(max_size=200))
def test_any_question_is_read_without_failing(question: str) -> None:
    intent_of(question)
    papers_named(question, [HALLAM, LUND])
