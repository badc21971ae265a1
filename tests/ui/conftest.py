"""The page, served once for all tests of this folder: importing Gradio takes seconds."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from assistant import server
from assistant.history import Asked, History, Turn
from assistant.types import Answer
from tests.ui.scripted import HOSTILE, ScriptedAssistant, make_answer, make_evidence, make_paper, script

WAIT_MS = 20_000


@dataclass(frozen=True)
class Served:
    """A page at `url`; `assistant` is whom it asks, to be rewritten by a test."""

    url: str
    port: int
    assistant: ScriptedAssistant


@contextmanager
def _serve(assistant: ScriptedAssistant) -> Iterator[Served]:
    from assistant.ui import mount

    app = server.application()
    mount(assistant, app)  # type: ignore[arg-type]
    listener: socket.socket = server.listen("127.0.0.1", None)
    runner = server.runner(app)
    thread = threading.Thread(target=runner.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield Served(server.url(listener), listener.getsockname()[1], assistant)
    finally:
        runner.should_exit = True
        thread.join(15)
        listener.close()
    assert not thread.is_alive()


@pytest.fixture(scope="session")
def page_server() -> Iterator[Served]:
    before = dict(os.environ)
    with _serve(ScriptedAssistant()) as served:
        yield served
    for name in set(os.environ) - set(before):
        del os.environ[name]


@pytest.fixture
def served(page_server: Served) -> Served:
    """The page over a scripted assistant as new: two papers, one with a hostile title; the answer cites both."""
    papers = [make_paper(), make_paper(" ".join(HOSTILE[:10]))]
    page_server.assistant.__init__(script(), papers)  # type: ignore[misc]
    return page_server


@pytest.fixture
def page(browser: Any, served: Served) -> Iterator[Any]:
    """The page, loaded; at the end no request has left it and no hostile text has run."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    tab = context.new_page()
    tab.set_default_timeout(WAIT_MS)
    requests: list[str] = []
    tab.on("request", lambda request: requests.append(request.url))
    tab.goto(served.url)
    yield tab
    if not tab.is_closed():
        assert tab.evaluate("window.pwned") is None
    context.close()
    assert requests
    assert [r for r in requests if not r.startswith((served.url, "data:", "blob:"))] == []


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    """The page's own routes, without Gradio, over a library's folder in which only a history is kept."""
    from fastapi import FastAPI

    from assistant import Assistant
    from assistant.ui.routes import add_routes
    from assistant.ui.site import Site

    assistant = Assistant(tmp_path)
    app = FastAPI()
    add_routes(app, Site(assistant))
    client = TestClient(app, raise_server_exceptions=False, headers={"X-Asked-By": "page"}, follow_redirects=False)
    return Kept(client, assistant.history())


@dataclass(frozen=True)
class Kept:
    """A client of the page's routes, and the history behind them."""

    client: TestClient
    history: History

    def answer(self, question: str = "Does it help?", answer: Answer | None = None, *, mode: str = "ask") -> Turn:
        """A question that was asked and answered, in a conversation of its own."""
        turn = self.history.begin("", question, standalone="", mode=mode, asked=Asked(question), state=0)
        return self.history.finish(turn, answer or make_answer("Yield rose [1].", [make_evidence()]))
