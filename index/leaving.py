"""Papers that are being removed: out of sight and of every search at once, gone for good after a while.

Until then the removal can be taken back, also after a restart: it stands in the database. Reading leaves them out in
`store`; whoever holds the writer's lock finishes what is due.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from assistant.index import writes
from assistant.index.schema import database_folder

SECONDS = 30.0
"""For which a removal can be taken back."""
OWN = "papers"
"""The folder in the library's that holds the copies of files handed in through the page."""


def leave(db: sqlite3.Connection, paper_ids: Sequence[str], until: float) -> None:
    """Begin to remove papers (whole ids), for good from `until` on (seconds since 1970)."""
    with writes.transaction(db):
        for paper_id in paper_ids:
            db.execute("INSERT OR REPLACE INTO leaving SELECT id, ? FROM papers WHERE id = ?", (until, paper_id))


def take_back(db: sqlite3.Connection, paper_ids: Sequence[str]) -> None:
    """The papers stay."""
    mine = set(all_leaving(db)) & set(paper_ids)
    if mine:
        with writes.transaction(db):
            db.executemany("DELETE FROM leaving WHERE paper_id = ?", [(paper_id,) for paper_id in mine])


def all_leaving(db: sqlite3.Connection) -> dict[str, float]:
    """Paper id -> when it will be gone, the next first."""
    return dict(db.execute("SELECT paper_id, until FROM leaving ORDER BY until, paper_id"))


def finish(db: sqlite3.Connection, now: float) -> int:
    """Forget the papers whose time has come, with their passages and vectors, and the library's own copies of their
    files; how many there were. The caller holds the writer's lock."""
    due = [paper_id for paper_id, until in all_leaving(db).items() if until <= now]
    for paper_id in due:
        copies = own_copies(db, paper_id)
        with writes.transaction(db):
            writes.remove_paper(db, paper_id)
            db.execute("UPDATE tasks SET paper_id = '' WHERE paper_id = ?", (paper_id,))
        for copy in copies:
            with suppress(OSError):
                copy.unlink()
    return len(due)


def own_copies(db: sqlite3.Connection, paper_id: str) -> list[Path]:
    """The paper's files that lie in the library's own folder."""
    own = database_folder(db) / OWN
    rows = db.execute("SELECT path FROM jobs WHERE paper_id = ?", (paper_id,))
    return [path for (raw,) in rows if (path := Path(os.fsdecode(raw))).is_relative_to(own)]
