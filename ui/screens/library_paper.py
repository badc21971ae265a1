"""One paper of the library: what was read of it page by page, and the form that corrects what is known of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from assistant import AssistantError, Paper
from assistant.ui.markup import notice
from assistant.ui.screens import library_html, library_paper_html
from assistant.ui.visit import Visit, Visited, fragment

router = APIRouter(prefix="/screens/library")

PICTURE_SECONDS = 600
"""For which a browser may keep a page's picture."""


@router.get("/paper/{paper_id}/page/{number:int}.png")
def picture(visit: Visited, paper_id: str, number: int) -> Response:
    """A page of the paper's PDF, drawn. 422 where it cannot be."""
    paper = visit.assistant.paper(paper_id)
    if paper.path is None:
        return fragment(notice(visit.words("library.paper.no_picture")), status=422)
    drawn = visit.assistant.draw(paper.path, number).png()
    keep = {"Cache-Control": f"private, max-age={PICTURE_SECONDS}"}
    return Response(drawn, media_type="image/png", headers=keep)


@router.get("/paper/{paper_id}")
@router.get("/paper/{paper_id}/page/{number:int}")
def look(visit: Visited, paper_id: str, number: int = 1) -> Response:
    """A page of the paper beside what was read of it."""
    paper = _paper(visit, paper_id)
    if paper is None:
        return _unknown(visit)
    number = max(1, number)
    pages = visit.assistant.pages(paper.id, number, 1 if paper.paged else library_paper_html.PARAGRAPHS)
    here = [page for page in pages if not paper.paged or page.number == number]
    kinds = visit.assistant.flag_kinds(paper.id)
    passages = visit.assistant.passages(paper.id)
    return fragment(library_paper_html.paper(paper, kinds, here, number, passages, visit.words))


@router.get("/edit/{paper_id}")
def edit_form(visit: Visited, paper_id: str) -> Response:
    """What is known of the paper, to be corrected."""
    paper = _paper(visit, paper_id)
    return fragment(library_html.edit_form(paper, visit.words)) if paper else _unknown(visit)


@router.post("/edit/{paper_id}")
def edit(
    visit: Visited,
    paper_id: str,
    title: Annotated[str, Form()] = "",
    authors: Annotated[str, Form()] = "",
    year: Annotated[str, Form()] = "",
    doi: Annotated[str, Form()] = "",
    venue: Annotated[str, Form()] = "",
) -> Response:
    """Keep the corrections, of those fields that were changed."""
    paper = visit.assistant.paper(paper_id)
    names = [name for line in authors.splitlines() if (name := line.strip())]
    said = {"title": title.strip(), "year": year.strip(), "doi": doi.strip(), "venue": venue.strip()}
    before = {"title": paper.title, "year": str(paper.year or ""), "doi": paper.doi, "venue": paper.venue}
    changed = {name: value for name, value in said.items() if value != before[name]}
    try:
        visit.assistant.edit(paper.id, **changed, authors=names if tuple(names) != paper.authors else None)
    except AssistantError as error:
        field = next((f for f in ("year", "doi") if f" no {f}" in str(error).casefold()), "")
        return fragment(notice(visit.words(f"library.edit.no_{field}") if field else str(error)), status=422)
    said_so = visit.words("library.edit.saved")
    return fragment(library_html.edit_form(visit.assistant.paper(paper.id), visit.words), go="#library", said=said_so)


def _paper(visit: Visit, paper_id: str) -> Paper | None:
    try:
        return visit.assistant.paper(paper_id)
    except AssistantError:
        return None


def _unknown(visit: Visit) -> Response:
    return fragment(
        f'{notice(visit.words("library.paper.unknown"))}<p><a href="#library">{visit.words("library.back")}</a></p>',
        status=404,
    )
