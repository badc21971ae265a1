"""The tables of history.db, beside the library's own database. Knows nothing of what the rows mean."""

from __future__ import annotations

from assistant.database import Format

DATABASE = "history.db"

# One script per schema version: script i brings version i to i + 1.
MIGRATIONS = (
    """
    CREATE TABLE conversations (
        id TEXT PRIMARY KEY, title TEXT NOT NULL, created TEXT NOT NULL, updated TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE states (id INTEGER PRIMARY KEY AUTOINCREMENT, generation INTEGER NOT NULL, papers INTEGER NOT NULL);
    CREATE TABLE state_papers (paper_id TEXT NOT NULL, title TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER);
    CREATE INDEX state_papers_open ON state_papers (until, paper_id);
    CREATE TABLE turns (
        id TEXT PRIMARY KEY, conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
        n INTEGER NOT NULL, mode TEXT NOT NULL, status TEXT NOT NULL, question TEXT NOT NULL,
        standalone TEXT NOT NULL, answer TEXT, settings TEXT NOT NULL, state INTEGER NOT NULL, created TEXT NOT NULL,
        words TEXT NOT NULL, UNIQUE (conversation, n)
    ) WITHOUT ROWID;
    CREATE TABLE feedback (
        id INTEGER PRIMARY KEY AUTOINCREMENT, turn TEXT NOT NULL, kind TEXT NOT NULL, step INTEGER, evidence INTEGER,
        text TEXT NOT NULL, snapshot TEXT NOT NULL, created TEXT NOT NULL, blind TEXT, label TEXT, claim TEXT NOT NULL,
        quote INTEGER, reviewed TEXT
    )
    """,
    """
    ALTER TABLE feedback ADD COLUMN note TEXT NOT NULL DEFAULT ''
    """,
)
HISTORY = Format(
    "history",
    0x50415048,
    MIGRATIONS,
    "restore history.db from a copy, or move it away to begin a new one; the papers are not touched",
)
