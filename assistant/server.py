"""The web server: the FastAPI application with the headers every answer carries, and the port it listens on.

Only this machine may ask: it listens on a loopback address, refuses a foreign Host (another site's name pointed at
this machine) and a foreign Origin (another site's page posting to it). Where people sign in it may listen elsewhere
and bear other names; who they are is the page's affair. Knows nothing of the page: who starts the server mounts it.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import os
import socket
import sys
import webbrowser
from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.errors import UsageError

FIRST_PORT = 7860
PORTS_TRIED = 100
BACKLOG = 128
SECONDS_TO_END = 1
"""How long open streams may hold up the end of the server."""

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

# 'unsafe-inline' and 'unsafe-eval' are what Gradio's page needs to start and to fill its templates; everything else
# is closed, above all connect-src and img-src, by which a hostile paper could send the reader's question away.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "frame-src 'none'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class OwnNameOnly:
    """ASGI middleware: puts the security headers on every response and answers 403 to a foreign Host or Origin.

    A host is foreign unless it is in `names` or, with `addresses`, an IP address: no other site can have one for its
    name. Written against ASGI itself, since Starlette's own wrapper holds back the end of a stream whose reader has
    left.
    """

    def __init__(self, app: ASGIApp, names: Collection[str] = LOOPBACK_NAMES, addresses: bool = False) -> None:
        self.app = app
        self.names = names
        self.addresses = addresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            own = comes_from_own_page(Headers(scope=scope), self.names, addresses=self.addresses)
            answer = self.app if own else FORBIDDEN
            await answer(scope, receive, _with_headers(send))


FORBIDDEN = PlainTextResponse(
    "Only pages of this machine may ask here. Served under another name? Start it with --name.\n", status_code=403
)


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(SECURITY_HEADERS)
        await send(message)

    return send_with_headers


def comes_from_own_page(headers: Headers, names: Collection[str], *, addresses: bool = False) -> bool:
    """Whether a request names this server as its host and, where it names an origin, comes from this very page."""
    host = headers.get("host", "")
    origin = headers.get("origin")
    name = _host_name(f"//{host}")
    return (name in names or (addresses and _is_address(name))) and (origin is None or _netloc(origin) == host)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _netloc(url: str) -> str:
    """The host and port of a URL; empty where it is none (the origin "null")."""
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def _host_name(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def application(*, names: Iterable[str] = (), host: str = "127.0.0.1") -> FastAPI:
    """An empty application that answers this machine only; pages and doors are mounted into it. It also answers to
    `names` and, where it is to be served on a `host` beyond this machine, to the machine's own.

    FastAPI's own documentation pages are left out: they load scripts from elsewhere.
    """
    app = FastAPI(title="assistant", docs_url=None, redoc_url=None, openapi_url=None)
    beyond = not is_loopback(host)
    machine = {socket.gethostname(), socket.getfqdn(), host} if beyond else set()
    known = LOOPBACK_NAMES | {name.lower() for name in (*names, *machine)}
    app.add_middleware(OwnNameOnly, names=known, addresses=beyond)
    return app


def serve(
    app: FastAPI, *, host: str = "127.0.0.1", port: int | None = None, browser: bool = False, accounts: bool = False
) -> None:
    """Serve until Ctrl-C; says the address on stderr and opens it in the user's browser if wished.

    `port` None or 0 is the first free one from 7860. `accounts`: people sign in, so that it may be served elsewhere.
    Raises UsageError for a host other than this machine without accounts, and for a port that is taken or not allowed.
    """
    with listen(host, port, accounts=accounts) as listener:
        address = url(listener)
        print(f"the page is at {address} (Ctrl-C ends it)", file=sys.stderr, flush=True)
        if browser:
            # Connections wait in the listener's queue until the application has started.
            webbrowser.open(address)
        log = logging.getLogger("uvicorn.error")
        log.addFilter(_worth_telling)
        with contextlib.suppress(KeyboardInterrupt):  # the usual way to end it
            runner(app).run(sockets=[listener])
        log.removeFilter(_worth_telling)


def _worth_telling(record: logging.LogRecord) -> bool:
    """False for a stream cut off at the end: every tab that is still open has one, and nothing is wrong with it."""
    kind = record.exc_info[0] if record.exc_info else None
    return kind is not asyncio.CancelledError and "graceful shutdown exceeded" not in str(record.msg)


def runner(app: FastAPI) -> uvicorn.Server:
    """The server, not yet running. No log of requests, no WebSocket door, no trust in forwarded addresses."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=SECONDS_TO_END,
        )
    )


def listen(host: str, port: int | None, *, accounts: bool = False) -> socket.socket:
    """A socket that listens; raises UsageError as `serve` says."""
    address = address_of(host, accounts=accounts)
    if port is not None and not 0 <= port <= 65535:
        raise UsageError(f"port {port} does not exist; choose one from 1024 to 65535")
    ports: Iterable[int] = (port,) if port else range(FIRST_PORT, FIRST_PORT + PORTS_TRIED)
    for number in ports:
        try:
            return _bind(address, number)
        except PermissionError as error:
            raise UsageError(f"port {number} needs rights that you do not have; choose one above 1023") from error
        except OSError as error:
            if port:
                raise UsageError(
                    f"port {number} of {host} cannot be used ({error.strerror or error}); choose another with --port, "
                    "or leave it out for the first free one"
                ) from error
    raise UsageError(
        f"ports {FIRST_PORT} to {FIRST_PORT + PORTS_TRIED - 1} of {host} are all taken; choose another with --port"
    )


def is_loopback(host: str) -> bool:
    """Whether `host` names this machine to itself alone."""
    with contextlib.suppress(ValueError):
        return str(ipaddress.ip_address(host)) in LOOPBACK_NAMES
    return host == "localhost"


def address_of(host: str, *, accounts: bool = False) -> str:
    """The address that `host` names. Raises UsageError for one beyond this machine unless there are `accounts`, and for
    a name that leads nowhere."""
    if is_loopback(host):
        return "127.0.0.1" if host == "localhost" else host
    if not accounts:
        raise UsageError(
            f"host {host!r} is not this machine, and without accounts anybody could read the library: choose "
            "127.0.0.1, ::1 or localhost, or add accounts (assistant users add NAME) and serve with --auth"
        )
    if _is_address(host):
        return host
    try:
        return str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0])
    except (OSError, UnicodeError) as error:
        raise UsageError(
            f"host {host!r} is not known ({error}); choose an address of this machine, or 0.0.0.0"
        ) from error


def _bind(address: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere the option would let two programs share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def url(listener: socket.socket) -> str:
    """The address of the page that `listener` serves."""
    host, port = listener.getsockname()[:2]
    host = socket.gethostname() if ipaddress.ip_address(host).is_unspecified else host
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
