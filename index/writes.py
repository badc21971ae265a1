"""Changing the library's database. One writer at a time (the caller holds the library's lock); each function that
takes a connection runs inside the transaction of `transaction`, so that a paper is stored whole or not at all."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from assistant.errors import DiskFull, LibraryError
from assistant.index import catalogue
from assistant.index.faults import fault
from assistant.index.parts import parts_json
from assistant.index.schema import database_folder, explain, is_full
from assistant.index.sentences import fts_text
from assistant.index.store import VECTOR_DTYPE, Cache, Job
from assistant.types import Document, Passage, PassageKind

READINGS_KEPT = 2
"""The present reading of a paper and the one before it, to which older answers may still point."""


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All or nothing. Raises DiskFull where the disk is full or fails, LibraryError for what else goes wrong."""
    try:
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
            fault("before-commit")
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
    except sqlite3.IntegrityError:
        raise  # a defect of the program, not of the disk
    except sqlite3.DatabaseError as error:
        kind = DiskFull if is_full(error) else LibraryError
        raise kind(explain(error, database_folder(db))) from error
    fault("after-commit")


def set_setting(db: sqlite3.Connection, name: str, value: str) -> None:
    db.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))


def bump_generation(db: sqlite3.Connection) -> None:
    """Called by every change to what can be found."""
    db.execute(
        "INSERT INTO settings VALUES ('generation', '1') "
        "ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)"
    )


def record_job(db: sqlite3.Connection, job: Job) -> None:
    db.execute(
        "INSERT OR REPLACE INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            os.fsencode(job.path),
            job.size,
            job.mtime_ns,
            job.paper_id,
            job.status,
            job.reason,
            job.transient,
            job.reader,
        ),
    )


def record_caches(db: sqlite3.Connection, caches: Mapping[str, Cache], gone: int) -> None:
    """Say which cache files stand for the library, by name, and forget of the dropped passages the first `gone`, which
    none of these files holds."""
    db.execute("DELETE FROM caches")
    rows = ((n, c.generation, c.sha256, c.passages, c.last, c.tuning) for n, c in caches.items())
    db.executemany(
        "INSERT INTO caches (name, generation, sha256, passages, last, tuning) VALUES (?, ?, ?, ?, ?, ?)", rows
    )
    db.execute("DELETE FROM dropped WHERE n <= ?", (gone,))


def add_paper(
    db: sqlite3.Connection,
    paper_id: str,
    document: Document,
    passages: Sequence[Passage],
    vectors: NDArray[np.float32],
    *,
    reader: str,
    fallback_title: str,
) -> None:
    """Store a paper as read, or read again: then the new reading takes the old one's place in every search, and the
    old one's pages and passages are kept for the answers that point to them.

    `vectors` has a row for each of `findable(passages)`.
    """
    old = db.execute("SELECT reading_id FROM papers WHERE id = ?", (paper_id,)).fetchone()
    parts = json.dumps(parts_json(document))
    reading = db.execute(
        "INSERT INTO readings (paper_id, reader, parts) VALUES (?, ?, ?)", (paper_id, reader, parts)
    ).lastrowid
    assert reading is not None
    db.execute(
        "INSERT INTO papers (id, work_id, title, authors, doi, flags, reader, reading_id, paged) "
        "VALUES (?, ?, '', '[]', '', ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET flags = excluded.flags, "
        "reader = excluded.reader, reading_id = excluded.reading_id, paged = excluded.paged",
        (paper_id, paper_id, json.dumps(document.flags), reader, reading, document.paged),
    )
    catalogue.add(db, paper_id, document, reading=reading, fallback_title=fallback_title)
    _add_pages(db, reading, document)
    fault("inside-commit")
    _add_passages(db, reading, passages)
    index_passages(db, reading, vectors)
    if old:
        _hide_reading(db, old[0])
        _prune_readings(db, paper_id)
    bump_generation(db)


def _add_pages(db: sqlite3.Connection, reading: int, document: Document) -> None:
    for page in document.pages:
        blocks = json.dumps([(b.role, b.start, b.end, b.section, b.level) for b in page.blocks])
        row = (reading, page.number, page.label, page.width, page.height, page.text, blocks, page.quality)
        page_id = db.execute(
            "INSERT INTO pages (reading_id, number, label, width, height, text, blocks, quality) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        ).lastrowid
        db.execute("INSERT INTO char_boxes VALUES (?, ?)", (page_id, page.char_boxes))


def _add_passages(db: sqlite3.Connection, reading: int, passages: Sequence[Passage]) -> None:
    db.executemany(
        "INSERT INTO passages (reading_id, text, section, spans, kind) VALUES (?, ?, ?, ?, ?)",
        [
            (reading, p.text, p.section, json.dumps([(s.page, s.start, s.end) for s in p.spans]), p.kind)
            for p in passages
        ],
    )


def index_passages(db: sqlite3.Connection, reading: int, vectors: NDArray[np.float32]) -> None:
    """Make the passages of a reading, in order, findable by word and by these vectors (n, dimension); the entries of
    its bibliography by word, in an index of their own."""
    query = "SELECT id, text FROM passages WHERE reading_id = ? AND (kind = 'reference') = ? ORDER BY id"
    rows = db.execute(query, (reading, False)).fetchall()
    entries = db.execute(query, (reading, True)).fetchall()
    assert len(rows) == len(vectors)
    for table, texts in (("passages_fts", rows), ("references_fts", entries)):
        db.executemany(f"INSERT INTO {table} (rowid, text) VALUES (?, ?)", [(i, fts_text(text)) for i, text in texts])
    half = vectors.astype(VECTOR_DTYPE)
    db.executemany("INSERT INTO vectors VALUES (?, ?)", [(rows[n][0], half[n].tobytes()) for n in range(len(rows))])
    _count(db, len(rows))


def _count(db: sqlite3.Connection, more: int) -> None:
    """Keep the number of passages that can be found: counting a million takes a second."""
    db.execute(
        "INSERT INTO settings VALUES ('passages', ?) "
        "ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + ? AS TEXT)",
        (str(more), more),
    )


def findable(passages: Sequence[Passage]) -> list[Passage]:
    """Those that every search looks through, each with a vector: all but entries of a bibliography."""
    return [p for p in passages if p.kind is not PassageKind.REFERENCE]


def _hide_reading(db: sqlite3.Connection, reading: int) -> None:
    ids = "(SELECT id FROM passages WHERE reading_id = ?)"
    db.execute(f"DELETE FROM passages_fts WHERE rowid IN {ids}", (reading,))
    db.execute(f"DELETE FROM references_fts WHERE rowid IN {ids}", (reading,))
    db.execute(f"INSERT INTO dropped (passage_id) SELECT passage_id FROM vectors WHERE passage_id IN {ids}", (reading,))
    _count(db, -db.execute(f"DELETE FROM vectors WHERE passage_id IN {ids}", (reading,)).rowcount)


def _prune_readings(db: sqlite3.Connection, paper_id: str) -> None:
    db.execute(
        "DELETE FROM readings WHERE paper_id = ? AND id NOT IN "
        "(SELECT id FROM readings WHERE paper_id = ? ORDER BY id DESC LIMIT ?)",
        (paper_id, paper_id, READINGS_KEPT),
    )


def remove_paper(db: sqlite3.Connection, paper_id: str) -> None:
    """Forget a paper, its passages and its paths; its files are left where they are."""
    for (reading,) in db.execute("SELECT id FROM readings WHERE paper_id = ?", (paper_id,)).fetchall():
        _hide_reading(db, reading)
    catalogue.remove(db, paper_id)
    db.execute("DELETE FROM papers WHERE id = ?", (paper_id,))
    db.execute("DELETE FROM jobs WHERE paper_id = ?", (paper_id,))
    bump_generation(db)


def remove_if_pathless(db: sqlite3.Connection, paper_id: str) -> None:
    """Forget a paper whose last file now holds another one: its place could no longer be shown."""
    if not db.execute("SELECT 1 FROM jobs WHERE paper_id = ?", (paper_id,)).fetchone():
        remove_paper(db, paper_id)


def replace_passages(
    db: sqlite3.Connection, paper_id: str, passages: Sequence[Passage], vectors: NDArray[np.float32]
) -> None:
    """Cut and embed a paper's present reading anew; its pages stay."""
    reading: int = db.execute("SELECT reading_id FROM papers WHERE id = ?", (paper_id,)).fetchone()[0]
    _hide_reading(db, reading)
    db.execute("DELETE FROM passages WHERE reading_id = ?", (reading,))
    _add_passages(db, reading, passages)
    index_passages(db, reading, vectors)
    bump_generation(db)
