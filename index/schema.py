"""The library's database file: its tables, how it is opened, how an older one is brought up to date.

Knows nothing of what the rows mean; `store` reads them and `writes` changes them.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from assistant import database
from assistant.database import is_full
from assistant.index.sentences import fts_text

__all__ = ["DATABASE", "MIGRATIONS", "TOKENIZER", "connect", "database_folder", "explain", "is_full"]

DATABASE = "library.db"
APPLICATION_ID = 0x50415042
TOKENIZER = "porter unicode61"
"""Of the full-text index, as migration 0 made it."""

WORDS_ANEW = """
    UPDATE passages_fts SET text = (SELECT fts_text(passages.text) FROM passages WHERE id = passages_fts.rowid)
    WHERE text != (SELECT fts_text(passages.text) FROM passages WHERE id = passages_fts.rowid);
    UPDATE references_fts SET text = (SELECT fts_text(passages.text) FROM passages WHERE id = references_fts.rowid)
    WHERE text != (SELECT fts_text(passages.text) FROM passages WHERE id = references_fts.rowid);
    DELETE FROM caches
    """
"""The migration to add (again) after every change of `fts_text`: the word index of an older library then holds what
queries are made of now. Passages that are spelled as before are not written."""

# One script per schema version: script i brings version i to i + 1.
MIGRATIONS = (
    """
    CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE papers (
        id TEXT PRIMARY KEY, work_id TEXT NOT NULL, title TEXT NOT NULL, authors TEXT NOT NULL, year INTEGER,
        doi TEXT NOT NULL, flags TEXT NOT NULL, reader TEXT NOT NULL, reading_id INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE readings (
        id INTEGER PRIMARY KEY AUTOINCREMENT, paper_id TEXT NOT NULL REFERENCES papers (id) ON DELETE CASCADE
            DEFERRABLE INITIALLY DEFERRED,
        reader TEXT NOT NULL
    );
    CREATE INDEX readings_paper ON readings (paper_id);
    CREATE TABLE pages (
        id INTEGER PRIMARY KEY, reading_id INTEGER NOT NULL REFERENCES readings (id) ON DELETE CASCADE,
        number INTEGER NOT NULL, label TEXT NOT NULL, width REAL NOT NULL, height REAL NOT NULL, text TEXT NOT NULL,
        blocks TEXT NOT NULL, UNIQUE (reading_id, number)
    );
    CREATE TABLE char_boxes (
        page_id INTEGER PRIMARY KEY REFERENCES pages (id) ON DELETE CASCADE, data BLOB NOT NULL
    );
    CREATE TABLE passages (
        id INTEGER PRIMARY KEY AUTOINCREMENT, reading_id INTEGER NOT NULL REFERENCES readings (id) ON DELETE CASCADE,
        text TEXT NOT NULL, section TEXT NOT NULL, spans TEXT NOT NULL
    );
    CREATE INDEX passages_reading ON passages (reading_id);
    CREATE TABLE vectors (
        passage_id INTEGER PRIMARY KEY REFERENCES passages (id) ON DELETE CASCADE, data BLOB NOT NULL
    );
    CREATE VIRTUAL TABLE passages_fts USING fts5 (text, tokenize = 'porter unicode61');
    CREATE TABLE jobs (
        path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, paper_id TEXT NOT NULL,
        status TEXT NOT NULL, reason TEXT NOT NULL, transient INTEGER NOT NULL, reader TEXT NOT NULL
    );
    CREATE INDEX jobs_paper ON jobs (paper_id);
    CREATE TABLE caches (
        name TEXT PRIMARY KEY, generation INTEGER NOT NULL, sha256 TEXT NOT NULL, passages INTEGER NOT NULL
    ) WITHOUT ROWID;
    """,
    """
    ALTER TABLE papers ADD COLUMN arxiv TEXT NOT NULL DEFAULT '';
    ALTER TABLE papers ADD COLUMN pmid TEXT NOT NULL DEFAULT '';
    ALTER TABLE papers ADD COLUMN venue TEXT NOT NULL DEFAULT '';
    ALTER TABLE papers ADD COLUMN paged INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE readings ADD COLUMN parts TEXT NOT NULL DEFAULT '{"tables": [], "figures": [], "references": []}';
    ALTER TABLE pages ADD COLUMN quality TEXT NOT NULL DEFAULT 'text';
    ALTER TABLE passages ADD COLUMN kind TEXT NOT NULL DEFAULT 'text';
    CREATE VIRTUAL TABLE references_fts USING fts5 (text, tokenize = 'porter unicode61')
    """,
    """
    ALTER TABLE papers ADD COLUMN source TEXT NOT NULL DEFAULT '';
    CREATE INDEX papers_work ON papers (work_id);
    CREATE TABLE records (
        paper_id TEXT NOT NULL REFERENCES papers (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
        source TEXT NOT NULL, data TEXT NOT NULL, note TEXT NOT NULL, PRIMARY KEY (paper_id, source)
    ) WITHOUT ROWID;
    INSERT INTO records SELECT id, 'read', json_object('title', title, 'authors', json(authors), 'year', year,
        'doi', doi, 'arxiv', arxiv, 'pmid', pmid, 'venue', venue), title FROM papers;
    CREATE TABLE work_keys (key INTEGER, paper_id TEXT, PRIMARY KEY (key, paper_id)) WITHOUT ROWID;
    CREATE INDEX work_keys_paper ON work_keys (paper_id);
    CREATE TABLE signatures (paper_id TEXT PRIMARY KEY, data BLOB NOT NULL, shingles INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE cited (
        key INTEGER, reading_id INTEGER REFERENCES readings (id) ON DELETE CASCADE, PRIMARY KEY (key, reading_id)
    ) WITHOUT ROWID;
    CREATE INDEX cited_reading ON cited (reading_id);
    CREATE TABLE bibliographies (
        path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, fault TEXT NOT NULL,
        entries TEXT NOT NULL
    )
    """,
    WORDS_ANEW,
    """
    CREATE TABLE tasks (
        id INTEGER PRIMARY KEY AUTOINCREMENT, path BLOB NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL,
        sha256 TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL, page INTEGER NOT NULL DEFAULT 0,
        pages INTEGER NOT NULL DEFAULT 0, paper_id TEXT NOT NULL DEFAULT '', attempts INTEGER NOT NULL DEFAULT 0,
        added REAL NOT NULL, begun REAL, ended REAL
    );
    CREATE TABLE leaving (
        paper_id TEXT PRIMARY KEY REFERENCES papers (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
        until REAL NOT NULL
    ) WITHOUT ROWID
    """,
    """
    DELETE FROM caches;
    ALTER TABLE caches ADD COLUMN last INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE caches ADD COLUMN tuning TEXT NOT NULL DEFAULT '';
    CREATE TABLE dropped (n INTEGER PRIMARY KEY AUTOINCREMENT, passage_id INTEGER NOT NULL);
    INSERT OR REPLACE INTO settings SELECT 'passages', count(*) FROM vectors
    """,
)
SCHEMA = len(MIGRATIONS)


def _format() -> database.Format:
    instead = "restore it from a copy or ingest into another folder"
    return database.Format("library", APPLICATION_ID, MIGRATIONS, instead, {"fts_text": fts_text})


def connect(folder: Path) -> sqlite3.Connection:
    """A connection to the folder's database, made and migrated where needed. Transactions are the caller's.

    Raises LibraryError for a file that is no library or is damaged, LibraryTooNew for a newer schema.
    """
    return database.connect(folder / DATABASE, _format())


def explain(error: sqlite3.DatabaseError, folder: Path) -> str:
    """One sentence on what keeps a library from being opened or written, and what to do."""
    return database.explain(error, folder, _format())


def database_folder(db: sqlite3.Connection) -> Path:
    """The library folder that a connection belongs to."""
    return Path(db.execute("PRAGMA database_list").fetchone()[2]).parent
