"""The steps of an extractive answer -> the same steps, each with its verdict.

Where the question is a claim to be ("Does X raise Y?"), the quotes are judged for whether they answer it, and what
connects them by how they answer. Else each work's quote is itself the claim, judged by what the other works say, since
a quote judged against itself proves nothing. Knows quotes and a verifier; writes no text of the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from assistant.attribution import is_attributed
from assistant.judging import (
    LANGUAGE,
    NOT_CALIBRATED,
    NOT_JUDGED,
    NOTHING_TO_JUDGE_BY,
    Judgement,
    judge,
    judge_step,
    tally,
    unjudged,
    windows,
)
from assistant.language import is_english
from assistant.questions import as_claim
from assistant.quotes import Candidate, is_sentence
from assistant.types import Evidence, Label, ReasoningStep, StepKind, Verdict
from assistant.verification import Verifier

QUOTE_WINDOWS = 4
"""Windows scored of one quote, at most."""
OTHER_SENTENCES = 3
"""Sentences of other works that a quote is held against: the nearest of as many works."""
TELLS_OF_SEARCH = NOT_JUDGED + "it tells what was searched"
NO_OTHER_PAPER = NOT_JUDGED + "no other paper speaks of it"
NO_VERIFIER = NOT_JUDGED + "no verifier was given"
UNDECIDED = "the quotes do not decide it"
COMPARED = NOT_CALIBRATED + "quotes are compared with one another"


@dataclass(frozen=True, slots=True)
class Case:
    """What steps are judged by: the claim asked about ("" for none), the quotes by number, what the verifier makes of
    each for the claim, and the sentences read."""

    claim: str
    evidence: Mapping[int, Evidence]
    judgements: Mapping[int, Judgement]
    candidates: Sequence[Candidate]
    verifier: Verifier


def appraise(
    question: str,
    steps: Sequence[ReasoningStep],
    evidence: Sequence[Evidence],
    candidates: Sequence[Candidate],
    verifier: Verifier | None,
) -> list[ReasoningStep]:
    """The steps, in order, with verdicts. NOT_ENOUGH_INFO with a reason where there is nothing to judge a step by."""
    if verifier is None:
        return [replace(s, verdict=unjudged(s.text, NO_VERIFIER)) for s in steps]
    claim = as_claim(question) if is_english(question) else ""
    quotes = [e for e in evidence if is_sentence(e) and is_english(e.text)] if claim else []
    found = judge(verifier, [(claim, windows(e.text)[:QUOTE_WINDOWS]) for e in quotes]) if quotes else []
    judgements = {e.n: j for e, j in zip(quotes, found, strict=True)}
    case = Case(claim, {e.n: e for e in evidence}, judgements, candidates, verifier)
    return [replace(s, verdict=_verdict(s, case)) for s in steps]


def _verdict(step: ReasoningStep, case: Case) -> Verdict:
    quotes = [e for n in step.evidence if (e := case.evidence.get(n)) is not None and is_sentence(e)]
    if step.kind is StepKind.SEARCH:
        return unjudged(step.text, TELLS_OF_SEARCH)
    if not quotes:
        return unjudged(step.text, NOTHING_TO_JUDGE_BY)
    if not any(is_english(e.text) for e in quotes):
        return unjudged(step.text, LANGUAGE)
    if step.kind in (StepKind.AGREEMENT, StepKind.DIFFERENCE):
        return _comparison(step, quotes, case)
    return _answering(quotes, case) if case.claim else _by_others(step, quotes, case)


def _answering(quotes: Sequence[Evidence], case: Case) -> Verdict:
    """How the quotes answer the question: one vote for each work."""
    works: dict[str, list[Evidence]] = {}
    for e in quotes:
        if e.n in case.judgements:
            works.setdefault(e.paper.work_id, []).append(e)
    if not works:
        return unjudged(case.claim, NOTHING_TO_JUDGE_BY)
    return tally(case.claim, [_vote(group, case) for group in works.values()], case.verifier)


def _vote(quotes: Sequence[Evidence], case: Case) -> Judgement:
    own = [
        e for e in quotes
        if case.judgements[e.n].label is not Label.NOT_ENOUGH_INFO and not is_attributed(e.text)
    ]  # fmt: skip
    return max((case.judgements[e.n] for e in own or quotes), key=lambda j: j.decisive)


def _by_others(step: ReasoningStep, quotes: Sequence[Evidence], case: Case) -> Verdict:
    """The step's first quote as a claim: a conclusion by the other quotes it names, a quote by what others say."""
    claimed = quotes[0]
    if step.kind is StepKind.CONCLUSION:
        others = [e.text for e in quotes if e.paper.work_id != claimed.paper.work_id]
    else:
        others = _nearest_of_others(claimed, case.candidates)
    return judge_step(case.verifier, claimed.text, others) if others else unjudged(claimed.text, NO_OTHER_PAPER)


def _nearest_of_others(quote: Evidence, candidates: Sequence[Candidate]) -> list[str]:
    """The sentence nearest to the quote of each other work, the nearest works first."""
    own = next((c for c in candidates if c.hit.passage is quote.passage and c.text in quote.text), None)
    if own is None or own.vector is None:
        return []
    best: dict[str, tuple[float, str]] = {}
    for c in candidates:
        if c.paper.work_id != quote.paper.work_id and c.vector is not None and is_sentence(c):
            entry = (float(own.vector @ c.vector), c.text)
            best[c.paper.work_id] = max(best.get(c.paper.work_id, entry), entry)
    return [text for _, text in sorted(best.values(), reverse=True)[:OTHER_SENTENCES]]


def _comparison(step: ReasoningStep, quotes: Sequence[Evidence], case: Case) -> Verdict:
    """Whether quotes said to agree do, and quotes said to differ. No probability is known for it."""
    agree, differ = _relation(quotes, case)
    label = Label.NOT_ENOUGH_INFO
    if agree or differ:
        label = Label.SUPPORTS if differ == (step.kind is StepKind.DIFFERENCE) else Label.REFUTES
    reason = COMPARED if agree or differ else UNDECIDED
    return Verdict(step.text, label, reason=reason, method=case.verifier.id)


def _relation(quotes: Sequence[Evidence], case: Case) -> tuple[bool, bool]:
    """(all agree, some differ): in how they answer the claim asked about, else the first of them with the others."""
    if case.claim:
        said = {case.judgements[e.n].label if e.n in case.judgements else Label.NOT_ENOUGH_INFO for e in quotes}
        return len(said) == 1 and Label.NOT_ENOUGH_INFO not in said, {Label.SUPPORTS, Label.REFUTES} <= said
    first = quotes[0]
    others = [e for e in quotes[1:] if e.paper.work_id != first.paper.work_id][:OTHER_SENTENCES]
    items = [(first.text, windows(e.text)[:QUOTE_WINDOWS]) for e in others]
    said = {j.label for j in judge(case.verifier, items)} if items else set()
    return Label.SUPPORTS in said and Label.REFUTES not in said, Label.REFUTES in said
