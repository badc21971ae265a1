"""What the chat shows beside the answer in hand: earlier turns, the papers to choose from, the start."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from assistant import AssistantError, Paper
from assistant.ui import errors
from assistant.ui.markup import notice
from assistant.ui.render import turn_html
from assistant.ui.screens import chat_html
from assistant.ui.visit import Visit, Visited, fragment

router = APIRouter(prefix="/screens/chat")

_CONVERSATION = re.compile(r"c-[0-9a-f]{8,32}")
SHOWN = 100
"""Turns of a conversation shown at once: the last ones."""
SAMPLES = "/screens/library/samples"
"""Where the library takes in the sample papers, where it does."""


@router.get("/talk/{conversation}")
def talk(conversation: str, visit: Visited) -> Response:
    """The turns of one of this reader's conversations."""
    if not _CONVERSATION.fullmatch(conversation):
        raise HTTPException(404)
    history = visit.assistant.history()
    turns = history.turns(history.thread(conversation).id, last=SHOWN)
    return fragment("".join(turn_html(chat_html.view_of(turn, visit.words), visit.words) for turn in turns))


@router.get("/papers")
def papers(visit: Visited) -> Response:
    """The papers to choose from."""
    return fragment(chat_html.papers_html(visit.assistant.papers(), visit.words))


@router.get("/start")
def start(request: Request, visit: Visited) -> Response:
    """What stands where nothing was asked yet: for an empty library, the way on."""
    try:
        listed = visit.assistant.papers()
    except AssistantError as error:
        told, detail = errors.told(error, visit.words)
        return fragment(chat_html.unusable_html(notice(told), detail, visit.words))
    system = chat_html.system_html(visit.assistant.settings.model, _free(visit.assistant.folder), listed, visit.words)
    if not listed:
        return fragment(chat_html.empty_html(system, visit.words, samples=_samples(request)))
    visit.site.warmth.begin(visit.assistant)
    return fragment(chat_html.start_html(_counted(listed, visit), system, visit.words))


def _samples(request: Request) -> str:
    """Where the sample papers can be asked for; "" where they cannot."""
    return SAMPLES if any(getattr(r, "path", "") == SAMPLES for r in request.app.routes) else ""


def _counted(listed: list[Paper], visit: Visit) -> str:
    return visit.words("chat.start.papers", n=len(listed), passages=sum(p.passages for p in listed))


def _free(folder: Path) -> float:
    """GiB free where the library is, or would be."""
    there = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    return shutil.disk_usage(there).free / 2**30
