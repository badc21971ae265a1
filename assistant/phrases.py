"""The fixed phrases of answers: how papers are called, quotes are cited and things are counted. Pure text."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from assistant.types import Evidence, Label, PassageKind

SHOWN_TITLE = 60
"""Characters of a title in a step, at most."""

VERDICTS = {
    Label.SUPPORTS: ("supports", "✓", "Supported"),
    Label.REFUTES: ("refutes", "✗", "Refuted"),
    Label.NOT_ENOUGH_INFO: ("unclear", "?", "Not enough evidence"),
}
"""Style, icon and word of a verdict, where it is drawn."""
STANCES = {Label.SUPPORTS: "for the claim", Label.REFUTES: "against the claim"}
KINDS = {
    PassageKind.CAPTION: "caption",
    PassageKind.ROW: "row of a table",
    PassageKind.FOOTNOTE: "footnote",
    PassageKind.REFERENCE: "list of references",
}
"""What a passage is called that is not running text."""

_REFERENCE = re.compile(r"\[[\d\s,;–-]*\d[\d\s,;–-]*\]")


def by_work(evidence: Sequence[Evidence]) -> list[list[Evidence]]:
    groups: dict[str, list[Evidence]] = {}
    for e in evidence:
        groups.setdefault(e.paper.work_id, []).append(e)
    return list(groups.values())


def quoted(e: Evidence) -> str:
    """The quote with its number. A paper's own reference marks would read as ours, so they are left out, visibly."""
    return f"“{_REFERENCE.sub('[…]', ' '.join(e.text.split()))}” [{e.n}]"


def name(e: Evidence) -> str:
    """A paper by first author and year, or else by title."""
    paper = e.paper
    if paper.authors:
        others = " et al." if len(paper.authors) > 2 else "".join(f" and {_surname(a)}" for a in paper.authors[1:])
        return f"{_surname(paper.authors[0])}{others}{f' {paper.year}' if paper.year else ''}"
    title = textwrap.shorten(_REFERENCE.sub("[…]", paper.title), SHOWN_TITLE, placeholder=" …")
    return f"“{title}”" if title else f"paper {paper.id[:8]}"


def _surname(author: str) -> str:
    return author.split(",")[0].strip() if "," in author else (author.split() or [author])[-1]


def numbers_of(*groups: Sequence[Evidence]) -> tuple[int, ...]:
    return tuple(sorted({e.n for group in groups for e in group}))


def marks(evidence: Sequence[Evidence]) -> str:
    return " ".join(f"[{e.n}]" for e in evidence)


def count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
