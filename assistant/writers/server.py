"""A model behind an OpenAI-compatible server (vLLM, Ollama, llama.cpp, LM Studio, a cloud one). Owner of httpx.

The key comes from the environment and goes to the named server alone: no redirect is followed. What the server says
is bounded and believed in nothing. Knows nothing of what is asked.
"""

from __future__ import annotations

import contextlib
import email.utils
import ipaddress
import json
import logging
import os
import re
import socket
import threading
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

import httpx

from assistant.errors import Cancelled, ContextTooLong, ModelError
from assistant.writers.pieces import Put, from_thread, without_thoughts
from assistant.writers.prompt import SERVER_TOKENS, estimated_tokens, refuse_too_long, shielded
from assistant.writing import Message

KEY, OPENAI_KEY, OPENAI_HOST = "ASSISTANT_API_KEY", "OPENAI_API_KEY", "api.openai.com"
CONNECT_SECONDS = 10.0
LIST_SECONDS = 10.0
SILENCE_SECONDS = 600.0
"""A server on a CPU reads a long prompt for minutes before its first word; a stop is heard at once all the same."""
TRIES = 5
LONGEST_WAIT = 60.0
"""Seconds; a server that wants a longer pause is not waited for."""
FIRST_WAIT = 1.0
"""Seconds before the second try where the server names none; doubled each time."""
BUSY = (429, 503)
"""Too many requests; loading its model (llama.cpp)."""
LINE_BYTES = 1 << 20
BODY_BYTES = 1 << 20
TOKEN_CHARACTERS = 32
"""Characters per token beyond which a server is not believed to keep max_tokens; a long word is one token of 20."""
SHOWN = 200
"""Characters of a server's own words in a message."""
OPTIONAL = ("response_format", "seed", "temperature")
"""Fields that some servers or models refuse; left out then."""
TOO_LONG = re.compile(r"context.{0,20}(?:length|window|size)|maximum.{0,20}tokens|too (?:long|many tokens)", re.I)
WINDOW_KEYS = ("max_model_len", "context_length", "max_context_length", "n_ctx")

log = logging.getLogger(__name__)


class ServerWriter:
    """The model `name` of the server at `url` (with its /v1). ModelError where it does not answer or refuses the key.

    `context_tokens` 0: what the server says of its window, else SERVER_TOKENS.
    """

    def __init__(
        self,
        name: str,
        url: str,
        *,
        seed: int = 0,
        context_tokens: int = 0,
        environ: Mapping[str, str] = os.environ,
        first_wait: float = FIRST_WAIT,
    ) -> None:
        self.id = f"openai:{name}@{url}"
        self._name, self._url, self._seed, self._first_wait = name, url, seed, first_wait
        self._key = _key(url, environ)
        self._refused: set[str] = set()
        """Fields this server was found not to take."""
        self.context_tokens = context_tokens or _window(self._models(), name) or SERVER_TOKENS

    def count_tokens(self, text: str) -> int:
        return estimated_tokens(text)

    def stream(
        self,
        messages: Sequence[Message],
        *,
        schema: Mapping[str, Any] | None = None,
        max_tokens: int,
        cancel: threading.Event | None = None,
    ) -> Iterator[str]:
        refuse_too_long(messages, max_tokens, window=self.context_tokens, name=self.id)
        call = _Call()

        def work(put: Put) -> None:
            self._reply(self._body(messages, schema, max_tokens), put, call)

        yield from without_thoughts(from_thread(work, stop=call.stop, cancel=cancel))

    def _body(self, messages: Sequence[Message], schema: Mapping[str, Any] | None, max_tokens: int) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self._name, "messages": [asdict(m) for m in shielded(messages)], "stream": True,
            "max_tokens": max_tokens, "temperature": 0, "seed": self._seed,
        }  # fmt: skip
        if schema is not None:
            named = {"name": "reply", "strict": True, "schema": dict(schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
        return body

    def _reply(self, body: dict[str, Any], put: Put, call: _Call) -> None:
        """Put the reply's pieces. Asks again where the server is busy, and without a field that it refuses."""
        waits, tries = self._first_wait, 1
        while True:
            call.check()
            answer = self._post(self._without_refused(body), put, call)
            if answer is None:
                return
            if answer.status in BUSY and tries < TRIES:
                wait = waits if answer.wait is None else answer.wait
                if wait > LONGEST_WAIT:
                    raise ModelError(f"{self._url} is busy and asks to wait {wait:.0f} seconds; ask again later")
                log.info("%s is busy (%d); asking again in %.1f s", self._url, answer.status, wait)
                call.sleep(wait)
                waits, tries = waits * 2, tries + 1
            elif answer.status in (400, 422) and (field := self._refused_field(body, answer.text)):
                log.info("%s takes no %s; asking without it", self._url, field)
                self._refused.add(field)
            else:
                raise self._error(answer)

    def _without_refused(self, body: dict[str, Any]) -> dict[str, Any]:
        kept = {n: v for n, v in body.items() if n not in self._refused}
        if "max_tokens" in self._refused:
            kept["max_completion_tokens"] = body["max_tokens"]  # the name that newer models of OpenAI want
        return kept

    def _refused_field(self, body: Mapping[str, Any], text: str) -> str:
        """A field to try without: one the refusal names; else the schema, which most servers refuse in other words."""
        sent = [n for n in (*OPTIONAL, "max_tokens") if n in body and n not in self._refused]
        if TOO_LONG.search(text):
            return ""
        named = next((n for n in sent if re.search(rf"\b{n}\b", text)), "")
        return named or ("response_format" if "response_format" in sent else "")

    def _post(self, body: dict[str, Any], put: Put, call: _Call) -> _Refusal | None:
        """Put the pieces of one try and return None, or return the server's refusal."""
        begun = False
        try:
            with (
                self._client(SILENCE_SECONDS) as client,
                client.stream(
                    "POST", f"{self._url}/chat/completions", json=body, extensions={"trace": call.trace}
                ) as response,
            ):
                if response.status_code != 200:
                    return _Refusal(response.status_code, _text(response), _retry_after(response))
                begun = True
                self._read(response, put, limit=body_limit(body))
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            call.check()
            if begun:
                raise self._broken(type(error).__name__) from error
            raise self._unreachable(error) from error
        return None

    def _read(self, response: httpx.Response, put: Put, *, limit: int) -> None:
        """The pieces of an event stream. ModelError where it ends before the reply does."""
        written, finished = 0, False
        with contextlib.closing(_events(response)) as events:
            for event in events:
                if event == "[DONE]":
                    return
                piece, ended = self._piece(event)
                finished = finished or ended
                put(piece)
                written += len(piece) or 1  # an event without text counts, or a server could send them for ever
                if written > limit:
                    log.warning("%s does not keep max_tokens; its reply is cut", self._url)
                    return
        if not finished:
            raise self._broken("it closed the connection")

    def _piece(self, event: str) -> tuple[str, bool]:
        """(text, whether it is the last) of an event."""
        try:
            data = json.loads(event)
            if "error" in data:
                raise ModelError(f"{self._url} stopped with an error: {_shown(json.dumps(data['error']))}")
            if not data["choices"]:  # the event that counts tokens
                return "", False
            choice = data["choices"][0]
            text = choice.get("delta", {}).get("content") or ""
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise self._broken(f"it sent {_shown(event)!r}") from error
        if not isinstance(text, str):
            raise self._broken(f"it sent {_shown(event)!r}")
        return text, choice.get("finish_reason") is not None

    def _models(self) -> list[dict[str, Any]]:
        """What GET /models lists; [] where the server has no such list."""
        try:
            with (
                self._client(LIST_SECONDS) as client,
                client.stream("GET", f"{self._url}/models") as response,
            ):
                status, text = response.status_code, _text(response)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise self._unreachable(error) from error
        if status in (401, 403):
            raise self._error(_Refusal(status, text, None))
        try:
            listed = json.loads(text)["data"]
        except (ValueError, LookupError, TypeError, RecursionError):
            return []
        return [m for m in listed if isinstance(m, dict)] if isinstance(listed, list) else []

    def _client(self, silence: float) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        # No proxy between this machine and itself, whatever the environment says.
        return httpx.Client(
            timeout=httpx.Timeout(silence, connect=CONNECT_SECONDS), headers=headers, follow_redirects=False,
            trust_env=not _is_loopback(self._url),
        )  # fmt: skip

    def _error(self, refusal: _Refusal) -> ModelError:
        said = f" It says: {_shown(refusal.text)}" if refusal.text.strip() else ""
        status = refusal.status
        if status in (401, 403):
            state = "refuses the key" if self._key else "wants a key"
            return ModelError(f"{self._url} {state} ({status}); set {KEY} in the environment to one it knows.{said}")
        if status == 404:
            known = ", ".join(str(m.get("id"))[:80] for m in self._models()[:10]) or "not told"
            return ModelError(
                f"{self._url} knows no model {self._name!r} or no chat at this address (404); its models: {known}. "
                f"Check the name, and that the address ends as the server's does (mostly /v1).{said}"
            )
        if status in BUSY:
            return ModelError(f"{self._url} is busy ({status}), after {TRIES} tries; ask again later.{said}")
        if status in (400, 413, 422) and TOO_LONG.search(refusal.text):
            return ContextTooLong(f"{self._url} says that the text exceeds its window; give it fewer passages.{said}")
        return ModelError(f"{self._url} answers {status} and writes nothing; see the server's log.{said}")

    def _unreachable(self, error: Exception) -> ModelError:
        why = _shown(str(error)) or type(error).__name__
        return ModelError(f"{self._url} cannot be reached ({why}); start the server or check the address")

    def _broken(self, why: str) -> ModelError:
        return ModelError(
            f"{self._url} broke off in the middle of its reply ({why}); what it wrote until then is kept. "
            "See whether the server still runs, then ask again"
        )


class _Refusal:
    """A status other than 200, what came with it, and the seconds it asks to wait (None: not told)."""

    def __init__(self, status: int, text: str, wait: float | None) -> None:
        self.status, self.text, self.wait = status, text, wait


class _Call:
    """One request as another thread may end it: the socket is shut, which wakes a read and tells the server."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._guard = threading.Lock()
        self._stream: Any = None

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """httpx calls it with what happens on the way (https://www.encode.io/httpcore/extensions/#trace)."""
        if event == "connection.connect_tcp.complete":
            with self._guard:
                self._stream = info["return_value"]
            if self._stopped.is_set():  # an error raised here would leave the socket open
                self.stop()

    def stop(self) -> None:
        self._stopped.set()
        with self._guard:
            found = self._stream.get_extra_info("socket") if self._stream is not None else None
        if found is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(found, socket.SHUT_RDWR)  # the plain one: TLS is not ended politely

    def check(self) -> None:
        if self._stopped.is_set():
            raise Cancelled("stopped as asked")

    def sleep(self, seconds: float) -> None:
        self._stopped.wait(seconds)
        self.check()


def body_limit(body: Mapping[str, Any]) -> int:
    """Characters a reply may have."""
    tokens = body.get("max_tokens", body.get("max_completion_tokens", 0))
    return TOKEN_CHARACTERS * int(tokens)


def _events(response: httpx.Response) -> Generator[str, None, None]:
    """The data of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""
    held = b""
    with contextlib.closing(_chunks(response)) as chunks:
        for chunk in chunks:
            *lines, held = (held + chunk).split(b"\n")
            if len(held) > LINE_BYTES:
                raise httpx.RemoteProtocolError("a line without end")
            for line in lines:
                if line.startswith(b"data:") and (data := line[5:].strip()):
                    yield data.decode("utf-8", "replace")


def _chunks(response: httpx.Response) -> Generator[bytes, None, None]:
    """The body as it comes. A generator's: it can be closed where one stops in the middle."""
    yield from response.iter_bytes()


def _text(response: httpx.Response) -> str:
    """The body as text, within BODY_BYTES."""
    held = b""
    with contextlib.closing(_chunks(response)) as chunks:
        for chunk in chunks:
            held += chunk
            if len(held) > BODY_BYTES:
                break
    return held[:BODY_BYTES].decode("utf-8", "replace")


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds of Retry-After, a number or a date (RFC 9110, 10.2.3); None where there is none."""
    given = response.headers.get("retry-after", "")
    try:
        return max(0.0, float(given))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(given).timestamp() - time.time())
    except (ValueError, TypeError):
        return None


def _shown(text: str) -> str:
    """A server's words for a message: one short line without control characters."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * SHOWN]).split())
    return plain if len(plain) <= SHOWN else plain[: SHOWN - 1] + "…"


def _key(url: str, environ: Mapping[str, str]) -> str:
    """ASSISTANT_API_KEY; OpenAI's own variable goes to OpenAI's own host alone."""
    own = environ.get(OPENAI_KEY, "") if urlsplit(url).hostname == OPENAI_HOST else ""
    key = (environ.get(KEY) or own).strip()
    if not key.isascii() or not key.isprintable():
        raise ModelError(f"{KEY} holds signs that no key has; set it anew")
    return key


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _window(models: Sequence[Mapping[str, Any]], name: str) -> int:
    """The window that the list gives for `name` (vLLM, LM Studio, llama.cpp), or 0."""
    for model in models:
        meta = model.get("meta")
        for home in (model, meta if isinstance(meta, dict) else {}):
            for key in WINDOW_KEYS:
                if model.get("id") == name and isinstance(home.get(key), int) and home[key] > 0:
                    return int(home[key])
    return 0
