from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.polarity import Axis, read, stem
from assistant.stance import stance
from assistant.types import Label

CLAIM = "Velorite increases the yield of tomatoes."
RAISED = "Velorite raised tomato yield by 15 % (95 % CI 6 to 24 %; p = 0.001)."
LOWERED = "Velorite reduced the yield of tomatoes by 6 %."
SILENT = "The weather on the farms was dry in that year."


@pytest.mark.parametrize(
    ("claim", "quote", "label"),
    [
        (CLAIM, RAISED, Label.SUPPORTS),
        (CLAIM, LOWERED, Label.REFUTES),
        (CLAIM, "Velorite had no significant effect on tomato yield.", Label.REFUTES),
        (CLAIM, "Velorite did not increase tomato yield.", Label.REFUTES),
        (CLAIM, "With velorite tomato yield rose by 2 % (p = 0.41).", Label.REFUTES),
        (CLAIM, "Tomato yield was unchanged by velorite.", Label.REFUTES),
        (CLAIM, SILENT, Label.NOT_ENOUGH_INFO),
        (CLAIM, "", Label.NOT_ENOUGH_INFO),
        ("Velorite does not change the yield of tomatoes.", LOWERED, Label.REFUTES),
        ("Velorite has no effect on tomato yield.", "Tomato yield did not differ with velorite.", Label.SUPPORTS),
        (
            "Aspirin lowers the risk of stroke.",
            "The hazard ratio for stroke with aspirin was 0.72 (95% CI 0.60-0.86).",
            Label.SUPPORTS,
        ),
        (
            "Aspirin lowers the risk of stroke.",
            "The hazard ratio for stroke with aspirin was 1.72 (95% CI 1.6-1.9).",
            Label.REFUTES,
        ),
        (
            "Aspirin lowers the risk of stroke.",
            "The hazard ratio for stroke with aspirin was 0.95 (95% CI 0.80-1.12).",
            Label.REFUTES,
        ),
        ("Coffee is associated with cancer.", "No association of coffee with cancer was found.", Label.REFUTES),
        (
            "Birth weight is positively associated with cancer.",
            "Birth weight was inversely associated with cancer.",
            Label.REFUTES,
        ),
        ("The drug is effective against malaria.", "The drug was ineffective against malaria.", Label.REFUTES),
        ("Moss cells contain chlorophyll.", "Moss cells contain chlorophyll and starch.", Label.SUPPORTS),
        ("Moss cells contain chlorophyll.", "Moss cells do not contain chlorophyll.", Label.REFUTES),
        ("...", "Velorite raised yield.", Label.NOT_ENOUGH_INFO),
        ("苔藓含有叶绿素。", RAISED, Label.NOT_ENOUGH_INFO),
    ],
)
def test_stance_reads_direction_negation_and_statistics(claim: str, quote: str, label: Label) -> None:
    assert stance(claim, quote) is label


def test_stance_takes_the_clause_that_speaks_of_the_claim() -> None:
    quote = "Velorite raised soil pH, but it did not change tomato yield."
    assert stance("Velorite increases tomato yield.", quote) is Label.REFUTES
    assert stance("Velorite increases soil pH.", quote) is Label.SUPPORTS


@given(st.text(max_size=200), st.text(max_size=200))
def test_stance_judges_any_text(claim: str, quote: str) -> None:
    assert stance(claim, quote) in Label


@given(st.sampled_from([RAISED, LOWERED, SILENT]), st.sampled_from([RAISED, LOWERED, SILENT]))
def test_stance_is_mutual_for_plain_sentences(a: str, b: str) -> None:
    assert stance(a, b) is stance(b, a)


def test_words_and_cues_are_read_apart() -> None:
    reading = read("Velorite raised yields, whereas lime had no effect.")
    assert reading.stems == {"velorit", "yield", "lime"}
    assert [(c.axis, c.sign, c.clause) for c in reading.cues] == [(Axis.CHANGE, 1, 0), (Axis.LINK, 0, 1)]
    assert reading.negated == {1}


def test_a_threshold_is_no_direction() -> None:
    assert read("Counts less than 200 were common.").cues == ()


def test_a_nouns_agent_is_no_direction() -> None:
    assert read("ACE inhibitors were given.").cues == ()


@pytest.mark.parametrize(
    ("word", "same"),
    [("yields", "yield"), ("Tomatoes", "tomato"), ("activities", "activity"), ("increased", "increases")],
)
def test_stem_joins_the_forms_of_a_word(word: str, same: str) -> None:
    assert stem(word) == stem(same)
