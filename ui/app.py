"""The page: a question goes in, steps and quotes stream out, each [n] leads to its passage.

The only owner of Gradio. Knows how the page behaves; what it looks like is in `render` and `page.css`, what an
answer is in `assistant`. `assistant.ui.mount` starts it, so that Gradio is imported quietly.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import gradio as gr

from assistant import Answer, AssistantError, Evidence, ReasoningStep, Verdict
from assistant.ui import render

if TYPE_CHECKING:
    from fastapi import FastAPI

    from assistant import Assistant

logger = logging.getLogger(__name__)

Event = ReasoningStep | Evidence | Answer | Verdict
Mode = Literal["ask", "check"]
T = TypeVar("T")

TITLE = "Ask your papers"
QUESTIONS_AT_ONCE = 2
"""Questions answered at the same time; more wait in the queue."""
QUEUE = 32
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


def build(assistant: Assistant) -> gr.Blocks:
    """The page for one library. Reads the list of papers now and again whenever the page is loaded."""
    return within_a_loop(lambda: _build(assistant))


def _build(assistant: Assistant) -> gr.Blocks:
    library, form_shown, card, card_shown = _library(assistant)
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(3600, 86400)) as page:
        gr.HTML(f"<header><h1>{TITLE}</h1></header>", elem_id="title", **PLAIN)
        shown_card = gr.HTML(card, visible=card_shown, elem_id="card", **PLAIN)
        with gr.Column(visible=form_shown, elem_id="desk") as desk:
            shown_library = gr.HTML(library, elem_id="library", **PLAIN)
            parts = _form()
        _wire(page, assistant, parts)
        page.load(
            lambda: _refreshed(assistant),
            outputs=[shown_library, desk, shown_card],
            show_progress="hidden",
            api_visibility="private",
        ).then(None, js=NAME_THE_INPUT, api_visibility="private")
    page.queue(api_open=False, max_size=QUEUE, default_concurrency_limit=QUESTIONS_AT_ONCE)
    return page


def mount_page(page: gr.Blocks, application: FastAPI) -> None:
    """Put the page at the root of the application, with every door shut that it does not need."""
    within_a_loop(
        lambda: gr.mount_gradio_app(
            application,
            page,
            path="/",
            server_name="127.0.0.1",
            theme=_theme(),
            css_paths=[Path(__file__).with_name("page.css")],
            footer_links=[],
            run_history=False,
            show_error=False,
            max_file_size="1kb",  # the page takes no files, but Gradio has a door for them
            allowed_paths=[],
            blocked_paths=[str(Path.cwd())],
            ssr_mode=False,
            enable_monitoring=False,
            pwa=False,
            mcp_server=False,
        )
    )


def within_a_loop(make: Callable[[], T]) -> T:
    """`make()`, called while an event loop runs. Without one Gradio makes a loop for each of its locks and never
    closes it, at three open files apiece."""

    async def made() -> T:
        return make()

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(made())
    return make()


def _theme() -> Any:
    """System fonts, and a blue that white text can be read on (5.2 : 1)."""
    theme = gr.themes.Default(
        primary_hue="blue", font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]
    )
    return theme.set(
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_dark="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_hover_dark="*primary_700",
    )


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


def _wire(page: gr.Blocks, assistant: Assistant, parts: Parts) -> None:
    running = Running()

    def ask(question: str, mode: Mode, request: gr.Request) -> Iterator[tuple[str, str, Any]]:
        cancel = running.start(request.session_hash)
        for view in views(assistant, question, mode, cancel):
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
        return "", False, render.notice_html(str(error)), True
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
