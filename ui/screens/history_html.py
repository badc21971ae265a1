"""The history as HTML: conversations, and the answers that a search found with the words that were sought. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from assistant import Answer
from assistant.history import Status, Thread, Turn
from assistant.ui.download import export_html
from assistant.ui.markup import escape
from assistant.ui.words import Words

SHOWN = 100
"""Conversations, or answers found, that are listed at once."""
AROUND = 90
"""Characters shown before and after the first word that was sought."""


def screen_html(found: str, sought: str, words: Words) -> str:
    """The screen: the search, and what it found."""
    clear = (
        '<form class="clear" data-to="/screens/history">'
        f'<button class="plain">{escape(words("history.search.clear"))}</button></form>'
        if sought.split()
        else ""
    )
    return (
        f"<h2>{escape(words('history.title'))}</h2>"
        '<form class="search" data-to="/screens/history" role="search">'
        f'<label for="history-sought">{escape(words("history.search.label"))}</label>'
        f'<input type="search" id="history-sought" name="sought" value="{escape(sought)}" maxlength="200">'
        f'<button class="plain">{escape(words("history.search.go"))}</button></form>'
        f"{clear}{found}"
    )


def threads_html(threads: Sequence[Thread], everything: bool, words: Words) -> str:
    """The conversations, the last used first; all of them, or the first SHOWN and a button for the rest."""
    if not threads:
        return (
            f'<section class="card"><p>{escape(words("history.none"))}</p>'
            f'<p><a href="#chat">{escape(words("history.begin"))}</a></p></section>'
        )
    shown = threads if everything else threads[:SHOWN]
    items = "".join(f'<li id="{escape(t.id)}">{_thread(t, everything, words)}</li>' for t in shown)
    return f'<ul class="threads">{items}</ul>{_more(len(threads) - len(shown), words)}'


def found_html(turns: Sequence[Turn], sought: str, titles: Mapping[str, str], words: Words) -> str:
    """The answers that hold what was sought, each with the place where it stands in it."""
    if not turns:
        return f'<p role="status">{escape(words("history.search.nothing", sought=sought))}</p>'
    count = words("history.search.found_one" if len(turns) == 1 else "history.search.found", n=len(turns))
    items = "".join(f"<li>{_found(t, sought, titles.get(t.conversation, ''), words)}</li>" for t in turns)
    return f'<p class="note" role="status">{escape(count)}</p><ul class="threads">{items}</ul>'


def time_html(at: str) -> str:
    """A time as it is kept (UTC, ISO 8601), to the minute."""
    return f'<time class="note" datetime="{escape(at)}">{escape(at[:16].replace("T", " "))} UTC</time>'


def _thread(thread: Thread, everything: bool, words: Words) -> str:
    count = words("history.questions_one" if thread.turns == 1 else "history.questions", n=thread.turns)
    return (
        f'<p><a class="title" dir="auto" href="#chat/{escape(thread.id)}">{escape(thread.title)}</a></p>'
        f'<p class="note">{escape(count)} · {time_html(thread.updated)}</p>'
        f'<div class="acts">{_rename(thread, everything, words)}{export_html(thread.id, words)}'
        f"{_delete(thread, everything, words)}</div>"
    )


def _rename(thread: Thread, everything: bool, words: Words) -> str:
    name = escape(thread.id)
    return (
        f'<details class="rename" id="rename-{name}"><summary>{escape(words("history.rename.label"))}</summary>'
        f'<form data-to="/screens/history/rename">{_hidden(thread, everything)}'
        f'<label for="title-{name}">{escape(words("history.rename.title"))}</label>'
        f'<input type="text" id="title-{name}" name="title" value="{escape(thread.title)}" maxlength="200" dir="auto">'
        f'<button class="plain">{escape(words("history.rename.save"))}</button></form></details>'
    )


def _delete(thread: Thread, everything: bool, words: Words) -> str:
    sure = escape(words("history.delete.sure", title=thread.title))
    return (
        f'<form data-to="/screens/history/delete">{_hidden(thread, everything)}'
        f'<button class="plain" data-ask="{sure}">{escape(words("history.delete.label"))}'
        f'<span class="hidden">: {escape(thread.title)}</span></button></form>'
    )


def _hidden(thread: Thread, everything: bool) -> str:
    """What a form of the list sends along: which conversation, and how much of the list is shown."""
    more = '<input type="hidden" name="everything" value="1">' if everything else ""
    return f'<input type="hidden" name="conversation" value="{escape(thread.id)}">{more}'


def _more(rest: int, words: Words) -> str:
    if rest <= 0:
        return ""
    return (
        '<form data-to="/screens/history"><button class="plain" name="everything" value="1">'
        f"{escape(words('history.more', n=rest))}</button></form>"
    )


def _found(turn: Turn, sought: str, title: str, words: Words) -> str:
    state = "" if turn.status is Status.DONE else f" · {escape(words('history.unfinished'))}"
    address = f"#chat/{escape(turn.conversation)}"
    return (
        f'<p><a class="title" dir="auto" href="{address}">{escape(turn.question)}</a></p>'
        f'<p class="hit" dir="auto">{_marked(_hit(turn, sought), sought)}</p>'
        f'<p class="note"><bdi>{escape(title)}</bdi> · {time_html(turn.created)}{state}</p>'
        f'<div class="acts">{export_html(turn.id, words)}</div>'
    )


def _hit(turn: Turn, sought: str) -> str:
    """The piece of a turn that holds the most of what was sought, cut around the first of it."""
    pattern = _pattern(sought)
    best = max(_texts(turn), key=lambda text: len({m.casefold() for m in pattern.findall(text)}))
    first = pattern.search(best)
    start = max(0, first.start() - AROUND) if first else 0
    end = (first.end() if first else 0) + AROUND
    return f"{'… ' if start else ''}{best[start:end]}{' …' if end < len(best) else ''}"


def _texts(turn: Turn) -> Iterator[str]:
    """What a search looks through, in the order in which a hit is shown."""
    answer: Answer | None = turn.answer
    found = (
        [answer.text, *(e.text for e in answer.evidence), *(e.paper.title for e in answer.evidence)] if answer else []
    )
    for text in (*found, turn.question, turn.standalone):
        yield " ".join(text.split())


def _pattern(sought: str) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(w) for w in sorted(sought.split(), key=len, reverse=True)), re.IGNORECASE)


def _marked(text: str, sought: str) -> str:
    """Text with each word that was sought marked."""
    pieces = re.split(f"({_pattern(sought).pattern})", text, flags=re.IGNORECASE)
    return "".join(f"<mark>{escape(p)}</mark>" if i % 2 else escape(p) for i, p in enumerate(pieces))
