"""The history: earlier conversations, found again, called something else, deleted, taken away as a file.

What is kept is `assistant.history`'s affair; what it looks like is in `history_html`.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException
from fastapi.responses import Response

from assistant.errors import UsageError
from assistant.export import FORMS, export
from assistant.ui.download import attachment
from assistant.ui.markup import notice
from assistant.ui.screens.history_html import SHOWN, found_html, screen_html, threads_html
from assistant.ui.visit import Visit, Visited, fragment

router = APIRouter(prefix="/screens/history")

MEDIA = {
    "md": "text/markdown",
    "html": "text/html",
    "json": "application/json",
    "bib": "application/x-bibtex",
    "ris": "application/x-research-info-systems",
}

Text = Annotated[str, Form()]


@router.get("")
def screen(visit: Visited) -> Response:
    """All conversations, newest first."""
    return _screen(visit)


@router.post("")
def search(visit: Visited, sought: Text = "", everything: Text = "") -> Response:
    """The answers that hold all the words of `sought`; without any, the conversations."""
    return _screen(visit, sought, everything=bool(everything))


@router.post("/rename")
def rename(visit: Visited, conversation: Text, title: Text = "", everything: Text = "") -> Response:
    """Call a conversation something else."""
    if not title.strip():
        return _refused(visit, "history.rename.empty", 422)
    try:
        visit.assistant.history().rename(conversation, title)
    except UsageError:
        return _refused(visit, "history.gone", 404)
    return _screen(visit, everything=bool(everything), said=visit.words("history.rename.done"))


@router.post("/delete")
def delete(visit: Visited, conversation: Text, everything: Text = "") -> Response:
    """Forget a conversation with its answers; the page has asked whether that is meant."""
    try:
        gone = visit.assistant.history().delete(conversation)
    except UsageError:
        return _refused(visit, "history.gone", 404)
    said = visit.words("history.delete.done", title=gone.title)
    return _screen(visit, everything=bool(everything), said=said)


@router.get("/export/{name}.{form}")
def take_away(visit: Visited, name: str, form: str) -> Response:
    """A conversation or an answer (its id) as a file."""
    if form not in FORMS:
        raise HTTPException(404)
    try:
        title, turns = visit.assistant.history().chosen(name)
    except UsageError:
        return _refused(visit, "history.gone", 404)
    text = export(turns, form, title=title)
    return attachment(text, f"{title} {name}", form, MEDIA[form])


def _screen(visit: Visit, sought: str = "", *, everything: bool = False, said: str = "") -> Response:
    history = visit.assistant.history()
    if sought.split():
        titles = {t.id: t.title for t in history.threads()}
        found = found_html(history.search(sought)[:SHOWN], sought, titles, visit.words)
    else:
        found = threads_html(history.threads(), everything, visit.words)
    return fragment(screen_html(found, sought, visit.words), said=said)


def _refused(visit: Visit, key: str, status: int) -> Response:
    return fragment(notice(visit.words(key)), status=status)
