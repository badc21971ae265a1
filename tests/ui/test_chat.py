from __future__ import annotations

import http.client
import json
import logging
import os
import threading
from pathlib import Path

import pytest

from assistant.errors import LibraryTooNew
from assistant.types import Answer, Paper
from tests.ui.conftest import Served
from tests.ui.scripted import HOSTILE, ScriptedAssistant, make_evidence, make_paper, script

pytestmark = pytest.mark.usefixtures("page_server")  # which imports Gradio as the page does


def views(question: str, *, mode: str = "ask", cancel: threading.Event | None = None) -> list:
    from assistant.ui import chat

    return list(chat.views(ScriptedAssistant(script()), question, mode, cancel or threading.Event()))


def get(served: Served, path: str, *, method: str = "GET", body: bytes = b"", **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
        return response.status, response.read().decode("utf-8", "replace")
    finally:
        connection.close()


def test_the_answer_streams_event_by_event() -> None:
    seen = views("Does it help?")
    assert [len(v.steps) for v in seen] == [0, 1, 1, 1, 2, 2]
    assert [len(v.evidence) for v in seen] == [0, 0, 1, 2, 2, 2]
    assert [v.running for v in seen] == [True] * 5 + [False]
    assert isinstance(seen[-1].answer, Answer)


def test_an_error_of_ours_is_a_sentence_on_the_page() -> None:
    *_, last = views("")
    assert not last.running
    assert last.notice == "the question is empty; write one"


def test_an_unforeseen_error_is_logged_and_its_detail_kept_off_the_page(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        *_, last = views("crash")
    assert not last.running
    assert "unforeseen" in last.notice
    assert "secret" not in last.notice
    assert "secret detail" in caplog.text


def test_stop_keeps_what_had_been_found() -> None:
    from assistant.ui import chat

    cancel, assistant = threading.Event(), ScriptedAssistant(script())
    running = chat.views(assistant, "wait", "ask", cancel)
    next(running)
    assert len(next(running).steps) == 1
    cancel.set()
    last = next(running)
    assert last.notice == chat.STOPPED
    assert len(last.steps) == 1
    assert list(running) == []


def test_a_reader_who_leaves_stops_the_answer() -> None:
    from assistant.ui import chat

    cancel, assistant = threading.Event(), ScriptedAssistant(script())
    running = chat.views(assistant, "wait", "ask", cancel)
    next(running)
    next(running)
    running.close()
    assert cancel.is_set()
    assert assistant.cancelled.wait(5)


def test_all_events_are_made_in_one_thread_wherever_they_are_taken() -> None:
    from assistant.ui import chat

    assistant = ScriptedAssistant(script())
    running = chat.views(assistant, "Does it help?", "ask", threading.Event())
    takers = [threading.Thread(target=next, args=(running, None)) for _ in range(8)]
    for taker in takers:
        taker.start()
        taker.join()
    assert len(assistant.threads) == 1
    assert not assistant.threads & {t.name for t in takers}


def test_a_new_question_in_a_tab_stops_the_one_before_and_no_other_tab() -> None:
    from assistant.ui.chat import Running

    running = Running()
    first, other = running.start("tab"), running.start("another tab")
    second = running.start("tab")
    assert first.is_set()
    running.stop("tab")
    running.stop("a tab that asked nothing")
    assert second.is_set()
    assert not other.is_set()


def test_the_page_is_quiet_and_has_no_door_that_it_does_not_need(served: Served) -> None:
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
    assert os.environ["HF_HUB_DISABLE_TELEMETRY"] in ("1", "True")
    status, text = get(served, "/config")
    assert status == 200
    config = json.loads(text)
    assert config["analytics_enabled"] is False
    assert {d["api_visibility"] for d in config["dependencies"]} == {"private"}
    assert config["footer_links"] == []


@pytest.mark.parametrize("path", [Path(__file__), Path("pyproject.toml"), Path("/etc/passwd")])
def test_no_file_of_this_machine_is_served(served: Served, path: Path) -> None:
    assert get(served, f"/gradio_api/file={path.resolve()}")[0] in (403, 404)


def test_uploads_are_refused(served: Served) -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.pdf"\r\n\r\n'
        + b"a" * 5000
        + b"\r\n--x--\r\n"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    assert get(served, "/gradio_api/upload", method="POST", body=body, **headers)[0] >= 400


def test_another_sites_page_cannot_ask(served: Served) -> None:
    assert get(served, "/gradio_api/queue/join", method="POST", body=b"{}", Origin="http://evil.example")[0] == 403
    assert served.assistant.asked == []


def shown(assistant: ScriptedAssistant) -> tuple[str, bool, str, bool]:
    from assistant.ui import chat

    return chat._library(assistant)  # type: ignore[arg-type]


def test_an_empty_library_shows_one_card_and_no_form() -> None:
    _, form_shown, card, card_shown = shown(ScriptedAssistant())
    assert "assistant ingest FOLDER" in card
    assert (form_shown, card_shown) == (False, True)


def test_a_library_with_papers_shows_the_form_and_no_card() -> None:
    library, form_shown, _, card_shown = shown(ScriptedAssistant(papers=[make_paper(HOSTILE[0])]))
    assert (form_shown, card_shown) == (True, False)
    assert "1 paper in the library" in library
    assert "<script" not in library


def test_a_library_that_cannot_be_read_says_why() -> None:
    class Unreadable(ScriptedAssistant):
        def papers(self) -> list[Paper]:
            raise LibraryTooNew("the library was written by a newer version; update the assistant")

    _, form_shown, card, _ = shown(Unreadable())
    assert "newer version" in card
    assert not form_shown


def test_evidence_of_any_score_can_be_shown() -> None:
    from assistant.ui import render

    assert "relevance 1 %" in render.passages_html(render.View("?", evidence=(make_evidence(score=0.0),)))
