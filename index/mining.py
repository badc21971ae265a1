"""Hard negatives for training: the passages that search finds nearest to a question.

By the product's own search, over texts that are thrown away afterwards; knows no training.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assistant.encoders import Embedder
from assistant.index.evaluation import cached_vectors, temporary_library
from assistant.index.library import Library
from assistant.index.search import content_words, find

DEPTH = 50


def library_texts(folder: Path) -> list[str]:
    """The texts of all passages of a library. LibraryError where there is none."""
    library = Library(folder)
    try:
        ids, _ = library.store.vectors()
        return [passage.text for passage in library.store.passages(ids.tolist()).values()]
    finally:
        library.close()


def nearest(
    queries: Sequence[str], passages: Sequence[str], embedder: Embedder, *, depth: int = DEPTH
) -> list[list[int]]:
    """For each query the positions of the `depth` passages nearest to it by words and meaning, best first."""
    if not queries or not passages:
        return [[] for _ in queries]
    found = []
    with temporary_library(passages, cached_vectors(passages, embedder)) as (store, index):
        for query, vector in zip(queries, embedder.embed(queries), strict=True):
            ranked = find(content_words(query), vector, store=store, vectors=index, candidates=depth)
            found.append([i - 1 for i, _ in ranked][:depth])
    return found
