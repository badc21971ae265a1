"""What is known of papers beside their text, in the database: the records of each source, which files are one work,
what cites what. Each change runs inside the caller's transaction (`writes.transaction`), so that it holds or fails with
the paper it belongs to.

Of several records of a paper the later source wins, field by field: what was read, the user's bibliography, the user's
own edits. A work is named by the smallest id among its papers: the same whatever the order they came in.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from assistant.index.records.citing import reference_keys
from assistant.index.records.record import Record
from assistant.index.records.works import Facts, Signature, components, keys, running_text, same_work, signature
from assistant.types import Document, Reference

READ, BIBLIOGRAPHY, EDIT = "read", "bibliography", "edit"
_SOURCES = (READ, BIBLIOGRAPHY, EDIT)
_SIGNATURE = np.dtype("<u4")


def add(db: sqlite3.Connection, paper_id: str, document: Document, *, reading: int, fallback_title: str) -> None:
    """Take up a paper as read, or read again: its record, its work, whom it cites."""
    read = Record(**{f.name: getattr(document, f.name) for f in fields(Record)})
    _put(db, paper_id, READ, read, fallback_title)
    _put_signature(db, paper_id, signature(running_text(document.pages)))
    _cite(db, reading, document.references)
    settle(db, paper_id)


def _put(db: sqlite3.Connection, paper_id: str, source: str, record: Record, note: str) -> None:
    said = {name: value for name, value in asdict(record).items() if value}
    db.execute("INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?)", (paper_id, source, json.dumps(said), note))


def put_record(db: sqlite3.Connection, paper_id: str, source: str, record: Record | None, note: str = "") -> bool:
    """Replace what a source (BIBLIOGRAPHY or EDIT) says of a paper, None for nothing; whether that changed anything."""
    before = record_of(db, paper_id, source)
    if before == (record, note) or (before is None and record is None):
        return False
    if record is None:
        db.execute("DELETE FROM records WHERE paper_id = ? AND source = ?", (paper_id, source))
    else:
        _put(db, paper_id, source, record, note)
    settle(db, paper_id)
    return True


def record_of(db: sqlite3.Connection, paper_id: str, source: str) -> tuple[Record, str] | None:
    """What one source says of a paper, and its note (the entry of a bibliography); None for nothing."""
    return _records(db, paper_id).get(source)


def _records(db: sqlite3.Connection, paper_id: str) -> dict[str, tuple[Record, str]]:
    rows = db.execute("SELECT source, data, note FROM records WHERE paper_id = ?", (paper_id,))
    return {source: (record_from(json.loads(data)), note) for source, data, note in rows}


def record_from(said: dict[str, Any]) -> Record:
    """A record from its fields as JSON has them; those that are empty are left out."""
    return Record(
        **{name: value for name, value in said.items() if value} | {"authors": tuple(said.get("authors", ()))}
    )


def known(db: sqlite3.Connection, paper_id: str, *, without: str = "") -> Record:
    """A paper's record, all sources together but one; without the file's name that stands for a title."""
    said: dict[str, Any] = {}
    records = _records(db, paper_id)
    for source in _SOURCES:
        if source in records and source != without:
            said |= {name: value for name, value in asdict(records[source][0]).items() if value}
    return record_from(said)


def settle(db: sqlite3.Connection, paper_id: str) -> None:
    """Bring a paper's row and its work up to date with its records."""
    record, records = known(db, paper_id), _records(db, paper_id)
    fallback = records[READ][1] if READ in records else ""
    source = "; ".join(records[name][1] for name in (BIBLIOGRAPHY, EDIT) if name in records)
    db.execute(
        "UPDATE papers SET title = ?, authors = ?, year = ?, doi = ?, arxiv = ?, pmid = ?, venue = ?, source = ? "
        "WHERE id = ?",
        (
            record.title or fallback,
            json.dumps(record.authors),
            record.year,
            record.doi,
            record.arxiv,
            record.pmid,
            record.venue,
            source,
            paper_id,
        ),
    )
    _regroup(db, paper_id)


def remove(db: sqlite3.Connection, paper_id: str) -> None:
    """Forget a paper's place in its work; the work's other papers find their name anew. The paper's row goes after."""
    others = [other for other in work_of(db, paper_id) if other != paper_id]
    db.execute("DELETE FROM work_keys WHERE paper_id = ?", (paper_id,))
    db.execute("DELETE FROM signatures WHERE paper_id = ?", (paper_id,))
    _split(db, others)


def work_of(db: sqlite3.Connection, paper_id: str) -> list[str]:
    """The ids of the papers of a paper's work, with its own."""
    query = "SELECT id FROM papers WHERE work_id = (SELECT work_id FROM papers WHERE id = ?) ORDER BY id"
    return [row[0] for row in db.execute(query, (paper_id,))]


def _regroup(db: sqlite3.Connection, paper_id: str) -> None:
    """Give a paper that is new, or of which something else is known now, its place among the works."""
    _split(db, [other for other in work_of(db, paper_id) if other != paper_id])
    facts = facts_of(db, paper_id)
    db.execute("DELETE FROM work_keys WHERE paper_id = ?", (paper_id,))
    db.executemany("INSERT INTO work_keys VALUES (?, ?)", [(key, paper_id) for key in keys(facts)])
    work = {paper_id}
    for other in papers_with(db, keys(facts)):
        if other not in work and same_work(facts, facts_of(db, other)):
            work.update(work_of(db, other))
    _name(db, work)


def _split(db: sqlite3.Connection, paper_ids: Sequence[str]) -> None:
    """Papers that were one work without a reason that may now be gone: each of the works among them gets its name."""
    for work in components([(paper_id, facts_of(db, paper_id)) for paper_id in paper_ids]):
        _name(db, work)


def _name(db: sqlite3.Connection, work: Iterable[str]) -> None:
    work = sorted(work)
    db.executemany("UPDATE papers SET work_id = ? WHERE id = ?", [(work[0], paper_id) for paper_id in work])


def facts_of(db: sqlite3.Connection, paper_id: str) -> Facts:
    row = db.execute("SELECT data, shingles FROM signatures WHERE paper_id = ?", (paper_id,)).fetchone()
    sign = None if row is None else Signature(np.frombuffer(row[0], dtype=_SIGNATURE), row[1])
    return Facts(known(db, paper_id), sign)


def papers_with(db: sqlite3.Connection, wanted: Iterable[int]) -> list[str]:
    """The papers that have one of these keys, by id."""
    found: set[str] = set()
    for key in wanted:
        found.update(row[0] for row in db.execute("SELECT paper_id FROM work_keys WHERE key = ?", (key,)))
    return sorted(found)


def _put_signature(db: sqlite3.Connection, paper_id: str, sign: Signature | None) -> None:
    db.execute("DELETE FROM signatures WHERE paper_id = ?", (paper_id,))
    if sign is not None:
        data = sign.values.astype(_SIGNATURE).tobytes()
        db.execute("INSERT INTO signatures VALUES (?, ?, ?)", (paper_id, data, sign.shingles))


def _cite(db: sqlite3.Connection, reading: int, references: Iterable[Reference]) -> None:
    cited = {key for reference in references for key in reference_keys(reference)}
    db.executemany("INSERT INTO cited VALUES (?, ?)", [(key, reading) for key in cited])


def papers_citing(db: sqlite3.Connection, wanted: Iterable[int]) -> list[str]:
    """The papers whose list of references has one of these keys: candidates, for `citing.resolve` to decide."""
    query = "SELECT papers.id FROM cited JOIN papers USING (reading_id) WHERE key = ?"
    return sorted({row[0] for key in wanted for row in db.execute(query, (key,))})


def places(db: sqlite3.Connection) -> dict[str, list[Path]]:
    """Paper id -> where its files lie; papers without a file have none."""
    found: dict[str, list[Path]] = {}
    for paper_id, path in db.execute("SELECT papers.id, path FROM papers JOIN jobs ON jobs.paper_id = papers.id"):
        found.setdefault(paper_id, []).append(Path(os.fsdecode(path)))
    return found


def bibliographies(db: sqlite3.Connection) -> list[tuple[Path, int, int, str, str]]:
    """The user's bibliographies as last read: path, size, mtime in nanoseconds, fault, entries as JSON."""
    rows = db.execute("SELECT path, size, mtime_ns, fault, entries FROM bibliographies ORDER BY path")
    return [(Path(os.fsdecode(path)), *rest) for path, *rest in rows]


def put_bibliography(db: sqlite3.Connection, path: Path, size: int, mtime_ns: int, fault: str, entries: str) -> None:
    row = (os.fsencode(path), size, mtime_ns, fault, entries)
    db.execute("INSERT OR REPLACE INTO bibliographies VALUES (?, ?, ?, ?, ?)", row)


def drop_bibliography(db: sqlite3.Connection, path: Path) -> None:
    db.execute("DELETE FROM bibliographies WHERE path = ?", (os.fsencode(path),))
