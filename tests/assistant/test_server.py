from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.responses import StreamingResponse

from assistant import server
from assistant.errors import UsageError


@contextmanager
def running(app: FastAPI) -> Iterator[int]:
    """The port on which `app` is served meanwhile."""
    listener = server.listen("127.0.0.1", None)
    runner = server.runner(app)
    thread = threading.Thread(target=runner.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        runner.should_exit = True
        thread.join(10)
        listener.close()
    assert not thread.is_alive()


def request(
    port: int, path: str, *, method: str = "GET", headers: dict[str, str] | None = None
) -> tuple[int, http.client.HTTPMessage, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.headers, response.read().decode()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def released() -> threading.Event:
    return threading.Event()


@pytest.fixture(scope="module")
def port(released: threading.Event) -> Iterator[int]:
    app = server.application()

    @app.get("/hello")
    def hello() -> dict[str, str]:
        return {"hello": "reader"}

    @app.get("/slow")
    def slow() -> StreamingResponse:
        def lines() -> Iterator[str]:
            yield "first\n"
            released.wait(10)
            yield "second\n"

        return StreamingResponse(lines())

    with running(app) as number:
        yield number


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/hello", 200), ("GET", "/no", 404), ("POST", "/hello", 405)]
)
def test_every_response_carries_the_security_headers(port: int, method: str, path: str, status: int) -> None:
    got, headers, _ = request(port, path, method=method)
    assert got == status
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Content-Security-Policy"] == server.CONTENT_SECURITY_POLICY
    assert "server" not in headers


def test_the_policy_names_no_other_host_and_no_bare_scheme() -> None:
    directives = dict(d.split(" ", 1) for d in server.CONTENT_SECURITY_POLICY.split("; "))
    allowed = {"'self'", "'none'", "'unsafe-inline'", "'unsafe-eval'", "data:", "blob:"}
    for sources in directives.values():
        assert set(sources.split()) <= allowed
    for closed in ("frame-src", "object-src", "frame-ancestors"):
        assert directives[closed] == "'none'"
    for sender in ("default-src", "connect-src", "img-src", "form-action", "base-uri"):
        assert "'self'" in directives[sender]


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "10.0.0.1", "", "[", "@"]
)
def test_a_foreign_host_is_refused(port: int, host: str) -> None:
    status, headers, text = request(port, "/hello", headers={"Host": host})
    assert status in (400, 403)
    assert "reader" not in text
    if status == 403:
        assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST"])
def test_this_machine_may_ask_by_any_of_its_names(port: int, host: str) -> None:
    assert request(port, "/hello", headers={"Host": f"{host}:{port}"})[0] == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "http://[", "file://"])
def test_a_foreign_origin_is_refused(port: int, origin: str) -> None:
    assert request(port, "/hello", headers={"Origin": origin})[0] == 403


def test_the_own_origin_may_ask(port: int) -> None:
    assert request(port, "/hello", headers={"Origin": f"http://127.0.0.1:{port}"})[0] == 200


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
def test_pages_that_load_from_elsewhere_are_left_out(port: int, path: str) -> None:
    assert request(port, path)[0] == 404


def test_a_stream_is_passed_on_as_it_comes(port: int, released: threading.Event) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/slow")
    response = connection.getresponse()
    assert response.readline() == b"first\n"
    assert not released.is_set()
    released.set()
    assert response.readline() == b"second\n"
    connection.close()


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.1.5", "example.org", "", "127.0.0.2", "localhost.evil.example"]
)
def test_a_host_beyond_this_machine_is_refused_in_a_sentence(host: str) -> None:
    with pytest.raises(UsageError, match="not this machine") as caught:
        server.serve(server.application(), host=host)
    assert caught.value.exit_code == 2
    assert "127.0.0.1" in str(caught.value)


@pytest.mark.parametrize(
    ("host", "address"),
    [("localhost", "127.0.0.1"), ("127.0.0.1", "127.0.0.1"), ("::1", "::1")],
)
def test_loopback_names(host: str, address: str) -> None:
    assert server.address_of(host) == address


def test_a_taken_port_is_refused_in_a_sentence() -> None:
    with (
        server.listen("127.0.0.1", None) as taken,
        pytest.raises(UsageError, match=f"port {taken.getsockname()[1]} .* choose another with --port"),
    ):
        server.listen("127.0.0.1", taken.getsockname()[1])


@pytest.mark.parametrize("port", [None, 0])
def test_without_a_port_the_first_free_one_is_taken(port: int | None) -> None:
    with server.listen("127.0.0.1", port) as first, server.listen("127.0.0.1", port) as second:
        assert server.FIRST_PORT <= first.getsockname()[1] < second.getsockname()[1]


def test_when_all_ports_are_taken_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with server.listen("127.0.0.1", None) as taken:
        monkeypatch.setattr(server, "FIRST_PORT", taken.getsockname()[1])
        monkeypatch.setattr(server, "PORTS_TRIED", 1)
        with pytest.raises(UsageError, match="all taken"):
            server.listen("127.0.0.1", None)


@pytest.mark.parametrize("port", [-1, 65536, 10**9])
def test_a_port_that_does_not_exist(port: int) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        server.listen("127.0.0.1", port)


def test_a_port_without_the_right_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: socket.socket, address: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(UsageError, match="needs rights"):
        server.listen("127.0.0.1", 80)


def test_addresses_are_written_as_a_browser_takes_them() -> None:
    with server.listen("127.0.0.1", None) as listener:
        assert server.url(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}/"
    if socket.has_ipv6:
        try:
            listener = server.listen("::1", None)
        except UsageError:
            pytest.skip("no IPv6 loopback here")
        with listener:
            assert server.url(listener) == f"http://[::1]:{listener.getsockname()[1]}/"


ENDLESS = """
import logging, signal, time
from starlette.responses import StreamingResponse
from assistant import server

logging.basicConfig(level=logging.WARNING)
signal.signal(signal.SIGINT, signal.default_int_handler)
app = server.application()

@app.get("/endless")
def endless():
    async def lines():
        import asyncio
        while True:
            yield "line\\n"
            await asyncio.sleep(0.05)
    return StreamingResponse(lines())

server.serve(app)
print("ended")
"""


def test_ctrl_c_is_the_usual_end_with_a_tab_open_too() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", ENDLESS], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    said = process.stderr.readline()
    number = int(said.split("127.0.0.1:")[1].split("/")[0])
    assert _answers(number)
    reader = http.client.HTTPConnection("127.0.0.1", number, timeout=10)
    reader.request("GET", "/endless")
    assert reader.getresponse().readline() == b"line\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    reader.close()
    assert (process.returncode, out, err) == (0, "ended\n", "")


def _answers(port: int) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            return request(port, "/")[0] == 404
        except (ConnectionError, TimeoutError):
            time.sleep(0.05)
    return False


def test_with_accounts_it_may_be_served_elsewhere() -> None:
    assert server.address_of("0.0.0.0", accounts=True) == "0.0.0.0"
    with pytest.raises(UsageError, match="is not known"):
        server.address_of("no.such.host.invalid", accounts=True)


@pytest.mark.parametrize(
    ("host", "names", "served_at", "own"),
    [
        ("papers.lab.example", ["papers.lab.example"], "127.0.0.1", True),
        ("papers.lab.example", [], "127.0.0.1", False),
        ("10.0.0.1:80", [], "127.0.0.1", False),
        ("10.0.0.1:80", [], "0.0.0.0", True),
        ("[fe80::1]", [], "0.0.0.0", True),
        (socket.gethostname(), [], "0.0.0.0", True),
        ("evil.example", ["papers.lab.example"], "0.0.0.0", False),
        ("10.0.0.1.evil.example", [], "0.0.0.0", False),
    ],
)
def test_the_names_a_served_page_answers_to(host: str, names: list[str], served_at: str, own: bool) -> None:
    app = server.application(names=names, host=served_at)
    client = TestClient(app)
    assert client.get("/hello", headers={"Host": host}).status_code == (404 if own else 403)
    foreign = {"Host": host, "Origin": "https://evil.example"}
    assert client.get("/hello", headers=foreign).status_code == 403
    assert client.get("/hello", headers={"Host": host, "Origin": f"https://{host}"}).status_code == (
        404 if own else 403
    )
