"""The chat's surroundings as HTML: the place of the conversation, mode and papers to choose, the start. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant import Paper
from assistant.ui.markup import escape
from assistant.ui.render import View
from assistant.ui.told import byline, title
from assistant.ui.words import Words

if TYPE_CHECKING:
    from assistant.history import Turn

LISTED = 50
"""Papers listed to choose from before a search; the search finds the rest."""
MODES = ("ask", "check", "compare")


def talk_html(words: Words) -> str:
    """Where the conversation will stand, and the words that the script says of its own accord."""
    return (
        f'<div id="talk" data-begin="{escape(words("chat.stage.begin"))}"'
        f' data-waiting="{escape(words("chat.stage.waiting"))}" data-all="{escape(words("chat.scope.all"))}"'
        f' data-some="{escape(words("chat.scope.some", n="#"))}">'
        '<p id="new-line" hidden><button type="button" class="plain" id="new">'
        f"{escape(words('chat.form.new'))}</button></p>"
        f'<div id="turns" role="log" aria-live="off" aria-label="{escape(words("chat.talk.label"))}"></div>'
        '<div id="start" data-from="/screens/chat/start" data-on="library"></div></div>'
    )


def choices_html(words: Words) -> str:
    """What to do with a question, and of which papers to ask it."""
    modes = "".join(
        f'<label><input type="radio" name="mode" value="{mode}"{" checked" if mode == "ask" else ""}>'
        f"<span>{escape(words(f'chat.mode.{mode}'))}</span></label>"
        for mode in MODES
    )
    return (
        f'<div id="choices"><fieldset id="mode"><legend class="hidden">{escape(words("chat.form.mode"))}</legend>'
        f'{modes}</fieldset><details id="scope"><summary>'
        f'<span class="hidden">{escape(words("chat.scope.label"))}: </span>'
        f'<span id="scope-now">{escape(words("chat.scope.all"))}</span></summary>'
        '<div id="scope-list"></div></details></div>'
    )


def view_of(turn: Turn, words: Words) -> View:
    """A kept turn as the chat shows it."""
    answer = turn.answer
    verdict = answer.verdicts[0] if answer and answer.verdicts and turn.mode == "check" else None
    notice, whole = "", turn.status == "done" or (answer is not None and not answer.abstained)
    if turn.status != "done":
        notice = words("chat.stopped" if answer and (answer.steps or answer.evidence) else "chat.interrupted")
    return View(
        turn.question,
        turn.mode,
        turn.id,
        turn.id,
        turn.conversation,
        running=False,
        steps=answer.steps if answer else (),
        seconds=_seconds(answer.timings) if answer else (),
        evidence=answer.evidence if answer else (),
        answer=answer if verdict is None and whole else None,
        verdict=verdict,
        notice=notice,
    )


def _seconds(timings: dict[str, float]) -> tuple[float, ...]:
    """Those from the beginning to each step, as the conversation kept them."""
    steps = {int(m[1]): t for name, t in timings.items() if (m := re.fullmatch(r"step (\d+)", name))}
    return tuple(steps[i] for i in range(1, len(steps) + 1)) if sorted(steps) == list(range(1, len(steps) + 1)) else ()


def papers_html(papers: Sequence[Paper], words: Words) -> str:
    """The papers to choose from, each with a box to tick."""
    if not papers:
        return f'<p class="note">{escape(words("chat.scope.none"))}</p>'
    items = "".join(_choice(p, words, hidden=i >= LISTED) for i, p in enumerate(papers))
    left = len(papers) - LISTED
    more = f'<p class="note" id="scope-more">{escape(words("chat.scope.more", n=left))}</p>' if left > 0 else ""
    return (
        f'<label class="find"><span>{escape(words("chat.scope.find"))}</span> '
        f'<input type="search" id="scope-find" autocomplete="off"></label>'
        f'<ul class="choices" data-most="{LISTED}">{items}</ul>{more}'
        f'<button type="button" class="plain" id="scope-clear">{escape(words("chat.scope.clear"))}</button>'
    )


def _choice(paper: Paper, words: Words, *, hidden: bool) -> str:
    return (
        f'<li{" hidden" if hidden else ""}><label><input type="checkbox" name="paper" value="{escape(paper.id)}"> '
        f'<span><cite dir="auto">{escape(title(paper, words))}</cite> <bdi class="note">{escape(byline(paper, words))}'
        "</bdi></span></label></li>"
    )


def start_html(counted: str, system: str, words: Words) -> str:
    """The page before the first question."""
    return (
        f'<section class="welcome"><h2>{escape(words("chat.start.title"))}</h2>'
        f"<p>{escape(words('chat.start.text'))}</p>"
        f'<p class="note">{escape(counted)}</p>{system}</section>'
    )


def empty_html(system: str, words: Words, *, samples: str) -> str:
    """The one card of an empty library: what to do. `samples`: where to ask for the sample papers."""
    name = escape(words("chat.start.samples"))
    form = (
        f'<form data-to="{samples}" data-into="#start"><button class="plain">{name}</button></form>' if samples else ""
    )
    return (
        f'<section class="card empty"><h2>{escape(words("chat.start.empty"))}</h2>'
        f"<p>{escape(words('chat.start.empty_text'))}</p>"
        f'<p class="ways"><a class="button first" href="#library">{escape(words("chat.start.drop"))}</a></p>{form}'
        f"{system}</section>"
    )


def unusable_html(notice: str, detail: str, words: Words) -> str:
    """A library that cannot be read: why, and no dead question box."""
    said = f'<p class="note" dir="auto">{escape(detail)}</p>' if detail else ""
    return f'<section class="card empty"><h2>{escape(words("chat.start.unusable"))}</h2>{notice}{said}</section>'


def system_html(model: str, free: float, papers: Sequence[Paper], words: Words) -> str:
    """The line on model, index, disk, and what leaves the machine."""
    passages = sum(p.passages for p in papers)
    where = model.partition("@")[2]
    facts = [
        words("chat.system.quotes")
        if model == "extractive"
        else words("chat.system.writer", model=model.partition("@")[0]),
        words("chat.system.index", passages=passages) if passages else words("chat.system.no_index"),
        words("chat.system.disk", gib=f"{free:.1f}"),
        words("chat.system.server", where=where) if where else words("chat.system.offline"),
    ]
    items = "".join(f"<li>{escape(fact)}</li>" for fact in facts)
    return f'<ul class="system" aria-label="{escape(words("chat.system.label"))}">{items}</ul>'
