from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.relations.patterns import edges

LABELLED = Path(__file__).parents[2] / "data" / "relations.jsonl"
DEV = [row for line in LABELLED.read_text("utf-8").splitlines() if (row := json.loads(line))["split"] == "dev"]


WORDS = (
    *("velorite", "yield", "and", "not", "reduced", "by", "was", "with", "(", ")", ",", "no", "effect", "of", "on"),
    *("lower", "than"),
)


def read(text: str) -> list[tuple[str, str, int]]:
    return [(text[slice(*e.cause)], text[slice(*e.effect)], e.sign) for e in edges(text)]


@pytest.mark.parametrize("row", DEV, ids=lambda row: row["text"][:40])
def test_labelled_sentences_give_as_many_edges_with_these_signs(row: dict[str, list[dict[str, str]] | str]) -> None:
    wanted = sorted(edge["sign"] for edge in row["edges"] if isinstance(edge, dict))
    assert sorted(sign for *_, sign in read(str(row["text"]))) == wanted


@pytest.mark.parametrize(
    ("text", "edge"),
    [
        ("Velorite raised the yield of tomatoes by 18 %.", ("Velorite", "yield of tomatoes", 1)),
        ("Blood pressure was significantly reduced by losartan.", ("losartan", "Blood pressure", -1)),
        ("Walking was associated with a lower risk of stroke.", ("Walking", "risk of stroke", -1)),
        ("There was no significant effect of zinc on wound healing.", ("zinc", "wound healing", 0)),
        ("Shading did not change sugar content.", ("Shading", "sugar content", 0)),
        ("We saw a reduction in leaching with cover crops.", ("cover crops", "leaching", -1)),
        ("Patients who received zinc had fewer colds than controls.", ("zinc", "colds", -1)),
        ("The gel did not improve healing.", ("gel", "healing", 0)),
        ("The coating resulted in significantly less plaque.", ("coating", "plaque", -1)),
        ("Massage improved pain after surgery.", ("Massage", "pain", -1)),
        ("Massage improved resistance to injury.", ("Massage", "resistance to injury", 1)),
        ("On loam the amendment raised yield.", ("amendment", "yield", 1)),
        ("Velorite (5 mg) raised yield.", ("Velorite", "yield", 1)),
        ("Salt not only reduced growth but also leaf area.", ("Salt", "growth", -1)),
    ],
)
def test_forms(text: str, edge: tuple[str, str, int]) -> None:
    assert read(text) == [edge]


@pytest.mark.parametrize(
    "text",
    [
        "Does velorite raise the yield?",
        "We hypothesised that mulch reduces evaporation.",
        "It reduced the number of relapses.",
        "This treatment lowered pain.",
        "Treatment lowered pain.",
        "The filter was used to reduce noise.",
        "Campbell et al. reported a significant increase in expenditure.",
        "Various studies have shown improvements in survival.",
        "The safety of a trivalent inactivated vaccine was evaluated in children.",
        "Women that lost weight improved their vitality.",
        "The drug lowered pain, but the difference was not significant.",
        "Drug A gave smaller increases in potassium than drug B.",
        "The proportion was similar in Norway, Spain and Italy.",
        "Treatment with magnesium led to significant differences.",
        "Velorit erhöhte den Ertrag von Tomaten.",
        "增施肥料显著提高了番茄产量。",
        "",
    ],
)
def test_what_names_no_finding_gives_no_edge(text: str) -> None:
    assert edges(text) == []


def test_a_large_p_value_makes_no_effect() -> None:
    assert read("Zinc reduced pain (p = 0.30).") == [("Zinc", "pain", 0)]
    assert read("Zinc reduced pain (p = 0.01).") == [("Zinc", "pain", -1)]


def test_the_words_that_weaken_are_kept() -> None:
    (edge,) = edges("These results suggest that caffeine may increase alertness.")
    assert edge.hedge == "suggest, may"
    assert edges("Caffeine increased alertness.")[0].hedge == ""


def test_one_cause_of_two_verbs() -> None:
    text = "Knockdown of the gene decreased migration and enhanced apoptosis."
    assert read(text) == [("Knockdown of the gene", "migration", -1), ("Knockdown of the gene", "apoptosis", 1)]


@given(st.text(max_size=300))
def test_any_text_is_read_without_failing(text: str) -> None:
    for edge in edges(text):
        assert text[slice(*edge.cause)].strip()
        assert text[slice(*edge.effect)].strip()


@given(st.text("abcdefghijklmnopq", max_size=40))
def test_any_order_of_its_own_words_is_read_without_failing(picks: str) -> None:
    for edge in edges(" ".join(WORDS["abcdefghijklmnopq".index(c)] for c in picks)):
        assert edge.sign in (-1, 0, 1)
        assert edge.cause != edge.effect
