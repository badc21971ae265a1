"""The word index of a large library: for each word the passages that hold it and what each is worth by BM25.

A disposable cache of the database's full-text index, which scores a passage in microseconds: too slow where a word
stands in hundreds of thousands. Here they are arrays, some nanoseconds a passage, and the scores are FTS5's own to 1
in 30,000. An SQLite file, written once and never changed. Knows words, ids and scores; no papers and no vectors.
"""

from __future__ import annotations

import re
import sqlite3
import threading
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import LibraryError
from assistant.index.files import stamp
from assistant.index.relevance import bm25_weight
from assistant.index.schema import TOKENIZER

BM25_K1, BM25_B = 1.2, 0.75
"""As in FTS5."""
WORDS_FROM = 10_000
"""Passages; a library of fewer is ranked by FTS5 itself, in some 20 ms."""
STEPS = 65_535
"""A score's share of its greatest value BM25_K1 + 1 is kept in two bytes."""
FIRST_POSTINGS = 300_000
"""Postings of the rarest words that choose the candidates; a few milliseconds."""
CANDIDATES = 3_000
"""Passages that the other words are counted for."""
MOST_POSTINGS = 3_000_000
"""Postings read for a query, at most: 18 MB. The commonest words of a long text are left out."""
PREFIX_WORDS = 50
"""Words that a prefix stands for, at most."""
BLOCK = 1024
"""Passages whose best score is looked at together."""
PAGE_SIZE = 16_384
"""Bytes; long lists lie in few pages."""
KEPT_SPELLINGS = 2_000
"""Words whose spelling in the index is remembered; finding it takes half a millisecond."""
_spelled: dict[str, tuple[str, ...]] = {}
Postings = tuple[NDArray[np.int32], NDArray[np.uint16]]
"""Positions of passages, ascending, and what the word is worth there, in STEPS."""

_TABLES = """
    CREATE TABLE words (word TEXT PRIMARY KEY, passages INTEGER NOT NULL, crc INTEGER NOT NULL, places BLOB NOT NULL,
        worth BLOB NOT NULL);
    CREATE TABLE facts (ids BLOB NOT NULL, mean_length REAL NOT NULL, token TEXT NOT NULL)
"""


@dataclass(frozen=True, slots=True)
class Term:
    """One thing asked for, with its words as the index spells them: several in a phrase; `prefix`: the last goes on."""

    match: str
    words: tuple[str, ...]
    prefix: bool = False


class Words:
    """The word index, opened. Thread-safe. Every method raises LibraryError where the file is damaged or changed."""

    def __init__(self, path: Path, token: str) -> None:
        """`token` is what `build` wrote into the file: another library's, or an older one, has another."""
        self.path = path
        self._stamp = stamp(path)
        self._guard = threading.Lock()
        self._checked: set[str] = set()
        try:
            self._db = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
            facts = self._db.execute("SELECT ids, mean_length, token FROM facts").fetchone()
            ids, self.mean_length, found = facts
        except (sqlite3.Error, TypeError) as error:
            raise _damaged(path) from error
        if found != token:
            raise _damaged(path)
        self.ids: NDArray[np.int64] = np.frombuffer(ids, dtype="<i8")

    def __len__(self) -> int:
        return len(self.ids)

    def __del__(self) -> None:
        # Nobody else can: a search of another thread may hold it when the library has let go of it.
        if hasattr(self, "_db"):
            self._db.close()

    def frequency(self, term: Term) -> int:
        """Passages that hold the term; of a phrase, those that hold its rarest word."""
        self._look()
        if term.prefix:
            return sum(self._count(word) for word in self._continued(term.words[-1]))
        return min(map(self._count, term.words), default=0)

    def best(
        self, terms: Sequence[Term], limit: int, *, barred: NDArray[np.int64], allowed: NDArray[np.int64] | None
    ) -> list[tuple[int, float]]:
        """(id, BM25) of the `limit` best passages for any of the `terms`, best first, equal ones by ascending id.

        Without the ids `barred`, and where `allowed` is given with those only. The rarest terms choose CANDIDATES, the
        rest are counted for these: exact where all terms together have FIRST_POSTINGS or fewer.
        """
        weighed = sorted(((self.frequency(term), term) for term in terms), key=itemgetter(0))
        first, later = _split([(count, term) for count, term in weighed if count])
        scores = self._sum(first)
        if allowed is not None:
            scores *= np.isin(self.ids, allowed, assume_unique=True)
        if len(barred):
            scores[self._places(barred)] = 0.0
        chosen = _highest(scores, max(limit, CANDIDATES) if later else limit)
        total = scores[chosen]
        for count, term in later:
            total += bm25_weight(len(self), count) * _at(self._postings(term), chosen)
        order = np.lexsort((chosen, -total))[:limit]
        return list(zip(self.ids[chosen[order]].tolist(), total[order].tolist(), strict=True))

    def _sum(self, terms: Sequence[tuple[int, Term]]) -> NDArray[np.float64]:
        """The terms' BM25 of every passage."""
        if not terms:
            return np.zeros(len(self), dtype=np.float64)
        places, worth = [], []
        for count, term in terms:
            where, steps = self._postings(term)
            places.append(where)
            worth.append(steps * np.float32(bm25_weight(len(self), count) * (BM25_K1 + 1) / STEPS))
        total = np.bincount(np.concatenate(places), np.concatenate(worth), minlength=len(self))
        return total.astype(np.float64, copy=False)

    def _places(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where those of `ids` that are here stand."""
        places = np.minimum(np.searchsorted(self.ids, ids), max(len(self) - 1, 0))
        return places[self.ids[places] == ids] if len(self) else places[:0]

    def _postings(self, term: Term) -> Postings:
        if term.prefix:
            return _union([self._list(word) for word in self._continued(term.words[-1])])
        lists = [self._list(word) for word in term.words]
        return lists[0] if len(lists) == 1 else _together(lists)

    def _list(self, word: str) -> Postings:
        """Raises LibraryError where the list is not as it was written: looked at when it is first read."""
        row = self._row("SELECT places, worth, crc FROM words WHERE word = ?", word)
        if row is None:
            return np.empty(0, np.int32), np.empty(0, np.uint16)
        places, worth, crc = row
        if word not in self._checked:
            if zlib.crc32(worth, zlib.crc32(places)) != crc:
                raise _damaged(self.path)
            self._checked.add(word)
        return np.frombuffer(places, dtype="<i4"), np.frombuffer(worth, dtype="<u2")

    def _count(self, word: str) -> int:
        row = self._row("SELECT passages FROM words WHERE word = ?", word)
        return int(row[0]) if row else 0

    def _continued(self, start: str) -> list[str]:
        query = "SELECT word FROM words WHERE word >= ? AND word < ? ORDER BY passages DESC LIMIT ?"
        return [row[0] for row in self._rows(query, start, start + "\U0010ffff", PREFIX_WORDS)]

    def _row(self, query: str, *values: str) -> Any:
        return next(iter(self._rows(query, *values)), None)

    def _rows(self, query: str, *values: str | int) -> list[Any]:
        try:
            with self._guard:
                return self._db.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise _damaged(self.path) from error

    def _look(self) -> None:
        if stamp(self.path) != self._stamp:
            raise LibraryError(
                f"the word index {self.path} was changed by another program; run `assistant doctor --fix`"
            )


def _damaged(path: Path) -> LibraryError:
    return LibraryError(f"the word index {path} is damaged or missing; run `assistant doctor --fix` to build it again")


def _split(weighed: Sequence[tuple[int, Term]]) -> tuple[list[tuple[int, Term]], list[tuple[int, Term]]]:
    """The rarest terms with FIRST_POSTINGS between them, at least one; and those after, up to MOST_POSTINGS in all."""
    first: list[tuple[int, Term]] = []
    later: list[tuple[int, Term]] = []
    total = 0
    for count, term in weighed:
        total += count
        if not first or total <= FIRST_POSTINGS:
            first.append((count, term))
        elif total <= MOST_POSTINGS:
            later.append((count, term))
    return first, later


def _highest(scores: NDArray[np.float64], limit: int) -> NDArray[np.int64]:
    """Places of the `limit` highest scores above 0, and of those that equal the last of them, ascending. Looks for
    the limit-th best block first: sorting a million scores takes 10 ms."""
    least = np.nextafter(0.0, 1.0)
    if len(scores) > BLOCK * limit:
        tops = np.maximum.reduceat(scores, np.arange(0, len(scores), BLOCK))
        least = max(least, np.partition(tops, -limit)[-limit])
    found = np.flatnonzero(scores >= least)
    if len(found) > limit:
        least = np.partition(scores[found], -limit)[-limit]
        found = found[scores[found] >= least]
    return found


def _at(postings: Postings, places: NDArray[np.int64]) -> NDArray[np.float64]:
    """What the word is worth at each of `places`; 0 where it is not."""
    where, steps = postings
    if not len(where):
        return np.zeros(len(places), dtype=np.float64)
    index = np.minimum(np.searchsorted(where, places.astype(np.int32)), len(where) - 1)
    return np.where(where[index] == places, steps[index], 0) * ((BM25_K1 + 1) / STEPS)


def _union(lists: Sequence[Postings]) -> Postings:
    """Passages with any of the words, each worth its best."""
    if not lists:
        return np.empty(0, np.int32), np.empty(0, np.uint16)
    places = np.concatenate([where for where, _ in lists])
    worth = np.concatenate([steps for _, steps in lists])
    order = np.lexsort((worth, places))
    last = np.append(np.flatnonzero(np.diff(places[order])), len(order) - 1)
    return places[order][last], worth[order][last]


def _together(lists: Sequence[Postings]) -> Postings:
    """Passages with all of the words, each worth what its rarest word is; that they stand side by side is not known."""
    rarest, *others = sorted(lists, key=lambda postings: len(postings[0]))
    kept = np.ones(len(rarest[0]), dtype=bool)
    for where, _ in others:
        kept &= np.isin(rarest[0], where, assume_unique=True)
    return rarest[0][kept], rarest[1][kept]


def terms(match: str) -> list[Term]:
    """The terms of an FTS5 query made of quoted words and phrases with OR between them, spelled as the index does;
    terms without a word are left out."""
    parts = list(dict.fromkeys(re.findall(r'("(?:[^"]|"")*")(\*?)', match)))
    new = [text for text, _ in parts if text not in _spelled]
    if len(_spelled) + len(new) > KEPT_SPELLINGS:
        _spelled.clear()
        new = [text for text, _ in parts]
    # Another thread may have cleared it meanwhile: what is needed here is kept here.
    spelled = dict(_spelled) | dict(zip(new, map(tuple, spell(new)), strict=True))
    _spelled.update((text, spelled[text]) for text in new)
    return [Term(text + star, spelled[text], bool(star)) for text, star in parts if spelled[text]]


def spell(texts: Sequence[str]) -> list[list[str]]:
    """The words of each text as the full-text index cuts and stems them, in order."""
    if not texts:
        return []
    db = sqlite3.connect(":memory:")
    try:
        db.execute(f"CREATE VIRTUAL TABLE texts USING fts5 (text, tokenize = '{TOKENIZER}')")
        db.execute("CREATE VIRTUAL TABLE words USING fts5vocab (texts, instance)")
        db.executemany("INSERT INTO texts (rowid, text) VALUES (?, ?)", enumerate(texts))
        found: list[list[str]] = [[] for _ in texts]
        for word, n in db.execute("SELECT term, doc FROM words ORDER BY doc, offset"):
            found[n].append(word)
        return found
    finally:
        db.close()


def build(db: sqlite3.Connection, path: Path, token: str) -> None:
    """Write the word index of the library that `db` is open on, in the state it reads now, to the new file `path`, with
    a `token` to know it by."""
    ids, lengths = _lengths(db)
    mean = float(lengths.mean()) if len(lengths) else 0.0
    damping = np.asarray(BM25_K1 * (1 - BM25_B + BM25_B * lengths / max(mean, 1.0)), dtype=np.float64)
    file = sqlite3.connect(path, isolation_level=None)
    try:
        for line in (
            f"PRAGMA page_size = {PAGE_SIZE}",
            "PRAGMA journal_mode = OFF",
            "PRAGMA synchronous = OFF",
            "BEGIN",
        ):
            file.execute(line)
        for table in _TABLES.split(";"):
            file.execute(table)
        file.execute("INSERT INTO facts VALUES (?, ?, ?)", (ids.astype("<i8").tobytes(), mean, token))
        file.executemany("INSERT INTO words VALUES (?, ?, ?, ?, ?)", _lists(db, ids, damping))
        file.execute("COMMIT")
    finally:
        file.close()


def _lists(
    db: sqlite3.Connection, ids: NDArray[np.int64], damping: NDArray[np.float64]
) -> Iterator[tuple[str, int, int, bytes, bytes]]:
    db.execute("DROP TABLE IF EXISTS temp.instances")
    db.execute("CREATE VIRTUAL TABLE temp.instances USING fts5vocab (main, passages_fts, instance)")
    for word, rows in groupby(db.execute("SELECT term, doc FROM temp.instances"), key=itemgetter(0)):
        found = np.fromiter(map(itemgetter(1), rows), dtype=np.int64)
        passages, times = np.unique(found, return_counts=True)
        places = np.searchsorted(ids, passages)
        share = times / (times + damping[places])
        where, steps = places.astype("<i4").tobytes(), np.rint(share * STEPS).astype("<u2").tobytes()
        yield word, len(passages), zlib.crc32(steps, zlib.crc32(where)), where, steps


def _lengths(db: sqlite3.Connection) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ids (n,) ascending and words (n,) of all passages in the full-text index."""
    rows = db.execute("SELECT id, sz FROM passages_fts_docsize ORDER BY id").fetchall()
    ids = np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows))
    lengths = np.fromiter((varint(row[1]) for row in rows), dtype=np.int64, count=len(rows))
    return ids, lengths


def varint(data: Iterable[int]) -> int:
    """SQLite's whole number of variable length, up to 8 bytes (sqlite.org/fileformat2.html, "varint")."""
    value = 0
    for byte in data:
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return value
