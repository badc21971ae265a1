"""The review queue: what readers found wrong, judged blind first, then with the model's label in sight.

Takes the feedback of the form under each answer, and hands the reviewed items out as claims to train on. What an item
is, `assistant.history.review` knows; what it looks like is in `review_html`.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from assistant.errors import UsageError
from assistant.history import review
from assistant.history.review import Item
from assistant.ui import feedback
from assistant.ui.download import attachment
from assistant.ui.markup import notice
from assistant.ui.screens.review_html import screen_html
from assistant.ui.visit import Visit, Visited, fragment

router = APIRouter(prefix="/screens/review")

Text = Annotated[str, Form()]
Number = Annotated[int, Form()]
MaybeNumber = Annotated[int | None, Form()]
SKIP = "skip"


@router.get("")
def screen(visit: Visited) -> Response:
    """The items to review, the first of them open."""
    return _screen(visit)


@router.post("")
def show(visit: Visited, reviewed: Text = "", item: MaybeNumber = None) -> Response:
    """The items to review or the reviewed ones, and one of them."""
    return _screen(visit, reviewed=bool(reviewed), item=item)


@router.post("/label")
def label(
    visit: Visited,
    item: Number,
    given: Text,
    reviewed: Text = "",
    claim: Text = "",
    quote: MaybeNumber = None,
    note: Text = "",
) -> Response:
    """Label an item: the first time blind, then it stays open and shows the model's; "skip" goes on to the next."""
    if given == SKIP:
        return _screen(visit, reviewed=bool(reviewed), after=item)
    history = visit.assistant.history()
    try:
        review.find(history, item)
    except UsageError:
        return _gone(visit)
    if not claim.strip():
        return fragment(notice(visit.words("review.claim.missing")), status=422)
    done = review.label(history, item, given, claim=claim, quote=quote, note=note)
    if not done.reviewed:
        return _screen(visit, item=item)
    return _screen(visit, reviewed=bool(reviewed), after=item, said=visit.words("review.kept"))


@router.post("/forget")
def forget(visit: Visited, item: Number, reviewed: Text = "") -> Response:
    """Take an item out of the queue; the page has asked whether that is meant."""
    try:
        review.forget(visit.assistant.history(), item)
    except UsageError:
        return _gone(visit)
    return _screen(visit, reviewed=bool(reviewed), after=item, said=visit.words("review.forget.done"))


@router.post("/feedback")
def take_feedback(
    visit: Visited,
    answer: Text,
    kind: Text,
    step: MaybeNumber = None,
    evidence: MaybeNumber = None,
    text: Text = "",
) -> Response:
    """Keep what a reader says of an answer, with the answer as it stands."""
    if kind == "comment" and not text.strip():
        return fragment(notice(visit.words("review.feedback.empty")), status=422)
    history = visit.assistant.history()
    try:
        history.turn(answer)
    except UsageError:
        return fragment(notice(visit.words("history.gone")), status=404)
    review.add_feedback(history, answer, kind, step=step, evidence=evidence, text=text)
    said = visit.words("review.feedback.thanks")
    return fragment(feedback.thanks_html(visit.words), changed="review", said=said)


@router.get("/claims.jsonl")
def claims(visit: Visited) -> Response:
    """The reviewed items as rows for `assistant finetune --task claims`."""
    found = review.items(visit.assistant.history(), reviewed=True, praise=True)
    return attachment(review.claims_jsonl(found), "reviewed claims", "jsonl", "application/jsonl")


def _screen(
    visit: Visit, *, reviewed: bool = False, item: int | None = None, after: int = 0, said: str = ""
) -> Response:
    found = review.items(visit.assistant.history(), praise=True)
    done = [i for i in found if i.reviewed]
    queue = [i for i in found if not i.reviewed and i.kind is not review.Kind.UP]
    listed = done if reviewed else queue
    return fragment(
        screen_html(queue, done, reviewed=reviewed, shown=_shown(listed, item, after), words=visit.words), said=said
    )


def _shown(listed: list[Item], item: int | None, after: int) -> Item | None:
    """The item asked for, else the next one after `after`, else the first."""
    wanted = (i for i in listed if i.id == item) if item is not None else (i for i in listed if i.id > after)
    return next(wanted, listed[0] if listed else None)


def _gone(visit: Visit) -> Response:
    return fragment(notice(visit.words("review.gone")), status=404)
