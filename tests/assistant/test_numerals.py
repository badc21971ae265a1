from __future__ import annotations

import pytest

from assistant.number_kinds import Kind, bound_of, kind_of
from assistant.numerals import read_numbers
from assistant.printed_units import unit_at


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1,250 and 3 x 10^4", [1250, 30000]),
        ("twenty-two of 1.5 million", [22, 1.5e6]),
        ("gene p53, as told [12] on 3 May", []),
        ("one reason", []),
        ("one week", [1]),
    ],
)
def test_numbers_are_read_and_names_are_not(text: str, values: list[float]) -> None:
    assert [n.value for n in read_numbers(text)] == values


@pytest.mark.parametrize(
    ("text", "unit"), [("5 mg/kg daily", "mg/kg"), ("5 mg / leaf", "mg"), ("5 A type", ""), ("5 apples", "")]
)
def test_a_unit_is_as_long_as_it_makes_sense(text: str, unit: str) -> None:
    assert unit_at(text, 1)[0] == unit


def test_words_around_a_number_say_what_it_is() -> None:
    text = "It was at least 5 with n = 7."
    five, seven = read_numbers(text)
    assert bound_of(text, text[: five.start], five.end) == ">="
    assert kind_of(text, text[: seven.start], seven, None, "", "", seven.end) is Kind.SAMPLE
