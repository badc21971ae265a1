"""One request to a route of the page: whose it is, in which language, and what an answer to it looks like.

    router = APIRouter(prefix="/screens/library")

    @router.get("")
    def screen(visit: Visited) -> Response:
        return fragment(library_html(visit.assistant.papers(), visit.words))

Knows no screen.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from fastapi import Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import FormData

from assistant.ui.site import Site
from assistant.ui.words import Words, wished

if TYPE_CHECKING:
    from assistant import Assistant

READS_ONLY = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Visit:
    """`reader` is the name of the one who asks ("" without accounts), `assistant` is over this reader's library."""

    site: Site
    reader: str
    assistant: Assistant
    words: Words


def visit(request: Request) -> Visit:
    """Raises HTTPException 403 for a change that did not come from our own script: a page elsewhere can post a form
    here, but cannot add a header to it."""
    if request.method not in READS_ONLY and "x-asked-by" not in request.headers:
        raise HTTPException(403, "only the page itself may change anything")
    site: Site = request.app.state.site
    reader = site.reader(request.cookies)
    return Visit(site, reader.name, reader.assistant, Words(language(request)))


Visited = Annotated[Visit, Depends(visit)]


def keepers_own(visit: Visited) -> None:
    """For routes that name files of this machine or servers: raises HTTPException 404 where people sign in."""
    if visit.site.door is not None:
        raise HTTPException(404)


async def sent(request: Request) -> AsyncIterator[FormData]:
    """The fields of the form that was sent; its files are closed when the request is answered."""
    async with request.form() as form:
        yield form


Sent = Annotated[FormData, Depends(sent)]


def texts(form: FormData, names: Iterable[str]) -> dict[str, str]:
    """Those of the fields that were sent and are text."""
    return {name: value for name in names if isinstance(value := form.get(name), str)}


def language(request: Request) -> str:
    """What the address asks for, else what was chosen earlier, else what the browser is set to."""
    return (
        request.query_params.get("lang")
        or request.cookies.get("language")
        or wished(request.headers.get("accept-language", ""))
    )


def fragment(html: str, *, changed: str = "", go: str = "", said: str = "", status: int = 200) -> Response:
    """HTML for one element of the page. `changed` names what others show and must ask for again ("library jobs"),
    `go` a screen to open ("#chat/c-1"), `said` a sentence for all to see and hear."""
    headers = {"X-Changed": changed, "X-Go": go, "X-Said": quote(said), "Cache-Control": "no-store"}
    return HTMLResponse(html, status, {name: value for name, value in headers.items() if value})
