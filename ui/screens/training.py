"""Fine-tuning: choose rows and options, start, watch, stop, resume, read the report, use the adapter.

Knows requests; what is shown is in `training_html`, what a training is in `assistant`.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Form, HTTPException
from fastapi.responses import FileResponse, Response
from starlette.datastructures import UploadFile

from assistant.ui.errors import Refused
from assistant.ui.screens import training_html as html
from assistant.ui.visit import Sent, Visit, Visited, fragment, keepers_own, texts

if TYPE_CHECKING:
    from assistant.background import Run

router = APIRouter(prefix="/screens/training", dependencies=[Depends(keepers_own)])

Text = Annotated[str, Form()]
CHANGED = "training"


@router.get("")
def screen(visit: Visited) -> Response:
    """The form, the trainings and the adapters."""
    rows = visit.assistant.workshop().reviewed_claims().count("\n")
    return fragment(html.screen(visit.words, reviewed=rows, alone=_alone(visit)))


@router.get("/runs")
def runs(visit: Visited) -> Response:
    """All trainings, newest first."""
    training = visit.assistant.workshop().training()
    return fragment(html.runs([html.seen(training, run) for run in training.runs()], visit.words))


@router.get("/run")
def newest(visit: Visited) -> Response:
    """The training that is of most interest: the one that was started last."""
    found = visit.assistant.workshop().training().runs()
    return fragment(_panel(visit, found[0]) if found else html.none_yet(visit.words))


@router.get("/runs/{id}")
def run(visit: Visited, id: str) -> Response:  # noqa: A002
    """One training; while it runs, within what asks again by itself."""
    return fragment(_panel(visit, visit.assistant.workshop().training().find(id)))


@router.get("/runs/{id}/live")
def live(visit: Visited, id: str) -> Response:  # noqa: A002
    """How far a running training is. Once it has ended, all that shows it is told to ask anew."""
    training = visit.assistant.workshop().training()
    seen = html.seen(training, training.find(id))
    return fragment(html.progress(seen, visit.words), changed="" if seen.is_running else CHANGED)


@router.post("/show")
def show(visit: Visited, run: Text) -> Response:
    """The panel of another training."""
    return fragment(_panel(visit, visit.assistant.workshop().training().find(run)))


@router.get("/runs/{id}/report.html")
def report_page(visit: Visited, id: str) -> Response:  # noqa: A002
    """The whole report as a file to keep; it holds strings of the data, so it is never shown as a page of ours."""
    training = visit.assistant.workshop().training()
    path = training.report_page(training.find(id))
    if path is None:
        raise HTTPException(404)
    return FileResponse(
        path, media_type="application/octet-stream", filename=f"report-{id}.html",
        headers={"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"},
    )  # fmt: skip


@router.post("/start")
def start(visit: Visited, form: Sent) -> Response:
    """Start a training in the background."""
    chosen = html.Chosen(**texts(form, html.CHOSEN))
    choices = chosen.choices(_rows(visit, chosen, form.get("rows")), alone=_alone(visit))
    started = visit.assistant.workshop().training().start(choices, chosen.name.strip())
    return fragment(_panel(visit, started), changed=CHANGED, said=visit.words("training.started"))


def _rows(visit: Visit, chosen: html.Chosen, rows: object) -> Path:
    """The file of rows that was chosen: one that was handed in, what was reviewed, or a path of this machine."""
    training = visit.assistant.workshop().training()
    if chosen.source == "upload" and isinstance(rows, UploadFile) and rows.filename:
        return training.keep(rows.file, rows.filename)
    if chosen.source == "review" and (reviewed := visit.assistant.workshop().reviewed_claims()):
        return training.keep(io.BytesIO(reviewed.encode()), "reviewed.jsonl")
    if chosen.source == "path" and _alone(visit) and chosen.path.strip():
        return Path(chosen.path.strip()).expanduser()
    raise Refused(visit.words("training.rows.none"))


@router.post("/stop")
def stop(visit: Visited, run: Text) -> Response:
    """Ask a training to end after its next checkpoint."""
    training = visit.assistant.workshop().training()
    training.stop(run)
    return fragment(_panel(visit, training.find(run)), said=visit.words("training.stopping"))


@router.post("/resume")
def resume(visit: Visited, run: Text) -> Response:
    """Go on from the last checkpoint."""
    started = visit.assistant.workshop().training().resume(run)
    return fragment(_panel(visit, started), changed=CHANGED, said=visit.words("training.started"))


@router.post("/remove")
def remove(visit: Visited, run: Text) -> Response:
    """Forget a training and its files; an adapter in use is a copy and stays."""
    visit.assistant.workshop().training().remove(run)
    return fragment(html.none_yet(visit.words), changed=CHANGED, said=visit.words("training.removed"))


@router.get("/adapters")
def adapters(visit: Visited) -> Response:
    """The adapters at hand; the one in use is marked."""
    return fragment(html.adapters(visit.assistant.workshop().adapters(), visit.words, alone=_alone(visit)))


@router.post("/promote")
def promote(visit: Visited, run: Text = "", adapter: Text = "") -> Response:
    """Judge claims with a training's adapter, or one of the shelf, from the next question on."""
    _only_alone(visit)
    training = visit.assistant.workshop().training()
    name = visit.assistant.workshop().promote(training.adapter(run) if run else adapter)
    return _adapters_now(visit, name)


@router.post("/roll-back")
def roll_back(visit: Visited) -> Response:
    """Judge claims again with the adapter before."""
    _only_alone(visit)
    return _adapters_now(visit, visit.assistant.workshop().roll_back())


def _adapters_now(visit: Visit, name: str) -> Response:
    shown = html.adapters(visit.assistant.workshop().adapters(), visit.words, alone=_alone(visit))
    return fragment(shown, changed="adapters", said=visit.words("training.adapters.now", name=name))


def _panel(visit: Visit, run: Run) -> str:
    return html.panel(html.seen(visit.assistant.workshop().training(), run), visit.words, alone=_alone(visit))


def _alone(visit: Visit) -> bool:
    """Whether the reader is the one at this machine: with accounts nobody reads its files by a path, and nobody
    changes what judges the claims of all."""
    return not visit.reader


def _only_alone(visit: Visit) -> None:
    if not _alone(visit):
        raise Refused(visit.words("training.adapters.others"))
