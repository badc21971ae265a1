from __future__ import annotations

import http.client
import json
import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.errors import LibraryTooNew
from assistant.types import Answer, Paper
from assistant.ui.render import View
from assistant.ui.words import Words
from tests.ui.conftest import Served
from tests.ui.scripted import ScriptedAssistant, script

TURN = "live-0123456789abcdef"
pytestmark = pytest.mark.usefixtures("page_server")  # which imports Gradio as the page does


def begin(assistant: ScriptedAssistant, question: str, cancel: threading.Event, **wish: str) -> Iterator[View]:
    from assistant.ui import chat
    from assistant.ui.site import Reader, Site

    site = Site(assistant)  # type: ignore[arg-type]
    reader = Reader("", assistant)  # type: ignore[arg-type]
    return chat.views(site, reader, question, chat.Wish(turn=TURN, **wish), Words("en"), cancel)  # type: ignore[arg-type]


def views(question: str, **wish: str) -> list[View]:
    return list(begin(ScriptedAssistant(script()), question, threading.Event(), **wish))


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
    assert {v.turn for v in seen} == {TURN}
    assert isinstance(seen[-1].answer, Answer)


def test_an_error_of_ours_is_a_sentence_on_the_page() -> None:
    *_, last = views("")
    assert not last.running
    assert last.notice == "The question is empty; write one"


def test_an_unforeseen_error_is_logged_and_its_detail_kept_off_the_page(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        *_, last = views("crash")
    assert not last.running
    assert "unforeseen" in last.notice
    assert "secret" not in last.notice
    assert "secret detail" in caplog.text


def test_stop_keeps_what_had_been_found() -> None:
    cancel, assistant = threading.Event(), ScriptedAssistant(script())
    running = begin(assistant, "wait", cancel)
    next(running)
    assert len(next(running).steps) == 1
    cancel.set()
    last = next(running)
    assert last.notice.startswith("Stopped.")
    assert len(last.steps) == 1
    assert list(running) == []


def test_a_reader_who_leaves_stops_the_answer() -> None:
    cancel, assistant = threading.Event(), ScriptedAssistant(script())
    running = begin(assistant, "wait", cancel)
    next(running)
    next(running)
    running.close()
    assert cancel.is_set()
    assert assistant.cancelled.wait(5)


def test_all_events_are_made_in_one_thread_wherever_they_are_taken() -> None:
    assistant = ScriptedAssistant(script())
    running = begin(assistant, "Does it help?", threading.Event())
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


def test_the_wish_says_how_a_question_is_put() -> None:
    from assistant.ui.chat import Wish, read_wish

    given = {"mode": "check", "turn": TURN, "conversation": "c-0123456789", "papers": ["a", "b"]}
    assert read_wish(json.dumps(given)) == Wish("check", TURN, "c-0123456789", ("a", "b"))


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", "{", '{"mode": "rm", "turn": "<b>", "conversation": 1, "papers": "x"}', '{"papers": [1]}'],
)
def test_nothing_that_the_script_sends_is_believed(text: str) -> None:
    from assistant.ui.chat import read_wish

    wish = read_wish(text)
    assert (wish.mode, wish.conversation, wish.papers) == ("ask", "", ())
    assert wish.turn.startswith("live-")


def test_the_evidence_of_an_answer_that_is_not_kept_is_held_for_its_reader_alone() -> None:
    from assistant.ui import chat
    from assistant.ui.site import Reader, Site

    assistant = ScriptedAssistant(script())
    site = Site(assistant)  # type: ignore[arg-type]
    reader = Reader("ann", assistant)  # type: ignore[arg-type]
    list(chat.views(site, reader, "q", chat.Wish(turn=TURN), Words("en"), threading.Event()))
    assert [e.n for e in site.live.evidence("ann", TURN)] == [1, 2]
    assert site.live.evidence("bob", TURN) == ()


def start(served: Served, language: str = "en") -> str:
    status, text = get(served, f"/screens/chat/start?lang={language}")
    assert status == 200
    return text


def test_an_empty_library_shows_one_card_with_a_way_on(served: Served) -> None:
    served.assistant.__init__()  # type: ignore[misc]
    text = start(served)
    assert 'class="card empty"' in text
    assert 'href="#library"' in text
    assert "文献库是空的" in start(served, "zh")


def test_a_library_with_papers_is_counted(served: Served) -> None:
    text = start(served)
    assert "2 papers" in text
    assert "card empty" not in text
    assert "quotes alone" in text


def test_a_library_that_cannot_be_read_says_why(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def papers() -> list[Paper]:
        raise LibraryTooNew("the library was written by a newer version; update the assistant")

    monkeypatch.setattr(served.assistant, "papers", papers)
    assert "newer version" in start(served)
    assert 'class="card empty"' in start(served)
    assert "文献库目前无法使用" in start(served, "zh")


def test_the_papers_to_choose_from_are_all_there_and_inert(served: Served) -> None:
    status, text = get(served, "/screens/chat/papers?lang=en")
    assert status == 200
    assert text.count('type="checkbox"') == 2
    assert "<script" not in text


@pytest.mark.parametrize("name", ["c-../../x", "a-0123456789", "c-"])
def test_a_conversation_that_is_none_is_not_shown(served: Served, name: str) -> None:
    assert get(served, f"/screens/chat/talk/{name}")[0] == 404
