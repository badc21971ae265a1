"""Conversations kept, found, renamed, deleted; by several at once, with a full disk, with a damaged file."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assistant import database
from assistant.errors import DiskFull, LibraryBusy, LibraryError, LibraryTooNew, UsageError
from assistant.history import Asked, History, Status, Turn, schema
from assistant.types import Answer, Filters
from tests.assistant.test_contract import ANSWER

ASKED = Asked("q?", Filters(papers=("a",), year_from=1999), {"quotes": "6", "answer_above": "0.23"})


@pytest.fixture
def history(tmp_path: Path) -> History:
    times = (f"2026-01-01T00:00:{i:02}Z" for i in range(60))
    return History(tmp_path, clock=lambda: next(times))


def keep(history: History, question: str = "q?", conversation: str = "", answer: Answer = ANSWER) -> Turn:
    turn = history.begin(conversation, question, standalone="", mode="ask", asked=ASKED, state=0)
    return history.finish(turn, answer)


def test_a_turn_comes_back_as_it_was_kept(history: History) -> None:
    turn = keep(history)
    assert turn.answer == replace(ANSWER, id=turn.id)
    assert history.turn(turn.id) == turn
    assert history.turns(turn.conversation) == [turn]
    assert turn.status is Status.DONE
    assert turn.asked == ASKED


def test_the_first_question_names_the_conversation_and_later_turns_count_on(history: History) -> None:
    first = keep(history, "Does it help? " * 20)
    second = keep(history, "And in men?", first.conversation)
    assert (first.n, second.n) == (1, 2)
    assert history.turns(first.conversation, last=1) == [second]
    thread = history.thread(first.conversation)
    assert thread.turns == 2
    assert thread.title.startswith("Does it help? Does")
    assert len(thread.title) <= 80
    assert thread.updated > thread.created


def test_conversations_are_listed_the_last_used_first(history: History) -> None:
    one, two = keep(history, "one"), keep(history, "two")
    assert [t.title for t in history.threads()] == ["two", "one"]
    keep(history, "more", one.conversation)
    assert [t.id for t in history.threads()] == [one.conversation, two.conversation]
    assert history.latest().id == one.conversation


def test_nothing_kept_is_nothing_made(tmp_path: Path) -> None:
    history = History(tmp_path / "none")
    assert (history.threads(), history.search("x"), history.papers(1)) == ([], [], {})
    with pytest.raises(UsageError, match="no conversation yet"):
        history.latest()
    with pytest.raises(LibraryError, match="assistant ingest"):
        keep(history)
    assert not (tmp_path / "none").exists()


def test_a_question_is_kept_before_its_answer(history: History) -> None:
    turn = history.begin("", "why?", standalone="Why?", mode="ask", asked=ASKED, state=0)
    assert history.turn(turn.id) == turn
    assert (turn.answer, turn.status) == (None, Status.OPEN)


@pytest.mark.parametrize("name", ["", "a-", "zzz", "*", "a-[0-9]*", "' OR 1 --", "c-123", "a-\x00"])
def test_an_id_that_is_none(history: History, name: str) -> None:
    keep(history)
    with pytest.raises(UsageError, match="no answer"):
        history.turn(name)
    with pytest.raises(UsageError, match="no conversation"):
        history.thread(name if name != "c-123" else "a-123")


def test_the_beginning_of_an_id_is_enough_unless_several_begin_so(tmp_path: Path) -> None:
    names = iter(["aa1", "c01", "aa2", "c02"])
    history = History(tmp_path, new_id=lambda: next(names))
    one = keep(history)
    keep(history)
    assert history.turn("aa1") == history.turn("a-aa1") == one
    assert history.thread("c01").id == "c-c01"
    with pytest.raises(UsageError, match="several answers"):
        history.turn("a-aa")


def test_rename_and_delete(history: History) -> None:
    turn, other = keep(history, "old"), keep(history, "other")
    assert history.rename(turn.conversation, "  new \n name ").title == "new name"
    with pytest.raises(UsageError, match="title is empty"):
        history.rename(turn.conversation, " ")
    assert history.delete(turn.conversation).title == "new name"
    assert [t.id for t in history.threads()] == [other.conversation]
    with pytest.raises(UsageError):
        history.turn(turn.id)
    with pytest.raises(UsageError, match="not there any more"):
        keep(history, "late", turn.conversation)


def test_what_is_deleted_is_gone_from_the_file(history: History) -> None:
    turn = keep(history, "canary-question " * 400)
    history.delete(turn.conversation)
    with sqlite3.connect(history.path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    assert b"canary-question" not in history.path.read_bytes()


def test_search_looks_through_questions_answers_quotes_and_titles_without_case(history: History) -> None:
    turn = keep(history, "Ändert VELORITE den Ertrag?")
    for words in ("velorite", "ändert ertrag", "t <B>", "QUOTE “ü”", "T [1]"):
        assert history.search(words) == [turn], words
    assert history.search("velorite absent") == []
    assert history.search("%") == history.search("_") == []
    with pytest.raises(UsageError, match="nothing to search"):
        history.search("  ")


def test_text_that_is_no_utf8_is_kept_readable(history: History) -> None:
    turn = keep(history, "odd \ud800 name")
    assert history.turn(turn.id).question == "odd � name"
    assert history.thread(turn.conversation).title == "odd � name"


def test_states_tell_which_papers_there_were(history: History) -> None:
    first = history.remember(1, 2, lambda: {"a": "A", "b": "B"})
    assert history.remember(1, 2, dict) == first, "asked for again"
    second = history.remember(2, 2, lambda: {"b": "B", "c": "C\ud800"})
    third = history.remember(3, 3, lambda: {"a": "A", "b": "B!", "c": "C�"})
    assert history.papers(first) == {"a": "A", "b": "B"}
    assert history.papers(second) == {"b": "B", "c": "C�"}
    assert history.papers(third) == {"a": "A", "b": "B!", "c": "C�"}
    with sqlite3.connect(history.path) as db:
        assert db.execute("SELECT count(*) FROM state_papers").fetchone() == (5,)
    db.close()


def test_threads_write_at_once(history: History) -> None:
    history.clock = lambda: "2026-01-01T00:00:00Z"
    first = keep(history)
    workers = [threading.Thread(target=keep, args=(history, str(i), first.conversation)) for i in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [t.n for t in history.turns(first.conversation)] == list(range(1, 10))


WRITER = """
import sys
from pathlib import Path
from assistant.history import Asked, History
from tests.assistant.test_contract import ANSWER
history = History(Path(sys.argv[1]))
print("ready", flush=True)
for i in range(int(sys.argv[2])):
    turn = history.begin(sys.argv[3], f"q{i}", standalone="", mode="ask", asked=Asked("q"), state=0)
    history.finish(turn, ANSWER)
    print(turn.id, flush=True)
"""


def start(folder: Path, count: int, conversation: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(folder), str(count), conversation]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3])


def test_two_processes_write_one_conversation(history: History) -> None:
    conversation = keep(history).conversation
    writers = [start(history.folder, 15, conversation) for _ in range(2)]
    said = [writer.communicate(timeout=60)[0].split()[1:] for writer in writers]
    assert [len(ids) for ids in said] == [15, 15]
    turns = history.turns(conversation)
    assert [t.n for t in turns] == list(range(1, 32))
    assert {t.id for t in turns[1:]} == {i for ids in said for i in ids}


def test_a_killed_writer_leaves_whole_turns_only(history: History) -> None:
    conversation = keep(history).conversation
    for after in range(2, 5):
        writer = start(history.folder, 10_000, conversation)
        assert writer.stdout is not None
        said = [writer.stdout.readline().strip() for _ in range(after)][1:]
        os.kill(writer.pid, signal.SIGKILL)
        said += writer.stdout.read().split()
        writer.stdout.close()
        writer.wait()
        turns = {t.id: t for t in history.turns(conversation)}
        assert all(turns[i].status is Status.DONE for i in said if len(i) == 12)
        assert all((t.answer is None) == (t.status is Status.OPEN) for t in turns.values())
    with sqlite3.connect(history.path) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()


def test_a_writer_that_never_ends_is_one_sentence(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_MS", 50)
    keep(history)
    other = sqlite3.connect(history.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LibraryBusy, match="try again"):
        keep(history)
    assert len(history.threads()) == 1, "readers go on"
    other.close()


@pytest.fixture
def small_files() -> Iterator[None]:
    """Each write beyond 64 KB fails, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    signal.signal(signal.SIGXFSZ, before)


@pytest.mark.usefixtures("small_files")
def test_a_full_disk_is_one_sentence_and_loses_nothing(history: History) -> None:
    kept = keep(history)
    with pytest.raises(DiskFull, match="free some space"):
        keep(history, "x" * 200_000, kept.conversation)
    assert history.turns(kept.conversation) == [kept]


def test_garbage_is_refused_in_a_sentence(history: History) -> None:
    history.path.write_bytes(b"no database at all" * 100)
    for use in (history.threads, lambda: keep(history)):
        with pytest.raises(LibraryError, match="move it away to begin a new one"):
            use()


def test_a_torn_file_is_refused_in_a_sentence(history: History) -> None:
    for i in range(20):
        keep(history, f"question {i}" * 50)
    with sqlite3.connect(history.path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    data = bytearray(history.path.read_bytes())
    data[4096:-4096] = b"\x5a" * (len(data) - 8192)
    history.path.write_bytes(data)
    with pytest.raises(LibraryError, match=r"damaged|cannot be used"):
        history.threads()


def test_a_damaged_answer_is_named_and_its_conversation_can_be_deleted(history: History) -> None:
    bad, good = keep(history, "bad"), keep(history, "good")
    with sqlite3.connect(history.path) as db:
        db.execute("UPDATE turns SET answer = substr(answer, 1, 100) WHERE id = ?", (bad.id,))
    db.close()
    with pytest.raises(LibraryError, match=f"{bad.id} of the history is damaged"):
        history.turn(bad.id)
    assert history.turn(good.id) == good
    assert [t.title for t in history.threads()] == ["good", "bad"]
    history.delete(bad.conversation)


def test_a_newer_history_is_refused(history: History) -> None:
    keep(history)
    with sqlite3.connect(history.path) as db:
        db.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS) + 1}")
    db.close()
    with pytest.raises(LibraryTooNew, match="upgrade"):
        history.threads()
