"""Question -> steps -> cited answer, without a language model: each sentence is a quote or a fixed phrase.

A generator of events, so that a reader sees each step as it is made. Knows no PDF, no index, no model and no browser:
the library is a `Retriever`. It adds no fact of its own: what is not in a quote is not said.
"""

from __future__ import annotations

import re
import textwrap
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from assistant.claims import check
from assistant.comparison import Group, compare, hear_the_other_side
from assistant.config import Settings
from assistant.errors import Cancelled, LibraryError, UsageError
from assistant.language import differing_language
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
from assistant.types import Answer, Evidence, Filters, Hit, Label, ReasoningStep, StepKind, Verdict

__all__ = ["MAX_QUESTION", "CheckEvent", "Event", "Retriever", "answer", "check_claim"]

MAX_QUESTION = 4000
"""Characters of a question or claim, at most."""
SHOWN_TITLE = 60
"""Characters of a title in a step, at most."""
NEAREST = 3
"""Passages shown where nothing was found."""

Event = ReasoningStep | Evidence | Answer
CheckEvent = ReasoningStep | Evidence | Verdict

_ASKS_NUMBER = re.compile(
    r"\bhow (?:many|much|often|far|long|large|big|high|tall|deep|old|fast|likely|common|frequent)\b"
    r"|\bwhat (?:percentage|proportion|share|fraction|number|rate|dose|size)\b",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"\[[\d\s,;–-]*\d[\d\s,;–-]*\]")


def answer(
    question: str,
    retriever: Retriever,
    *,
    settings: Settings | None = None,
    filters: Filters | None = None,
    cancel: threading.Event | None = None,
) -> Iterator[Event]:
    """Each `ReasoningStep` as it is made, each `Evidence` as it is chosen, and last the `Answer`.

    Deterministic but for `Answer.timings` (seconds). Raises UsageError for a question that is none, LibraryError for a
    library without passages, Cancelled when `cancel` is set.
    """
    settings, filters = settings or Settings(), filters or Filters()
    question = _checked(question, "question")
    started = time.perf_counter()
    hits, steps = _search(question, retriever, settings, filters)
    yield from steps
    searched = time.perf_counter()
    _stop_if(cancel)
    candidates = find_candidates(question, hits, retriever)
    _stop_if(cancel)
    found = bool(candidates) and candidates[0].score >= settings.answer_above
    chosen = _quotes(question, candidates, settings) if found else _nearest(candidates)
    evidence: list[Evidence] = []
    for n, candidate in enumerate(chosen, 1):
        _stop_if(cancel)
        evidence.append(place(as_evidence(n, candidate), candidate, retriever))
        yield evidence[-1]
    relations = relations_of(evidence) if found else ()
    judged = (
        [*conflict_steps(relations, evidence), *_judge(question, evidence)] if found else [_nothing_found(evidence)]
    )
    yield from judged
    text = _text(evidence, judged) if found else _abstention(len(hits), evidence)
    ended = time.perf_counter()
    timings = {"search": searched - started, "evidence": ended - searched, "total": ended - started}
    yield Answer(
        question, text, not found, (*steps, *judged), tuple(evidence), retriever.provenance(), timings=timings,
        relations=relations,
    )  # fmt: skip


def check_claim(
    claim: str,
    retriever: Retriever,
    *,
    settings: Settings | None = None,
    filters: Filters | None = None,
    cancel: threading.Event | None = None,
) -> Iterator[CheckEvent]:
    """As `answer`, for a claim: steps, quotes with their stances, and last the `Verdict`, whose evidence is the quotes
    for, then *all* against, and where there are none of either the nearest."""
    settings, filters = settings or Settings(), filters or Filters()
    claim = _checked(claim, "claim")
    hits, steps = _search(claim, retriever, settings, filters)
    yield from steps
    _stop_if(cancel)
    candidates = [c for c in find_candidates(claim, hits, retriever) if is_sentence(c)]
    _stop_if(cancel)
    numbered = [as_evidence(n, c) for n, c in enumerate(candidates, 1)]
    verdict = check(claim, numbered)
    shown = _sides(verdict.evidence, settings.quotes) or verdict.evidence[:NEAREST]
    evidence: list[Evidence] = []
    for n, judged in enumerate(shown, 1):
        _stop_if(cancel)
        placed = place(as_evidence(n, candidates[judged.n - 1]), candidates[judged.n - 1], retriever)
        evidence.append(replace(placed, stance=judged.stance))
        yield evidence[-1]
    verdict = replace(verdict, evidence=tuple(evidence))
    yield from _verdict_steps(verdict)
    yield verdict


def _checked(text: str, what: str) -> str:
    text = text.strip()
    if not any(c.isalnum() for c in text):
        raise UsageError(f"the {what} is empty; write it in words")
    if len(text) > MAX_QUESTION:
        raise UsageError(f"the {what} has {len(text):,} characters; shorten it to at most {MAX_QUESTION:,}")
    return text


def _stop_if(cancel: threading.Event | None) -> None:
    if cancel is not None and cancel.is_set():
        raise Cancelled("stopped before the answer was complete, as asked")


def _search(
    query: str, retriever: Retriever, settings: Settings, filters: Filters
) -> tuple[list[Hit], list[ReasoningStep]]:
    papers, passages = retriever.describe()
    if not passages:
        raise LibraryError("the library holds no passages yet; add papers with: assistant ingest FOLDER")
    hits = retriever.search(query, k=settings.passages, filters=filters)
    read = len({retriever.paper(h.passage.paper_id).work_id for h in hits})
    steps = [
        ReasoningStep(
            StepKind.SEARCH,
            f"Searched {_count(passages, 'passage')} of {_count(papers, 'paper')}{_limits(filters)} by words and by "
            f"meaning{', their lists of references by words' if filters.references else ''}; read the "
            f"{_count(len(hits), 'passage')} of {_count(read, 'paper')} that fit best.",
        )
    ]
    if languages := differing_language(query, "\n".join(h.passage.text for h in hits[:5])):
        asked, written = languages
        steps.append(
            ReasoningStep(
                StepKind.SEARCH,
                f"The question seems to be in {asked} and the papers in {written}; it is tried all the same, "
                f"but asking in {written} finds more.",
            )
        )
    return hits, steps


def _limits(filters: Filters) -> str:
    parts = []
    if filters.papers:
        parts.append(f"the {_count(len(filters.papers), 'paper')} chosen")
    if filters.year_from is not None:
        parts.append(f"{filters.year_from} or later")
    if filters.year_to is not None:
        parts.append(f"{filters.year_to} or earlier")
    if filters.section:
        parts.append(f"section “{filters.section}”")
    return f" (only {', '.join(parts)})" if parts else ""


def _quotes(question: str, candidates: Sequence[Candidate], settings: Settings) -> list[Candidate]:
    floor = min(candidates[0].score * LEAST_OF_BEST, settings.answer_above)
    likely = [c for c in candidates if c.score >= floor]
    chosen = choose(likely, quotes=settings.quotes, numbers=bool(_ASKS_NUMBER.search(question)))
    return merge(hear_the_other_side(question, chosen, likely))


def _nearest(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The best sentence of each of the nearest passages."""
    best: dict[int, Candidate] = {}
    for candidate in candidates:
        best.setdefault(candidate.hit.rank, candidate)
    return list(best.values())[:NEAREST]


def _judge(question: str, evidence: Sequence[Evidence]) -> list[ReasoningStep]:
    """The steps after the quotes: what each work says, who agrees, who differs, what follows."""
    steps = [
        ReasoningStep(StepKind.EVIDENCE, f"{_name(quotes[0])}: {_marks(quotes)}.", tuple(e.n for e in quotes))
        for quotes in _by_work(evidence)
    ]
    groups, opposed = compare(question, evidence)
    if same := [group for group in groups if len(group) > 1]:
        text = " ".join(f"{_marks(group)} point the same way." for group in same)
        steps.append(ReasoningStep(StepKind.AGREEMENT, text, _numbers(*same)))
    if opposed:
        text = " ".join(
            f"{_marks(a)} {'points' if len(a) == 1 else 'point'} the opposite way to {_marks(b)}." for a, b in opposed
        )
        steps.append(ReasoningStep(StepKind.DIFFERENCE, text, _numbers(*(g for pair in opposed for g in pair))))
    return [*steps, _conclusion(evidence[0], groups, opposed)]


def _conclusion(best: Evidence, groups: Sequence[Group], opposed: Sequence[tuple[Group, Group]]) -> ReasoningStep:
    """The likeliest quote, what points its way, and the likeliest of those against it."""
    own = next(g for g in groups if best in g)
    text = f"What follows, from the quotes alone: {_quoted(best)}"
    same = [e for e in own if e is not best]
    if same:
        text += f" {_marks(same)} {'points' if len(same) == 1 else 'point'} the same way."
    against = [b[0] for a, b in opposed if best in a]
    if against:
        text += f" Against it: {' '.join(_quoted(e) for e in against)}"
    return ReasoningStep(StepKind.CONCLUSION, text, _numbers([best, *same, *against]))


def _nothing_found(evidence: Sequence[Evidence]) -> ReasoningStep:
    text = "No sentence read is likely enough to bear on the question, so nothing follows."
    nearest = f" The nearest are {_marks(evidence)}." if evidence else ""
    return ReasoningStep(StepKind.CONCLUSION, text + nearest, tuple(e.n for e in evidence))


def _abstention(passages: int, evidence: Sequence[Evidence]) -> str:
    text = f"I did not find this in the {_count(passages, 'passage')} read."
    return f"{text} The nearest: {_marks(evidence)}." if evidence else text


def _text(evidence: Sequence[Evidence], steps: Sequence[ReasoningStep]) -> str:
    """A lead sentence, the quotes in order, and what agrees and differs."""
    works = len(_by_work(evidence))
    verb = "bears" if len(evidence) == 1 else "bear"
    lead = f"{_count(len(evidence), 'quote')} of {_count(works, 'paper')} {verb} on this."
    quotes = "\n".join(_quoted(e) for e in evidence)
    compared = [s.text for s in steps if s.kind in (StepKind.CAUSAL, StepKind.AGREEMENT, StepKind.DIFFERENCE)]
    return "\n\n".join([lead, quotes, *([" ".join(compared)] if compared else [])])


def _sides(evidence: Sequence[Evidence], quotes: int) -> list[Evidence]:
    """At most `quotes` for, then *all* against. Of the quotes for, the best of each work come first, so that as many
    works as can be are heard."""
    pro = [e for e in evidence if e.stance is Label.SUPPORTS]
    first = [group[0] for group in _by_work(pro)]
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
            steps.append(ReasoningStep(kind, f"Quotes {word} the claim: {_marks(side)}.", tuple(e.n for e in side)))
    numbers = tuple(e.n for e in verdict.evidence)
    return [*steps, ReasoningStep(StepKind.CONCLUSION, _verdict_text(verdict), numbers, verdict)]


def _verdict_text(verdict: Verdict) -> str:
    if not verdict.n_for and not verdict.n_against:
        return "No quote decides the claim."
    counted = f"{_count(verdict.n_for, 'paper')} for, {_count(verdict.n_against, 'paper')} against"
    return f"{counted}{': the papers disagree' if verdict.conflict else ''}."


def _by_work(evidence: Sequence[Evidence]) -> list[list[Evidence]]:
    groups: dict[str, list[Evidence]] = {}
    for e in evidence:
        groups.setdefault(e.paper.work_id, []).append(e)
    return list(groups.values())


def _quoted(e: Evidence) -> str:
    """The quote with its number. A paper's own reference marks would read as ours, so they are left out, visibly."""
    return f"“{_REFERENCE.sub('[…]', ' '.join(e.text.split()))}” [{e.n}]"


def _name(e: Evidence) -> str:
    """A paper by first author and year, or else by title."""
    paper = e.paper
    if paper.authors:
        others = " et al." if len(paper.authors) > 2 else "".join(f" and {_surname(a)}" for a in paper.authors[1:])
        return f"{_surname(paper.authors[0])}{others}{f' {paper.year}' if paper.year else ''}"
    title = textwrap.shorten(_REFERENCE.sub("[…]", paper.title), SHOWN_TITLE, placeholder=" …")
    return f"“{title}”" if title else f"paper {paper.id[:8]}"


def _surname(author: str) -> str:
    return author.split(",")[0].strip() if "," in author else (author.split() or [author])[-1]


def _numbers(*groups: Sequence[Evidence]) -> tuple[int, ...]:
    return tuple(sorted({e.n for group in groups for e in group}))


def _marks(evidence: Sequence[Evidence]) -> str:
    return " ".join(f"[{e.n}]" for e in evidence)


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
