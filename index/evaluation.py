"""How well search finds what a test collection says is relevant: by words, by vectors, fused, and in full.

By the product's own store, index and search, in a library made for the purpose and thrown away. Vectors of a corpus
are kept in the user's cache folder under the hash of model and texts: embedding is nearly all of the time.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path

from assistant import rankings
from assistant.encoders import Embedder
from assistant.index import vectors, writes
from assistant.index.beir import Collection
from assistant.index.library import Library
from assistant.index.search import Rerank, any_of, content_words, find, search, unread
from assistant.index.store import Store
from assistant.types import Document, Filters, Passage

DEPTH = 100
"""Passages of each ranking, and what recall is measured at."""
AT = 10
"""Depth of nDCG and of the reciprocal rank."""
STAGES = ("lexical", "dense", "fused", "reranked")

Ranker = Callable[[str], list[int]]


def evaluate_retrieval(collection: Collection, embedder: Embedder, rerank: Rerank | None = None) -> dict[str, Any]:
    """`n`, `ndcg@10`, `recall@100`, `mrr@10` and `milliseconds` a query of the full search, and the same under each of
    STAGES; None for a stage that the search does not have. Means over the queries, 0..1."""
    names = dict(enumerate(collection.documents, start=1))
    texts = list(collection.documents.values())
    with temporary_library(texts, cached_vectors(texts, embedder)) as (store, index):
        full = measure(full_search(store, index, embedder, rerank), collection, names)
        found = {name: measure(rank, collection, names) for name, rank in stages(store, index, embedder).items()}
    if rerank is not None:
        found["reranked"] = full
    return {
        "n": len(collection.queries),
        "documents": len(collection.documents),
        "embedder": embedder.id,
        **full,
        **{name: found.get(name) for name in STAGES},
    }


def full_search(store: Store, index: vectors.Index, embedder: Embedder, rerank: Rerank | None) -> Ranker:
    """The whole search, as a library does it."""

    def ranked(query: str) -> list[int]:
        hits = search(query, store=store, vectors=index, embedder=embedder, k=DEPTH, candidates=DEPTH, rerank=rerank)
        return [hit.passage.id for hit in hits]

    return ranked


def stages(store: Store, index: vectors.Index, embedder: Embedder) -> dict[str, Ranker]:
    """The parts of the search, each by itself: lexical, dense and fused rankings of at most DEPTH passage ids."""

    def lexical(query: str) -> list[int]:
        words = content_words(query)
        return [i for i, _ in store.lexical(any_of(words), DEPTH, Filters())] if words else []

    def dense(query: str) -> list[int]:
        found: list[int] = index.search(embedder.embed([query])[0], DEPTH)[0].tolist()
        return found

    def fused(query: str) -> list[int]:
        words, vector = content_words(query), embedder.embed([query])[0]
        mute = unread(query, embedder.id, store.passages)
        return [i for i, _ in find(words, vector, store=store, vectors=index, candidates=DEPTH, unread=mute)]

    return {"lexical": lexical, "dense": dense, "fused": fused}


def measure(rank: Ranker, collection: Collection, names: Mapping[int, str]) -> dict[str, float]:
    """Means over the queries of the measures, and milliseconds of each; `names` are the documents' by passage id."""
    scores, seconds = [], 0.0
    for query, text in collection.queries.items():
        began = time.perf_counter()
        ids = rank(text)
        seconds += time.perf_counter() - began
        found, relevant = [names[i] for i in ids], collection.relevant[query]
        scores.append(
            (
                rankings.ndcg(found, relevant, AT),
                rankings.recall(found, relevant, DEPTH),
                rankings.reciprocal_rank(found, relevant, AT),
            )
        )
    quality, recalled, first = np.mean(scores, axis=0).tolist()
    milliseconds = 1000 * seconds / len(collection.queries)
    return {f"ndcg@{AT}": quality, f"recall@{DEPTH}": recalled, f"mrr@{AT}": first, "milliseconds": milliseconds}


def cached_vectors(texts: Sequence[str], embedder: Embedder) -> NDArray[np.float32]:
    """(len(texts), dimension), from the user's cache folder where the same model has embedded the same texts."""
    digest = hashlib.sha256(json.dumps([embedder.id, *texts]).encode()).hexdigest()[:16]
    path = user_cache_path("paper-assistant", ensure_exists=True) / f"bench-{digest}.npy"
    if not path.exists():
        partial = path.with_suffix(".partial.npy")
        np.save(partial, embedder.embed_passages(texts), allow_pickle=False)
        partial.replace(path)
    found: NDArray[np.float32] = np.load(path, allow_pickle=False)
    return found


@contextmanager
def temporary_library(texts: Sequence[str], matrix: NDArray[np.float32]) -> Iterator[tuple[Store, vectors.Index]]:
    """A library with one paper and passage for each text; passage ids count from 1 in the order of `texts`."""
    with tempfile.TemporaryDirectory() as folder:
        library = Library(Path(folder), create=True)
        db = library.store.db
        db.execute("PRAGMA synchronous = OFF")
        with writes.transaction(db):
            writes.set_setting(db, "dimension", str(matrix.shape[1]))
            for n, text in enumerate(texts):
                passage = Passage(f"{n:064x}", text, ())
                writes.add_paper(
                    db, passage.paper_id, Document(()), [passage], matrix[n : n + 1], reader="", fallback_title=""
                )
        try:
            library.write_cache()
            yield library.store, library.index()
        finally:
            library.close()
