"""The door of a page with accounts: nothing but the sign-in page is to be had before it.

Knows accounts, sessions and cookies; what the sign-in page looks like is in `screens.login`.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.datastructures import Headers, QueryParams
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.accounts import Accounts
from assistant.sessions import SESSION_S, Sessions

COOKIE = "session"
OPEN = re.compile(r"/login|/look/[^/]+|/language/[^/]+")
"""The paths that anybody may ask for: the sign-in page, and what it is drawn and worded with."""
TABS = 10_000
"""Browser tabs whose reader is known, at most; the one longest unheard of is forgotten."""
_HEARTBEAT = re.compile(r"/heartbeat/([^/]+)$")


@dataclass(frozen=True)
class Door:
    """`behind_tls`: a proxy speaks HTTPS to the browsers, and tells from where they ask."""

    accounts: Accounts
    sessions: Sessions
    behind_tls: bool = False
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def admits(self, name: str, password: str, address: str) -> bool | None:
        """Whether the password is right; None where too many were wrong, so that it was not looked at. One at a time:
        a whole office that signs in at nine from one address is not taken for one who guesses."""
        with self._one_at_a_time:
            if not self.sessions.try_once(name, address):
                return None
            if not self.accounts.verify(name, password):
                return False
            self.sessions.forgive(name, address)
            return True

    def user(self, cookies: Mapping[str, str]) -> str | None:
        """The account that is signed in by these cookies; None where there is none, or no longer."""
        name = self.sessions.user(cookies.get(COOKIE, ""))
        return name if name in self.accounts.all() else None

    def address(self, request: HTTPConnection) -> str:
        """From where a request comes: behind a proxy what it added last, since all before that is the asker's."""
        told = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip() if self.behind_tls else ""
        return told or (request.client.host if request.client else "")

    def let_in(self, response: Response, name: str) -> Response:
        """The response with the cookie of a new session of `name`: not for scripts, not for requests of other sites."""
        response.set_cookie(
            COOKIE, self.sessions.begin(name), max_age=SESSION_S, httponly=True, samesite="strict",
            secure=self.behind_tls,
        )  # fmt: skip
        return response


class SignedIn:
    """ASGI middleware: who is not signed in gets the sign-in page, or 401; a tab is its first reader's alone."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self.app = app
        self.door = door
        self._tabs: OrderedDict[str, str] = OrderedDict()
        self._guard = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self.app
        if scope["type"] == "http" and not OPEN.fullmatch(scope["path"]):
            user = self.door.user(HTTPConnection(scope).cookies)
            if user is None:
                answer = _sign_in_first(Headers(scope=scope), scope["method"])
            elif not self._own_tab(_tab(scope), user):
                answer = PlainTextResponse("This tab is another reader's.\n", 403)
        await answer(scope, receive, send)

    def _own_tab(self, tab: str, user: str) -> bool:
        """Gradio sends a tab's answers to whoever knows its number, so a number belongs to who used it first."""
        if not tab:
            return True
        with self._guard:
            owner = self._tabs.setdefault(tab, user)
            self._tabs.move_to_end(tab)
            while len(self._tabs) > TABS:
                self._tabs.popitem(last=False)
        return owner == user


def _tab(scope: Scope) -> str:
    """The number of the browser tab that a request of Gradio's is about; "" for any other request."""
    heartbeat = _HEARTBEAT.search(scope["path"])
    return heartbeat[1] if heartbeat else QueryParams(scope["query_string"]).get("session_hash", "")


def _sign_in_first(headers: Headers, method: str) -> Response:
    if method == "GET" and "text/html" in headers.get("accept", ""):
        return RedirectResponse("/login", 303)
    return PlainTextResponse("Sign in first.\n", 401)
