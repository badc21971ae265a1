"""Answers and conversations to take away: Markdown, a page of HTML without scripts, BibTeX, RIS, JSON.

Pure: from kept turns to text, which can always be written as UTF-8.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from assistant import contract
from assistant.errors import UsageError
from assistant.export.markdown import markdown
from assistant.export.page import html_page
from assistant.export.words import TURNING, cited_papers, sendable
from assistant.history import Turn
from assistant.index.records.bibtex import bibtex
from assistant.index.records.ris import ris

__all__ = ["FORMS", "cited_papers", "export"]


def export(turns: Sequence[Turn], form: str, *, title: str) -> str:
    """Kept turns in one of FORMS, as text that ends with a line's end. Raises UsageError for another form."""
    if form not in FORMS:
        raise UsageError(f"{form!r} is no format of an export; choose one of {', '.join(FORMS)}")
    return FORMS[form](title, turns).rstrip("\n") + "\n"


def json_text(title: str, turns: Sequence[Turn]) -> str:
    """The turns as JSON: each answer as `ask --json` prints it, with how it was asked, and the papers cited."""
    value = {
        "title": title,
        "turns": [_turn_json(t) for t in turns],
        "papers": [contract.paper_json(p) for p in cited_papers(turns)],
    }
    return json.dumps(value, indent=2) + "\n"


def _turn_json(turn: Turn) -> contract.Json:
    return {
        "id": turn.id,
        "conversation": turn.conversation,
        "n": turn.n,
        "mode": turn.mode,
        "status": str(turn.status),
        "created": turn.created,
        "question": turn.question,
        "standalone": turn.standalone,
        "answer": None if turn.answer is None else contract.answer_json(turn.answer),
        "claims": [v.claim for v in turn.answer.verdicts] if turn.answer else [],
    }


def bibtex_text(_title: str, turns: Sequence[Turn]) -> str:
    """The papers that the turns cite as BibTeX."""
    return _without_turning(bibtex(cited_papers(turns)))


def ris_text(_title: str, turns: Sequence[Turn]) -> str:
    """The papers that the turns cite as RIS."""
    return _without_turning(ris(cited_papers(turns)))


def _without_turning(text: str) -> str:
    return TURNING.sub("", sendable(text))


FORMS: dict[str, Callable[[str, Sequence[Turn]], str]] = {
    "md": markdown,
    "html": html_page,
    "json": json_text,
    "bib": bibtex_text,
    "ris": ris_text,
}
