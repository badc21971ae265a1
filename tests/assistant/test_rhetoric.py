from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.rhetoric import Role, roles, section_role

ABSTRACT = [
    "Velorite has been used by growers for many years.",
    "The aim of this study was to measure its effect on yield.",
    "We applied two rates to 96 plots and measured yield at harvest.",
    "Our results show that yield rose by 18 % (p = 0.01).",
    "© 2021 Somebody. All rights reserved.",
]


def test_each_sentence_of_an_abstract_gets_its_role() -> None:
    assert roles(ABSTRACT) == [Role.BACKGROUND, Role.OBJECTIVE, Role.METHOD, Role.RESULT, Role.OTHER]


def test_without_a_cue_the_place_decides() -> None:
    assert roles(["Aaa bbb.", "Ccc ddd.", "Eee fff."]) == [Role.BACKGROUND, Role.METHOD, Role.RESULT]
    assert roles(["Aaa bbb."]) == [Role.BACKGROUND]
    assert roles([]) == []


@pytest.mark.parametrize(
    "text",
    [
        "A limitation of this work is that one site was used.",
        "These findings should be interpreted with caution.",
        "We could not measure losses below the root zone.",
        "Whether it holds on sand remains to be tested.",
        "Larger trials are needed.",
    ],
)
def test_what_limits_a_paper(text: str) -> None:
    assert roles(["Aaa.", "Bbb.", text, "Ccc."])[2] is Role.LIMIT


@pytest.mark.parametrize(
    ("section", "role"),
    [
        ("3. Results > 3.1 Yield", Role.RESULT),
        ("2. Methods > Participants", Role.METHOD),
        ("Discussion > Limitations", Role.LIMIT),
        ("1 Introduction", Role.BACKGROUND),
        ("Abstract", None),
        ("", None),
    ],
)
def test_headings_that_name_a_role(section: str, role: Role | None) -> None:
    assert section_role(section) is role


@given(st.lists(st.text(max_size=80), max_size=8))
def test_any_sentences_get_as_many_roles(sentences: list[str]) -> None:
    assert len(roles(sentences)) == len(sentences)
