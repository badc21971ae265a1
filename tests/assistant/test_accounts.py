from __future__ import annotations

import io
import json
import stat
import threading
from functools import partial
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from assistant import accounts as module
from assistant import cli
from assistant.accounts import LONGEST, Accounts
from assistant.errors import LibraryError, UsageError
from assistant.sessions import ID_BYTES, SESSION_S, TRIES, TRIES_S, Sessions, sessions_of

GOOD = "correct horse battery"


@pytest.fixture(autouse=True)
def _quick_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PasswordHasher", partial(PasswordHasher, time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    return Accounts(tmp_path / "users.json")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_an_account_is_kept_as_a_hash_that_only_the_owner_may_read(accounts: Accounts) -> None:
    folder = accounts.add("anna", GOOD)
    assert folder == accounts.path.parent / "users" / "anna"
    assert (mode(accounts.path), mode(folder), mode(folder.parent)) == (0o600, 0o700, 0o700)
    text = accounts.path.read_text("utf-8")
    assert GOOD not in text
    assert json.loads(text)["anna"]["password"].startswith("$argon2id$")
    assert accounts.verify("anna", GOOD)
    for name, password in (("anna", "wrong"), ("anna", ""), ("bob", GOOD), ("", ""), ("anna", "x" * (LONGEST + 1))):
        assert not accounts.verify(name, password)


def test_real_hashes_are_the_recommended_ones() -> None:
    hasher = PasswordHasher()
    assert (hasher.memory_cost, hasher.time_cost) >= (64 * 1024, 3)


@pytest.mark.parametrize("name", ["", "Anna", "../x", "a/b", ".hidden", "a" * 33, "a b", "a\n", "é"])
def test_a_name_that_could_be_a_path_is_none(accounts: Accounts, name: str) -> None:
    with pytest.raises(UsageError, match="is no name"):
        accounts.add(name, GOOD)
    assert not accounts.all()


def test_what_an_account_may_not_be(accounts: Accounts, tmp_path: Path) -> None:
    accounts.add("anna", GOOD)
    for name, password, own, match in (
        ("anna", GOOD, None, "has an account"),
        ("bob", "short", None, "10 to"),
        ("bob", "x" * 2000, None, "10 to"),
        ("bob", GOOD, tmp_path / "users" / "anna", "another account"),
        ("bob", GOOD, tmp_path / "users" / "anna" / "in", "another account"),
        ("bob", GOOD, tmp_path / "users", "another account"),
    ):
        with pytest.raises(UsageError, match=match):
            accounts.add(name, password, own)
    assert list(accounts.all()) == ["anna"]


def test_password_and_removal_are_seen_by_another_process(accounts: Accounts, tmp_path: Path) -> None:
    accounts.add("anna", GOOD, tmp_path / "own")
    other = Accounts(accounts.path)
    other.set_password("anna", "another password")
    assert (accounts.verify("anna", GOOD), accounts.verify("anna", "another password")) == (False, True)
    assert accounts.folder("anna") == tmp_path / "own"
    assert other.remove("anna") == tmp_path / "own"
    assert not accounts.all()
    assert (tmp_path / "own").is_dir()
    for change in (lambda: other.remove("anna"), lambda: other.set_password("anna", GOOD)):
        with pytest.raises(UsageError, match="no account"):
            change()


def test_many_at_once_lose_nobody(accounts: Accounts) -> None:
    threads = [threading.Thread(target=Accounts(accounts.path).add, args=(f"n{i}", GOOD)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(accounts.all()) == 8


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"a": 1}', '{"a": {}}', '{"../x": {"password": "p"}}'])
def test_a_damaged_file_is_told_and_lets_nobody_in(accounts: Accounts, text: str) -> None:
    accounts.path.write_text(text, encoding="utf-8")
    with pytest.raises(LibraryError, match=r"users\.json is damaged"):
        accounts.verify("anna", GOOD)


def test_a_session_is_known_by_a_random_id_until_it_ends(tmp_path: Path) -> None:
    now = [1000.0]
    sessions = Sessions(tmp_path / "s.db", clock=lambda: now[0])
    first, second = sessions.begin("anna"), sessions.begin("anna")
    assert first != second
    assert len(first) >= ID_BYTES * 4 / 3
    assert mode(sessions.path) == 0o600
    kept = b"".join(p.read_bytes() for p in tmp_path.glob("s.db*"))
    assert first.encode() not in kept
    assert sessions.user(first) == sessions.user(first) == "anna"
    assert sessions.user("x") is None
    sessions.end(first)
    assert (sessions.user(first), sessions.user(second)) == (None, "anna")
    now[0] += SESSION_S
    assert sessions.user(second) is None


def test_what_another_process_ends_is_over_within_seconds(tmp_path: Path) -> None:
    now = [1000.0]
    sessions = Sessions(tmp_path / "s.db", clock=lambda: now[0])
    token = sessions.begin("anna")
    assert sessions.user(token) == "anna"
    Sessions(tmp_path / "s.db", clock=lambda: now[0]).end_all("anna")
    now[0] += 5
    assert sessions.user(token) is None


def test_tries_are_counted_for_account_and_address_apart(tmp_path: Path) -> None:
    now = [1000.0]
    sessions = Sessions(tmp_path / "s.db", clock=lambda: now[0])
    assert [sessions.try_once("anna", f"10.0.0.{i}") for i in range(TRIES + 1)] == [True] * TRIES + [False]
    assert sessions.try_once("bob", "10.0.0.1")
    assert [sessions.try_once(f"n{i}", "10.9.9.9") for i in range(TRIES + 1)] == [True] * TRIES + [False]
    now[0] += TRIES_S
    assert sessions.try_once("anna", "10.9.9.9")
    sessions.forgive("anna", "10.9.9.9")
    assert [sessions.try_once("anna", "10.9.9.9") for _ in range(TRIES + 1)] == [True] * TRIES + [False]


def test_who_guesses_at_other_accounts_is_not_forgiven_for_knowing_one(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path / "s.db")
    for i in range(TRIES - 1):
        assert sessions.try_once(f"n{i}", "10.0.0.1")
    assert sessions.try_once("anna", "10.0.0.1")
    sessions.forgive("anna", "10.0.0.1")
    assert sessions.try_once("n9", "10.0.0.1")
    assert not sessions.try_once("n10", "10.0.0.1")


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*words: str, said: str = "") -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(said))
        code = cli.main(["users", *words, "--library", str(tmp_path)])
        return code, capsys.readouterr().out

    assert run("add", "anna", said=GOOD + "\n")[0] == 0
    assert run("add", "anna", said=GOOD + "\n")[0] == 2
    assert run("add", "bob", said="\n")[0] == 2
    token = sessions_of(tmp_path / "users.json").begin("anna")
    assert "anna" in run("list")[1]
    assert run("password", "anna", said="another password\n")[0] == 0
    assert sessions_of(tmp_path / "users.json").user(token) is None
    assert Accounts(tmp_path / "users.json").verify("anna", "another password")
    assert run("remove", "anna")[0] == 0
    assert run("list") == (0, "")


def test_chat_with_auth_and_nobody_to_sign_in_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["chat", "--auth", "--library", str(tmp_path), "--no-browser"]) == 2
    assert "assistant users add" in capsys.readouterr().err
