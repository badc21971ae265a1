"""Who is signed in, and how often it was tried: SQLite beside the user file.

A session's id is 256 random bits, kept only as its hash: who reads the file cannot take a session over. Knows neither
passwords nor the web.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from assistant import database
from assistant.accounts import ONLY_OWNER
from assistant.database import Format

SESSION_S = 12 * 3600
"""Seconds from signing in to the end of a session: a working day."""
TRIES, TRIES_S = 5, 15 * 60
"""Wrong passwords for one account, and from one address, within so many seconds; then neither may try."""
REMEMBERED_S = 5.0
"""Seconds for which a session that was looked up is known without looking; what another process ends, ends then."""
ID_BYTES = 32

SESSIONS = Format(
    "list of sessions",
    0x50415353,
    (
        """
        CREATE TABLE sessions (id BLOB PRIMARY KEY, user TEXT NOT NULL, expires REAL NOT NULL) WITHOUT ROWID;
        CREATE TABLE tries (who TEXT NOT NULL, at REAL NOT NULL);
        CREATE INDEX tries_who ON tries (who, at)
        """,
    ),
    "delete it: everybody signs in anew",
)


class Sessions:
    """The sessions of a file. Safe to share between threads and processes. `clock`: seconds, for tests."""

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self._clock = clock
        self._seen: dict[bytes, tuple[str, float]] = {}
        self._guard = threading.Lock()

    def begin(self, user: str) -> str:
        """A new session; gives its id, which is kept nowhere else."""
        token, now = secrets.token_urlsafe(ID_BYTES), self._clock()
        with self._writing() as db:
            db.execute("DELETE FROM sessions WHERE expires <= ?", (now,))
            db.execute("INSERT INTO sessions VALUES (?, ?, ?)", (_hash(token), user, now + SESSION_S))
        return token

    def user(self, token: str) -> str | None:
        """Whose session it is; None where there is none, or it has ended."""
        if not token:
            return None
        key, now = _hash(token), self._clock()
        with self._guard:
            user, until = self._seen.get(key, ("", 0.0))
        if now < until:
            return user
        return self._look_up(key, now)

    def _look_up(self, key: bytes, now: float) -> str | None:
        with closing(self._connect()) as db:
            row = db.execute("SELECT user, expires FROM sessions WHERE id = ? AND expires > ?", (key, now)).fetchone()
        with self._guard:
            self._seen = {k: known for k, known in self._seen.items() if known[1] > now and k != key}
            if row is not None:
                self._seen[key] = (row[0], min(row[1], now + REMEMBERED_S))
        return None if row is None else str(row[0])

    def end(self, token: str) -> None:
        """End a session; nothing where there is none."""
        self._forget("id = ?", _hash(token))

    def end_all(self, user: str) -> None:
        """End every session of a user."""
        self._forget("user = ?", user)

    def try_once(self, user: str, address: str) -> bool:
        """Whether one more password may be tried for this account from this address; it counts as a wrong one until
        `forgive`. Counted before it is looked at, so that many tries at once count as many."""
        now = self._clock()
        who = _who(user, address)
        with self._writing() as db:
            db.execute("DELETE FROM tries WHERE at <= ?", (now - TRIES_S,))
            counts = [db.execute("SELECT count(*) FROM tries WHERE who = ?", (w,)).fetchone()[0] for w in who]
            if max(counts) >= TRIES:
                return False
            db.executemany("INSERT INTO tries VALUES (?, ?)", [(w, now) for w in who])
        return True

    def forgive(self, user: str, address: str) -> None:
        """The password was right: what was tried for this account is forgotten, and this try from this address."""
        account, source = _who(user, address)
        latest = "SELECT rowid FROM tries WHERE who = ? ORDER BY at DESC LIMIT 1"
        with self._writing() as db:
            db.execute("DELETE FROM tries WHERE who = ?", (account,))
            db.execute(f"DELETE FROM tries WHERE rowid IN ({latest})", (source,))

    def _forget(self, which: str, value: bytes | str) -> None:
        with self._writing() as db:
            db.execute(f"DELETE FROM sessions WHERE {which}", (value,))
        with self._guard:
            self._seen.clear()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with closing(self._connect()) as db, database.transaction(db, self.path.parent, SESSIONS):
            yield db

    def _connect(self) -> sqlite3.Connection:
        if not self.path.exists():  # SQLite gives its other files the rights of this one
            os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT, ONLY_OWNER))
        return database.connect(self.path, SESSIONS)


def sessions_of(user_file: Path) -> Sessions:
    """The sessions of the accounts in a user file."""
    return Sessions(user_file.with_suffix(".sessions.db"))


def _hash(token: str) -> bytes:
    """A random id needs no slow hash: there is nothing to guess."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _who(user: str, address: str) -> tuple[str, str]:
    return f"user:{user[:64]}", f"address:{address[:64]}"
