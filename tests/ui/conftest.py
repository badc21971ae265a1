"""The page, served once for all tests of this folder: importing Gradio takes seconds."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from assistant import server
from tests.ui.scripted import HOSTILE, ScriptedAssistant, make_paper, script


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
