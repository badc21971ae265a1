"""history, replay, review and --continue as a shell sees them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from assistant.history import History
from tests.assistant.test_cli import QUESTION, run


@pytest.fixture(autouse=True)
def _with_history(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASSISTANT_HISTORY")


@pytest.fixture
def library(sample_library: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sample_library, tmp_path / "library"))


def ask(capsys: pytest.CaptureFixture[str], library: Path, *words: object) -> dict[str, object]:
    code, out, _ = run(capsys, "ask", *words, "--library", library, "--json")
    assert code == 0
    answer: dict[str, object] = json.loads(out)
    return answer


def test_ask_continue_show_export_replay_and_delete(
    library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ("--library", library)
    first = ask(capsys, library, QUESTION)
    _, out, err = run(capsys, "ask", "--continue", "And in sandy soil?", *where)
    assert "Read as: Does velorite increase tomato yield in sandy soil?" in out
    assert "kept as a-" in err
    (thread,) = History(library).threads()
    assert thread.turns == 2
    _, out, _ = run(capsys, "check", "It reduces nitrate leaching.", "--continue", thread.id, *where)
    assert "Claim: Velorite reduces nitrate leaching." in " ".join(out.split())

    _, out, _ = run(capsys, "history", *where)
    assert out.startswith(f"{thread.id}  ")
    _, out, _ = run(capsys, "history", "--json", *where)
    assert json.loads(out)[0]["turns"] == 3
    _, out, _ = run(capsys, "history", "show", thread.id, *where)
    assert "2. And in sandy soil?" in out
    assert "Claim: " in out
    _, out, _ = run(capsys, "history", "show", str(first["id"]), "--json", *where)
    assert json.loads(out)["turns"][0]["answer"]["id"] == first["id"]
    _, out, _ = run(capsys, "history", "search", "sandy", "VELORITE", *where)
    assert "And in sandy soil?" in out

    page = tmp_path / "talk.html"
    code, out, _ = run(capsys, "history", "export", thread.id, "--format", "html", "--out", page, *where)
    assert (code, out) == (0, "")
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    code, _, err = run(capsys, "history", "export", thread.id, "--format", "pdf", *where)
    assert (code, "choose one of" in err) == (2, True)
    code, _, err = run(capsys, "history", "export", thread.id, "--out", "/nowhere/x.md", *where)
    assert (code, "cannot be written" in err) == (1, True)

    code, out, _ = run(capsys, "replay", str(first["id"]), *where)
    assert (code, out) == (0, "the same, byte for byte\n")
    run(capsys, "history", "rename", thread.id, "Velorite", *where)
    assert History(library).threads()[0].title == "Velorite"
    code, out, _ = run(capsys, "history", "delete", thread.id, *where)
    assert (code, History(library).threads()) == (0, [])
    code, _, err = run(capsys, "replay", str(first["id"]), *where)
    assert (code, "no answer" in err) == (2, True)


def test_a_replay_that_differs_is_exit_code_4(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = ask(capsys, library, QUESTION)
    paper = first["evidence"][0]["paper_id"]  # type: ignore[index]
    run(capsys, "papers", "remove", paper, "--library", library)
    code, out, _ = run(capsys, "replay", str(first["id"]), "--library", library)
    assert code == 4
    assert "not the same: " in out
    assert "paper removed: " in out
    code, out, _ = run(capsys, "replay", str(first["id"]), "--library", library, "--json")
    found = json.loads(out)
    assert (code, found["same"]) == (4, False)
    assert {c["where"] for c in found["causes"]} >= {"paper removed", "library generation"}


def test_review_from_the_shell(library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ("--library", library)
    run(capsys, "check", "Velorite increases tomato yield.", *where)
    answer = History(library).turns(History(library).latest().id)[0].id
    _, out, _ = run(capsys, "review", "add", answer, "wrong citation", "--evidence", 1, "--text", "no", *where)
    assert out == "kept as item 1 of the review queue\n"
    _, out, _ = run(capsys, "review", *where)
    assert "item 1: wrong citation, passage [1]" in out
    assert "the model said" not in out
    _, out, _ = run(capsys, "review", "label", 1, "refutes", *where)
    assert "blind: REFUTES; the model said " in out
    run(capsys, "review", "label", 1, "refutes", *where)
    code, out, _ = run(capsys, "review", "export", *where)
    assert code == 0
    assert json.loads(out)["label"] == "REFUTES"
    _, out, _ = run(capsys, "review", "list", *where)
    assert out == "nothing to review\n"
    _, out, _ = run(capsys, "review", "list", "--all", *where, "--json")
    assert json.loads(out)[0]["label"] == "REFUTES"
    code, _, _ = run(capsys, "review", "delete", 1, *where)
    assert code == 0
    code, _, err = run(capsys, "review", "label", 1, "s", *where)
    assert (code, "no item 1" in err) == (2, True)


def test_nothing_is_kept_where_that_is_wished(
    library: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask(capsys, library, QUESTION, "--no-history")["id"] == ""
    monkeypatch.setenv("ASSISTANT_HISTORY", "off")
    assert ask(capsys, library, QUESTION)["id"] == ""
    assert not (library / "history.db").exists()
    code, _, err = run(capsys, "ask", QUESTION, "--continue", "c-1", "--library", library)
    assert (code, "history" in err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ask"], "the question is missing"),
        (["check"], "the claim is missing"),
        (["ask", "--continue", "why?"], "no conversation yet"),
        (["ask", "why?", "--continue", "c-99"], "no conversation"),
        (["history", "show", "c-99"], "no conversation"),
        (["history", "show", "a-99"], "no answer"),
        (["history", "delete", ""], "no conversation"),
        (["replay", "a-99"], "no answer"),
        (["review", "label", "7", "s"], "no item 7"),
    ],
)
def test_wrong_usage_is_one_sentence(
    library: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    code, out, err = run(capsys, *arguments, "--library", library)
    assert (code, out) == (2, "")
    assert words in err


def test_no_library_has_no_history(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "history", "--library", tmp_path / "none")
    assert (code, out) == (0, "no conversations yet; begin one with: assistant ask\n")
    assert not (tmp_path / "none").exists()


def test_a_damaged_history_is_one_sentence_and_answers_go_on(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (library / "history.db").write_bytes(b"garbage" * 500)
    code, _, err = run(capsys, "history", "--library", library)
    assert code == 1
    assert "move it away" in err
    assert ask(capsys, library, QUESTION)["evidence"]


def test_no_escape_sequence_reaches_the_terminal(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ask(capsys, library, "Does \x1b[31mvelorite\x1b]0;t\x07 help?")
    (thread,) = History(library).threads()
    for arguments in (["history"], ["history", "show", thread.id], ["history", "search", "velorite"]):
        _, out, _ = run(capsys, *arguments, "--library", library)
        assert "velorite" in out
        assert "\x1b" not in out
