from __future__ import annotations

import pytest

from assistant.appraisal import NO_OTHER_PAPER, NO_VERIFIER, TELLS_OF_SEARCH
from assistant.config import Settings
from assistant.judging import LANGUAGE, NOTHING_TO_JUDGE_BY
from assistant.reasoning import answer
from assistant.types import Answer, Label, ReasoningStep, StepKind, Verdict
from tests.assistant.scripted import Scripted
from tests.assistant.shelf import Shelf, paper

QUESTION = "Does velorite increase the yield of tomatoes?"
OPEN = "What does velorite do to the yield of tomatoes?"
RAISED = "Velorite raised the yield of tomatoes by 18 % on loam."
AGAIN = "In the greenhouse velorite increased the yield of tomatoes by 15 %."
LOWERED = "On sand velorite decreased the yield of tomatoes by 6 %."
A, B, C = paper("a"), paper("b"), paper("c")


def ask(question: str, library: Shelf, verifier: Scripted | None) -> Answer:
    *_, last = answer(question, library, verifier=verifier, settings=Settings(answer_above=0.3))
    assert isinstance(last, Answer)
    return last


def judged(step: ReasoningStep) -> Verdict:
    assert step.verdict is not None
    return step.verdict


def by_kind(result: Answer, kind: StepKind) -> list[Verdict]:
    return [judged(s) for s in result.steps if s.kind is kind]


def test_where_the_question_is_a_claim_quotes_are_judged_for_how_they_answer_it() -> None:
    result = ask(QUESTION, Shelf({A: [RAISED], B: [AGAIN], C: [LOWERED]}), Scripted())
    assert sorted(v.label for v in by_kind(result, StepKind.EVIDENCE)) == ["REFUTES", "SUPPORTS", "SUPPORTS"]
    assert {v.claim for v in by_kind(result, StepKind.EVIDENCE)} == {"Velorite increases the yield of tomatoes."}
    (agreement,), (difference,) = by_kind(result, StepKind.AGREEMENT), by_kind(result, StepKind.DIFFERENCE)
    assert (agreement.label, agreement.confidence) == (Label.SUPPORTS, None)
    assert difference.label is Label.SUPPORTS
    (conclusion,) = by_kind(result, StepKind.CONCLUSION)
    assert (conclusion.label, conclusion.n_for, conclusion.n_against) == (Label.SUPPORTS, 2, 1)
    assert result.verdicts == (conclusion,)
    assert result.provenance.models == ("scripted",)


def test_where_it_is_none_a_quote_is_judged_by_other_works_alone() -> None:
    raised, again, lowered = (t.split(" by ")[0] + "." for t in (RAISED, AGAIN, LOWERED))
    result = ask(OPEN, Shelf({A: [raised], B: [again], C: [lowered]}), Scripted())
    votes = {v.claim: (v.n_for, v.n_against) for v in by_kind(result, StepKind.EVIDENCE)}
    assert votes == {raised: (1, 1), again: (1, 1), lowered: (0, 2)}
    assert result.verdicts == ()


def test_another_papers_other_number_is_no_support() -> None:
    result = ask(OPEN, Shelf({A: [RAISED], B: [AGAIN]}), Scripted())
    assert [(v.n_for, len(v.mismatches)) for v in by_kind(result, StepKind.EVIDENCE)] == [(0, 1), (0, 1)]


def test_a_quote_is_never_judged_against_itself() -> None:
    result = ask(OPEN, Shelf({A: [RAISED, "Velorite raised the yield of tomatoes in pots."]}), Scripted())
    for verdict in (*by_kind(result, StepKind.EVIDENCE), *by_kind(result, StepKind.CONCLUSION)):
        assert (verdict.label, verdict.reason) == (Label.NOT_ENOUGH_INFO, NO_OTHER_PAPER)


@pytest.mark.parametrize("question", [QUESTION, OPEN, "How tall are giraffes of tomatoes in captivity?"])
@pytest.mark.parametrize("verifier", [Scripted(), None])
def test_every_step_has_a_verdict_and_says_why_it_was_not_judged(question: str, verifier: Scripted | None) -> None:
    result = ask(question, Shelf({A: [RAISED], B: [AGAIN]}), verifier)
    for step in result.steps:
        verdict = judged(step)
        assert verdict.label is not Label.NOT_ENOUGH_INFO or verdict.reason
    expected = NO_VERIFIER if verifier is None else TELLS_OF_SEARCH
    assert judged(result.steps[0]).reason == expected


def test_an_abstention_has_nothing_to_be_judged_by() -> None:
    result = ask("How tall are giraffes in captivity?", Shelf({A: [RAISED]}), Scripted())
    assert result.abstained
    assert judged(result.steps[-1]).reason == NOTHING_TO_JUDGE_BY


def test_quotes_in_another_language_are_not_judged() -> None:
    result = ask("velorite 番茄 产量", Shelf({A: ["石灰提高了 velorite 番茄的产量和 酸碱度。"]}), Scripted())
    assert [v.reason for v in by_kind(result, StepKind.EVIDENCE)] == [LANGUAGE]


def test_an_answer_stays_quick() -> None:
    texts = {paper(f"p{n}"): [f"Velorite raised the yield of tomatoes on farm {n}."] for n in range(9)}
    for question in (QUESTION, OPEN):
        verifier = Scripted()
        ask(question, Shelf(texts), verifier)
        assert 0 < verifier.scored <= 40
