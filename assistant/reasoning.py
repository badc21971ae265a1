"""Question -> steps -> cited answer, without a language model: each sentence is a quote or a fixed phrase.

A generator of events, so that a reader sees each step as it is made. Knows no PDF, no index, no model and no browser:
the library is a `Retriever`. It adds no fact of its own: what is not in a quote is not said.
"""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from assistant.appraisal import appraise
from assistant.claims import Quoted, check
from assistant.comparison import Group, compare, hear_the_other_side
from assistant.config import Settings
from assistant.finding import (
    MAX_QUESTION,
    NEAREST,
    Findings,
    abstention,
    can_answer,
    checked,
    find,
    nearest,
    nothing_found,
    search,
    stop_if,
)
from assistant.inquiry import follow_ups, suggest
from assistant.phrases import by_work, count, marks, name, numbers_of, quoted
from assistant.questions import as_claim
from assistant.quotes import (
    LEAST_OF_BEST,
    Candidate,
    Retriever,
    as_evidence,
    choose,
    find_candidates,
    is_sentence,
    merge,
    place,
)
from assistant.relations.graph import conflict_steps, relations_of
from assistant.types import Answer, Evidence, Filters, Label, Provenance, ReasoningStep, Relation, StepKind, Verdict
from assistant.verification import Verifier

__all__ = ["MAX_QUESTION", "CheckEvent", "Event", "Retriever", "answer", "check_claim"]

Event = ReasoningStep | Evidence | Answer
CheckEvent = ReasoningStep | Evidence | Verdict

_ASKS_NUMBER = re.compile(
    r"\bhow (?:many|much|often|far|long|large|big|high|tall|deep|old|fast|likely|common|frequent)\b"
    r"|\bwhat (?:percentage|proportion|share|fraction|number|rate|dose|size)\b",
    re.IGNORECASE,
)


def answer(
    question: str,
    retriever: Retriever,
    *,
    verifier: Verifier | None = None,
    settings: Settings | None = None,
    filters: Filters | None = None,
    cancel: threading.Event | None = None,
) -> Iterator[Event]:
    """Each `ReasoningStep` as it is made, each `Evidence` as it is chosen, and last the `Answer`. Without a
    verifier the steps' verdicts say that they were not judged.

    Deterministic but for `Answer.timings` (seconds). Raises UsageError for a question that is none, LibraryError for a
    library without passages, Cancelled when `cancel` is set.
    """
    settings, filters = settings or Settings(), filters or Filters()
    question = checked(question, "question")
    clock = _Clock()
    steps: list[ReasoningStep] = []
    for event in find(question, retriever, settings=settings, filters=filters, cancel=cancel):
        if isinstance(event, ReasoningStep):
            steps += appraise(question, [event], (), (), verifier)
            yield steps[-1]
    assert isinstance(event, Findings), "the findings come last"
    findings, found = event, event.found
    clock.mark("search")
    chosen = _chosen(findings, settings) if found else nearest(findings.candidates)
    evidence: list[Evidence] = []
    for n, candidate in enumerate(chosen, 1):
        stop_if(cancel)
        evidence.append(place(as_evidence(n, candidate), candidate, retriever))
        yield evidence[-1]
    clock.mark("evidence")
    relations = relations_of(evidence) if found else ()
    judged = _judged(question, findings, chosen, evidence, relations, verifier)
    yield from judged
    clock.mark("verdicts")
    stop_if(cancel)
    asked_next = _asked_next(question, findings, evidence, can_answer(retriever, settings, filters), settings)
    clock.mark("follow-ups")
    text = _text(evidence, judged) if found else abstention(len(findings.hits), evidence)
    yield Answer(
        question, text, not found, (*steps, *judged), tuple(evidence), _provenance(retriever, verifier, findings),
        verdicts=_overall(question, judged), timings=clock.timings(), relations=relations, follow_ups=asked_next,
    )  # fmt: skip


def _overall(question: str, steps: Sequence[ReasoningStep]) -> tuple[Verdict, ...]:
    """The conclusion's verdict, where it is on the claim asked about."""
    verdict = steps[-1].verdict
    return (verdict,) if verdict is not None and verdict.method and verdict.claim == as_claim(question) else ()


def check_claim(
    claim: str,
    retriever: Retriever,
    *,
    verifier: Verifier,
    settings: Settings | None = None,
    filters: Filters | None = None,
    cancel: threading.Event | None = None,
) -> Iterator[CheckEvent]:
    """As `answer`, for a claim: steps, quotes with their stances, and last the `Verdict`, whose evidence is the quotes
    for, then *all* against, and where there are none of either the nearest."""
    settings, filters = settings or Settings(), filters or Filters()
    claim = checked(claim, "claim")
    hits, steps = search(claim, retriever, settings, filters)
    yield from steps
    stop_if(cancel)
    candidates = [c for c in find_candidates(claim, hits, retriever) if is_sentence(c)]
    stop_if(cancel)
    verdict = check(claim, _quoted_for(candidates, retriever), verifier)
    stop_if(cancel)
    distinct = _distinct(verdict.evidence)
    shown = _sides(distinct, settings.quotes) or distinct[:NEAREST]
    evidence: list[Evidence] = []
    for n, judged in enumerate(shown, 1):
        stop_if(cancel)
        candidate = candidates[judged.n - 1]
        if judged.text != candidate.text:
            candidate = replace(candidate, start=_before(candidate, retriever)[0])
        evidence.append(replace(place(as_evidence(n, candidate), candidate, retriever), stance=judged.stance))
        yield evidence[-1]
    numbers = {judged.n: n for n, judged in enumerate(shown, 1)}
    papers = tuple(replace(p, evidence=tuple(numbers[n] for n in p.evidence if n in numbers)) for p in verdict.papers)
    verdict = replace(verdict, evidence=tuple(evidence), papers=papers)
    yield from _verdict_steps(verdict)
    yield verdict


def _quoted_for(candidates: Sequence[Candidate], retriever: Retriever) -> list[Quoted]:
    """The candidates, numbered from 1, each with the sentence before it and the work it votes with."""
    voices = retriever.voices(sorted({c.paper.id for c in candidates}))
    quoted = []
    for n, c in enumerate(candidates, 1):
        start, end = _before(c, retriever)
        before = " ".join(c.hit.passage.text[start:end].split())
        quoted.append(Quoted(as_evidence(n, c), before, voices[c.paper.id]))
    return quoted


def _chosen(findings: Findings, settings: Settings) -> list[Candidate]:
    """The sentences to quote: for each part that can be answered its share of the quotes, none twice."""
    parts = [p for p in findings.parts if p.found]
    share = replace(settings, quotes=math.ceil(settings.quotes / len(parts)))
    chosen: dict[tuple[int, int], Candidate] = {}
    for part in parts:
        for c in _quotes(part.question, part.candidates, share):
            chosen.setdefault((c.hit.rank, c.start), c)
    return list(chosen.values())


def _before(candidate: Candidate, retriever: Retriever) -> tuple[int, int]:
    """(start, end) of the sentence before it in its paragraph; empty where there is none."""
    if not candidate.index:
        return candidate.start, candidate.start
    start, end = retriever.split(candidate.hit.passage)[candidate.index - 1]
    gap = candidate.hit.passage.text[end : candidate.start]
    return (candidate.start, candidate.start) if "\n" in gap else (start, end)


def _by_part(
    findings: Findings, chosen: Sequence[Candidate], evidence: Sequence[Evidence]
) -> list[tuple[str, list[Evidence]]]:
    """Each part of the question that can be answered and the quotes for it: quotes for two are the first one's."""
    left = dict(zip(((c.hit.rank, c.start) for c in chosen), evidence, strict=True))
    shares: list[tuple[str, list[Evidence]]] = []
    for part in (p for p in findings.parts if p.found):
        places = {(c.hit.rank, c.start) for c in part.candidates}
        own = [left.pop(place) for place in list(left) if place in places]
        shares += [(part.question, own)] if own else []
    return shares


def _judged(
    question: str,
    findings: Findings,
    chosen: Sequence[Candidate],
    evidence: Sequence[Evidence],
    relations: Sequence[Relation],
    verifier: Verifier | None,
) -> list[ReasoningStep]:
    """The steps after the quotes, where papers differ in sign first, then part by part, with their verdicts."""
    if not findings.found:
        return appraise(question, [nothing_found(evidence)], (), findings.candidates, verifier)
    steps = appraise(question, conflict_steps(relations, evidence), evidence, findings.candidates, verifier)
    for asked, own in _by_part(findings, chosen, evidence):
        steps += appraise(asked, _reason(asked, own), own, findings.candidates, verifier)
    return steps


def _asked_next(
    question: str, findings: Findings, evidence: Sequence[Evidence], can: Callable[[str], bool], settings: Settings
) -> tuple[str, ...]:
    """What may be asked next; nothing after an abstention."""
    if not findings.found or not settings.follow_ups:
        return ()
    quotes = [e.text for e in evidence]
    unquoted = [c.text for c in findings.candidates if not any(c.text in quote for quote in quotes)]
    proposed = suggest(question, quotes, unquoted, [h.passage.text for h in findings.hits])
    return follow_ups(question, proposed, can, count=settings.follow_ups)


def _provenance(retriever: Retriever, verifier: Verifier | None, findings: Findings) -> Provenance:
    searched = retriever.provenance()
    return replace(
        searched,
        models=searched.models if verifier is None else (*searched.models, verifier.id),
        passages=tuple(hit.passage.id for hit in findings.hits),
    )


class _Clock:
    """Seconds from one mark to the next."""

    def __init__(self) -> None:
        self._began = self._last = time.perf_counter()
        self._parts: dict[str, float] = {}

    def mark(self, part: str) -> None:
        now = time.perf_counter()
        self._parts[part], self._last = now - self._last, now

    def timings(self) -> dict[str, float]:
        return {**self._parts, "total": self._last - self._began}


def _quotes(question: str, candidates: Sequence[Candidate], settings: Settings) -> list[Candidate]:
    floor = min(candidates[0].score * LEAST_OF_BEST, settings.answer_above)
    likely = [c for c in candidates if c.score >= floor]
    chosen = choose(likely, quotes=settings.quotes, numbers=bool(_ASKS_NUMBER.search(question)))
    return merge(hear_the_other_side(question, chosen, likely))


def _reason(question: str, evidence: Sequence[Evidence]) -> list[ReasoningStep]:
    """The steps after the quotes: what each work says, who agrees, who differs, what follows."""
    steps = [
        ReasoningStep(StepKind.EVIDENCE, f"{name(quotes[0])}: {marks(quotes)}.", tuple(e.n for e in quotes))
        for quotes in by_work(evidence)
    ]
    groups, opposed = compare(question, evidence)
    for group in groups:
        if len(group) > 1:
            steps.append(ReasoningStep(StepKind.AGREEMENT, f"{marks(group)} point the same way.", numbers_of(group)))
    for a, b in opposed:
        text = f"{marks(a)} {'points' if len(a) == 1 else 'point'} the opposite way to {marks(b)}."
        steps.append(ReasoningStep(StepKind.DIFFERENCE, text, numbers_of(a, b)))
    return [*steps, _conclusion(evidence[0], groups, opposed)]


def _conclusion(best: Evidence, groups: Sequence[Group], opposed: Sequence[tuple[Group, Group]]) -> ReasoningStep:
    """The likeliest quote, what points its way, and the likeliest of those against it."""
    own = next(g for g in groups if best in g)
    text = f"What follows, from the quotes alone: {quoted(best)}"
    same = [e for e in own if e is not best]
    if same:
        text += f" {marks(same)} {'points' if len(same) == 1 else 'point'} the same way."
    against = [b[0] for a, b in opposed if best in a]
    if against:
        text += f" Against it: {' '.join(quoted(e) for e in against)}"
    return ReasoningStep(StepKind.CONCLUSION, text, numbers_of([best, *same, *against]))


def _text(evidence: Sequence[Evidence], steps: Sequence[ReasoningStep]) -> str:
    """A lead sentence, the quotes in order, and what agrees and differs."""
    works = len(by_work(evidence))
    verb = "bears" if len(evidence) == 1 else "bear"
    lead = f"{count(len(evidence), 'quote')} of {count(works, 'paper')} {verb} on this."
    quotes = "\n".join(quoted(e) for e in evidence)
    compared = [s.text for s in steps if s.kind in (StepKind.CAUSAL, StepKind.AGREEMENT, StepKind.DIFFERENCE)]
    return "\n\n".join([lead, quotes, *([" ".join(compared)] if compared else [])])


def _distinct(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Without what an earlier quote of the same passage already shows, whole or in part of two sentences."""
    kept: list[Evidence] = []
    for e in evidence:
        same = [k.text for k in kept if k.passage is e.passage]
        if not any(e.text in text or text in e.text for text in same):
            kept.append(e)
    return kept


def _sides(evidence: Sequence[Evidence], quotes: int) -> list[Evidence]:
    """At most `quotes` for, then *all* against. Of the quotes for, the best of each work come first, so that as many
    works as can be are heard."""
    pro = [e for e in evidence if e.stance is Label.SUPPORTS]
    first = [group[0] for group in by_work(pro)]
    rest = [e for e in pro if e not in first]
    contra = [e for e in evidence if e.stance is Label.REFUTES]
    return [*first, *rest][:quotes] + contra


def _verdict_steps(verdict: Verdict) -> list[ReasoningStep]:
    steps = []
    for label, kind, word in (
        (Label.SUPPORTS, StepKind.AGREEMENT, "for"),
        (Label.REFUTES, StepKind.DIFFERENCE, "against"),
    ):
        side = [e for e in verdict.evidence if e.stance is label]
        if side:
            steps.append(ReasoningStep(kind, f"Quotes {word} the claim: {marks(side)}.", tuple(e.n for e in side)))
    numbers = tuple(e.n for e in verdict.evidence)
    return [*steps, ReasoningStep(StepKind.CONCLUSION, _verdict_text(verdict), numbers, verdict)]


def _verdict_text(verdict: Verdict) -> str:
    if not verdict.n_for and not verdict.n_against:
        return "No quote decides the claim."
    counted = f"{count(verdict.n_for, 'paper')} for, {count(verdict.n_against, 'paper')} against"
    return f"{counted}{': the papers disagree' if verdict.conflict else ''}."
