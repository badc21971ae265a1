"""Question -> steps -> cited answer, without a language model: every sentence of an answer is a quote or a fixed phrase.

A generator of events, so that a reader sees each step as it is made. Knows no PDF, no index, no model and no browser:
the library is a `Retriever`. It adds no fact of its own: what is not in a quote is not said.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Sequence

from assistant.claims import check, stance
from assistant.config import Settings
from assistant.errors import Cancelled, LibraryError, UsageError
from assistant.language import differing_language
from assistant.quotes import Candidate, Retriever, choose, find_candidates, merge, quote
from assistant.types import Answer, Evidence, Filters, Hit, Label, Provenance, ReasoningStep, StepKind, Verdict

__all__ = ["MAX_QUESTION", "CheckEvent", "Event", "Retriever", "answer", "check_claim", "stream_check"]

MAX_QUESTION = 4000
"""Characters of a question or claim, at most."""
LEAST_OF_BEST = 0.5
"""A quote is shown when it is at least this share as probable as the best one."""
NEAREST = 3
"""Passages shown where nothing was found."""

Event = ReasoningStep | Evidence | Answer
CheckEvent = ReasoningStep | Evidence | Verdict

_REFERENCE = re.compile(r"\[[\d\s,;–-]*\d[\d\s,;–-]*\]")


def answer(
    question: str,
    retriever: Retriever,
    *,
    provenance: Provenance,
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
    chosen = _quotes(candidates, settings) if found else _nearest(candidates)
    evidence: list[Evidence] = []
    for n, candidate in enumerate(chosen, 1):
        _stop_if(cancel)
        evidence.append(quote(n, candidate, retriever))
        yield evidence[-1]
    judged = _judge(question, evidence) if found else [_nothing_found(evidence)]
    yield from judged
    text = _text(evidence, judged) if found else _abstention(len(hits), evidence)
    ended = time.perf_counter()
    timings = {"search": searched - started, "evidence": ended - searched, "total": ended - started}
    yield Answer(
        question, text, not found, (*steps, *judged), tuple(evidence), provenance, timings=timings
    )
