from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.claims import check, stance
from assistant.polarity import Axis, read, stem
from assistant.types import Label
from tests.assistant.shelf import evidence, paper

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


def test_one_vote_per_work() -> None:
    a, b, reprint = paper("a"), paper("b"), paper("c", work="a")
    verdict = check(
        CLAIM, [evidence(1, RAISED, a), evidence(2, RAISED, reprint), evidence(3, RAISED, a), evidence(4, RAISED, b)]
    )
    assert (verdict.label, verdict.n_for, verdict.n_against, verdict.conflict) == (Label.SUPPORTS, 2, 0, False)


def test_works_that_disagree_conflict() -> None:
    verdict = check(CLAIM, [evidence(1, RAISED, paper("a")), evidence(2, LOWERED, paper("b"))])
    assert (verdict.label, verdict.conflict, verdict.n_for, verdict.n_against) == (Label.NOT_ENOUGH_INFO, True, 1, 1)
    assert [e.stance for e in verdict.evidence] == [Label.SUPPORTS, Label.REFUTES]


def test_the_majority_of_works_decides() -> None:
    quotes = [evidence(1, LOWERED, paper("a")), evidence(2, LOWERED, paper("b")), evidence(3, RAISED, paper("c"))]
    verdict = check(CLAIM, quotes)
    assert (verdict.label, verdict.conflict, verdict.n_for, verdict.n_against) == (Label.REFUTES, True, 1, 2)


def test_within_a_work_the_likelier_quote_decides() -> None:
    one = paper("a")
    assert (
        check(CLAIM, [evidence(1, RAISED, one, score=0.9), evidence(2, LOWERED, one, score=0.6)]).label
        is Label.SUPPORTS
    )
    even = check(CLAIM, [evidence(1, RAISED, one), evidence(2, LOWERED, one)])
    assert (even.label, even.n_for, even.n_against, even.conflict) == (Label.NOT_ENOUGH_INFO, 0, 0, False)


def test_an_unlikely_quote_has_no_vote() -> None:
    verdict = check(CLAIM, [evidence(1, RAISED, paper("a"), score=0.01)])
    assert verdict.label is Label.NOT_ENOUGH_INFO
    assert verdict.evidence[0].stance is Label.NOT_ENOUGH_INFO


@pytest.mark.parametrize("quotes", [[], [SILENT]])
def test_nothing_decides(quotes: list[str]) -> None:
    verdict = check(CLAIM, [evidence(n, q, paper("a")) for n, q in enumerate(quotes, 1)])
    assert (verdict.label, verdict.n_for, verdict.n_against, verdict.conflict) == (Label.NOT_ENOUGH_INFO, 0, 0, False)


def test_no_confidence_is_claimed() -> None:
    verdict = check(CLAIM, [evidence(1, RAISED, paper("a"))])
    assert verdict.confidence is None
    assert not verdict.calibrated
    assert verdict.method.startswith("polarity-1: ")
