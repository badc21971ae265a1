"""A swap changes one fact and nothing else, or says that it cannot."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.finetune.swaps import OPPOSITES, swap_direction, swap_negation, swap_number


@pytest.mark.parametrize(
    ("sentence", "turned"),
    [
        ("Zinc increases growth.", "Zinc decreases growth."),
        ("Higher doses helped.", "Lower doses helped."),
        ("Zinc was given.", None),
    ],
)
def test_direction(sentence: str, turned: str | None) -> None:
    assert swap_direction(sentence, pick=random.Random(0)) == turned


@pytest.mark.parametrize(
    ("sentence", "turned"),
    [
        ("Zinc is toxic.", "Zinc is not toxic."),
        ("Zinc is not toxic.", "Zinc is toxic."),
        ("Zinc cannot cross.", "Zinc can cross."),
        ("Zinc does not reduce growth.", "Zinc reduces growth."),
        ("Rats do not eat zinc.", "Rats eat zinc."),
        ("Zinc kills.", None),
    ],
)
def test_negation(sentence: str, turned: str | None) -> None:
    assert swap_negation(sentence) == turned


@given(st.decimals(min_value="0.1", max_value="99999", places=2), st.integers(0, 99))
def test_a_number_is_changed_far_beyond_rounding(value: object, seed: int) -> None:
    turned = swap_number(f"It rose by {value} %.", pick=random.Random(seed))
    assert turned is not None
    before, after = float(str(value)), float(turned.removeprefix("It rose by ").removesuffix(" %."))
    assert abs(after - before) >= 0.2 * before


@pytest.mark.parametrize("sentence", ["IL-6 and TP53 rose.", "Zinc helps.", "It was 0."])
def test_names_and_zeros_are_no_numbers_to_change(sentence: str) -> None:
    assert swap_number(sentence, pick=random.Random(0)) is None


def test_an_opposite_is_another_word() -> None:
    assert all(a != b for a, b in OPPOSITES.items())
