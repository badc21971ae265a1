"""An OpenAI-compatible server on loopback: streamed, stopped, busy, refusing, gone in mid-answer, not there."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from assistant.errors import Cancelled, ModelError
from assistant.writers.server import ServerWriter
from assistant.writing import Message

ASKED = [Message("user", "Does lime raise the pH?")]
KEY = "right"
PIECES = ["Lime ", "raises ", "the pH."]


class Handler(BaseHTTPRequestHandler):
    """Speaks just enough; the model's name says what goes wrong."""

    protocol_version = "HTTP/1.0"
    busy: ClassVar[int] = 0
    asked: ClassVar[list[dict[str, object]]] = []

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
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for piece in PIECES[:1] if body["model"] == "dies" else PIECES:
            row = {"choices": [{"index": 0, "delta": {"content": piece}}]}
            self.wfile.write(f"data: {json.dumps(row)}\n\n".encode())
            self.wfile.flush()
        if body["model"] != "dies":
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
