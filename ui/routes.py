"""The page's own doors beside Gradio's: its script and styles, the choice of language, and each screen's routes."""

from __future__ import annotations

import logging
from pathlib import Path

from fastapi import APIRouter, FastAPI, HTTPException, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant import AssistantError
from assistant.ui.door import SignedIn
from assistant.ui.errors import explained
from assistant.ui.markup import notice
from assistant.ui.screens import ROUTERS, login
from assistant.ui.site import Site
from assistant.ui.visit import language
from assistant.ui.words import DEFAULT, LANGUAGES, Words

logger = logging.getLogger(__name__)

ASSETS = Path(__file__).with_name("assets")
YEAR = 365 * 24 * 3600
"""Seconds for which the browser remembers a choice."""


def add_routes(application: FastAPI, site: Site) -> None:
    """Every route of the page but Gradio's own, which must be mounted after them."""
    application.state.site = site
    application.add_middleware(InTheirLanguage)
    if site.door is not None:
        # Put at the end, it stands within what the server put round everything: foreign names and headers come first.
        application.user_middleware.append(Middleware(SignedIn, site.door))
    application.add_exception_handler(AssistantError, _our_error)
    application.add_exception_handler(Exception, _unforeseen)
    application.include_router(router)
    application.include_router(login.router)
    for screen in ROUTERS:
        application.include_router(screen)


router = APIRouter()


@router.get("/look/{name}")
def asset(name: str) -> Response:
    """The page's script or one of its styles."""
    if name not in {f.name for f in ASSETS.iterdir()}:
        raise HTTPException(404)
    return FileResponse(ASSETS / name, headers={"Cache-Control": "no-cache"})


@router.get("/language/{chosen}")
def choose_language(chosen: str) -> Response:
    """Remember the language and show the page in it."""
    if chosen not in LANGUAGES:
        raise HTTPException(404)
    answer = RedirectResponse(home(chosen), 303)
    answer.set_cookie("language", chosen, max_age=YEAR, httponly=True, samesite="strict")
    return answer


class InTheirLanguage:
    """ASGI middleware: who opens "/" and wishes another language than that page's is led to the page in it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self.app
        if scope["type"] == "http" and scope["path"] == "/" and scope["method"] == "GET":
            wished = Words(language(Request(scope))).language
            answer = self.app if wished == DEFAULT else RedirectResponse(home(wished), 307)
        await answer(scope, receive, send)


def home(language: str) -> str:
    """The address of the page in a language."""
    return "/" if language == DEFAULT else f"/{language}/"


def _our_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, AssistantError)
    return HTMLResponse(explained(error, Words(language(request))), 422)


def _unforeseen(request: Request, error: Exception) -> Response:
    logger.error("a request of the page failed: %s", request.url.path, exc_info=error)
    return HTMLResponse(notice(Words(language(request))("frame.unforeseen")), 500)
