"""Passages by words where there are too many for FTS5 to rank: in two stages, the rarest words first.

FTS5's own BM25 takes 5 microseconds for each place a word stands in, and counts each word anew for each query. Here it
only says where the rarest words stand; the best by the sum of these words' weights are then scored in full, from their
texts. Used for what the word index (`words`) does not hold. Knows the full-text tables and no other.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.index.schema import TOKENIZER
from assistant.index.words import BM25_B, BM25_K1, Term

SCANNED = 30_000
"""Places looked up for a query, at most; some 10 ms."""
SCORED = 200
"""Passages scored in full, at least, or twice those asked for."""


def two_stages(
    db: sqlite3.Connection,
    table: str,
    weights: Mapping[Term, float],
    limit: int,
    *,
    after: int = 0,
    mean_length: float = 0.0,
    allowed: NDArray[np.int64] | None = None,
) -> list[tuple[int, float]]:
    """(id, BM25) of about the `limit` best of the full-text `table` with ids above `after`, best first. `weights` are
    the terms' BM25 weights, `mean_length` the words of a text (0: those of the texts scored); `allowed` limits the
    ids."""
    places, worth = _scan(db, table, weights, after, allowed)
    if not len(places):
        return []
    ids, inverse = np.unique(places, return_inverse=True)
    sums = np.bincount(inverse, worth)
    chosen = ids[np.lexsort((ids, -sums))[: max(SCORED, 2 * limit)]]
    scores = _scores(db, table, chosen.tolist(), weights, mean_length)
    return sorted(scores.items(), key=lambda hit: (-hit[1], hit[0]))[:limit]


def _scan(
    db: sqlite3.Connection, table: str, weights: Mapping[Term, float], after: int, allowed: NDArray[np.int64] | None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Ids of passages, once for each of the rarest terms they hold, and that term's weight."""
    query = f"SELECT rowid FROM {table} WHERE {table} MATCH ? AND rowid > ? LIMIT ?"  # noqa: S608 (a constant's name)
    places, worth, left = [], [], SCANNED
    for term, weight in sorted(weights.items(), key=lambda entry: -entry[1]):
        rows = db.execute(query, (term.match, after, left)) if left else ()
        found = np.fromiter((row[0] for row in rows), dtype=np.int64)
        left -= len(found)
        if allowed is not None:
            found = found[np.isin(found, allowed)]
        places.append(found)
        worth.append(np.full(len(found), weight))
    return np.concatenate([np.empty(0, np.int64), *places]), np.concatenate([np.empty(0), *worth])


def _scores(
    db: sqlite3.Connection, table: str, ids: Sequence[int], weights: Mapping[Term, float], mean_length: float
) -> dict[int, float]:
    """BM25 of each of `ids`. Phrases and prefixes count once in a text."""
    texts: list[tuple[int, str]] = []
    for start in range(0, len(ids), 900):
        some = ids[start : start + 900]
        marks = ", ".join("?" * len(some))
        texts += db.execute(f"SELECT rowid, text FROM {table} WHERE rowid IN ({marks})", some)  # noqa: S608 (marks)
    memory = sqlite3.connect(":memory:")
    try:
        memory.execute(f"CREATE VIRTUAL TABLE texts USING fts5 (text, tokenize = '{TOKENIZER}')")
        memory.execute("CREATE VIRTUAL TABLE words USING fts5vocab (texts, instance)")
        memory.executemany("INSERT INTO texts (rowid, text) VALUES (?, ?)", texts)
        return _bm25(memory, weights, mean_length)
    finally:
        memory.close()


def _bm25(memory: sqlite3.Connection, weights: Mapping[Term, float], mean_length: float) -> dict[int, float]:
    lengths: dict[int, int] = dict(memory.execute("SELECT doc, count(*) FROM words GROUP BY doc"))
    mean = mean_length or sum(lengths.values()) / max(len(lengths), 1)
    scores = dict.fromkeys(lengths, 0.0)
    for term, weight in weights.items():
        if len(term.words) == 1 and not term.prefix:
            query, value = "SELECT doc, count(*) FROM words WHERE term = ? GROUP BY doc", term.words[0]
        else:
            query, value = "SELECT rowid, 1 FROM texts WHERE texts MATCH ?", term.match
        for i, times in memory.execute(query, (value,)):
            damping = BM25_K1 * (1 - BM25_B + BM25_B * lengths[i] / mean)
            scores[i] += weight * times * (BM25_K1 + 1) / (times + damping)
    return scores
