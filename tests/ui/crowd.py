"""Many readers at once over a page with accounts, each with a library in which one made-up word stands that no other
has. They ask as the page's script does, over HTTP, through Gradio's queue."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import pytest
from argon2 import PasswordHasher

from assistant import Assistant, server
from assistant.accounts import Accounts

PASSWORD = "one password for all"
CANARY = re.compile(r"canary[a-z]{8}")
SECONDS = 300
"""For one answer, the waiting included."""


def canary(number: int) -> str:
    """A word of letters alone, that no other number has."""
    return "canary" + f"{number * 104729 + 8031810176:o}".translate(str.maketrans("01234567", "bdfghklm"))[:8]


def paper(number: int) -> str:
    """A short report whose every sentence holds the reader's word."""
    word = canary(number)
    lines = [
        f"Treatment with {word} increased the yield of tomato by {number + 3} % in the field trial.",
        f"In the greenhouse {word} did not increase the yield of tomato.",
        f"We conclude that {word} improves the water balance of the soil.",
    ]
    return f"# The effect of {word} on tomato yield\n\n## Results\n\n" + "\n\n".join(lines) + "\n"


@dataclass(frozen=True)
class Crowd:
    """A served page and who may sign in to it."""

    url: str
    names: tuple[str, ...]

    def ask(self, number: int, times: int) -> None:
        """Reader `number` asks so many questions in one tab. Fails at an error, at an answer without the reader's own
        word, and at a word of another's in anything that was sent. Nothing of it is kept: memory is watched."""
        with httpx.Client(base_url=self.url, timeout=SECONDS) as client:
            login = client.post("/login", data={"name": self.names[number], "password": PASSWORD})
            assert login.status_code == 303, login.text
            event = _asking(client.get("/config").json())
            for n in range(times):
                heard = self._answer(client, number, event, n)
                assert canary(number) in heard
                assert not strangers(number, heard)

    def _answer(self, client: httpx.Client, number: int, event: int, n: int) -> str:
        tab = f"tab{number}"
        wish = json.dumps({"mode": "check" if n % 3 == 2 else "ask", "turn": f"live-{n}", "papers": []})
        question = f"Does {canary(number)} increase the yield of tomato?" if n % 2 else "What increases tomato yield?"
        joined = {"data": [question, wish], "fn_index": event, "session_hash": tab, "trigger_id": None}
        assert client.post("/gradio_api/queue/join", json=joined).status_code == 200
        with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": tab}) as stream:
            assert stream.status_code == 200
            heard = []
            for line in stream.iter_lines():
                heard.append(line)
                if '"process_completed"' in line:
                    assert '"success":true' in line.replace(" ", ""), line[:500]
                    return "\n".join(heard)
        raise AssertionError(f"no answer for {self.names[number]}: {heard[-1:]}")

    def look_round(self, number: int) -> str:
        """Everything that the reader's own screens show."""
        with httpx.Client(base_url=self.url, timeout=SECONDS) as client:
            client.post("/login", data={"name": self.names[number], "password": PASSWORD})
            screens = ("history", "review", "library", "library/papers", "chat/start", "settings", "training")
            return "\n".join(client.get(f"/screens/{screen}").text for screen in screens)

    def all_ask(self, times: int) -> None:
        """Every reader asks so often, all at the same time."""
        with ThreadPoolExecutor(len(self.names)) as pool:
            for done in [pool.submit(self.ask, number, times) for number in range(len(self.names))]:
                done.result()


def _asking(config: dict[str, object]) -> int:
    """The number of the event by which the page asks: the one that gives question, news and stop, from two fields."""
    found = [d for d in config["dependencies"] if len(d["inputs"]) == 2 and len(d["outputs"]) == 3]  # type: ignore
    assert len(found) == 1
    return int(found[0]["id"])


def strangers(number: int, heard: str) -> set[str]:
    """The words of other readers in what this one heard."""
    return set(CANARY.findall(heard)) - {canary(number)}


@contextmanager
def crowd(folder: Path, size: int) -> Iterator[Crowd]:
    """So many readers, each with a library of one paper, and the page they ask."""
    from assistant import ui

    quick = partial(PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch, Assistant(folder, history=True) as assistant:
        patch.setattr("assistant.accounts.PasswordHasher", quick)
        accounts = Accounts(folder / "users.json")
        names = tuple(f"reader{number}" for number in range(size))
        for number, name in enumerate(names):
            home = accounts.add(name, PASSWORD)
            (home / "paper.md").write_text(paper(number), encoding="utf-8")
            with assistant.beside(home) as own:
                assert [f.status for f in own.ingest(home / "paper.md").files] == ["indexed"]
        app = server.application()
        site = ui.mount(assistant, app, accounts)
        with closing(site), _listening(app) as url:
            yield Crowd(url, names)


@contextmanager
def _listening(app: object) -> Iterator[str]:
    runner = server.runner(app)  # type: ignore[arg-type]
    with server.listen("127.0.0.1", None) as listener:
        thread = threading.Thread(target=runner.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield server.url(listener)
        finally:
            runner.should_exit = True
            thread.join(20)
    assert not thread.is_alive()
