"""Reading the library's database: papers, pages, passages, vectors, and the full-text index over the passages.

The database is the only truth. What changes it is in `writes`; this module never writes a row, and knows neither
FAISS nor embedders. Each thread gets a connection of its own.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import LibraryError, UsageError
from assistant.index import schema
from assistant.index.parts import decode_parts
from assistant.index.sentences import fts_text
from assistant.types import (
    Block,
    Document,
    Figure,
    FileStatus,
    Filters,
    Page,
    PageQuality,
    Paper,
    Passage,
    PassageKind,
    Reference,
    Role,
    Span,
    Table,
)

VECTOR_DTYPE = np.dtype("<f2")
MAX_VARIABLES = 900
"""SQLite's old limit on ? in one statement is 999."""


@dataclass(frozen=True, slots=True)
class Job:
    """What became of the file at `path` when it had this size and mtime. `paper_id` is "" where it was not hashed."""

    path: Path
    size: int
    mtime_ns: int
    paper_id: str
    status: str
    reason: str
    transient: bool
    reader: str


@dataclass(frozen=True, slots=True)
class Cache:
    """The record of a cache file: made at `generation`, with this SHA-256 and number of passages."""

    generation: int
    sha256: str
    passages: int


class Store:
    """The database of one library folder, for reading."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        self.db.execute("SELECT 1")

    @property
    def db(self) -> sqlite3.Connection:
        """This thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = schema.connect(self.folder)
            self._local.connection = connection
            with self._guard:
                self._opened.append(connection)
        return connection

    def close(self) -> None:
        """Close this thread's connection; those of ended threads close with them."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is not None:
            del self._local.connection
            with self._guard:
                self._opened.remove(connection)
            connection.close()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Within it this thread reads one state of the library, whatever is written meanwhile."""
        if self.db.in_transaction:
            yield
            return
        self.db.execute("BEGIN")
        try:
            self.db.execute("SELECT 1 FROM settings LIMIT 1").fetchall()
            yield
        finally:
            self.db.execute("ROLLBACK")

    # settings

    def setting(self, name: str) -> str:
        """The value, "" where none is set."""
        row = self.db.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    @property
    def generation(self) -> int:
        """Counts the changes to what can be found; a cache of another generation is stale."""
        return int(self.setting("generation") or 0)

    @property
    def dimension(self) -> int:
        return int(self.setting("dimension") or 0)

    def cache(self, name: str) -> Cache | None:
        row = self.db.execute("SELECT generation, sha256, passages FROM caches WHERE name = ?", (name,)).fetchone()
        return Cache(*row) if row else None

    # papers and files

    @property
    def n_papers(self) -> int:
        return int(self.db.execute(f"SELECT count(*) FROM papers WHERE {_STAYING}").fetchone()[0])

    @property
    def n_works(self) -> int:
        """Papers, those of one work counted once."""
        return int(self.db.execute(f"SELECT count(DISTINCT work_id) FROM papers WHERE {_STAYING}").fetchone()[0])

    def papers(self, paper_id: str = "") -> list[Paper]:
        """All papers by title but those that are being removed, or the one with this id."""
        where, values = ("WHERE id = ?", (paper_id,)) if paper_id else (f"WHERE {_STAYING}", ())
        rows = self.db.execute(
            "SELECT id, work_id, title, authors, year, doi, flags, "
            "(SELECT count(*) FROM pages WHERE pages.reading_id = papers.reading_id), "
            "(SELECT count(*) FROM passages WHERE passages.reading_id = papers.reading_id AND kind != 'reference'), "
            "arxiv, pmid, venue, paged, source "
            f"FROM papers {where}",
            values,
        ).fetchall()
        papers = (_paper(row, self._paths(row[0])) for row in rows)
        return sorted(papers, key=lambda p: (p.title.casefold(), p.id))

    def paper(self, prefix: str) -> Paper:
        """The paper whose id begins with `prefix`. Raises UsageError where there is none, or more than one."""
        rows = self.db.execute(
            "SELECT id FROM papers WHERE substr(id, 1, ?) = ?", (len(prefix), prefix.lower())
        ).fetchall()
        if len(rows) != 1 or not prefix:
            fault = f"{len(rows)} papers have" if rows and prefix else "no paper has"
            raise UsageError(f"{fault} an id that begins with {prefix!r}; `assistant papers` lists the ids")
        return self.papers(rows[0][0])[0]

    def _paths(self, paper_id: str) -> tuple[Path, ...]:
        rows = self.db.execute("SELECT path FROM jobs WHERE paper_id = ? ORDER BY path", (paper_id,))
        return tuple(Path(os.fsdecode(row[0])) for row in rows)

    def jobs(self) -> dict[Path, Job]:
        """Every file ever offered, by absolute path."""
        rows = self.db.execute("SELECT path, size, mtime_ns, paper_id, status, reason, transient, reader FROM jobs")
        jobs = (Job(Path(os.fsdecode(r[0])), r[1], r[2], r[3], r[4], r[5], bool(r[6]), r[7]) for r in rows)
        return {job.path: job for job in jobs}

    def readers(self) -> dict[str, str]:
        """Paper id -> version of the reader that read it."""
        return dict(self.db.execute("SELECT id, reader FROM papers"))

    def flagged(self) -> list[tuple[str, tuple[str, ...]]]:
        """(paper id, flags) of the papers that have any."""
        rows = self.db.execute("SELECT id, flags FROM papers WHERE flags != '[]'")
        return [(paper_id, tuple(json.loads(flags))) for paper_id, flags in rows]

    def page_ids(self, paper_id: str) -> dict[int, int]:
        """Page number -> row of the page in the paper's present reading."""
        query = "SELECT number, pages.id FROM pages JOIN papers USING (reading_id) WHERE papers.id = ? ORDER BY number"
        return dict(self.db.execute(query, (paper_id,)))

    def pages(self, paper_id: str) -> Iterator[Page]:
        """The pages of a paper's present reading, in order."""
        for page_id in self.page_ids(paper_id).values():
            yield self._page("pages.id = ?", (page_id,))

    def some_pages(self, paper_id: str, first: int, count: int) -> list[Page]:
        """The pages of a paper's present reading with a number from `first` on, at most `count`."""
        ids = [page_id for number, page_id in self.page_ids(paper_id).items() if number >= first]
        return [self._page("pages.id = ?", (page_id,)) for page_id in ids[:count]]

    def page_of(self, passage_id: int, number: int) -> Page:
        """Page `number` of the reading that the passage belongs to, so that its offsets fit."""
        where = "number = ? AND reading_id = (SELECT reading_id FROM passages WHERE id = ?)"
        return self._page(where, (number, passage_id))

    def _page(self, where: str, values: tuple[int, ...]) -> Page:
        # `where` is one of the two constants above
        query = (
            "SELECT number, label, width, height, text, blocks, data, quality FROM pages "
            f"LEFT JOIN char_boxes ON page_id = pages.id WHERE {where}"
        )
        row = self.db.execute(query, values).fetchone()
        if row is None:
            raise LibraryError("a passage's page is gone; run `assistant doctor --fix`")
        blocks = tuple(Block(Role(b[0]), *b[1:]) for b in json.loads(row[5]))
        return Page(row[0], row[1], row[2], row[3], row[4], blocks, row[6] or b"", PageQuality(row[7]))

    def document(self, paper_id: str) -> Document:
        """A paper's present reading, whole."""
        paper = self.paper(paper_id)
        pages = tuple(self.pages(paper.id))
        tables, figures, references = self._parts(paper.id, {page.number: len(page.text) for page in pages})
        return Document(
            pages,
            paper.title,
            paper.authors,
            paper.year,
            paper.doi,
            paper.flags,
            paper.arxiv,
            paper.pmid,
            paper.venue,
            tables,
            figures,
            references,
            paper.paged,
        )

    def references(self, paper_id: str) -> tuple[Reference, ...]:
        """The entries of a paper's list of references, in order."""
        query = "SELECT number, length(text) FROM pages JOIN papers USING (reading_id) WHERE papers.id = ?"
        return self._parts(paper_id, dict(self.db.execute(query, (paper_id,))))[2]

    def _parts(
        self, paper_id: str, lengths: Mapping[int, int]
    ) -> tuple[tuple[Table, ...], tuple[Figure, ...], tuple[Reference, ...]]:
        query = "SELECT parts FROM readings JOIN papers ON papers.reading_id = readings.id WHERE papers.id = ?"
        return decode_parts(json.loads(self.db.execute(query, (paper_id,)).fetchone()[0]), lengths)

    # search

    @property
    def n_passages(self) -> int:
        """Passages that can be found."""
        return int(self.db.execute("SELECT count(*) FROM vectors").fetchone()[0])

    def passages(self, ids: Sequence[int]) -> dict[int, Passage]:
        """Those of `ids` that exist, with their spans but without boxes."""
        found: dict[int, Passage] = {}
        for chunk in _chunks(ids):
            query = (
                "SELECT passages.id, paper_id, text, spans, section, kind FROM passages "
                f"JOIN readings ON readings.id = reading_id WHERE passages.id IN ({_marks(chunk)})"
            )
            for row in self.db.execute(query, chunk):
                spans = tuple(Span(*span) for span in json.loads(row[3]))
                found[row[0]] = Passage(row[1], row[2], spans, row[4], row[0], PassageKind(row[5]))
        return found

    def passages_of(self, paper_id: str) -> list[Passage]:
        """The passages of a paper's present reading, in order, entries of its bibliography last."""
        query = (
            "SELECT passages.id FROM passages JOIN papers USING (reading_id) WHERE papers.id = ? ORDER BY passages.id"
        )
        ids = [row[0] for row in self.db.execute(query, (paper_id,))]
        found = self.passages(ids)
        return [found[i] for i in ids]

    def lexical(self, match: str, limit: int, filters: Filters) -> list[tuple[int, float]]:
        """Best passages for an FTS5 query with their BM25 scores (higher is better), best first; each kind of text
        by the word counts of its own."""
        where, values = self._where(filters)
        found: list[tuple[int, float]] = []
        for table in ("passages_fts", "references_fts") if filters.references else ("passages_fts",):
            query = f"SELECT rowid, -bm25({table}) FROM {table} WHERE {table} MATCH ? "
            if where:
                query += f"AND rowid IN ({_ALLOWED} WHERE {where}) "
            found += self.db.execute(query + "ORDER BY rank, rowid LIMIT ?", (match, *values, limit)).fetchall()
        return sorted(found, key=lambda hit: (-hit[1], hit[0]))[:limit]

    def allowed(self, filters: Filters) -> NDArray[np.int64] | None:
        """Ids of the passages that pass the filters, ascending; None where there is nothing to filter."""
        where, values = self._where(filters)
        if not where:
            return None
        rows = self.db.execute(f"{_ALLOWED} WHERE {where} ORDER BY passages.id", values)
        return np.fromiter((row[0] for row in rows), dtype=np.int64)

    def _where(self, filters: Filters) -> tuple[str, list[str | int]]:
        """The filters as SQL; while papers are being removed, also that it is none of those."""
        where, values = _where(filters)
        if self.db.execute("SELECT 1 FROM leaving LIMIT 1").fetchone():
            where = f"{where} AND {_STAYING}" if where else _STAYING
        return where, values

    def document_frequency(self, match: str) -> int:
        """Number of passages that an FTS5 query matches."""
        query = "SELECT count(*) FROM passages_fts WHERE passages_fts MATCH ?"
        return int(self.db.execute(query, (match,)).fetchone()[0])

    def containing(self, match: str, ids: Sequence[int]) -> set[int]:
        """Those of `ids` that an FTS5 query matches."""
        found: set[int] = set()
        for chunk in _chunks(ids):
            for table in ("passages_fts", "references_fts"):
                query = f"SELECT rowid FROM {table} WHERE {table} MATCH ? AND rowid IN ({_marks(chunk)})"
                found.update(row[0] for row in self.db.execute(query, (match, *chunk)))
        return found

    def vectors(self) -> tuple[NDArray[np.int64], NDArray[np.float16]]:
        """Ids (n,) ascending and vectors (n, dimension) of all passages that can be found."""
        count, dimension = self.n_passages, self.dimension
        ids = np.empty(count, dtype=np.int64)
        matrix = np.empty((count, dimension), dtype=VECTOR_DTYPE)
        rows = self.db.execute("SELECT passage_id, data FROM vectors ORDER BY passage_id")
        for i, (passage_id, data) in enumerate(rows):
            ids[i] = passage_id
            matrix[i] = np.frombuffer(data, dtype=VECTOR_DTYPE)
        return ids, matrix


def matching(matches: Sequence[str], texts: Sequence[str]) -> list[set[str]]:
    """For each text those of the FTS5 queries that it matches, words cut and stemmed as in the library's own index."""
    db = sqlite3.connect(":memory:")
    try:
        db.execute(f"CREATE VIRTUAL TABLE texts USING fts5 (text, tokenize = '{schema.TOKENIZER}')")
        db.executemany("INSERT INTO texts (rowid, text) VALUES (?, ?)", [(n, fts_text(t)) for n, t in enumerate(texts)])
        found: list[set[str]] = [set() for _ in texts]
        for match in matches:
            for (n,) in db.execute("SELECT rowid FROM texts WHERE texts MATCH ?", (match,)):
                found[n].add(match)
        return found
    finally:
        db.close()


def _paper(row: tuple[Any, ...], paths: tuple[Path, ...]) -> Paper:
    flags = tuple(json.loads(row[6]))
    return Paper(
        id=row[0],
        work_id=row[1],
        title=row[2],
        authors=tuple(json.loads(row[3])),
        year=row[4],
        doi=row[5],
        paths=paths,
        pages=row[7],
        passages=row[8],
        status=FileStatus.FLAGGED if flags else FileStatus.INDEXED,
        flags=flags,
        arxiv=row[9],
        pmid=row[10],
        venue=row[11],
        paged=bool(row[12]),
        source=row[13],
    )


_STAYING = "papers.id NOT IN (SELECT paper_id FROM leaving)"
_ALLOWED = "SELECT passages.id FROM passages JOIN papers USING (reading_id)"


def _where(filters: Filters) -> tuple[str, list[str | int]]:
    parts: list[str] = []
    values: list[str | int] = []
    if filters.papers:
        parts.append(f"papers.id IN ({_marks(filters.papers)})")
        values += filters.papers
    if filters.year_from is not None:
        parts.append("year >= ?")
        values.append(filters.year_from)
    if filters.year_to is not None:
        parts.append("year <= ?")
        values.append(filters.year_to)
    if filters.section:
        parts.append("instr(lower(section), lower(?)) > 0")
        values.append(filters.section)
    return " AND ".join(parts), values


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _chunks(ids: Sequence[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), MAX_VARIABLES):
        yield [int(i) for i in ids[start : start + MAX_VARIABLES]]
