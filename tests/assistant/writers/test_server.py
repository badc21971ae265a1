"""An OpenAI-compatible server on loopback: streamed, stopped, busy, refusing, gone in mid-answer, not there."""

from __future__ import annotations

import contextlib
import email.utils
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import httpx
import pytest

from assistant.errors import Cancelled, ContextTooLong, ModelError
from assistant.writers import server
from assistant.writers.server import ServerWriter
from assistant.writing import Message

ASKED = [Message("user", "Does lime raise the pH?")]
KEY = "right"
PIECES = ["Lime ", "raises ", "the pH."]


REFUSALS = {
    "no-schema": (lambda body: "response_format" not in body, "Unsupported fields in the request: response_format"),
    "mute": (lambda body: "response_format" not in body, "bad request"),
    "new": (
        lambda body: "max_completion_tokens" in body and "max_tokens" not in body and "temperature" not in body,
        "Unsupported: 'max_tokens', 'temperature'",
    ),
    "short": (lambda _: False, "This model's maximum context length is 10 tokens, seed 0"),
}
"""Model -> (what it takes, what it says to the rest)."""
STATUSES = {"gone": 404, "fails": 500}
ODD = {
    "half": b'data: {"choices": [{"delta": {"conte\n\n',
    "list": b'data: {"choices": [{"delta": {"content": ["x"]}}]}\n\n',
    "nothing": b"data: 7\n\n",
    "errs": b'data: {"error": {"message": "out of memory"}}\n\n',
    "line": b"data: " + b"x" * (3 << 20),
}
"""Model -> what comes after its first pieces."""


class Handler(BaseHTTPRequestHandler):
    """Speaks just enough; the model's name says what goes wrong."""

    protocol_version = "HTTP/1.0"
    busy: ClassVar[int] = 0
    asked: ClassVar[list[dict[str, object]]] = []
    left: ClassVar[list[bool]] = []
    """Whether the other side was seen to go while this one was silent."""

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            self._say(401, {"error": {"message": "wrong key"}})
            return
        self._say(200, {"data": [{"id": "good", "max_model_len": 4096}, {"id": "dies"}, {"id": "busy"}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        Handler.asked.append(body)
        if body["model"] == "busy" and Handler.busy < 2:
            Handler.busy += 1
            self._say(429, {"error": {"message": "slow down"}})
            return
        if body["model"] in REFUSALS and not REFUSALS[body["model"]][0](body):
            self._say(400, {"error": {"message": REFUSALS[body["model"]][1]}})
            return
        if body["model"] in STATUSES:
            self._say(STATUSES[body["model"]], {"error": {"message": "no\x1b[31m " + "words " * 500}})
            return
        self._stream(body["model"])

    def _stream(self, name: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        if name == "silent":
            self.connection.settimeout(20)
            Handler.left.append(self.connection.recv(1) == b"")
            return
        for piece in PIECES[:1] if name == "dies" else PIECES:
            row = {"choices": [{"index": 0, "delta": {"content": piece}}]}
            self.wfile.write(f"data: {json.dumps(row)}\n\n".encode())
            self.wfile.flush()
        if name in ODD:
            self.wfile.write(ODD[name])
        elif name == "endless":
            with contextlib.suppress(OSError):
                while True:
                    self.wfile.write(b'data: {"choices": [{"delta": {"content": "more and more "}}]}\n\n')
        elif name != "dies":
            self.wfile.write(b"data: [DONE]\n\n")

    def _say(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


def written(name: str, url: str, key: str = KEY) -> ServerWriter:
    return ServerWriter(name, url, environ={"ASSISTANT_API_KEY": key}, first_wait=0.01)


def test_a_reply_is_streamed(url: str) -> None:
    writer = written("good", url)
    assert writer.context_tokens == 4096
    assert "".join(writer.stream(ASKED, schema={"type": "object"}, max_tokens=50)) == "".join(PIECES)
    body = Handler.asked[-1]
    assert body["temperature"] == 0
    assert body["max_tokens"] == 50
    assert "response_format" in body


def test_a_busy_server_is_asked_again(url: str) -> None:
    assert "".join(written("busy", url).stream(ASKED, max_tokens=50)) == "".join(PIECES)
    assert Handler.busy == 2


def test_what_came_before_the_end_of_the_server_stands(url: str) -> None:
    pieces: list[str] = []
    with pytest.raises(ModelError):
        collect(written("dies", url), pieces)
    assert "".join(pieces).startswith(PIECES[0].strip())


def collect(writer: ServerWriter, pieces: list[str]) -> None:
    for piece in writer.stream(ASKED, max_tokens=50):
        pieces.append(piece)


def test_a_stop_is_heard(url: str) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        list(written("good", url).stream(ASKED, max_tokens=50, cancel=cancel))


def test_a_wrong_key_is_said_without_the_key(url: str) -> None:
    with pytest.raises(ModelError) as error:
        written("good", url, key="wrong-secret")
    assert "wrong-secret" not in str(error.value)


def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(ModelError, match=r"127\.0\.0\.1:9"):
        written("good", "http://127.0.0.1:9/v1")


@pytest.mark.parametrize("name", ["no-schema", "mute"])
def test_a_server_that_takes_no_schema_is_asked_without_and_not_again(url: str, name: str) -> None:
    writer = written(name, url)
    for _ in range(2):
        assert "".join(writer.stream(ASKED, schema={"type": "object"}, max_tokens=50)) == "".join(PIECES)
    assert ["response_format" in b for b in Handler.asked if b["model"] == name] == [True, False, False]


def test_newer_names_of_fields_are_found(url: str) -> None:
    assert "".join(written("new", url).stream(ASKED, max_tokens=50)) == "".join(PIECES)
    assert Handler.asked[-1]["max_completion_tokens"] == 50


def test_a_window_that_the_server_finds_too_small_is_told_as_such(url: str) -> None:
    with pytest.raises(ContextTooLong):
        list(written("short", url).stream(ASKED, max_tokens=50))


def test_more_than_the_window_is_not_sent(url: str) -> None:
    before = len(Handler.asked)
    with pytest.raises(ContextTooLong) as error:
        list(written("good", url).stream([Message("user", "word " * 4000)], max_tokens=50))
    assert error.value.tokens > error.value.window == 4096
    assert len(Handler.asked) == before


@pytest.mark.parametrize("name", sorted(ODD))
def test_whatever_breaks_the_stream_is_a_clear_error_after_what_came(url: str, name: str) -> None:
    pieces: list[str] = []
    with pytest.raises(ModelError, match=r"broke off|out of memory") as error:
        collect(written(name, url), pieces)
    assert "".join(pieces) == "".join(PIECES)
    assert len(str(error.value)) < 600


def test_a_reply_without_end_is_cut(url: str) -> None:
    reply = "".join(written("endless", url).stream(ASKED, max_tokens=10))
    assert len(reply) < 2 * 10 * server.TOKEN_CHARACTERS


@pytest.mark.parametrize(("name", "said"), [("gone", "good, dies, busy"), ("fails", "500")])
def test_a_status_is_told_in_short_and_without_control_characters(url: str, name: str, said: str) -> None:
    with pytest.raises(ModelError, match=said) as error:
        list(written(name, url).stream(ASKED, max_tokens=10))
    assert "\x1b" not in str(error.value)
    assert len(str(error.value)) < 700


def test_a_stop_is_heard_while_the_server_is_silent_and_the_server_hears_of_it(url: str) -> None:
    cancel = threading.Event()
    threading.Timer(0.2, cancel.set).start()
    start = time.monotonic()
    with pytest.raises(Cancelled):
        list(written("silent", url).stream(ASKED, max_tokens=50, cancel=cancel))
    assert time.monotonic() - start < 5
    deadline = time.monotonic() + 5
    while not Handler.left and time.monotonic() < deadline:
        time.sleep(0.01)
    assert Handler.left == [True]


def test_a_caller_that_takes_no_more_ends_the_request(url: str) -> None:
    start = time.monotonic()
    pieces = written("endless", url).stream(ASKED, max_tokens=100_000 // 32)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert time.monotonic() - start < 5


def test_the_wait_a_server_asks_for_is_read_as_seconds_or_as_a_date() -> None:
    def wait(given: str) -> float | None:
        return server._retry_after(httpx.Response(429, headers={"Retry-After": given}))

    assert wait("2.5") == 2.5
    assert wait("soon") is None
    assert wait(email.utils.formatdate(time.time() + 30, usegmt=True)) == pytest.approx(30, abs=2)


def test_openais_own_key_goes_to_no_other_host() -> None:
    both = {"OPENAI_API_KEY": "theirs"}
    assert server._key("https://api.openai.com/v1", both) == "theirs"
    assert server._key("https://api.openai.com.example.org/v1", both) == ""
    assert server._key("http://localhost:8000/v1", both | {"ASSISTANT_API_KEY": "ours"}) == "ours"


def test_no_proxy_stands_between_this_machine_and_itself(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert "".join(written("good", url).stream(ASKED, max_tokens=50)) == "".join(PIECES)
