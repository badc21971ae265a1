from __future__ import annotations

import pytest

from assistant.inquiry import TRIED, ask_whether, follow_ups, split_question, suggest


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
    asked = list(suggest("Does velorite increase yield?", QUOTES, [], PASSAGES))
    assert asked[0] == "What is there about loam soil and velorite?"
    assert not any("yield" in q for q in asked)
    assert not list(suggest("Erhöht Velorit den Ertrag der Tomaten und ist das gut?", QUOTES, QUOTES, PASSAGES))
    assert not list(suggest("Does velorite increase yield?", [], [], PASSAGES))


def test_unquoted_sentences_are_asked_about_first() -> None:
    asked = suggest("Does velorite increase yield?", QUOTES, ["Velorite reduced nitrate leaching by 31 %."], PASSAGES)
    assert next(asked) == "Did velorite reduce nitrate leaching?"


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("Velorite reduced nitrate leaching by 31 %, to 33 kg.", "Did velorite reduce nitrate leaching?"),
        (
            "We found that IL-6 knockouts stopped the growth of tumours.",
            "Did IL-6 knockouts stop the growth of tumours?",
        ),
        ("Aspirin modified clotting in men.", "Did aspirin modify clotting?"),
        ("In sand velorite reduced leaching.", ""),
        ("We reduced leaching.", ""),
        ("Leaching was reduced by velorite.", ""),
        ("Velorite, which was reduced, is a mineral.", ""),
        ("The 12 plots of sand reduced it.", ""),
        ("Velorite is a mineral.", ""),
        ("", ""),
    ],
)
def test_sentences_as_questions(sentence: str, question: str) -> None:
    assert ask_whether(sentence) == question


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
