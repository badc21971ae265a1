from __future__ import annotations

import pytest

from assistant.derived import unfounded

TEXT = "The yield rose from 40 kg to 50 kg on loam (n = 24), and 81/395 plants died, 30 % of them early."


@pytest.mark.parametrize(
    "claim",
    [
        "The yield was 50 kg.",
        "It rose by 10 kg.",
        "It rose by 25 %.",
        "It rose by 10,000 g.",
        "It became 1.25-fold.",
        "20.5 % of plants died.",
        "70 % died later.",
        "40 kg is 80 % of it.",
        "One text says so.",
        "Nothing is counted here.",
    ],
)
def test_what_is_printed_or_follows_has_ground(claim: str) -> None:
    assert unfounded(claim, [TEXT], [TEXT]) == ()


@pytest.mark.parametrize(
    ("claim", "number"),
    [
        ("It rose by 26 %.", "26 %"),
        ("It rose by 80 %.", "80 %"),
        ("It rose by 10 mg.", "10 mg"),
        ("It rose 3-fold.", "3-fold"),
        ("Two papers agree.", "Two"),
        ("In 1987 it rose.", "1987"),
    ],
)
def test_what_comes_from_nowhere_has_none(claim: str, number: str) -> None:
    assert unfounded(claim, [TEXT], [TEXT]) == (number,)


def test_numbers_of_two_sentences_are_not_combined() -> None:
    parts = ["It was 40 kg. Then it was 50 kg."]
    assert unfounded("It rose by 25 %.", parts, parts) == ("25 %",)


def test_how_many_texts_are_cited_may_be_said() -> None:
    assert unfounded("Two papers agree.", [TEXT, "So it is."], [TEXT]) == ()


def test_only_quoted_sentences_are_computed_with() -> None:
    assert unfounded("It rose by 25 %.", [TEXT], ["So it is."]) == ("25 %",)
