"""The chat: a question goes in, steps and quotes stream out, each [n] leads to its passage.

Knows how the chat behaves; what it looks like is in `render` and `assets/chat.css`, what an answer is in `assistant`.
"""

from __future__ import annotations

import dataclasses
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Literal

import gradio as gr

from assistant import Answer, AssistantError, Evidence, ReasoningStep, Verdict
from assistant.ui import markup, render
from assistant.ui.site import Site
from assistant.ui.words import Words

if TYPE_CHECKING:
    from assistant import Assistant

logger = logging.getLogger(__name__)

Event = ReasoningStep | Evidence | Answer | Verdict
Mode = Literal["ask", "check"]
STOPPED = "Stopped. What had been found until then is shown."
UNFORESEEN = "Something unforeseen went wrong; the terminal in which the page was started says what. Please try again."

# Gradio gives its id to a box around the input; scripts and tests want the input itself.
NAME_THE_INPUT = (
    "() => { const input = document.querySelector('#question-box textarea, #question-box input');"
    " if (input) input.id = 'question'; }"
)
# Read out by screen readers as it grows.
ANNOUNCE = "element.setAttribute('aria-live', 'polite'); element.setAttribute('role', 'region');"


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
    """The chat's components, within `page`. Reads the list of papers again whenever the page is loaded."""
    shown_card = gr.HTML("", visible=False, elem_id="card", **PLAIN)
    with gr.Column(elem_id="desk") as desk:
        shown_library = gr.HTML("", elem_id="library", **PLAIN)
        parts = _form()
    _wire(page, site, parts)

    def refreshed(request: gr.Request) -> tuple[Any, Any, Any]:
        return _refreshed(_assistant(site, request))

    page.load(
        refreshed, outputs=[shown_library, desk, shown_card], show_progress="hidden", api_visibility="private"
    ).then(None, js=NAME_THE_INPUT, api_visibility="private")


def _assistant(site: Site, request: gr.Request) -> Assistant:
    return site.reader(request.cookies).assistant


PLAIN: dict[str, Any] = {"apply_default_css": False, "js_on_load": None}


@dataclasses.dataclass(frozen=True)
class Parts:
    """The components that take part in asking."""

    question: gr.Textbox
    mode: gr.Radio
    ask: gr.Button
    stop: gr.Button
    answer: gr.HTML
    passages: gr.HTML


def _form() -> Parts:
    question = gr.Textbox(
        label="Question or claim",
        placeholder="What would you like to know from your papers?",
        lines=1,
        max_lines=6,
        autofocus=True,
        elem_id="question-box",
    )
    with gr.Row(elem_id="controls"):
        mode = gr.Radio(
            [("Answer", "ask"), ("Check a claim", "check")],
            value="ask",
            label="What to do with it",
            show_label=False,
            container=False,
            elem_id="mode",
            scale=1,
            min_width=260,
        )
        ask = gr.Button("Ask", variant="primary", elem_id="ask", scale=0, min_width=112)
        stop = gr.Button("Stop", interactive=False, elem_id="stop", scale=0, min_width=112)
    with gr.Row(elem_id="result"):
        with gr.Column(scale=6, min_width=320):
            answer = gr.HTML("", elem_id="answer", apply_default_css=False, js_on_load=ANNOUNCE)
        with gr.Column(scale=5, min_width=320):
            passages = gr.HTML("", elem_id="passages", **PLAIN)
    return Parts(question, mode, ask, stop, answer, passages)


def _wire(page: gr.Blocks, site: Site, parts: Parts) -> None:
    running = Running()

    def ask(question: str, mode: Mode, request: gr.Request) -> Iterator[tuple[str, str, Any]]:
        cancel = running.start(request.session_hash)
        for view in views(_assistant(site, request), question, mode, cancel):
            yield render.main_html(view), render.passages_html(view), gr.Button(interactive=view.running)

    def stop(request: gr.Request) -> None:
        running.stop(request.session_hash)

    gr.on(
        [parts.question.submit, parts.ask.click],
        ask,
        inputs=[parts.question, parts.mode],
        outputs=[parts.answer, parts.passages, parts.stop],
        show_progress="hidden",
        api_visibility="private",
    )
    parts.stop.click(stop, queue=False, show_progress="hidden", api_visibility="private")
    page.unload(stop)


def _library(assistant: Assistant) -> tuple[str, bool, str, bool]:
    """The list of papers and whether to show the form; else the card that says what to do."""
    try:
        papers = assistant.papers()
    except AssistantError as error:
        return "", False, markup.notice(str(error)), True
    if not papers:
        return "", False, render.empty_library_html(), True
    return render.library_html(papers), True, "", False


def _refreshed(assistant: Assistant) -> tuple[Any, Any, Any]:
    library, form_shown, card, card_shown = _library(assistant)
    return library, gr.Column(visible=form_shown), gr.HTML(card, visible=card_shown)


def views(assistant: Assistant, question: str, mode: Mode, cancel: threading.Event) -> Iterator[render.View]:
    """The page after each event of the answer; the last one is no longer running. Errors become its notice.

    When the reader leaves (the generator is closed) or sets `cancel`, the answer is stopped.
    """
    view = render.View(question)
    yield view
    try:
        for event in in_one_thread(lambda: assistant.stream(question, mode=mode, cancel=cancel)):
            view = render.advance(view, event)
            yield view
    except AssistantError as error:
        yield dataclasses.replace(view, running=False, notice=STOPPED if cancel.is_set() else str(error))
    except Exception:
        logger.exception("a question on the page failed")
        yield dataclasses.replace(view, running=False, notice=UNFORESEEN)
    finally:
        cancel.set()


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
