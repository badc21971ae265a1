"""Question -> the passages and sentences found for it, part by part, and the steps that tell of the search.

What every way of answering shares. Knows no PDF, no index, no model: the library is a `Retriever`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from assistant.config import Settings
from assistant.errors import Cancelled, LibraryError, UsageError
from assistant.inquiry import split_question
from assistant.language import differing_language
from assistant.phrases import count, marks
from assistant.quotes import Candidate, Retriever, find_candidates
from assistant.types import Evidence, Filters, Hit, ReasoningStep, StepKind

MAX_QUESTION = 4000
"""Characters of a question or claim, at most."""
NEAREST = 3
"""Passages shown where nothing was found."""
READ_FOR_FOLLOW_UP = 2
"""Passages whose sentences are looked at to see whether a question can be answered: the answer itself reads more, so a
question that passes here is answered there."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a question and its sentences, best first. `found`: the best is likely enough to answer from."""

    question: str
    candidates: tuple[Candidate, ...]
    found: bool


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found for a question: its parts, and the passages of all, each once, best first, ranks from 1."""

    parts: tuple[Part, ...]
    hits: tuple[Hit, ...]

    @property
    def found(self) -> bool:
        """Whether any part can be answered."""
        return any(p.found for p in self.parts)

    @property
    def candidates(self) -> list[Candidate]:
        """The sentences of all parts, each once with its best probability, best first."""
        best: dict[tuple[int, int], Candidate] = {}
        for c in sorted((c for p in self.parts for c in p.candidates), key=lambda c: (-c.score, c.hit.rank, c.start)):
            best.setdefault((c.hit.rank, c.start), c)
        return list(best.values())


def find(
    question: str,
    retriever: Retriever,
    *,
    settings: Settings,
    filters: Filters,
    cancel: threading.Event | None = None,
) -> Iterator[ReasoningStep | Findings]:
    """Search for each part of a question by itself: the steps as they are made, last the findings. Raises LibraryError
    for a library without passages, Cancelled."""
    parts = split_question(question)
    if len(parts) > 1:
        yield ReasoningStep(StepKind.SEARCH, _parts_text(parts))
    searched: list[tuple[list[Hit], list[Candidate]]] = []
    for part in parts:
        stop_if(cancel)
        hits, steps = search(part, retriever, settings, filters)
        yield from steps
        stop_if(cancel)
        searched.append((hits, find_candidates(part, hits, retriever)))
        if len(parts) > 1 and not is_found(searched[-1][1], settings):
            yield ReasoningStep(StepKind.SEARCH, f"Nothing read answers “{part}”")
    ranked = _ranked([hits for hits, _ in searched])
    made = (
        Part(part, tuple(replace(c, hit=ranked[c.hit.passage.id]) for c in found), is_found(found, settings))
        for part, (_, found) in zip(parts, searched, strict=True)
    )
    yield Findings(tuple(made), tuple(ranked.values()))


def is_found(candidates: Sequence[Candidate], settings: Settings) -> bool:
    """Whether the best sentence is likely enough to be answered from; below that the assistant abstains."""
    return bool(candidates) and candidates[0].score >= settings.answer_above


def can_answer(retriever: Retriever, settings: Settings, filters: Filters) -> Callable[[str], bool]:
    """Whether a question would be answered: a search, and a look at the sentences of the first passages."""

    def look(question: str) -> bool:
        hits = retriever.search(question, k=READ_FOR_FOLLOW_UP, filters=filters)
        return is_found(find_candidates(question, hits, retriever), settings)

    return look


def _parts_text(parts: Sequence[str]) -> str:
    return f"The question has {len(parts)} parts, each looked up by itself: {' '.join(f'“{p}”' for p in parts)}"


def _ranked(searches: Sequence[Sequence[Hit]]) -> dict[int, Hit]:
    """Passage id -> its best hit of several searches, in order of rank, the searches by turns."""
    order = sorted(
        ((hit.rank, turn, hit) for turn, hits in enumerate(searches) for hit in hits), key=lambda row: row[:2]
    )
    best: dict[int, Hit] = {}
    for _, _, hit in order:
        held = best.setdefault(hit.passage.id, hit)
        if hit.score > held.score:
            best[hit.passage.id] = hit
    return {i: replace(hit, rank=n) for n, (i, hit) in enumerate(best.items(), start=1)}


def checked(text: str, what: str) -> str:
    """The text without white space around it. UsageError for one that is empty or endless; `what` it is called."""
    text = text.strip()
    if not any(c.isalnum() for c in text):
        raise UsageError(f"the {what} is empty; write it in words")
    if len(text) > MAX_QUESTION:
        raise UsageError(f"the {what} has {len(text):,} characters; shorten it to at most {MAX_QUESTION:,}")
    return text


def stop_if(cancel: threading.Event | None) -> None:
    """Raises Cancelled where the caller wants an end."""
    if cancel is not None and cancel.is_set():
        raise Cancelled("stopped before the answer was complete, as asked")


def search(
    query: str, retriever: Retriever, settings: Settings, filters: Filters
) -> tuple[list[Hit], list[ReasoningStep]]:
    """The passages that fit a query best, and what was searched. LibraryError for a library without passages."""
    papers, passages = retriever.describe()
    if not passages:
        raise LibraryError("the library holds no passages yet; add papers with: assistant ingest FOLDER")
    hits = retriever.search(query, k=settings.passages, filters=filters)
    read = len({retriever.paper(h.passage.paper_id).work_id for h in hits})
    steps = [
        ReasoningStep(
            StepKind.SEARCH,
            f"Searched {count(passages, 'passage')} of {count(papers, 'paper')}{_limits(filters)} by words and by "
            f"meaning{', their lists of references by words' if filters.references else ''}; read the "
            f"{count(len(hits), 'passage')} of {count(read, 'paper')} that fit best.",
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
        parts.append(f"the {count(len(filters.papers), 'paper')} chosen")
    if filters.year_from is not None:
        parts.append(f"{filters.year_from} or later")
    if filters.year_to is not None:
        parts.append(f"{filters.year_to} or earlier")
    if filters.section:
        parts.append(f"section “{filters.section}”")
    return f" (only {', '.join(parts)})" if parts else ""


def nearest(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The best sentence of each of the nearest passages."""
    best: dict[int, Candidate] = {}
    for candidate in candidates:
        best.setdefault(candidate.hit.rank, candidate)
    return list(best.values())[:NEAREST]


def nothing_found(evidence: Sequence[Evidence]) -> ReasoningStep:
    """The conclusion of a search that found nothing."""
    text = "No sentence read is likely enough to bear on the question, so nothing follows."
    nearest = f" The nearest are {marks(evidence)}." if evidence else ""
    return ReasoningStep(StepKind.CONCLUSION, text + nearest, tuple(e.n for e in evidence))


def abstention(passages: int, evidence: Sequence[Evidence]) -> str:
    """The answer where nothing was found, with the nearest."""
    text = f"I did not find this in the {count(passages, 'passage')} read."
    return f"{text} The nearest: {marks(evidence)}." if evidence else text
