"""The conversations of one library: kept, found, renamed, deleted. SQLite beside the library's own database.

Knows the vocabulary and nothing of how an answer is made. Each call opens the file anew, so that any thread and any
number of processes may use it; each change is one transaction.
"""

from __future__ import annotations

import re
import secrets
import sqlite3
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from assistant import database
from assistant.errors import LibraryError, UsageError
from assistant.history.frozen import freeze, thaw, thaw_answer
from assistant.history.schema import DATABASE, HISTORY
from assistant.history.turns import Asked, Status, Thread, Turn
from assistant.types import Answer

T = TypeVar("T")

TITLE_LENGTH = 80
"""Characters of a conversation's title, which is its first question, cut."""
ID_BYTES = 5
"""Random bytes in an id: with a million answers two are alike with a probability under one in two."""
CONVERSATION, ANSWER = "c-", "a-"
"""What ids of conversations and of answers begin with."""
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_COLUMNS = "id, conversation, n, mode, status, question, standalone, answer, settings, state, created"


def now() -> str:
    """UTC, to the second, ISO 8601."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def showable(text: str) -> str:
    """Text that SQLite takes as UTF-8."""
    return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)


def _shortened(text: str) -> str:
    return textwrap.shorten(showable(text), TITLE_LENGTH, placeholder=" …") or showable(text)[:TITLE_LENGTH]


def _beginning(name: str, prefix: str) -> str:
    """The GLOB for ids that begin so. Nothing but what an id is made of is let through, so nothing in it is syntax."""
    known = re.fullmatch(rf"(?:{prefix})?([0-9a-z]+)", name.strip())
    return f"{prefix}{known[1]}*" if known else ""


def _only(name: str, found: Sequence[T], what: str) -> T:
    if not found:
        raise UsageError(f"no {what} has an id that begins with {name[:TITLE_LENGTH]!r}; list them: assistant history")
    if len(found) > 1:
        raise UsageError(f"several {what}s have an id that begins with {name!r}; write more of it")
    return found[0]


def _row(turn: Turn) -> tuple[object, ...]:
    """A turn as it is kept, in the order of _COLUMNS, then the words it is found by."""
    answer = None if turn.answer is None else freeze(turn.answer)
    question, standalone = showable(turn.question), showable(turn.standalone)
    return (
        turn.id, turn.conversation, turn.n, turn.mode, str(turn.status), question, standalone, answer,
        freeze(turn.asked), turn.state, turn.created, _words(turn),
    )  # fmt: skip


def _turn(row: Sequence[Any]) -> Turn:
    """The inverse of `_row`. Raises LibraryError where the row is damaged."""
    name, conversation, n, mode, status, question, standalone, answer, settings, state, created = row
    where = f"the answer {name} of the history"
    asked = thaw(Asked, settings, where)
    kept = None if answer is None else thaw_answer(answer, where)
    if status not in list(Status):
        raise LibraryError(f"{where} is damaged (its status is {status!r}); restore history.db from a copy")
    return Turn(name, conversation, n, mode, Status(status), question, standalone, asked, kept, state, created)


def _words(turn: Turn) -> str:
    """What a search looks through, without case."""
    answer = turn.answer
    said = [] if answer is None else [answer.text, *(f"{e.paper.title} {e.text}" for e in answer.evidence)]
    return showable(" ".join([turn.question, turn.standalone, *said])).casefold()


class History:
    """The history in a library's folder. Nothing is made before something is kept, and never a folder.

    `clock` and `new_id` are for tests. Raises LibraryError for a file that is damaged or of another program,
    LibraryBusy where another process writes for too long, DiskFull.
    """

    def __init__(
        self, folder: Path, *, clock: Callable[[], str] = now, new_id: Callable[[], str] | None = None
    ) -> None:
        self.folder = folder
        self.path = folder / DATABASE
        self.clock = clock
        self._new_id = new_id or (lambda: secrets.token_hex(ID_BYTES))

    # reading

    def threads(self) -> list[Thread]:
        """All conversations, the one last used first."""
        return self._threads("ORDER BY c.updated DESC, c.id", ())

    def thread(self, conversation: str) -> Thread:
        """The conversation whose id begins so. Raises UsageError for none or several."""
        found = self._threads("WHERE c.id GLOB ?", (_beginning(conversation, CONVERSATION),))
        return _only(conversation, found, "conversation")

    def latest(self) -> Thread:
        """The conversation last used. Raises UsageError where there is none."""
        found = self.threads()
        if not found:
            raise UsageError(f"the library {self.folder} has no conversation yet; begin one with: assistant ask")
        return found[0]

    def turns(self, conversation: str, *, last: int = -1) -> list[Turn]:
        """The turns of a conversation (its whole id), in order; at most the `last` ones where that is not negative."""
        with self.reading() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM turns WHERE conversation = ? ORDER BY n DESC LIMIT ?", (conversation, last)
            )
            return [_turn(row) for row in reversed(rows.fetchall())]

    def turn(self, answer: str) -> Turn:
        """The turn whose id begins so. Raises UsageError for none or several."""
        with self.reading() as db:
            pattern = _beginning(answer, ANSWER)
            rows = db.execute(f"SELECT {_COLUMNS} FROM turns WHERE id GLOB ? LIMIT 2", (pattern,)).fetchall()
        return _turn(_only(answer, rows, "answer"))

    def search(self, text: str) -> list[Turn]:
        """The turns that hold all words of `text`, in question, answer, quotes or papers' titles; latest first."""
        words = showable(text).casefold().split()
        if not words:
            raise UsageError("there is nothing to search for; name a word")
        holds = " AND ".join("instr(words, ?)" for _ in words)
        with self.reading() as db:
            rows = db.execute(f"SELECT {_COLUMNS} FROM turns WHERE {holds} ORDER BY created DESC, id", words)
            return [_turn(row) for row in rows.fetchall()]

    def chosen(self, name: str) -> tuple[str, list[Turn]]:
        """The title and the turns of a conversation, or of one answer, whose id begins so. Raises UsageError."""
        if name.startswith(ANSWER):
            turn = self.turn(name)
            return turn.question, [turn]
        thread = self.thread(name)
        return thread.title, self.turns(thread.id)

    def papers(self, state: int) -> dict[str, str]:
        """Id -> title of the papers that the library held in a state."""
        with self.reading() as db:
            rows = db.execute(
                "SELECT paper_id, title FROM state_papers WHERE since <= ? AND (until IS NULL OR until > ?)",
                (state, state),
            )
            return dict(rows.fetchall())

    # writing

    def begin(self, conversation: str, question: str, *, standalone: str, mode: str, asked: Asked, state: int) -> Turn:
        """Keep a question before its answer is there. `conversation` "" begins a new one, which is called after it."""
        at, name = self.clock(), ANSWER + self._new_id()
        with self.writing() as db:
            if not conversation:
                conversation = CONVERSATION + self._new_id()
                title = _shortened(question)
                db.execute("INSERT INTO conversations VALUES (?, ?, ?, ?)", (conversation, title, at, at))
            touched = db.execute("UPDATE conversations SET updated = ? WHERE id = ?", (at, conversation)).rowcount
            if not touched:
                raise UsageError(f"the conversation {conversation} is not there any more; begin a new one")
            n = db.execute("SELECT coalesce(max(n), 0) + 1 FROM turns WHERE conversation = ?", (conversation,))
            turn = Turn(
                name, conversation, n.fetchone()[0], mode, Status.OPEN, question, standalone, asked, None, state, at
            )
            db.execute(f"INSERT INTO turns ({_COLUMNS}, words) VALUES ({', '.join('?' * 12)})", _row(turn))
        return turn

    def finish(self, turn: Turn, answer: Answer, status: Status = Status.DONE) -> Turn:
        """Keep what came of a question that was begun; its answer gets the turn's id."""
        turn = replace(turn, answer=replace(answer, id=turn.id), status=status)
        kept = (str(status), freeze(turn.answer), _words(turn), turn.id)
        with self.writing() as db:
            db.execute("UPDATE turns SET status = ?, answer = ?, words = ? WHERE id = ?", kept)
        return turn

    def remember(self, generation: int, count: int, papers: Callable[[], Mapping[str, str]]) -> int:
        """The state that the library is in, with its papers (id -> title), which are asked for only where the state is
        a new one. Each paper is kept once for all states it stays in."""
        with self.writing() as db:
            last = db.execute("SELECT id, generation, papers FROM states ORDER BY id DESC LIMIT 1").fetchone()
            if last and last[1:] == (generation, count):
                return int(last[0])
            row = db.execute("INSERT INTO states (generation, papers) VALUES (?, ?)", (generation, count))
            state = int(row.lastrowid or 0)
            known = dict(db.execute("SELECT paper_id, title FROM state_papers WHERE until IS NULL").fetchall())
            present = {i: showable(title) for i, title in papers().items()}
            gone = [(state, i) for i in known if known[i] != present.get(i)]
            new = [(i, title, state) for i, title in present.items() if known.get(i) != title]
            db.executemany("UPDATE state_papers SET until = ? WHERE until IS NULL AND paper_id = ?", gone)
            db.executemany("INSERT INTO state_papers VALUES (?, ?, ?, NULL)", new)
        return state

    def rename(self, conversation: str, title: str) -> Thread:
        """Call a conversation something else. Raises UsageError for no title."""
        if not title.strip():
            raise UsageError("the title is empty; write what the conversation is to be called")
        thread = self.thread(conversation)
        with self.writing() as db:
            db.execute("UPDATE conversations SET title = ? WHERE id = ?", (_shortened(title), thread.id))
        return self.thread(thread.id)

    def delete(self, conversation: str) -> Thread:
        """Forget a conversation with its answers. What was handed to the review queue stays there."""
        thread = self.thread(conversation)
        with self.writing() as db:
            db.execute("DELETE FROM conversations WHERE id = ?", (thread.id,))
        return thread

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it or nothing."""
        if not self.folder.is_dir():
            raise LibraryError(f"there is no library in {self.folder}; make one with: assistant ingest FOLDER")
        with closing(database.connect(self.path, HISTORY)) as db:
            db.execute("PRAGMA secure_delete = ON")  # what a user deletes is to be gone from the file
            with database.transaction(db, self.folder, HISTORY):
                yield db

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The database to read from; an empty one where nothing was kept yet."""
        if self.path.exists():
            connection = database.connect(self.path, HISTORY)
        else:
            connection = sqlite3.connect(":memory:")
            for statement in ";".join(HISTORY.migrations).split(";"):
                connection.execute(statement)
        with closing(connection) as db:
            try:
                yield db
            except sqlite3.DatabaseError as error:
                raise database.failure(error, self.folder, HISTORY) from error

    def _threads(self, which: str, values: Sequence[str]) -> list[Thread]:
        with self.reading() as db:
            rows = db.execute(
                "SELECT c.id, c.title, c.created, c.updated, (SELECT count(*) FROM turns WHERE conversation = c.id) "
                f"FROM conversations AS c {which}",
                values,
            )
            return [Thread(*row) for row in rows.fetchall()]
