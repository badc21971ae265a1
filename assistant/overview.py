"""Questions that ask for a summary or a comparison -> an Answer made of summaries or of a table of works.

Wiring of `intents`, `summary` and `worktable` into the shape that `ask` gives; every line is a quote or a fixed phrase.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from assistant.config import Settings
from assistant.errors import Cancelled
from assistant.intents import Intent, Wish, intent_of, papers_named
from assistant.quotes import Retriever
from assistant.relations.graph import relations_of
from assistant.summary import summarise
from assistant.types import (
    Answer,
    Comparison,
    Evidence,
    Filters,
    Label,
    Paper,
    Passage,
    ReasoningStep,
    StepKind,
    Summary,
    SummaryPart,
)
from assistant.verification import Verifier
from assistant.worktable import compare_works

MAX_SUMMARIES = 10
"""Works summed up in one answer, at most."""
BRIEF = {SummaryPart.ASKS: 1, SummaryPart.FOUND: 1, SummaryPart.SAYS: 1}
"""Lines for each work where several are summed up."""
LINE_NAMES = {
    SummaryPart.ASKS: "Asks", SummaryPart.DID: "Did", SummaryPart.FOUND: "Found", SummaryPart.WARNS: "Warns of",
    SummaryPart.SAYS: "Says",
}  # fmt: skip
_REFERENCE = re.compile(r"\[[\d\s,;–-]*\d[\d\s,;–-]*\]")
_STANCES = {Label.SUPPORTS: "for", Label.REFUTES: "against", Label.NOT_ENOUGH_INFO: "undecided"}

Event = ReasoningStep | Evidence | Answer


def overview(
    question: str,
    retriever: Retriever,
    papers: Sequence[Paper],
    passages_of: Callable[[str], Sequence[Passage]],
    *,
    settings: Settings | None = None,
    filters: Filters | None = None,
    verifier: Verifier | None = None,
    cancel: threading.Event | None = None,
    intent: Intent | None = None,
) -> Iterator[Event] | None:
    """The events of an answer to a question that asks for a summary or a comparison, as `reasoning.answer` gives them;
    None for any other question. `intent` says which, else its words do. `papers` are those of the library. "Summarise"
    and a topic that names no paper compares what works say on it."""
    intent = intent or intent_of(question)
    if intent is None or not papers:
        return None
    settings, filters = settings or Settings(), filters or Filters()
    named = papers_named(intent.about, papers) if intent.about else []
    if intent.wish is Wish.SUMMARY and (named or not intent.about):
        chosen = named or [p for p in papers if not filters.papers or p.id in filters.papers]
        return _summaries(question, chosen, retriever, passages_of, cancel)
    return _comparison(question, intent, named, retriever, settings, filters, verifier, cancel)


def _summaries(
    question: str,
    papers: Sequence[Paper],
    retriever: Retriever,
    passages_of: Callable[[str], Sequence[Passage]],
    cancel: threading.Event | None,
) -> Iterator[Event]:
    started = time.perf_counter()
    works = list({p.work_id: p for p in reversed(papers)}.values())[::-1]
    shown = works[:MAX_SUMMARIES]
    yield (said := ReasoningStep(StepKind.SEARCH, _summary_plan(works, shown)))
    steps, evidence, texts = [said], list[Evidence](), list[str]()
    for paper in shown:
        if cancel is not None and cancel.is_set():
            raise Cancelled("stopped before the summary was complete, as asked")
        summary = renumbered(_brief(summarise(paper, passages_of(paper.id), retriever), len(shown)), len(evidence))
        yield from (line.evidence for line in summary.lines)
        evidence += [line.evidence for line in summary.lines]
        step = ReasoningStep(
            StepKind.EVIDENCE, _summary_step(summary), tuple(line.evidence.n for line in summary.lines)
        )
        yield step
        steps.append(step)
        texts.append(_summary_text(summary))
    timings = {"total": time.perf_counter() - started}
    text = "\n\n".join(texts)
    yield Answer(
        question, text, not evidence, tuple(steps), tuple(evidence), retriever.provenance(), timings=timings,
        relations=relations_of(evidence),
    )  # fmt: skip


def _summary_plan(works: Sequence[Paper], shown: Sequence[Paper]) -> str:
    more = (
        f"; {len(works) - len(shown)} more have no room here, ask for them by title" if len(works) > len(shown) else ""
    )
    one = len(shown) == 1
    return (
        f"Taken as a wish for a summary of {'one paper' if one else f'{len(shown)} papers'}{more}. Every line "
        f"is a sentence "
        f"of the paper, chosen by its cue words, its section and its place; nothing was put into other words."
    )


def _brief(summary: Summary, works: int) -> Summary:
    if works == 1:
        return summary
    left = dict(BRIEF)
    kept = []
    for line in summary.lines:
        if left.get(line.part, 0):
            left[line.part] -= 1
            kept.append(line)
    return replace(summary, lines=tuple(kept or summary.lines[:1]))


def renumbered(summary: Summary, after: int) -> Summary:
    """The summary with its [n] counted on from `after`."""
    lines = (replace(line, evidence=replace(line.evidence, n=after + i)) for i, line in enumerate(summary.lines, 1))
    return replace(summary, lines=tuple(lines))


def _summary_step(summary: Summary) -> str:
    marks = " ".join(f"[{line.evidence.n}]" for line in summary.lines)
    notes = " ".join(summary.notes)
    return f"{_title(summary.paper)}: {marks or 'no line'}.{f' {notes}' if notes else ''}"


def _summary_text(summary: Summary) -> str:
    lines = [f"{_title(summary.paper)}"]
    lines += [f"{LINE_NAMES[line.part]}: {_quoted(line.evidence)}" for line in summary.lines]
    return "\n".join(lines if summary.lines else [*lines, *summary.notes])


def _comparison(
    question: str,
    intent: Intent,
    named: Sequence[Paper],
    retriever: Retriever,
    settings: Settings,
    filters: Filters,
    verifier: Verifier | None,
    cancel: threading.Event | None,
) -> Iterator[Event]:
    started = time.perf_counter()
    named = named if len({p.work_id for p in named}) > 1 else ()
    table = compare_works(
        intent.about, retriever, papers=named, verifier=verifier, filters=filters, settings=settings, cancel=cancel
    )
    said = ReasoningStep(
        StepKind.SEARCH,
        f"Taken as a wish to compare what works say on “{intent.about}”: one row for each of {len(table.rows)}"
        f"{f', {table.left_out} more had no room' if table.left_out else ''}. {table.method}.",
    )
    yield said
    evidence = [e for row in table.rows for e in row.evidence]
    yield from evidence
    steps = [said, *_row_steps(table)]
    yield from steps[1:]
    abstained = not evidence
    text = "I did not find this in the papers." if abstained else "\n\n".join(_row_text(table))
    timings = {"total": time.perf_counter() - started}
    yield Answer(
        question, text, abstained, tuple(steps), tuple(evidence), retriever.provenance(), timings=timings,
        relations=relations_of(evidence),
    )  # fmt: skip


def _row_steps(table: Comparison) -> list[ReasoningStep]:
    steps = []
    for row in table.rows:
        marks = " ".join(f"[{e.n}]" for e in row.evidence)
        verdict = f", verdict {row.verdict.label}" if row.verdict else ""
        told = f"{marks} ({_STANCES[row.stance] if row.stance else 'answers'}{verdict})" if marks else row.note
        steps.append(
            ReasoningStep(StepKind.COMPARISON, f"{_title(row.paper)}: {told}.", tuple(e.n for e in row.evidence))
        )
    return steps


def _row_text(table: Comparison) -> Iterator[str]:
    for row in table.rows:
        stance = f" ({_STANCES[row.stance]})" if row.stance else ""
        lines = [_quoted(e) for e in row.evidence] or [f"{row.note}."]
        yield "\n".join([f"{_title(row.paper)}{stance}", *lines])


def _quoted(e: Evidence) -> str:
    return f"“{_inert(e.text)}” [{e.n}]"


def _title(paper: Paper) -> str:
    return f"{_inert(paper.title) or f'paper {paper.id[:8]}'}{f' ({paper.year})' if paper.year else ''}"


def _inert(text: str) -> str:
    """A paper's own reference marks would read as ours."""
    return _REFERENCE.sub("[…]", " ".join(text.split()))
