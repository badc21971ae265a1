from __future__ import annotations

import pytest

from assistant.claims import CALIBRATED_SCORE, MAX_SENTENCES, MIN_SCORE, Quoted, check
from assistant.judging import LANGUAGE, NOT_CALIBRATED
from assistant.types import Label, Paper, Verdict
from tests.assistant.scripted import Scripted
from tests.assistant.shelf import evidence, paper

CLAIM = "Velorite increases the yield of tomatoes."
RAISED = "Velorite raised tomato yield by 15 % (95 % CI 6 to 24 %; p = 0.001)."
LOWERED = "Velorite lowered the yield of tomatoes."
WEAKLY = "Velorite somewhat raised the yield of tomatoes."
SILENT = "The weather on the farms was dry in that year."
OTHERS = "Velorite has been reported to have raised the yield of tomatoes [3]."


def quoted(n: int, text: str, source: Paper, *, score: float = 0.9, before: str = "", voice: str = "") -> Quoted:
    return Quoted(evidence(n, text, source, score=score), before, voice or source.work_id)


def verdict_of(*quotes: Quoted, claim: str = CLAIM, verifier: Scripted | None = None) -> Verdict:
    return check(claim, quotes, verifier or Scripted())


def counts(verdict: Verdict) -> tuple[Label, int, int, bool]:
    return verdict.label, verdict.n_for, verdict.n_against, verdict.conflict


def test_one_vote_per_work() -> None:
    a, b, reprint = paper("a"), paper("b"), paper("c", work="a")
    verdict = verdict_of(quoted(1, RAISED, a), quoted(2, RAISED, reprint), quoted(3, RAISED, a), quoted(4, RAISED, b))
    assert counts(verdict) == (Label.SUPPORTS, 2, 0, False)
    assert [(p.label, p.paper.work_id) for p in verdict.papers] == [(Label.SUPPORTS, "a"), (Label.SUPPORTS, "b")]


def test_near_duplicates_have_one_vote() -> None:
    verdict = verdict_of(quoted(1, RAISED, paper("a"), voice="a"), quoted(2, RAISED, paper("copy"), voice="a"))
    assert counts(verdict) == (Label.SUPPORTS, 1, 0, False)


def test_works_that_disagree_conflict_and_a_draw_is_no_verdict() -> None:
    verdict = verdict_of(quoted(1, RAISED, paper("a")), quoted(2, LOWERED, paper("b")))
    assert counts(verdict) == (Label.NOT_ENOUGH_INFO, 1, 1, True)
    assert {e.text: e.stance for e in verdict.evidence} == {RAISED: Label.SUPPORTS, LOWERED: Label.REFUTES}
    assert verdict.confidence is None
    assert verdict.reason == "as many for as against"


def test_the_majority_of_works_decides_and_a_vote_against_lowers_the_probability() -> None:
    quotes = [quoted(1, LOWERED, paper("a")), quoted(2, LOWERED, paper("b")), quoted(3, RAISED, paper("c"))]
    verdict = verdict_of(*quotes)
    assert counts(verdict) == (Label.REFUTES, 1, 2, True)
    assert verdict.calibrated
    alone = verdict_of(*quotes[:2]).confidence
    assert alone is not None
    assert verdict.confidence is not None
    assert verdict.confidence < alone == pytest.approx(0.9)


def test_within_a_work_the_more_decisive_sentence_votes_and_both_sides_are_shown() -> None:
    one = paper("a")
    verdict = verdict_of(quoted(1, WEAKLY, one), quoted(2, LOWERED, one))
    assert counts(verdict) == (Label.REFUTES, 0, 1, False)
    assert verdict.papers[0].evidence == (2, 1)


def test_what_others_reported_does_not_outvote_a_works_own_finding() -> None:
    one = paper("a")
    assert verdict_of(quoted(1, OTHERS, one)).label is Label.SUPPORTS
    weak = LOWERED.replace("lowered", "somewhat lowered")
    verdict = verdict_of(quoted(1, OTHERS, one), quoted(2, weak, one))
    assert counts(verdict) == (Label.REFUTES, 0, 1, False)
    assert {e.n: e.stance for e in verdict.evidence} == {1: Label.SUPPORTS, 2: Label.REFUTES}, "shown all the same"


def test_a_sentence_is_read_with_the_one_before_it() -> None:
    quote = quoted(1, "It did so on all farms of the trial.", paper("a"), before="Velorite raised the yield.")
    verdict = verdict_of(quote)
    assert verdict.label is Label.SUPPORTS
    assert verdict.evidence[0].text == f"{quote.before} {quote.evidence.text}"
    assert verdict_of(quoted(1, quote.evidence.text, paper("a"))).label is Label.NOT_ENOUGH_INFO


def test_a_sentence_on_something_else_does_not_outvote_the_one_on_the_claim() -> None:
    one = paper("a")
    verdict = verdict_of(quoted(1, WEAKLY, one), quoted(2, LOWERED, one, score=0.4))
    assert counts(verdict) == (Label.SUPPORTS, 1, 0, False)
    assert verdict.papers[0].evidence == (1, 2), "shown all the same"


def test_an_unlikely_quote_has_no_vote() -> None:
    verdict = verdict_of(quoted(1, RAISED, paper("a"), score=MIN_SCORE / 2))
    assert verdict.label is Label.NOT_ENOUGH_INFO
    assert verdict.reason == "nothing read is about it"
    assert verdict.evidence[0].stance is Label.NOT_ENOUGH_INFO


def test_silence_decides_nothing() -> None:
    verdict = verdict_of(quoted(1, SILENT, paper("a")))
    assert counts(verdict) == (Label.NOT_ENOUGH_INFO, 0, 0, False)
    assert verdict.confidence == pytest.approx(0.8)
    assert counts(verdict_of()) == (Label.NOT_ENOUGH_INFO, 0, 0, False)


def test_another_number_is_named_and_no_support() -> None:
    claim = "Velorite increases the yield of tomatoes by 45 %."
    verdict = verdict_of(quoted(1, "Velorite raised the yield of tomatoes by 15 %.", paper("a")), claim=claim)
    assert verdict.label is Label.NOT_ENOUGH_INFO
    assert len(verdict.mismatches) == 1
    assert "45" in verdict.mismatches[0]


def test_the_number_is_compared_with_the_deciding_sentence_alone() -> None:
    claim = "Velorite increases the yield of tomatoes by 15 %."
    quotes = (quoted(1, RAISED, paper("a")), quoted(2, "The yield of tomatoes was 45 % of the usual.", paper("a")))
    assert verdict_of(*quotes, claim=claim).mismatches == ()


@pytest.mark.parametrize("claim", ["石灰提高了土壤的酸碱度。", "Velorit erhöht den Ertrag der Tomaten."])
def test_a_claim_in_another_language_is_not_judged(claim: str) -> None:
    verdict = verdict_of(quoted(1, RAISED, paper("a")), claim=claim)
    assert (verdict.label, verdict.reason, verdict.confidence) == (Label.NOT_ENOUGH_INFO, LANGUAGE, None)


def test_a_passage_in_another_language_has_no_vote() -> None:
    chinese = quoted(1, "velorite 提高了番茄的产量 raised。", paper("a"))
    assert verdict_of(chinese).reason == LANGUAGE
    assert counts(verdict_of(chinese, quoted(2, LOWERED, paper("b")))) == (Label.REFUTES, 0, 1, False)


@pytest.mark.parametrize(
    ("claim", "score", "calibrated", "why"),
    [
        (CLAIM, 0.9, False, "never calibrated"),
        ("Yield rises.", 0.9, True, "2 words"),
        (CLAIM + " So it does" * 30, 0.9, True, "words"),
        (CLAIM, (MIN_SCORE + CALIBRATED_SCORE) / 2, True, "loosely"),
    ],
)
def test_no_number_is_given_far_from_what_was_calibrated_on(
    claim: str, score: float, calibrated: bool, why: str
) -> None:
    verdict = verdict_of(
        quoted(1, RAISED, paper("a"), score=score), claim=claim, verifier=Scripted(calibrated=calibrated)
    )
    assert verdict.label is Label.SUPPORTS
    assert (verdict.confidence, verdict.calibrated) == (None, False)
    assert verdict.reason.startswith(NOT_CALIBRATED)
    assert why in verdict.reason


def test_no_more_pairs_are_scored_than_a_slow_machine_bears_and_every_work_is_heard() -> None:
    many = [quoted(n, f"{RAISED[:-1]} in plot {n}.", paper("a"), before=SILENT) for n in range(1, 50)]
    verifier = Scripted()
    verdict = verdict_of(*many, quoted(50, LOWERED, paper("b")), verifier=verifier)
    assert counts(verdict) == (Label.NOT_ENOUGH_INFO, 1, 1, True)
    assert verifier.scored <= 2 * MAX_SENTENCES
    assert len(verdict.evidence) == 50
