from __future__ import annotations

import pytest

from assistant.inquiry import TRIED, follow_ups, split_question, suggest


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        (
            "Does velorite increase yield and how much nitrate is leached?",
            ["Does velorite increase yield?", "How much nitrate is leached?"],
        ),
        ("What is loam made of? Which crops grow on it?", None),
        ("What is loam made of? Which crops grow on loam?", ["What is loam made of?", "Which crops grow on loam?"]),
        ("Does X raise yield; is it dear?", None),
        ("How much and why?", None),
        ("Which drugs and vaccines help?", None),
        ("Velorite raises yield and is cheap.", None),
        ("Is A safe, and is B safe, and is C safe, and is D safe, and is E safe?", None),
    ],
)
def test_parts_of_a_question(question: str, parts: list[str] | None) -> None:
    assert split_question(question) == (parts or [question])


QUOTES = ["Velorite raised the yield on loam soil, while nitrate leaching fell on every plot."]
PASSAGES = ["Velorite and loam soil.", "On loam soil velorite binds nitrate."]


def test_suggestions_name_phrases_of_the_quotes_that_the_question_does_not() -> None:
    asked = list(suggest("Does velorite increase yield?", QUOTES, PASSAGES))
    assert asked[:2] == ["How is loam soil related to velorite?", "What about loam soil?"]
    assert not any("yield" in q for q in asked)
    assert not list(suggest("Erhöht Velorit den Ertrag der Tomaten und ist das gut?", QUOTES, PASSAGES))
    assert not list(suggest("Does velorite increase yield?", [], PASSAGES))


def test_only_what_can_be_answered_is_proposed_and_nothing_twice() -> None:
    tried: list[str] = []

    def can(question: str) -> bool:
        tried.append(question)
        return "no" not in question

    proposed = ["Why?", "why ?", "Is it so?", "no one?", "And loam?", "And sand?"]
    assert follow_ups("Is it so", proposed, can, count=2) == ("Why?", "And loam?")
    assert tried == ["Why?", "no one?", "And loam?"]
    assert follow_ups("", [f"no {n}" for n in range(50)], can, count=3) == ()
    assert len(tried) == 3 + TRIED
