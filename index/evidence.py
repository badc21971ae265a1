"""The library as reasoning sees it: passages found, the exact place of a quote, and what a relevance is worth.

Implements `assistant.quotes.Retriever` over store, vector index and embedder; decides nothing about answers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.config import Settings
from assistant.encoders import Embedder
from assistant.index import chinese, relations
from assistant.index.geometry import line_boxes
from assistant.index.library import Library
from assistant.index.relevance import inverse_document_frequency, load_relevance, unit_overlap
from assistant.index.rerank import Reranker, reranking
from assistant.index.sandbox import READER
from assistant.index.scripts import is_read
from assistant.index.search import comparable, content_words, quoted, search
from assistant.index.sentences import sentences
from assistant.index.store import matching
from assistant.types import Filters, Hit, Paper, Passage, Provenance, Span

KEPT_VECTORS = 2000
"""Vectors kept for further searches of one answer: 3 MB."""


class LibraryRetriever:
    """One library to search. Holds no state of its own but papers and vectors already looked up, and which passages
    were found."""

    def __init__(
        self, library: Library, embedder: Embedder, settings: Settings, *, reranker: Reranker | None = None
    ) -> None:
        self._library = library
        self._embedder = embedder
        self._settings = settings
        self._models = () if reranker is None else (reranker.id,)
        self._rerank = None if reranker is None else reranking(reranker, settings.rerank)
        self._papers: dict[str, Paper] = {}
        self._vectors: dict[str, NDArray[np.float32]] = {}
        self._found: dict[int, None] = {}

    def describe(self) -> tuple[int, int]:
        """(works, passages) that can be searched; the files of one work count once."""
        return self._library.store.n_works, self._library.store.n_passages

    def search(self, query: str, *, k: int, filters: Filters) -> list[Hit]:
        """The k passages that fit best, best first; fewer where there are fewer. Raises EmbedderMismatch where the
        library was embedded anew with another model since this retriever was made."""
        with self._library.store.snapshot():
            self._library.check_embedder(self._embedder)
            hits = search(
                query,
                store=self._library.store,
                vectors=self._library.index(),
                embedder=self._embedder,
                filters=filters,
                k=k,
                candidates=self._settings.candidates,
                rerank=self._rerank,
            )
        self._found |= dict.fromkeys(hit.passage.id for hit in hits)
        return hits

    def provenance(self) -> Provenance:
        """What an answer given now is made from: the passages are all those found since this retriever was made."""
        return Provenance(
            library_generation=self._library.store.generation,
            reader=READER,
            embedder=self._embedder.id,
            models=self._models,
            seed=self._settings.seed,
            passages=tuple(self._found),
        )

    def paper(self, paper_id: str) -> Paper:
        """The paper a passage belongs to."""
        if paper_id not in self._papers:
            self._papers[paper_id] = self._library.store.paper(paper_id)
        return self._papers[paper_id]

    def voices(self, paper_ids: Sequence[str]) -> dict[str, str]:
        """Paper -> the name of the work it votes with; works whose texts are nearly the same share one."""
        return relations.voices(self._library.store, paper_ids)

    def evidence(self, hit: Hit, start: int, end: int) -> tuple[tuple[Span, ...], str]:
        """Where `hit.passage.text[start:end]` stands: a span with boxes for each run of text, and the first page's
        label ("" in a file without pages)."""
        spans: list[Span] = []
        label, paged = "", self.paper(hit.passage.paper_id).paged
        for span in _cut(hit.passage.spans, start, end):
            page = self._library.store.page_of(hit.passage.id, span.page)
            label = label or (page.label if paged else "")
            spans.append(Span(span.page, span.start, span.end, line_boxes(page, span.start, span.end)))
        return tuple(spans), label

    def split(self, passage: Passage) -> list[tuple[int, int]]:
        """(start, end) of each sentence of a passage's text, in order, disjoint. A sentence may run over a page break,
        but not from paragraph to paragraph of a file without pages."""
        if self.paper(passage.paper_id).paged:
            return sentences(passage.text)
        found: list[tuple[int, int]] = []
        offset = 0
        for span in passage.spans:
            end = offset + span.end - span.start
            found += [(offset + a, offset + b) for a, b in sentences(passage.text[offset:end])]
            offset = end + 1
        return found

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(len(texts), dimension), rows of length 1. What was embedded before is not embedded again: the parts of a
        question and what may be asked next find the same sentences. Texts in a script that the embedder does not read
        are near where they share pairs of characters: to the embedder they would all be alike."""
        if len(self._vectors) > KEPT_VECTORS:
            self._vectors.clear()
        if new := [t for t in dict.fromkeys(texts) if t not in self._vectors]:
            read = [t for t in new if is_read(t, self._embedder.id)]
            self._vectors.update(zip(read, self._embedder.embed(read), strict=True))
            rest = [t for t in new if t not in self._vectors]
            self._vectors |= {t: _hashed(content_words(t), self._embedder.dimension) for t in rest}
        if not texts:
            return np.zeros((0, self._embedder.dimension), dtype=np.float32)
        return np.stack([self._vectors[t] for t in texts])

    def overlap(self, query: str, texts: Sequence[str]) -> list[float]:
        """Share, 0..1, of the query's idf-weighted words that each text holds."""
        store = self._library.store
        words = content_words(query)
        frequency = {w: store.document_frequency(quoted(w)) for w in words}
        weights = {quoted(w): inverse_document_frequency(store.n_passages, frequency[w]) for w in words}
        units = [tuple(map(quoted, unit)) for unit in chinese.units(words)]
        return [unit_overlap(units, weights, present) for present in matching(list(weights), texts)]

    def frequency(self, word: str) -> int:
        """Number of passages that hold a word of `content_words`."""
        return self._library.store.document_frequency(quoted(word))

    def relevance(self, query: str, text: str, *, cosine: float, overlap: float) -> float:
        """Probability, 0..1, that a text with this cosine and overlap is relevant to the query; by words where the
        embedder does not read the script of either."""
        weights = load_relevance(comparable(self._embedder.id, query, text), unit="sentence")
        return weights.probability(cosine, overlap)


def _hashed(words: Sequence[str], dimension: int) -> NDArray[np.float32]:
    """A unit vector of the words: each adds or takes one at its own place (Weinberger et al. 2009)."""
    vector = np.zeros(dimension, dtype=np.float32)
    for word in words:
        digest = int.from_bytes(hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).digest(), "little")
        vector[digest % dimension] += 1.0 if digest >> 63 else -1.0
    if not vector.any():
        vector[0] = 1.0
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def _cut(spans: Sequence[Span], start: int, end: int) -> list[Span]:
    """The parts of a passage's spans that its text's characters [start:end] lie on. The text is the spans' texts
    joined by one space each."""
    parts: list[Span] = []
    offset = 0
    for span in spans:
        length = span.end - span.start
        first, last = max(start - offset, 0), min(end - offset, length)
        if first < last:
            parts.append(Span(span.page, span.start + first, span.start + last))
        offset += length + 1
    return parts
