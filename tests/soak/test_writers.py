"""A real OpenAI-compatible server, `transformers serve` with a tiny model: asked, stopped, killed in mid-answer."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from assistant.errors import Cancelled, ModelError
from assistant.writers import load_writer
from assistant.writing import Message, Writer
from tests.assistant.writers.tiny import byte_model

pytestmark = [
    pytest.mark.soak,
    pytest.mark.timeout(300),
    pytest.mark.skipif(importlib.util.find_spec("openai") is None, reason="transformers serve needs openai"),
]
ASKED = [Message("system", "Answer from the evidence."), Message("user", "Does lime raise the pH?")]
UP_SECONDS = 120
LONG = 1500
"""Tokens of a reply that takes the server seconds."""


def port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    model, at = byte_model(tmp_path / "model", eos_token_id=None), port()
    (tmp_path / "home" / "hub").mkdir(parents=True)
    command = [sys.executable, "-m", "transformers.cli.transformers", "serve", str(model)]
    environ = os.environ | {"HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(at), "--device", "cpu"],
            env=environ, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            wait_for(server, f"http://127.0.0.1:{at}/health", tmp_path / "log")
            yield server, f"openai:{model}@http://127.0.0.1:{at}/v1"
        finally:
            server.kill()
            server.wait()


def wait_for(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + UP_SECONDS
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text(errors="replace")[-2000:]
        try:
            if httpx.get(url, timeout=5, trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    raise AssertionError(f"the server was not up in {UP_SECONDS} s: {log.read_text(errors='replace')[-2000:]}")


def load(spec: str) -> Writer:
    writer = load_writer(spec)
    assert writer is not None
    return writer


def test_a_real_server_is_asked_stopped_and_killed(served: tuple[subprocess.Popen[bytes], str]) -> None:
    server, spec = served
    writer = load(spec)
    pieces = list(writer.stream(ASKED, schema={"type": "object"}, max_tokens=40))  # it takes no schema: asked without
    assert len(pieces) > 3
    assert list(writer.stream(ASKED, max_tokens=40))

    cancel = threading.Event()
    running = writer.stream(ASKED, max_tokens=LONG, cancel=cancel)
    assert next(running)
    cancel.set()
    stopped = time.monotonic()
    with pytest.raises(Cancelled):
        list(running)
    assert time.monotonic() - stopped < 5

    kept: list[str] = []
    with pytest.raises(ModelError, match="broke off"):
        take_and_kill(writer, server, kept)
    assert kept
    with pytest.raises(ModelError, match="cannot be reached"):
        load(spec)


def take_and_kill(writer: Writer, server: subprocess.Popen[bytes], kept: list[str]) -> None:
    for piece in writer.stream(ASKED, max_tokens=LONG):
        kept.append(piece)
        if len(kept) == 3:
            server.kill()
