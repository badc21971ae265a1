"""Signing in and out, where the page has accounts. A page of its own, without Gradio."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from assistant.sessions import TRIES_S
from assistant.ui.door import COOKIE, Door
from assistant.ui.markup import escape, notice
from assistant.ui.visit import Visited, fragment, language
from assistant.ui.words import DEFAULT, HTML_LANGUAGE, LANGUAGES, Words

router = APIRouter()

MINUTES = TRIES_S // 60


@router.get("/login")
def page(request: Request) -> Response:
    """The sign-in page."""
    _door(request)
    return _page(Words(language(request)))


@router.post("/login")
def sign_in(request: Request, name: Annotated[str, Form()] = "", password: Annotated[str, Form()] = "") -> Response:
    """Let in who knows the password; five wrong ones for an account or from an address, and neither may try for a
    while."""
    door, words, name = _door(request), Words(language(request)), name.strip().lower()
    admitted = door.admits(name, password, door.address(request))
    if admitted is None:
        return _page(words, name, words("login.wait", minutes=MINUTES), 429)
    if not admitted:
        return _page(words, name, words("login.wrong"), 401)
    here = "/" if words.language == DEFAULT else f"/{words.language}/"
    return door.let_in(RedirectResponse(here, 303), name)


@router.get("/account")
def account(visit: Visited) -> Response:
    """Who is signed in, and the way out; nothing where the page has no accounts."""
    return fragment(account_html(visit.reader, visit.words) if visit.reader else "")


@router.post("/logout")
def sign_out(visit: Visited, request: Request) -> Response:
    """End the session; the page's script then asks for the page anew."""
    door = _door(request)
    door.sessions.end(request.cookies.get(COOKIE, ""))
    answer = fragment("", go="/login")
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=door.behind_tls)
    return answer


def _door(request: Request) -> Door:
    door: Door | None = request.app.state.site.door
    if door is None:
        raise HTTPException(404)
    return door


def _page(words: Words, name: str = "", said: str = "", status: int = 200) -> Response:
    return HTMLResponse(page_html(words, name, said), status, {"Cache-Control": "no-store"})


def account_html(name: str, words: Words) -> str:
    """What stands in the header of one who is signed in."""
    return (
        f'<bdi class="reader">{escape(name)}</bdi> <form data-to="/logout" data-into="#account">'
        f"<button>{escape(words('login.out'))}</button></form>"
    )


def page_html(words: Words, name: str, said: str) -> str:
    """The sign-in page. Its referrer policy lets the browser say that the form comes from this very page."""
    other = "".join(
        f'<a href="/language/{language}" lang="{language}">{escape(own)}</a>'
        for language, own in LANGUAGES.items()
        if language != words.language
    )
    return (
        f'<!doctype html>\n<html lang="{HTML_LANGUAGE[words.language]}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="same-origin">'
        f"<title>{escape(words('login.title'))}</title>"
        '<link rel="icon" href="data:,"><link rel="stylesheet" href="/look/frame.css">'
        '<link rel="stylesheet" href="/look/login.css">'
        '<script src="/look/login.js"></script></head><body class="login"><main>'
        f"<h1>{escape(words('login.title'))}</h1>{notice(said) if said else ''}"
        f'<form method="post" action="/login"><label for="name">{escape(words("login.name"))}</label>'
        f'<input id="name" name="name" value="{escape(name)}" required autofocus autocomplete="username"'
        ' autocapitalize="none" spellcheck="false" maxlength="64">'
        f'<label for="password">{escape(words("login.password"))}</label>'
        '<input id="password" name="password" type="password" required autocomplete="current-password"'
        ' maxlength="1000">'
        f"<button>{escape(words('login.in'))}</button></form>"
        f'<p class="note">{escape(words("login.forgotten"))}</p><p class="note">{other}</p></main></body></html>\n'
    )
