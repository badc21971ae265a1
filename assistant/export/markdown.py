"""Kept turns as Markdown. Questions, titles and quotes are hostile: whatever they hold, it is shown as text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.export.words import (
    byline,
    has_verdict,
    judged,
    made_from,
    one_line,
    place,
    sendable,
    unfinished,
)
from assistant.history import Turn
from assistant.phrases import STANCES, VERDICTS
from assistant.types import Evidence, ReasoningStep, escape_markdown

_BLOCK = re.compile(r"^([-+=>]|\d{1,9}(?=[.)]))")
_DOI = re.compile(r"10\.\d{4,9}/[-._;()/:A-Za-z0-9]+")


def markdown(title: str, turns: Sequence[Turn]) -> str:
    """The turns as Markdown: question, answer, steps, passages, what it was made from."""
    parts = [f"# {_md(title)}"]
    for turn in turns:
        parts += _turn_md(turn)
    return "\n\n".join(parts) + "\n"


def _md(text: str) -> str:
    """Text on one line that Markdown shows as it stands; an address in it is no link."""
    plain = one_line(text)
    at_start = _BLOCK.match(plain)
    escaped = escape_markdown(plain)
    if at_start and at_start[1].isdigit():
        escaped = re.sub(r"^(\d+)([.)])", r"\1\\\2", escaped)
    elif at_start:
        escaped = f"\\{escaped}" if plain[0] != ">" else escaped
    return re.sub(
        r"(?i)://|\bwww\.|@", lambda m: m[0].replace(":", "&#58;").replace(".", "&#46;").replace("@", "&#64;"), escaped
    )


def _turn_md(turn: Turn) -> list[str]:
    parts = [f"## {_md(turn.question)}"]
    if turn.standalone:
        parts.append(f"*Read as: {_md(turn.standalone)}*")
    if note := unfinished(turn):
        parts.append(f"*{note}*")
    if (answer := turn.answer) is None:
        return parts
    parts += [_md(line) for line in sendable(answer.text).split("\n") if line.strip()]
    parts += [
        f"**{VERDICTS[v.label][2]}**{': papers disagree' if v.conflict else ''} ({_md(judged(v))})"
        for v in answer.verdicts
    ]
    if answer.steps:
        parts += ["### Steps", "\n".join(f"{i}. {_step_md(s)}" for i, s in enumerate(answer.steps, 1))]
    if answer.evidence:
        parts += ["### Passages", "\n".join(_passage_md(e) for e in answer.evidence)]
    rows = "\n".join(f"- {name}: {_md(value)}" for name, value in made_from(turn, answer))
    return [*parts, "### Made from", rows]


def _step_md(step: ReasoningStep) -> str:
    judged = f" ({VERDICTS[step.verdict.label][2].lower()})" if has_verdict(step) and step.verdict else ""
    note = f" ({_md(step.note)})" if step.note else ""
    return f"{step.kind}: {_md(step.text)}{judged}{note}"


def _passage_md(e: Evidence) -> str:
    source = ". ".join(p for p in (f"*{_md(e.paper.title or 'Untitled paper')}*", _md(byline(e.paper))) if p)
    stance = f" ({STANCES[e.stance]})" if e.stance in STANCES else ""
    doi = f" <https://doi.org/{e.paper.doi}>" if _DOI.fullmatch(e.paper.doi) else ""
    return f"- **\\[{e.n}\\]** “{_md(e.text)}”{stance}  \n  {source}, {_md(place(e))}.{doi}"
