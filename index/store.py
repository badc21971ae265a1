"""Reading the library's database: papers, pages, passages, vectors, and the full-text index over the passages.

The database is the only truth. What changes it is in `writes`; this module never writes a row, and knows neither
FAISS nor embedders. Each thread gets a connection of its own.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import LibraryError, UsageError
from assistant.index import schema
from assistant.index.lexical import two_stages
from assistant.index.parts import decode_parts
from assistant.index.relevance import bm25_weight
from assistant.index.sentences import fts_text
from assistant.index.words import WORDS_FROM, Term, Words, terms
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

logger = logging.getLogger(__name__)

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
    """The record of a cache file: made at `generation`, with this SHA-256 and number of passages, the last one's id
    `last`; `tuning` is JSON on how a trained vector index is searched, "" for an exact one; of a word index its token.
    """

    generation: int
    sha256: str
    passages: int
    last: int
    tuning: str = ""


@dataclass(frozen=True, slots=True)
class Indexed:
    """The word index, which holds the passages with ids up to `last`; those `barred` can be found no more."""

    words: Words
    last: int
    barred: NDArray[np.int64]


class _Held:
    """A thread's connection, closed with the last that holds it: when the thread ends."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def __del__(self) -> None:
        # Where another thread lets go of it, SQLite closes it with the object.
        with suppress(sqlite3.ProgrammingError):
            self.connection.close()


class Store:
    """The database of one library folder, for reading."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._local = threading.local()
        self._allowed: tuple[object, NDArray[np.int64]] = (None, np.empty(0, dtype=np.int64))
        self.indexed: Indexed | None = None
        """Set by the library that the store belongs to."""
        self.db.execute("SELECT 1")

    @property
    def db(self) -> sqlite3.Connection:
        """This thread's connection."""
        held: _Held | None = getattr(self._local, "held", None)
        if held is None:
            held = self._local.held = _Held(schema.connect(self.folder))
        return held.connection

    def close(self) -> None:
        """Close this thread's connection; those of other threads close when these end."""
        self._local.__dict__.pop("held", None)

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
        columns = "generation, sha256, passages, last, tuning"
        row = self.db.execute(f"SELECT {columns} FROM caches WHERE name = ?", (name,)).fetchone()
        return Cache(*row) if row else None

    @property
    def last_id(self) -> int:
        """The greatest id that a passage ever had; 0 for none. Later ones are greater."""
        row = self.db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'passages'").fetchone()
        return int(row[0]) if row else 0

    @property
    def n_dropped(self) -> int:
        """Counts the passages that went since the caches were made, and all that went before them: an upper bound
        of the first, and what `writes.record_caches` takes as `gone`."""
        return int(self.db.execute("SELECT coalesce(max(n), 0) FROM dropped").fetchone()[0])

    def dropped(self) -> NDArray[np.int64]:
        """Ids of the passages that may stand in the cache files and can be found no more."""
        rows = self.db.execute("SELECT passage_id FROM dropped")
        return np.fromiter((row[0] for row in rows), dtype=np.int64)

    def n_after(self, last: int) -> int:
        """Number of passages that can be found with ids above `last`."""
        return int(self.db.execute("SELECT count(*) FROM vectors WHERE passage_id > ?", (last,)).fetchone()[0])

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
            "SELECT id FROM papers WHERE id >= ? AND id < ? || 'g'", (prefix.lower(), prefix.lower())
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
        return int(self.setting("passages") or 0)

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
        by the word counts of its own. From WORDS_FROM passages on the query is words and phrases with OR between."""
        tables = ("passages_fts", "references_fts") if filters.references else ("passages_fts",)
        if self.n_passages < WORDS_FROM:
            found = [hit for table in tables for hit in self._ranked(table, match, limit, filters)]
        else:
            found = [hit for table in tables for hit in self._of_many(table, terms(match), limit, filters)]
        return sorted(found, key=lambda hit: (-hit[1], hit[0]))[:limit]

    def _ranked(self, table: str, match: str, limit: int, filters: Filters) -> list[tuple[int, float]]:
        where, values = self._where(filters)
        query = f"SELECT rowid, -bm25({table}) FROM {table} WHERE {table} MATCH ? "
        if where:
            query += f"AND rowid IN ({_ALLOWED} WHERE {where}) "
        return self.db.execute(query + "ORDER BY rank, rowid LIMIT ?", (match, *values, limit)).fetchall()

    def _of_many(self, table: str, asked: Sequence[Term], limit: int, filters: Filters) -> list[tuple[int, float]]:
        """By the word index as far as it goes, by FTS5 in two stages beyond."""
        indexed, allowed = self.indexed if table == "passages_fts" else None, self.allowed(filters)
        found = self._of_indexed(indexed, asked, limit, allowed) if indexed else None
        after = indexed.last if indexed and found is not None else 0
        if found is not None and after >= self.last_id:
            return found
        frequencies = {term: self.document_frequency(term.match, table) for term in asked}
        n = len(indexed.words) if indexed else self.n_passages
        weights = {term: bm25_weight(n, count) for term, count in frequencies.items()}
        mean = indexed.words.mean_length if indexed else 0.0
        return (found or []) + two_stages(
            self.db, table, weights, limit, after=after, mean_length=mean, allowed=allowed
        )

    def _of_indexed(
        self, indexed: Indexed, asked: Sequence[Term], limit: int, allowed: NDArray[np.int64] | None
    ) -> list[tuple[int, float]] | None:
        """None where the word index cannot be used any more."""
        try:
            return indexed.words.best(asked, limit, barred=indexed.barred, allowed=allowed)
        except LibraryError as error:
            self._give_up(error)
            return None

    def _give_up(self, error: LibraryError) -> None:
        logger.warning("%s; until then searches by words take longer", error)
        self.indexed = None

    def allowed(self, filters: Filters) -> NDArray[np.int64] | None:
        """Ids of the passages that pass the filters, ascending; None where there is nothing to filter."""
        where, values = self._where(filters)
        if not where:
            return None
        leaving = self.db.execute("SELECT paper_id FROM leaving ORDER BY paper_id").fetchall()
        key, (known, ids) = (self.generation, filters, leaving), self._allowed
        if key != known:
            rows = self.db.execute(f"{_ALLOWED} WHERE {where} ORDER BY passages.id", values)
            ids = np.fromiter((row[0] for row in rows), dtype=np.int64)
            self._allowed = key, ids
        return ids

    def _where(self, filters: Filters) -> tuple[str, list[str | int]]:
        """The filters as SQL; while papers are being removed, also that it is none of those."""
        where, values = _where(filters)
        if self.db.execute("SELECT 1 FROM leaving LIMIT 1").fetchone():
            where = f"{where} AND {_STAYING}" if where else _STAYING
        return where, values

    def document_frequency(self, match: str, table: str = "passages_fts") -> int:
        """Number of passages that an FTS5 query matches; in a large library as of when words were indexed."""
        indexed = self.indexed
        if indexed and table == "passages_fts":
            try:
                return sum(map(indexed.words.frequency, terms(match)))
            except LibraryError as error:
                self._give_up(error)
        query = f"SELECT count(*) FROM {table} WHERE {table} MATCH ?"
        return int(self.db.execute(query, (match,)).fetchone()[0])

    def containing(self, matches: Sequence[str], ids: Sequence[int]) -> dict[str, set[int]]:
        """For each of the FTS5 queries those of `ids` that it matches. From their texts: to find a passage's place in
        the full-text index takes longer than to index a dozen anew."""
        texts: dict[int, str] = {}
        for chunk in _chunks(ids):
            texts |= dict(self.db.execute(f"SELECT id, text FROM passages WHERE id IN ({_marks(chunk)})", chunk))
        held = dict(zip(texts, matching(matches, list(texts.values())), strict=True))
        return {match: {i for i, found in held.items() if match in found} for match in matches}

    def vectors(self, after: int = 0) -> tuple[NDArray[np.int64], NDArray[np.float16]]:
        """Ids (n,) ascending and vectors (n, dimension) of all passages that can be found, with ids above `after`."""
        where = "WHERE passage_id > ? ORDER BY passage_id"
        # What is asked for is counted first, so that a million vectors are not held twice.
        with self.snapshot():
            return self._vectors(self.n_after(after), where, (after,))

    def vectors_of(self, ids: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.float16]]:
        """As `vectors`, of those of `ids` that can be found, in the order of the chunks they are read in."""
        found = [self._vectors(len(c), f"WHERE passage_id IN ({_marks(c)})", c) for c in _chunks(ids)]
        if not found:
            return self._vectors(0, "WHERE 0", ())
        return np.concatenate([i for i, _ in found]), np.concatenate([matrix for _, matrix in found])

    def _vectors(self, most: int, where: str, values: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.float16]]:
        # `where` is one of the constants above
        dimension = self.dimension
        ids, matrix = np.empty(most, dtype=np.int64), np.empty((most, dimension), dtype=VECTOR_DTYPE)
        n, size = 0, dimension * VECTOR_DTYPE.itemsize
        for passage_id, data in self.db.execute(f"SELECT passage_id, data FROM vectors {where}", values):
            if len(data) == size:  # else of a model just swapped for another
                ids[n] = passage_id
                matrix[n] = np.frombuffer(data, dtype=VECTOR_DTYPE)
                n += 1
        return ids[:n], matrix[:n]


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
