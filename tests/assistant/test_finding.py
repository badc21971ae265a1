from __future__ import annotations

import threading

import pytest

from assistant.config import Settings
from assistant.errors import Cancelled
from assistant.finding import Findings, can_answer, find
from assistant.reasoning import answer
from assistant.types import Answer, Filters, ReasoningStep
from tests.assistant.shelf import Shelf, paper

YIELD = "Velorite increased the yield of tomatoes by 15 %."
LEACHED = "Nitrate leaching fell to 12 kg per hectare under velorite."
QUESTION = "Does velorite increase tomatoes yield and how much nitrate leaching happens under velorite?"
SETTINGS = Settings(answer_above=0.5, follow_ups=0)


def shelf() -> Shelf:
    return Shelf({paper("a"): [YIELD], paper("b"): [LEACHED]})


def found(question: str, settings: Settings = SETTINGS) -> tuple[Findings, list[str]]:
    *steps, last = find(question, shelf(), settings=settings, filters=Filters())
    assert isinstance(last, Findings)
    return last, [s.text for s in steps if isinstance(s, ReasoningStep)]


def test_each_part_is_looked_up_and_each_passage_stands_once() -> None:
    findings, steps = found(QUESTION)
    assert [p.found for p in findings.parts] == [True, True]
    assert [h.rank for h in findings.hits] == [1, 2]
    assert len({c.text for c in findings.candidates}) == len(findings.candidates) == 2
    assert steps[0].startswith("The question has 2 parts")
    assert sum(s.startswith("Searched") for s in steps) == 2


def test_a_part_without_an_answer_is_named() -> None:
    findings, steps = found(f"{QUESTION[:-1]}, and which unicorns breakfast nightly?")
    assert [p.found for p in findings.parts] == [True, True, False]
    assert findings.found
    assert steps[-1] == "Nothing read answers “Which unicorns breakfast nightly?”"


def test_an_answer_quotes_for_every_part() -> None:
    *_, last = answer(QUESTION, shelf(), settings=SETTINGS)
    assert isinstance(last, Answer)
    assert {e.text for e in last.evidence} == {YIELD, LEACHED}
    assert [e.n for e in last.evidence] == [1, 2]


def test_whether_a_question_would_be_answered() -> None:
    can = can_answer(shelf(), SETTINGS, Filters())
    assert can("Does velorite increase the yield of tomatoes?")
    assert not can("Which unicorns breakfast nightly?")


def test_a_stop_is_heard() -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        list(find(QUESTION, shelf(), settings=SETTINGS, filters=Filters(), cancel=cancel))
