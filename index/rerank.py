"""The first hits in the order of a model that reads question and passage together.

Knows passages and the corpus' words; the model is a function of texts. Reading costs milliseconds a passage, so only
the first ones are read, and of each only the stretch that holds most of the question's words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.index.relevance import inverse_document_frequency
from assistant.index.search import Corpus, Rerank, content_words, quoted, standard
from assistant.index.sentences import sentences
from assistant.index.store import matching
from assistant.index.windows import best_window

SHARE = 0.4
"""Weight of the reranker against the fused score, both as standard scores among those read; the best of SciFact's held
training queries with the built-in one (LOG.md)."""


class Reranker(Protocol):
    """Reads a question with each of some texts. `id` names model and weights."""

    id: str

    def score_pairs(self, query: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n,) how relevant each text is, higher is more; any scale."""
        ...


def reranking(model: Reranker, depth: int, *, share: float = SHARE) -> Rerank:
    """What `search` takes: the first `depth` put in order by the model's score and the fused one."""

    def rerank(
        query: str, fused: Sequence[tuple[int, float]], texts: Mapping[int, str], corpus: Corpus
    ) -> list[tuple[int, float]]:
        first, rest = list(fused[:depth]), list(fused[depth:])
        if len(first) < 2:
            return list(fused)
        read = model.score_pairs(query, windows(query, [texts[i] for i, _ in first], corpus))
        mixed = share * standard(read) + (1 - share) * standard(np.array([score for _, score in first]))
        # Those not read stay below, at their distances.
        floor = float(mixed.min()) - first[-1][1]
        ranked = zip((i for i, _ in first), mixed.tolist(), strict=True)
        return sorted(ranked, key=lambda entry: (-entry[1], entry[0])) + [(i, score + floor) for i, score in rest]

    return rerank


def windows(query: str, texts: Sequence[str], corpus: Corpus) -> list[str]:
    """Of each text the run of sentences that holds most of the query's words, by their weight in the corpus."""
    words = [quoted(word) for word in content_words(query)]
    n = corpus.n_passages
    weights = {w: inverse_document_frequency(n, corpus.document_frequency(w)) for w in words}
    parts = [sentences(text) for text in texts]
    held = iter(matching(words, [t[a:b] for t, found in zip(texts, parts, strict=True) for a, b in found]))
    cut = []
    for text, found in zip(texts, parts, strict=True):
        start, end = best_window(text, found, [next(held) for _ in found], weights)
        cut.append(text[start:end])
    return cut
