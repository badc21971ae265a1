"""The files handed in to be read, and how far each has come: rows of the library's database, read and changed here.

Knows no reading: who reads tells it. Each change is a transaction of its own and needs no writer's lock, so that a file
can be handed in or cancelled while others are read.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from assistant.index import writes
from assistant.types import Task, TaskState

RUNNING = (TaskState.READING, TaskState.EMBEDDING)
UNFINISHED = (TaskState.WAITING, *RUNNING)
ATTEMPTS = 2
"""Times that a file is taken up by itself when the program ended while it was read; a third could end it again."""
_COLUMNS = "id, name, path, size, state, added, reason, page, pages, paper_id, sha256, attempts, begun, ended"


def all_tasks(db: sqlite3.Connection) -> list[Task]:
    """Every task, the one handed in last first."""
    return [_task(row) for row in db.execute(f"SELECT {_COLUMNS} FROM tasks ORDER BY id DESC")]


def get(db: sqlite3.Connection, task_id: int) -> Task | None:
    row = db.execute(f"SELECT {_COLUMNS} FROM tasks WHERE id = ?", (task_id,)).fetchone()
    return _task(row) if row else None


def waiting(db: sqlite3.Connection, limit: int) -> list[Task]:
    """Those that come next, in order."""
    query = f"SELECT {_COLUMNS} FROM tasks WHERE state = ? ORDER BY id LIMIT ?"
    return [_task(row) for row in db.execute(query, (TaskState.WAITING, limit))]


def unfinished_with(db: sqlite3.Connection, sha256: str) -> Task | None:
    """A task with the same bytes that is still to be read, or being read."""
    query = f"SELECT {_COLUMNS} FROM tasks WHERE sha256 = ? AND state IN (?, ?, ?) LIMIT 1"
    row = db.execute(query, (sha256, *UNFINISHED)).fetchone()
    return _task(row) if row else None


def add(db: sqlite3.Connection, task: Task) -> Task:
    """Keep a new task; its id is the one given back."""
    path = os.fsencode(task.path) if task.path else b""
    row = (path, task.name, task.size, task.sha256, task.state, task.reason, task.paper_id, task.added, task.ended)
    with writes.transaction(db):
        added = db.execute(
            "INSERT INTO tasks (path, name, size, sha256, state, reason, paper_id, added, ended) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        ).lastrowid
    assert added is not None
    kept = get(db, added)
    assert kept is not None
    return kept


def begin(db: sqlite3.Connection, task_id: int, now: float) -> bool:
    """It is being read from now on; False where it has been cancelled meanwhile."""
    change = "state = ?, begun = ?, attempts = attempts + 1, page = 0, pages = 0, reason = ''"
    return _change(db, task_id, (TaskState.WAITING,), change, (TaskState.READING, now))


def advance(db: sqlite3.Connection, task_id: int, state: TaskState, page: int, pages: int) -> bool:
    """How far it has come; False where it has been cancelled meanwhile."""
    return _change(db, task_id, RUNNING, "state = ?, page = ?, pages = ?", (state, page, pages))


def end(
    db: sqlite3.Connection, task_id: int, state: TaskState, now: float, *, reason: str = "", paper_id: str = ""
) -> None:
    """It is done with, one way or another."""
    change = "state = ?, ended = ?, reason = ?, paper_id = ?, begun = coalesce(begun, ?)"
    _change(db, task_id, tuple(TaskState), change, (state, now, reason, paper_id, now))


def cancel(db: sqlite3.Connection, task_id: int, now: float) -> bool:
    """Whether it was still to be read, or being read."""
    return _change(db, task_id, UNFINISHED, "state = ?, ended = ?", (TaskState.CANCELLED, now))


def again(db: sqlite3.Connection, task_id: int) -> bool:
    """Put an ended one back into the queue; False where it is in it, or its file was not kept."""
    ended = tuple(state for state in TaskState if state not in UNFINISHED)
    change = "state = ?, reason = '', page = 0, pages = 0, attempts = 0, begun = NULL, ended = NULL"
    return _change(db, task_id, ended, change, (TaskState.WAITING,), also="AND path != x''")


def requeue(db: sqlite3.Connection, task_ids: Iterable[int], *, reason: str = "") -> None:
    """What was begun and not ended waits again."""
    for task_id in task_ids:
        _change(db, task_id, RUNNING, "state = ?, begun = NULL, attempts = 0", (TaskState.WAITING,))
        if reason:
            _change(db, task_id, (TaskState.WAITING,), "reason = ?", (reason,))


def recover(db: sqlite3.Connection, now: float) -> None:
    """What was being read when the program ended, or when nothing could be written down, waits again; where that has
    happened before, it is for the user to decide. Called where nothing is being read."""
    if not db.execute("SELECT 1 FROM tasks WHERE state IN (?, ?) LIMIT 1", RUNNING).fetchone():
        return
    with writes.transaction(db):
        db.execute(
            "UPDATE tasks SET state = CASE WHEN attempts < ? THEN 'waiting' ELSE 'interrupted' END, "
            "begun = CASE WHEN attempts < ? THEN NULL ELSE begun END, "
            "ended = CASE WHEN attempts < ? THEN NULL ELSE ? END WHERE state IN (?, ?)",
            (ATTEMPTS, ATTEMPTS, ATTEMPTS, now, *RUNNING),
        )


def forget(db: sqlite3.Connection, task_ids: Sequence[int]) -> None:
    """Strike ended tasks off the list, and what is kept of files that failed."""
    with writes.transaction(db):
        for task_id in task_ids:
            row = db.execute("SELECT path, state FROM tasks WHERE id = ?", (task_id,)).fetchone()
            if row and TaskState(row[1]) not in UNFINISHED:
                db.execute("DELETE FROM jobs WHERE path = ? AND paper_id = ''", (row[0],))
                db.execute("DELETE FROM tasks WHERE id = ?", (task_id,))


def read_again(db: sqlite3.Connection, paper_ids: Iterable[str]) -> None:
    """The next ingest of these papers' files reads them anew, though they have not changed."""
    with writes.transaction(db):
        db.executemany("UPDATE papers SET reader = '' WHERE id = ?", [(paper_id,) for paper_id in paper_ids])


def _change(
    db: sqlite3.Connection,
    task_id: int,
    states: Sequence[TaskState],
    change: str,
    values: tuple[Any, ...],
    *,
    also: str = "",
) -> bool:
    marks = ", ".join("?" * len(states))
    with writes.transaction(db):
        query = f"UPDATE tasks SET {change} WHERE id = ? AND state IN ({marks}) {also}"
        return db.execute(query, (*values, task_id, *states)).rowcount > 0


def _task(row: Sequence[Any]) -> Task:
    task_id, name, path, size, state, *rest = row
    return Task(task_id, name, Path(os.fsdecode(path)) if path else None, size, TaskState(state), *rest)
