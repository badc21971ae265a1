"""What the engine says, in the page's other language."""

from __future__ import annotations

import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant import Assistant
from assistant.types import Answer, ReasoningStep, Verdict
from assistant.ui.said import MARKS, heard, heard_all, said
from assistant.ui.words import Words, table

EN, ZH = Words("en"), Words("zh")
ASKED = (
    ("Does velorite increase tomato yield?", "ask"),
    ("Velorite increases tomato yield by 45 %.", "check"),
    ("The moon is made of cheese.", "check"),
    ("Velorite increases tomato yield", "compare"),
    ("What is the capital of France?", "ask"),
    ("Summarise all papers", "ask"),
    ("velorite 是否提高番茄产量？", "ask"),
)
"""One question for each kind of answer: quotes, for and against, nothing, a table, an abstention, a summary, and one in
another language than the papers."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[1] [2] point the same way.", "[1] [2] 方向一致。"),
        ("[1] points the opposite way to [2]. [3] [4] point the same way.", "[1] 与 [2] 方向相反。[3] [4] 方向一致。"),
        ("2 papers for, 1 paper against.", "支持：2 篇论文；反对：1 篇论文。"),
        ("not judged: language", "未判定：语言不同"),
        ("A paper’s own words.", "A paper’s own words."),
        ("the question is empty; write it in words", "问题是空的，请用文字写出来"),
    ],
)
def test_fixed_sentences_are_said_again(text: str, expected: str) -> None:
    assert said(text, ZH) == expected
    assert said(text, EN) == text


def test_sentences_in_a_row_are_each_said_even_after_a_list() -> None:
    text = (
        "The papers differ on “zinc” and “yield”: raised by [3] [4], not changed by [1]. [2] [3] point the same way. "
        "[1] points the opposite way to [3] [4]."
    )
    chinese = said(text, ZH)
    assert "[3] [4] 说升高、[1] 说无变化" in chinese
    assert "[2] [3] 方向一致。[1] 与 [3] [4] 方向相反。" in chinese
    assert said(text, EN) == text


def test_the_words_of_papers_stay_as_they_are() -> None:
    text = "What follows, from the quotes alone: “2 papers for, 1 paper against.” [1]"
    assert said(text, ZH) == "仅凭引文可得：“2 papers for, 1 paper against.” [1]"


def test_only_the_limits_of_a_search_are_told_apart() -> None:
    text = (
        "Searched 5 passages of 2 papers (only the 2 papers chosen, 2020 or later) by words and by meaning; read the 1 "
        "passage of 1 paper that fit best."
    )
    assert "仅限所选的 2 篇论文、2020 年及以后" in said(text, ZH)


def test_every_form_knows_itself() -> None:
    """A sentence made from a form, its holes filled, is heard as that form or as one that says the same."""
    for key, sentence in table().items():
        if key.startswith("engine."):
            numbers = {"n": "3", "m": "4", "k": "5", **dict.fromkeys(MARKS, "[1] [2]")}
            holes = {name: numbers.get(name, "Xyz") for name in _holes(sentence["en"])}
            found = heard(sentence["en"].format_map(holes))
            assert found is not None, key


def _holes(sentence: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(sentence) if name]


@pytest.mark.parametrize("text", ["", "x" * 100_000, ". " * 5000, "[1] " * 3000, "“" * 4000, "a; b: c. " * 400])
def test_no_text_takes_long_or_fails(text: str) -> None:
    assert said(text, ZH)[:10] == text[:10]


def test_all_that_the_engine_says_of_the_sample_papers_is_known(sample_library: Path) -> None:
    with Assistant(sample_library) as assistant:
        titles = {f"{p.title} ({p.year})" for p in assistant.papers()}
        texts = [line for question, mode in ASKED for line in _lines(assistant, question, mode)]
        model = assistant.verifier().id
    own = {line for line in texts if line != model and not any(line.startswith(t) for t in titles)}
    assert len(own) > 15
    assert [line for line in sorted(own) if not heard(line) and not heard_all(line)] == []


def _lines(assistant: Assistant, question: str, mode: str) -> Iterator[str]:
    """All that is said in answer to a question but the quotes, line by line."""
    for event in assistant.stream(question, mode=mode):  # type: ignore[arg-type]
        verdicts = [event] if isinstance(event, Verdict) else []
        if isinstance(event, ReasoningStep):
            yield event.text
            verdicts += [event.verdict] if event.verdict else []
        if isinstance(event, Answer):
            yield from (line for line in event.text.splitlines() if line.strip() and not line.startswith("“"))
            verdicts += event.verdicts
        for verdict in verdicts:
            yield from (text for text in (verdict.reason, verdict.method, *verdict.mismatches) if text)
