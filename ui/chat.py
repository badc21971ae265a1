"""The chat: a question goes in, steps and quotes stream out, each [n] leads to its passage.

Gradio carries the question there and what comes of it back; `assets/chat.js` puts that into the conversation on the
page. Knows how the chat behaves; what it looks like is in `render` and `assets/chat.css`, what an answer is in
`assistant`. Earlier conversations come from `screens.chat`.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, Literal, Protocol, cast

import gradio as gr

from assistant import Answer, AssistantError, Evidence, Filters, ReasoningStep, Verdict
from assistant.ui import errors, markup, render
from assistant.ui.screens import chat_html
from assistant.ui.site import Reader, Site
from assistant.ui.words import Words

logger = logging.getLogger(__name__)

Event = ReasoningStep | Evidence | Answer | Verdict
Mode = Literal["ask", "check", "compare"]
MODES: tuple[Mode, ...] = ("ask", "check", "compare")
MOST_PAPERS = 10_000
"""Papers chosen for one question, at most."""
_TURN = re.compile(r"live-[0-9a-f]{16}")
PLAIN: dict[str, Any] = {"apply_default_css": False, "js_on_load": None}

# The page's script says how the question is to be put: mode, papers, conversation.
WISH = "(question, wish) => [question, window.chat ? window.chat.wish(question) : '']"
# Gradio gives its id to a box around the input; scripts and tests want the input itself, screen readers its name.
NAME_THE_INPUT = (
    "() => { const input = document.querySelector('#question-box textarea, #question-box input');"
    " if (input) { input.id = 'question'; input.ariaLabel = NAME; } }"
)


@dataclasses.dataclass(frozen=True, slots=True)
class Wish:
    """How a question is to be put. `turn` names its place on the page, `conversation` is "" for a new one, `papers`
    are ids, none for all."""

    mode: Mode = "ask"
    turn: str = ""
    conversation: str = ""
    papers: tuple[str, ...] = ()


def read_wish(text: str) -> Wish:
    """What the page's script sent; whatever is wrong with it is left out."""
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    given = given if isinstance(given, dict) else {}
    mode, turn, conversation, papers = (given.get(name) for name in ("mode", "turn", "conversation", "papers"))
    listed = papers[:MOST_PAPERS] if isinstance(papers, list) else []
    return Wish(
        cast(Mode, mode) if mode in MODES else "ask",
        turn if isinstance(turn, str) and _TURN.fullmatch(turn) else f"live-{secrets.token_hex(8)}",
        conversation if isinstance(conversation, str) else "",
        tuple(p for p in listed if isinstance(p, str)),
    )


class Talk(Protocol):
    """A conversation, as far as asking in it goes."""

    id: str
    answering: str

    def stream(
        self, question: str, *, mode: Mode, filters: Filters, cancel: threading.Event | None
    ) -> Iterator[Event]: ...


class Running:
    """The question in hand of each browser tab, so that Stop reaches it."""

    def __init__(self) -> None:
        self._events: dict[str, threading.Event] = {}

    def start(self, tab: str) -> threading.Event:
        """A new event for this tab, set when it stops; a question still running there is stopped."""
        self.stop(tab)
        self._events[tab] = threading.Event()
        return self._events[tab]

    def stop(self, tab: str) -> None:
        """Ask the tab's question, if there is one, to end."""
        event = self._events.pop(tab, None)
        if event is not None:
            event.set()


def build(page: gr.Blocks, site: Site, words: Words) -> None:
    """The chat's components, within `page`."""
    gr.HTML(chat_html.talk_html(words), **PLAIN)
    with gr.Column(elem_id="desk"):
        gr.HTML(chat_html.choices_html(words), **PLAIN)
        parts = _form(words)
    _wire(page, site, parts, words)
    name_it = NAME_THE_INPUT.replace("NAME", json.dumps(words("chat.form.question")))
    page.load(None, js=name_it, api_visibility="private")


@dataclasses.dataclass(frozen=True)
class Parts:
    """The components that take part in asking. `news` carries the answer to the page's script."""

    question: gr.Textbox
    wish: gr.Textbox
    ask: gr.Button
    stop: gr.Button
    news: gr.HTML


def _form(words: Words) -> Parts:
    with gr.Row(elem_id="asking"):
        question = gr.Textbox(
            label=words("chat.form.question"),
            placeholder=words("chat.form.placeholder"),
            lines=1,
            max_lines=6,
            autofocus=True,
            container=False,
            show_label=False,
            elem_id="question-box",
            scale=1,
        )
        ask = gr.Button(words("chat.form.ask"), variant="primary", elem_id="ask", scale=0, min_width=96)
        stop = gr.Button(words("chat.form.stop"), interactive=False, elem_id="stop", scale=0, min_width=96)
    wish = gr.Textbox("", visible=False)
    news = gr.HTML("", elem_id="news", visible="hidden", **PLAIN)
    return Parts(question, wish, ask, stop, news)


def _wire(page: gr.Blocks, site: Site, parts: Parts, words: Words) -> None:
    running = Running()

    def ask(question: str, wish: str, request: gr.Request) -> Iterator[tuple[Any, str, Any]]:
        cancel = running.start(request.session_hash)
        for view in views(site, site.reader(request.cookies), question, read_wish(wish), words, cancel):
            news = f'<p data-news="{markup.escape(render.turn_html(view, words))}"></p>'
            yield "", news, gr.Button(interactive=view.running)

    def stop(request: gr.Request) -> None:
        running.stop(request.session_hash)

    gr.on(
        [parts.question.submit, parts.ask.click],
        ask,
        inputs=[parts.question, parts.wish],
        outputs=[parts.question, parts.news, parts.stop],
        js=WISH,
        show_progress="hidden",
        api_visibility="private",
    )
    parts.stop.click(stop, queue=False, show_progress="hidden", api_visibility="private")
    page.unload(stop)


def views(
    site: Site, reader: Reader, question: str, wish: Wish, words: Words, cancel: threading.Event
) -> Iterator[render.View]:
    """The turn after each event of the answer; the last one is no longer running. Errors become its notice.

    When the reader leaves (the generator is closed) or sets `cancel`, the answer is stopped.
    """
    view = render.View(question, wish.mode, wish.turn, conversation=wish.conversation)
    yield view
    try:
        for latest in _in_turn(site, reader, view, wish, words, cancel):
            view = latest
            yield view
    except AssistantError as error:
        told, detail = (words("chat.stopped"), "") if cancel.is_set() else errors.told(error, words)
        yield dataclasses.replace(view, running=False, notice=told[:1].upper() + told[1:], detail=detail)
    except Exception:
        logger.exception("a question on the page failed")
        yield dataclasses.replace(view, running=False, notice=words("chat.unforeseen"))
    finally:
        cancel.set()


def _in_turn(
    site: Site, reader: Reader, view: render.View, wish: Wish, words: Words, cancel: threading.Event
) -> Iterator[render.View]:
    """The views of a question that waits until it is its turn, then is answered."""
    with site.turns.place() as place:
        for ahead in place.waiting(cancel):
            yield dataclasses.replace(view, ahead=ahead)
        yield from _answered(site, reader, view, wish, words, cancel)


def _answered(
    site: Site, reader: Reader, view: render.View, wish: Wish, words: Words, cancel: threading.Event
) -> Iterator[render.View]:
    """The views of a question that is answered; its evidence is held until the history has it."""
    began = time.perf_counter()
    talk = _talk(reader, wish)
    filters = Filters(papers=wish.papers)
    events = in_one_thread(lambda: talk.stream(view.question, mode=wish.mode, filters=filters, cancel=cancel))
    for event in events:
        view = render.advance(view, event, time.perf_counter() - began)
        view = dataclasses.replace(view, answer_id=talk.answering, conversation=talk.id)
        site.live.hold(reader.name, view.cites, view.evidence)
        if view.running:
            yield view
    if view.answer_id:
        # Shown as it is kept, so that it is the same when the page is loaded again.
        view = dataclasses.replace(
            chat_html.view_of(reader.assistant.history().turn(view.answer_id), words), turn=view.turn
        )
        site.live.drop(reader.name, view.answer_id)
    yield view


def _talk(reader: Reader, wish: Wish) -> Talk:
    """The conversation to ask in; where the history is off, one that is kept nowhere."""
    if reader.assistant.settings.history:
        return reader.assistant.conversation(wish.conversation)
    return _Unkept(reader.assistant.stream)


@dataclasses.dataclass
class _Unkept:
    stream: Any
    id: str = ""
    answering: str = ""


def in_one_thread(start: Callable[[], Iterator[Event]]) -> Iterator[Event]:
    """The events of `start()`, all made in one thread.

    Gradio takes each item of a generator in another thread of its pool; a database snapshot held over several items
    would be opened in one and closed in another.
    """
    queue: SimpleQueue[Event | None] = SimpleQueue()

    def work() -> None:
        try:
            for event in start():
                queue.put(event)
        finally:
            queue.put(None)

    worker = ThreadPoolExecutor(1, thread_name_prefix="answer")
    try:
        done = worker.submit(work)
        while (event := queue.get()) is not None:
            yield event
        done.result()
    finally:
        worker.shutdown(wait=False)
