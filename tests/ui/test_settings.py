from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant, background, encoders
from assistant.errors import ModelError
from assistant.ui.screens.settings_html import ABSTENTION
from tests.ui.doors import Doors


@pytest.fixture
def doors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doors:
    monkeypatch.chdir(tmp_path)
    return Doors(Assistant(tmp_path / "library"))


WHOLE = {
    "writer": "extractive", "name": "", "remote": "", "url": "", "adapter": "", "verifier": "", "answer_above": "0.15",
    "quotes": "6", "follow_ups": "3", "unsupported": "mark",
}  # fmt: skip


def test_every_value_is_shown_with_where_it_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASSISTANT_QUOTES", "4")
    (tmp_path / "assistant.toml").write_text("follow_ups = 1\n")
    html = Doors(Assistant(tmp_path / "library", verifier="builtin")).get("/screens/settings")
    quotes = html[html.index('name="quotes"') :][:400]
    assert "disabled" in quotes.partition(">")[0]
    assert "set by ASSISTANT_QUOTES, which wins" in quotes
    assert "from assistant.toml" in html[html.index('name="follow_ups"') :][:400]
    assert "given on the command line" in html[html.index('name="verifier"') :][:900]
    assert html.count("<figure") == 2


def test_a_change_is_kept_and_holds_from_the_next_question_on(doors: Doors, tmp_path: Path) -> None:
    before = doors.assistant
    doors.post("/screens/settings", WHOLE)
    assert doors.said == "Nothing was changed."
    assert doors.assistant is before
    html = doors.post("/screens/settings", WHOLE | {"answer_above": "0.4", "quotes": "3"})
    assert doors.said.startswith("Saved")
    assert (doors.assistant.settings.answer_above, doors.assistant.settings.quotes) == (0.4, 3)
    assert 'value="0.4"' in html
    assert "from assistant.toml" in html
    assert (tmp_path / "assistant.toml").read_text() == "answer_above = 0.4\nquotes = 3\n"
    doors.post("/screens/settings", WHOLE)
    assert (tmp_path / "assistant.toml").read_text() == ""


def test_a_server_is_named_by_model_and_address(doors: Doors) -> None:
    doors.post("/screens/settings", WHOLE | {"writer": "server", "remote": "qwen3", "url": "http://localhost:1/v1"})
    assert doors.assistant.settings.model == "openai:qwen3@http://localhost:1/v1"
    html = doors.get("/screens/settings")
    assert 'value="qwen3"' in html
    assert 'value="http://localhost:1/v1"' in html
    doors.post("/screens/settings", WHOLE | {"writer": "local", "name": "some/model", "adapter": "mine"})
    assert (doors.assistant.settings.model, doors.assistant.settings.adapter) == ("hf:some/model", "mine")
    doors.post("/screens/settings", WHOLE | {"adapter": "mine"})
    assert (doors.assistant.settings.model, doors.assistant.settings.adapter) == ("extractive", None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"answer_above": "2"}, {"answer_above": "much"}, {"quotes": "0"}, {"quotes": "1.5"}, {"unsupported": "burn"},
        {"writer": "server", "remote": "", "url": ""}, {"writer": "local"},
        {"writer": "server", "remote": "m", "url": "http://key:word@host/v1"},
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_nothing_is_kept(doors: Doors, tmp_path: Path, wrong: dict[str, str]) -> None:
    html = doors.post("/screens/settings", WHOLE | wrong)
    assert doors.status == 422
    assert 'role="alert"' in html
    assert not (tmp_path / "assistant.toml").exists()


def test_a_test_of_the_connection_says_what_is_wrong_in_a_sentence_and_keeps_nothing(
    doors: Doors, tmp_path: Path
) -> None:
    fields = WHOLE | {"writer": "server", "remote": "m", "url": "http://127.0.0.1:9/v1"}
    html = doors.post("/screens/settings/test", fields)
    assert doors.status == 200
    assert "cannot be reached" in html
    assert "nothing to test" in doors.post("/screens/settings/test", WHOLE)
    missing = doors.post("/screens/settings/test", WHOLE | {"writer": "local", "name": str(tmp_path / "none")})
    assert 'role="alert"' in missing
    assert doors.assistant.settings.model == "extractive"


def test_a_writer_that_does_not_answer_is_given_up(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    from assistant.writers import trial

    held = threading.Event()
    monkeypatch.setattr(trial, "load_writer", lambda *_, **__: held.wait(20))
    with pytest.raises(ModelError, match="has not answered within"):
        trial.try_writer(doors.assistant.settings, seconds=0.05)
    held.set()


def test_an_embedder_costs_a_re_index_which_is_said_before_and_done_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "assistant.toml").write_text('embedder = "old"  # ours\n')
    doors = Doors(Assistant(tmp_path / "library"))
    assert "is empty" in doors.get("/screens/settings/index")
    started: list[list[str]] = []

    def start(folder: Path, kind: str, title: str, arguments: list[str]) -> background.Run:
        started.append(arguments)
        run = background.Run(folder, kind, title, tuple(arguments), "")
        background._save(run)
        return run

    monkeypatch.setattr(background, "start", start)
    monkeypatch.setattr(encoders, "load_embedder", lambda name, device: name)
    monkeypatch.setattr(Assistant, "papers", lambda self: [None])
    monkeypatch.setattr(Assistant, "n_passages", lambda self: 131)
    monkeypatch.setattr(Assistant, "embedded_with", lambda self: "old")
    html = doors.get("/screens/settings/index")
    assert "all 131 passages are embedded anew" in html
    assert 'data-ask="Embed all 131 passages anew?"' in html
    doors.post("/screens/settings/index", {"embedder": "new/one"})
    assert started == [["reembed", f"--library={tmp_path / 'library'}", "--embedder=new/one"]]
    assert doors.assistant.settings.embedder is None
    assert "embedder" not in (tmp_path / "assistant.toml").read_text()


def test_with_accounts_nothing_that_all_share_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    doors = Doors(Assistant(tmp_path / "library"), reader="ann", language="zh")
    assert "所有账户共用" in doors.get("/screens/settings")
    for address in ("", "/test", "/index", "/index/stop"):
        doors.post(f"/screens/settings{address}", WHOLE | {"quotes": "1"})
        assert doors.status == 422
    assert not (tmp_path / "assistant.toml").exists()


def test_the_machine_is_shown(doors: Doors) -> None:
    html = doors.get("/screens/settings/machine")
    assert "GB free of" in html
    assert "Cores" in html


def test_the_curve_of_abstention_is_the_one_that_was_measured() -> None:
    measured = (Path(__file__).parents[2] / "benchmarks" / "README.md").read_text(encoding="utf-8")
    for threshold, answered, declined in ABSTENTION:
        assert f"| {threshold:.2f} | {answered:.3f} | {declined:.3f} |" in measured


def test_another_process_may_embed_the_library_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Recorded:
        id = "old@1"

        def setting(self, name: str) -> str:
            return self.id

    class Library:
        store = Recorded()

    loaded: list[str] = []

    def load(self: Assistant, name: str) -> Any:
        loaded.append(name)
        return type("E", (), {"id": f"{name}@1"})()

    monkeypatch.setattr(Assistant, "_load", load)
    monkeypatch.setattr(Assistant, "exists", lambda self: True)
    monkeypatch.setattr(Assistant, "_open", lambda self, **_: Library)
    assistant = Assistant(tmp_path)
    assistant.embedder()
    assistant.embedder()
    Recorded.id = "new@1"
    assistant.embedder()
    assert loaded == ["old", "new"]
