"""The settings: what writes, judges and embeds, what this machine has, and how the page looks.

Knows requests; what is shown is in `settings_html`, where settings come from and go to in `assistant`.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Form
from fastapi.responses import Response
from starlette.datastructures import FormData

from assistant import AssistantError
from assistant.ui.errors import Refused, explained
from assistant.ui.markup import notice
from assistant.ui.screens import settings_html as html
from assistant.ui.visit import Sent, Visit, Visited, fragment, keepers_own, texts

if TYPE_CHECKING:
    from assistant import Assistant

router = APIRouter(prefix="/screens/settings", dependencies=[Depends(keepers_own)])

CHANGED = "settings"


@router.get("")
def screen(visit: Visited) -> Response:
    """All settings."""
    return fragment(_screen(visit))


def _screen(visit: Visit, assistant: Assistant | None = None) -> str:
    asked = assistant or visit.assistant
    return html.screen(
        visit.words,
        settings=asked.settings,
        origins=asked.workshop().origins(),
        adapters=asked.workshop().adapters(),
        report=_report(asked),
        alone=not visit.reader,
    )


def _report(assistant: Assistant) -> dict[str, Any] | None:
    """The report of what judges claims; None where there is none, or the adapter is missing."""
    try:
        return assistant.workshop().adapter_report(assistant.settings.verifier)
    except AssistantError:
        return None


@router.post("")
def save(visit: Visited, form: Sent) -> Response:
    """Keep what was changed; it holds from the next question on."""
    _only_alone(visit)
    now = visit.assistant.settings
    changes = html.changes(_wishes(form), now, visit.assistant.workshop().origins())
    if not changes:
        return fragment(_screen(visit), said=visit.words("settings.nothing"))
    settings = visit.assistant.workshop().configure(**changes)
    visit.site.replace(visit.reader, settings)
    return fragment(_screen(visit, visit.assistant.with_settings(settings)), said=visit.words("settings.saved"))


def _wishes(form: FormData) -> html.Wishes:
    return html.Wishes(**texts(form, html.WISHES))


@router.post("/test")
def test(visit: Visited, form: Sent) -> Response:
    """Whether the model of the form answers, within seconds; nothing is kept."""
    _only_alone(visit)
    changes = html.changes(_wishes(form), visit.assistant.settings, visit.assistant.workshop().origins())
    model = {n: v for n, v in changes.items() if n in ("model", "adapter")}
    try:
        trial = visit.assistant.workshop().try_writer(**model)
    except AssistantError as error:
        return fragment(notice(visit.words("settings.writer.failed")) + explained(error, visit.words))
    return fragment(html.trial(trial, visit.words))


@router.get("/machine")
def machine(visit: Visited) -> Response:
    """What this machine has; asking for its graphics card takes seconds the first time."""
    return fragment(html.machine_html(visit.assistant.workshop().machine(), visit.words))


@router.get("/index")
def index(visit: Visited) -> Response:
    """What the library is embedded with, and a re-index that is under way."""
    return fragment(_index(visit))


def _index(visit: Visit) -> str:
    assistant = visit.assistant
    papers = assistant.papers()
    return html.index(
        visit.words,
        embedder=assistant.embedded_with(),
        papers=len(papers),
        passages=assistant.n_passages(),
        run=assistant.workshop().embedding(),
        alone=not visit.reader,
    )


@router.get("/index/live")
def live(visit: Visited) -> Response:
    """How far a re-index is; once it has ended, its section is told to ask anew."""
    run = visit.assistant.workshop().embedding()
    shown = html.embedding(run, visit.words)
    return fragment(shown, changed="" if html.is_running(run) else "index library")


@router.post("/index")
def embed_anew(visit: Visited, embedder: Annotated[str, Form()] = "") -> Response:
    """Start a re-index with an embedder."""
    _only_alone(visit)
    visit.assistant.workshop().embed_anew(embedder.strip())
    visit.site.replace(visit.reader, dataclasses.replace(visit.assistant.settings, embedder=None))
    return fragment(_index(visit), said=visit.words("settings.index.started"))


@router.post("/index/stop")
def stop(visit: Visited) -> Response:
    """Stop a re-index; the library stays as it was."""
    _only_alone(visit)
    visit.assistant.workshop().stop_embedding()
    return fragment(_index(visit))


def _only_alone(visit: Visit) -> None:
    """With accounts, what all share is changed by whoever runs the program."""
    if visit.reader:
        raise Refused(visit.words("settings.others"))
