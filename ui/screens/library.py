"""The library screen: files handed in and what becomes of them, the table of papers, removals and their undoing.

All that it shows stands in the library's database; nothing is read in a request.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import ClientDisconnect

import assistant
from assistant import AssistantError, TaskState
from assistant.ui.markup import escape, notice
from assistant.ui.screens import library_html, library_jobs_html
from assistant.ui.screens.library_faults import fault_of
from assistant.ui.visit import Sent, Visit, Visited, fragment
from assistant.ui.words import Words

if TYPE_CHECKING:
    from assistant import Assistant

router = APIRouter(prefix="/screens/library")

SAMPLES = "samples"
"""The folder of the installed page that holds the sample papers; in a checkout they lie in `examples/papers`."""
UNFINISHED = (TaskState.WAITING, TaskState.READING, TaskState.EMBEDDING)


@router.get("")
def screen(visit: Visited) -> Response:
    """The whole screen."""
    visit.assistant.intake().start()
    return fragment(library_html.screen(visit.assistant.settings.upload_megabytes, visit.words))


@router.get("/start")
def start(visit: Visited) -> Response:
    """What is said of an empty library, and the line on the system."""
    papers, _, _ = visit.assistant.size()
    empty = not papers and not any(task.state in UNFINISHED for task in visit.assistant.intake().tasks())
    return fragment(library_html.start(empty, system(visit.assistant, visit.words), visit.words))


def system(asked: Assistant, words: Words) -> list[str]:
    """How the machine stands: what writes, room on the disk, the index, whether anything leaves the machine."""
    papers, passages, _ = asked.size()
    place = next(folder for folder in (asked.folder, *asked.folder.parents) if folder.exists())
    name, _, address = asked.settings.model.partition("@")
    writes = words("library.system.quotes") if name == "extractive" else words("library.system.model", model=name)
    return [
        writes,
        words("library.system.disk", free=f"{shutil.disk_usage(place).free / 2**30:.0f}"),
        words("library.system.index", papers=papers, passages=passages),
        words("library.system.online", address=address) if address else words("library.system.offline"),
    ]


# files handed in


@router.get("/live")
def live(visit: Visited) -> Response:
    """What moves by itself: removals that can be taken back, and the jobs."""
    return fragment(_live(visit))


def _live(visit: Visit) -> str:
    intake = visit.assistant.intake()
    intake.start()
    leaving = intake.leaving()
    tasks = intake.tasks()
    mark = f"{visit.assistant.size()[2]}-{len(leaving)}-{any(task.state in UNFINISHED for task in tasks)}"
    jobs = library_jobs_html.jobs(tasks, time.time(), visit.words)
    return f'<div data-mark="{mark}">{library_jobs_html.undo(leaving, visit.words)}{jobs}</div>'


@router.post("/upload")
async def upload(request: Request, visit: Visited, name: str, size: int = 0) -> Response:
    """One file, as the body of the request; `size` is what the browser says of it. 413 before it is read where it is
    too large, 507 where the disk is full."""
    declared = max(size, int(request.headers.get("content-length", "0") or 0))
    try:
        parcel = await run_in_threadpool(visit.assistant.intake().receive, name, declared)
        try:
            async for piece in request.stream():
                await run_in_threadpool(parcel.write, piece)
        except ClientDisconnect:
            await run_in_threadpool(parcel.cut_off)
            return fragment("", status=400)
        task = await run_in_threadpool(parcel.done)
    except AssistantError as error:
        fault = fault_of(str(error))
        sentence = notice(str(error) if fault == "other" else visit.words(f"library.fault.{fault}"))
        return fragment(sentence, status={"too_large": 413, "disk": 507}.get(fault, 422))
    if task.state is TaskState.FAILED:
        return fragment(notice(visit.words(f"library.fault.{fault_of(task.reason)}")), status=422)
    return fragment(f"<p>{escape(visit.words('library.add.received', name=task.name))}</p>")


@router.post("/samples")
def samples(visit: Visited) -> Response:
    """Read the sample papers that come with the program."""
    found = sample_papers()
    if not found:
        return fragment(notice(visit.words("library.samples.gone")), status=422)
    for path in found:
        visit.assistant.intake().copy(path)
    return fragment(_live(visit), changed="library")


def sample_papers() -> list[Path]:
    """The sample papers: installed beside the page, or those of the checkout that it runs from."""
    installed = Path(str(resources.files("assistant.ui") / SAMPLES))
    checkout = Path(assistant.__file__).resolve().parents[1] / "examples" / "papers"
    return sorted((installed if installed.is_dir() else checkout).glob("*.pdf"))


@router.post("/tasks/{task_id}")
def act(
    visit: Visited, task_id: int, do: Annotated[str, Form()] = "", password: Annotated[str, Form()] = ""
) -> Response:
    """Retry, cancel or remove one file."""
    intake = visit.assistant.intake()
    if do == "retry":
        intake.retry(task_id, password=password)
    elif do == "cancel":
        intake.cancel(task_id)
    elif do == "remove":
        intake.forget(task_id)
    return fragment(_live(visit))


@router.post("/tasks")
def act_on_all(visit: Visited, do: Annotated[str, Form()] = "") -> Response:
    """Strike off all that is done, or cancel all that is not."""
    intake = visit.assistant.intake()
    if do == "clear":
        intake.forget()
    elif do == "stop":
        for task in intake.tasks():
            intake.cancel(task.id)
    return fragment(_live(visit))


# the table of papers


@router.get("/papers")
def papers(request: Request, visit: Visited) -> Response:
    """The table for what the address asks for."""
    return fragment(_table(visit, dict(request.query_params)))


def _table(visit: Visit, fields: dict[str, Any]) -> str:
    wanted = library_html.listing_of(fields)
    found = visit.assistant.listing(wanted)
    if not found.papers and wanted.first:  # the last page has been emptied
        wanted = replace(wanted, first=0)
        found = visit.assistant.listing(wanted)
    return library_html.papers(found.papers, found.total, wanted, visit.words)


@router.post("/view")
def view(form: Sent) -> Response:
    """The place of the table for what the form asks for; it fills itself."""
    return fragment(library_html.listing_place(library_html.listing_of(dict(form))))


@router.post("/delete")
def delete(visit: Visited, form: Sent) -> Response:
    """Remove the chosen papers; for half a minute that can be taken back."""
    return _with_chosen(visit, form, visit.assistant.intake().remove, "library.undo.deleted", "library undo")


@router.post("/undo")
def undo(visit: Visited) -> Response:
    """Keep the papers that are being removed."""
    visit.assistant.intake().take_back()
    return fragment(_live(visit), changed="library", said=visit.words("library.undo.done"))


@router.post("/reindex")
def reindex(visit: Visited, form: Sent) -> Response:
    """Read the files of the chosen papers anew."""
    return _with_chosen(visit, form, visit.assistant.intake().read_again, "library.list.reindexed", "jobs")


def _with_chosen(visit: Visit, form: FormData, do: Callable[[list[str]], None], said: str, changed: str) -> Response:
    """Do it with the papers ticked in the form, and show the table again; a sentence where none is ticked."""
    chosen = [str(i) for i in form.getlist("paper")]
    if not chosen:
        return fragment(notice(visit.words("library.list.nothing")), status=422)
    do([visit.assistant.paper(paper_id).id for paper_id in chosen])
    return fragment(_table(visit, dict(form)), changed=changed, said=visit.words(said, n=len(chosen)))


@router.get("/papers.bib")
def export(visit: Visited, paper: Annotated[list[str] | None, Query()] = None) -> Response:
    """The chosen papers (all, where none is) as a BibTeX file."""
    text = visit.assistant.bibtex(*(paper or ()))
    headers = {"Content-Disposition": 'attachment; filename="papers.bib"', "X-Content-Type-Options": "nosniff"}
    return Response(text.encode("utf-8", "replace"), media_type="application/x-bibtex; charset=utf-8", headers=headers)
