"""Question -> ranked passages: words (BM25), meaning (vectors), the two fused by rank, and a probability for each.

Pure but for the corpus, the vector index and the embedder it is handed: it knows no SQL, no FAISS, no model. What a
hit says about the question is not judged here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.encoders import Embedder
from assistant.index.relevance import Relevance, idf_overlap, load_relevance
from assistant.types import Filters, Hit, Passage

MAX_WORDS = 40
"""Content words of a query that are searched for. An OR-query costs in proportion to its words."""
MAX_CHARACTERS = 10_000
"""Of a query; the rest is not looked at."""
FUSION_K = 60
"""Cormack, Clarke and Büttcher 2009, reciprocal rank fusion: the constant that damps the first ranks."""


class Corpus(Protocol):
    """What search needs of the store. Passage ids are positive int64."""

    @property
    def n_passages(self) -> int:
        """Passages in the library, of the generation in use."""
        ...

    def lexical(self, match: str, limit: int, filters: Filters) -> list[tuple[int, float]]:
        """(id, score) of the `limit` best passages for an FTS5 MATCH expression, best first; higher is better
        (minus what FTS5's bm25() gives); equal scores by ascending id. `match` is never empty."""
        ...

    def allowed(self, filters: Filters) -> NDArray[np.int64] | None:
        """Ids that pass the filters; None where there is nothing to filter."""
        ...

    def passages(self, ids: Sequence[int]) -> Mapping[int, Passage]:
        """The passages of these ids, `Passage.id` set; unknown ids are left out."""
        ...

    def document_frequency(self, word: str) -> int:
        """Passages that match the FTS5 string `"word"` (stemmed as the table stems)."""
        ...

    def containing(self, word: str, ids: Sequence[int]) -> set[int]:
        """Those of `ids` that match the FTS5 string `"word"`."""
        ...


class VectorIndex(Protocol):
    """What search needs of the vector index (`assistant.index.vectors.VectorIndex` has it)."""

    def search(
        self, query: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Ids and cosines of the k nearest to the unit vector `query`, best first; fewer where there are fewer."""
        ...

    def cosines(self, query: NDArray[np.float32], ids: Sequence[int]) -> NDArray[np.float32]:
        """Cosine of `query` with each of `ids`, in their order; 0 for an id without a vector."""
        ...
