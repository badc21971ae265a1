"""What every export says in the same words: verdicts, places, papers, what an answer was made from.

Pure; gives text that can be written as UTF-8 and escapes nothing: that is each format's own affair.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from assistant.history import Status, Turn
from assistant.phrases import KINDS
from assistant.types import Answer, Evidence, Paper, ReasoningStep, StepKind, Verdict

_UNSENDABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\ufffe\uffff]")
TURNING = re.compile(r"[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
"""Characters that set the direction of what follows them, which could make a quote seem to say something else."""


def cited_papers(turns: Iterable[Turn]) -> list[Paper]:
    """Each paper that the turns cite, once, in the order in which they cite it."""
    evidence = (e for turn in turns if turn.answer for e in turn.answer.evidence)
    return list({e.paper.id: e.paper for e in evidence}.values())


def sendable(text: str) -> str:
    return _UNSENDABLE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str) -> str:
    """Text on one line, without characters that turn the direction of others."""
    return " ".join(TURNING.sub("", sendable(text)).split())


def place(e: Evidence) -> str:
    """Where a quote stands, in words."""
    section = f"section “{e.passage.section}”" if e.passage.section else ""
    page = f"page {e.page}" if e.page is not None else f"¶ {e.paragraph}" if e.paragraph is not None else ""
    if e.page is not None and e.page_label and e.page_label != str(e.page):
        page += f" (printed: {e.page_label})"
    return ", ".join(part for part in (section, KINDS.get(e.passage.kind, ""), page) if part)


def byline(paper: Paper) -> str:
    authors = paper.authors if len(paper.authors) < 4 else (*paper.authors[:3], "and others")
    return ", ".join([*authors, *([str(paper.year)] if paper.year else []), *([paper.venue] if paper.venue else [])])


def judged(verdict: Verdict) -> str:
    """A verdict's numbers, in words."""
    known = "confidence not known" if verdict.confidence is None else f"confidence {verdict.confidence:.0%}"
    rough = "" if verdict.confidence is None or verdict.calibrated else " (not calibrated)"
    parts = [f"{verdict.n_for} for, {verdict.n_against} against", known + rough, verdict.method, verdict.reason]
    return "; ".join([p for p in parts if p] + [f"differs: {m}" for m in verdict.mismatches])


def made_from(turn: Turn, answer: Answer) -> list[tuple[str, str]]:
    """What an answer was made from, as names and values."""
    p = answer.provenance
    rows = [
        ("Answer", turn.id),
        ("Asked", turn.created),
        ("Library", f"generation {p.library_generation}"),
        ("Read by", p.reader),
        ("Embedder", p.embedder),
        ("Models", ", ".join(p.models)),
        ("Prompts", p.prompts),
        ("Seed", str(p.seed)),
        ("Passages read", str(len(p.passages)) if p.passages else ""),
        ("Papers cited", ", ".join(q.id[:12] for q in cited_papers([turn]))),
    ]
    return [(name, value) for name, value in rows if value]


def unfinished(turn: Turn) -> str:
    if turn.answer is None:
        return "Interrupted before there was an answer."
    return "Stopped: what follows is what there was." if turn.status is not Status.DONE else ""


def has_verdict(step: ReasoningStep) -> bool:
    return step.verdict is not None and step.kind is not StepKind.SEARCH
