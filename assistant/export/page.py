"""Kept turns as one page of HTML: no script, nothing loaded, nothing sent; it prints well.

Questions, titles and quotes are hostile: all of it is escaped, and the page's own policy allows nothing but its style.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Sequence
from pathlib import Path

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
from assistant.types import Answer, Evidence, ReasoningStep, Verdict

_CITATION = re.compile(r"\[([1-9][0-9]{0,3})\]")
STYLE = Path(__file__).with_name("page.css")


def html_page(title: str, turns: Sequence[Turn]) -> str:
    """The turns as one file of HTML: no script, nothing loaded, nothing sent; it prints well."""
    style = STYLE.read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    body = "".join(_turn_html(turn) for turn in turns)
    dates = " to ".join(dict.fromkeys(t.created[:10] for t in (*turns[:1], *turns[-1:])))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="referrer" content="no-referrer">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_e(title)}</title><style>{style}</style></head>\n<body><main>"
        f'<h1 dir="auto">{_e(title)}</h1><p class="note">{_e(dates)}</p>{body}</main></body></html>\n'
    )


def _e(text: str) -> str:
    return html.escape(one_line(text))


def _turn_html(turn: Turn) -> str:
    parts = [f'<article id="turn-{turn.n}"><h2 dir="auto">{_e(turn.question)}</h2>']
    if turn.standalone:
        parts.append(f'<p class="note">Read as: <bdi>{_e(turn.standalone)}</bdi></p>')
    if note := unfinished(turn):
        parts.append(f'<p class="note">{note}</p>')
    if (answer := turn.answer) is not None:
        known = {e.n for e in answer.evidence}
        lines = [line for line in sendable(answer.text).split("\n") if line.strip()]
        parts += [f'<p dir="auto">{_cited(line, turn.n, known)}</p>' for line in lines]
        parts += [f'<p>{_badge(v)} <span class="note">{_e(judged(v))}</span></p>' for v in answer.verdicts]
        parts += [_steps_html(answer, turn.n, known), _passages_html(answer, turn.n), _made_from_html(turn, answer)]
    return "".join([*parts, "</article>"])


def _cited(text: str, turn: int, known: set[int]) -> str:
    """Text with each [n] of a passage a link to it."""
    pieces = _CITATION.split(one_line(text))
    return "".join(
        f'<a href="#turn-{turn}-cite-{p}">[{p}]</a>'
        if i % 2 and int(p) in known
        else html.escape(f"[{p}]" if i % 2 else p)
        for i, p in enumerate(pieces)
    )


def _badge(verdict: Verdict) -> str:
    style, icon, word = VERDICTS[verdict.label]
    badge = f'<span class="badge {style}">{icon} {word}</span>'
    return f'{badge} <span class="badge conflict">≠ Papers disagree</span>' if verdict.conflict else badge


def _steps_html(answer: Answer, turn: int, known: set[int]) -> str:
    items = "".join(f"<li>{_step_html(step, turn, known)}</li>" for step in answer.steps)
    return f"<h3>Steps</h3><ol>{items}</ol>" if items else ""


def _step_html(step: ReasoningStep, turn: int, known: set[int]) -> str:
    badge = f" {_badge(step.verdict)}" if has_verdict(step) and step.verdict else ""
    note = f' <span class="note">{_e(step.note)}</span>' if step.note else ""
    return f'<span class="kind">{step.kind}</span> <bdi>{_cited(step.text, turn, known)}</bdi>{badge}{note}'


def _passages_html(answer: Answer, turn: int) -> str:
    items = "".join(_passage_html(e, turn) for e in answer.evidence)
    name = "Nearest passages" if answer.abstained and not answer.verdicts else "Cited passages"
    return f'<h3>{name}</h3><ol class="passages">{items}</ol>' if items else ""


def _passage_html(e: Evidence, turn: int) -> str:
    stance = f'<span class="note"> {STANCES[e.stance]}</span>' if e.stance in STANCES else ""
    doi = f" · doi:{_e(e.paper.doi)}" if e.paper.doi else ""
    source, where = _e(byline(e.paper)), _e(place(e))
    return (
        f'<li id="turn-{turn}-cite-{e.n}"><span class="n">[{e.n}]</span> '
        f'<cite dir="auto">{_e(e.paper.title or "Untitled paper")}</cite>{stance}'
        f'<blockquote dir="auto">{_e(e.text)}</blockquote>'
        f'<p class="note"><bdi>{source}</bdi>{" · " if source and where else ""}<bdi>{where}</bdi>{doi}</p></li>'
    )


def _made_from_html(turn: Turn, answer: Answer) -> str:
    rows = "".join(f"<dt>{name}</dt><dd>{_e(value)}</dd>" for name, value in made_from(turn, answer))
    return f"<h3>Made from</h3><dl>{rows}</dl>"
