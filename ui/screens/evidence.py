"""The evidence panel: the page a quote stands on, with the quote marked, and the way to the file.

Every address names an answer and a number in it; what is shown is that answer's own frozen evidence, and only to the
reader whose answer it is. Rectangles are the ones stored with the quote, drawn only over the bytes they were read from.
"""

from __future__ import annotations

import re
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, Response

from assistant import AssistantError, Evidence
from assistant.ui.pages import FINE_DPI, PLAIN_DPI, Leaf
from assistant.ui.screens import evidence_html
from assistant.ui.visit import Visit, Visited, fragment

router = APIRouter(prefix="/screens/evidence")

_ANSWER = re.compile(r"(?:a|live)-[0-9a-f]{8,32}")
HEADERS = {"Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}


@router.get("/{answer}/{n}")
def panel(answer: str, n: int, visit: Visited) -> Response:
    """The quote with all that is known of it; the page itself is asked for by what this gives."""
    quotes = _quotes(visit, answer)
    quote = _numbered(quotes, n)
    numbers = [e.n for e in quotes]
    has_file = visit.assistant.original(quote.paper) is not None
    return fragment(evidence_html.panel_html(answer, quote, numbers, visit.words, has_file=has_file))


@router.get("/{answer}/{n}/leaf")
def leaf(answer: str, n: int, visit: Visited, page: int = 0) -> Response:
    """The page with the quote's rectangles; text in its place where there is no page to draw."""
    quote = _numbered(_quotes(visit, answer), n)
    number = page or quote.page or 0
    if quote.page is None:
        return fragment(evidence_html.text_html(quote, visit.words))
    if not 1 <= number <= max(quote.paper.pages, quote.page):
        raise HTTPException(404)
    path = visit.assistant.original(quote.paper)
    if path is None:
        return fragment(evidence_html.text_html(quote, visit.words, visit.words("evidence.gone")))
    try:
        drawn = _leaf(visit, quote, path, number, PLAIN_DPI)
    except AssistantError as error:
        why = visit.words("evidence.undrawn", reason=str(error))
        return fragment(evidence_html.text_html(quote, visit.words, why))
    return fragment(evidence_html.leaf_html(answer, quote, number, drawn, visit.words))


@router.get("/{answer}/{n}/page/{number}.png")
def picture(answer: str, n: int, number: int, request: Request, visit: Visited, fine: bool = False) -> Response:
    """The picture of a page, `fine` to be looked at closely."""
    quote = _numbered(_quotes(visit, answer), n)
    path = visit.assistant.original(quote.paper)
    if path is None or quote.page is None:
        raise HTTPException(404)
    dpi = FINE_DPI if fine else PLAIN_DPI
    tag = f'"{quote.paper.id[:32]}-{number}-{dpi}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={**HEADERS, "ETag": tag})
    drawn = _leaf(visit, quote, path, number, dpi)
    return Response(drawn.png, media_type="image/png", headers={**HEADERS, "ETag": tag})


@router.get("/{answer}/{n}/original")
def original(answer: str, n: int, visit: Visited) -> Response:
    """The file itself, to be saved: never shown within the page."""
    path = visit.assistant.original(_numbered(_quotes(visit, answer), n).paper)
    if path is None:
        raise HTTPException(404)
    name = path.name.encode("utf-8", "replace").decode("utf-8")
    return FileResponse(path, media_type="application/octet-stream", filename=name, headers=HEADERS)


def _leaf(visit: Visit, quote: Evidence, path: Path, number: int, dpi: int) -> Leaf:
    return visit.site.pages.leaf(visit.assistant, quote.paper.id, path, number, dpi=dpi)


def _quotes(visit: Visit, answer: str) -> tuple[Evidence, ...]:
    """The evidence of one of this reader's answers. Raises HTTPException 404 for any other's."""
    if not _ANSWER.fullmatch(answer):
        raise HTTPException(404)
    if held := visit.site.live.evidence(visit.reader, answer):
        return held
    if answer.startswith("live-"):
        raise HTTPException(404)
    try:
        kept = visit.assistant.history().turn(answer)
    except AssistantError as error:
        raise HTTPException(404) from error
    return kept.answer.evidence if kept.answer and kept.id == answer else ()


def _numbered(quotes: tuple[Evidence, ...], n: int) -> Evidence:
    found = next((e for e in quotes if e.n == n), None)
    if found is None:
        raise HTTPException(404)
    return found
