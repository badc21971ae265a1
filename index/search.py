"""Question -> ranked passages: by words (BM25), by meaning (vectors), the two fused, the first ones read again by a
reranker where there is one; each with a probability.

Pure but for the corpus, the vector index, the embedder and the reranker it is handed: it knows no SQL, no FAISS, no
model. What a hit says about the question is not judged here.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.encoders import Embedder
from assistant.index import chinese
from assistant.index.relevance import BY_WORDS_ALONE, inverse_document_frequency, load_relevance, unit_overlap
from assistant.index.scripts import is_multilingual, is_read
from assistant.index.sentences import fts_text
from assistant.types import Filters, Hit, Passage, PassageKind

MAX_WORDS = 40
"""Content words of a query that are searched for; an OR-query costs in proportion to its words."""
MAX_CHARACTERS = 10_000
"""Of a query; the rest is not looked at."""
FUSION_K = 60
"""Damps the first ranks; the value of Cormack, Clarke and Büttcher 2009."""
WORDS_SHARE = 0.4
"""Weight of the words' score against the vectors', both as standard scores among the candidates. On SciFact's training
queries 0.35 to 0.45 are alike (benchmarks/retrieval.py)."""
ROWS_OF_A_TABLE = 3
"""Rows of one table among the hits, at most: each holds the header's words, so a question for one finds them all."""
EVERYTHING = Filters()


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


STOP_WORDS = _words("""
    a about above after again against all am an and any are as at be because been before being below between both
    but by can could did do does doing down during each few for from further had has have having he her here hers
    him his how i if in into is it its itself just me more most my no nor not now of off on once only or other our
    ours out over own per same she should so some such than that the their theirs them then there these they this
    those through to too under until up upon us very was we were what when where whether which while who whom why
    will with within without would you your yours
""")


class Corpus(Protocol):
    """What search needs of the store. A `match` is an FTS5 query, never empty, of words that `quoted` has quoted."""

    @property
    def n_passages(self) -> int:
        """Passages that can be found."""
        ...

    def lexical(self, match: str, limit: int, filters: Filters) -> list[tuple[int, float]]:
        """The `limit` best passages by BM25 as (id, score), best first, higher is better, then by id."""
        ...

    def allowed(self, filters: Filters) -> NDArray[np.int64] | None:
        """Ids of the passages that pass the filters; None where there is nothing to filter."""
        ...

    def passages(self, ids: Sequence[int]) -> Mapping[int, Passage]:
        """Those of `ids` that exist."""
        ...

    def document_frequency(self, match: str) -> int:
        """Number of passages that match."""
        ...

    def containing(self, matches: Sequence[str], ids: Sequence[int]) -> Mapping[str, set[int]]:
        """For each match those of `ids` that match."""
        ...


class VectorIndex(Protocol):
    """What search needs of `assistant.index.vectors.Index`."""

    def search(
        self, query: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Ids and cosines of the `k` nearest to the unit vector `query`, best first."""
        ...

    def cosines(self, query: NDArray[np.float32], ids: Sequence[int]) -> NDArray[np.float32]:
        """Cosine of `query` with each of `ids`, in their order; 0 for an id without a vector."""
        ...


Rerank = Callable[[str, Sequence[tuple[int, float]], Mapping[int, str], Corpus], list[tuple[int, float]]]
"""(query, ids with scores best first, their texts, the corpus) -> the same ids with scores, best first."""


def search(
    query: str,
    *,
    store: Corpus,
    vectors: VectorIndex,
    embedder: Embedder,
    filters: Filters = EVERYTHING,
    k: int,
    candidates: int,
    rerank: Rerank | None = None,
) -> list[Hit]:
    """The `k` best passages for `query`, of the `candidates` best by words and by vectors, fused by `blend`, the first
    ones put into another order by `rerank`.

    Where the filters ask for references, they are found by words, and ranks are fused. Never fails for what the query
    holds; a blank one finds nothing. `score` is the probability of relevance, which need not fall with the rank.
    """
    query = query[:MAX_CHARACTERS].strip()
    if not query or k < 1:
        return []
    words = content_words(query)
    vector = embedder.embed([query])[0]
    found: dict[int, Passage] = {}

    def fetch(ids: Iterable[int]) -> Mapping[int, Passage]:
        found.update(store.passages([i for i in ids if i not in found]))
        return found

    fused = find(
        words, vector, store=store, vectors=vectors, filters=filters, candidates=candidates,
        unread=unread(query, embedder.id, fetch),
    )  # fmt: skip
    fetch(i for i, _ in fused)
    fused = _few_rows([(i, score) for i, score in fused if i in found], found)
    if rerank is not None and is_read(query, embedder.id):
        fused = rerank(query, fused, {i: found[i].text for i, _ in fused}, store)
    scores = _best(fused, k)
    passages = {i: found[i] for i in scores}
    cosines = dict(zip(passages, np.clip(vectors.cosines(vector, list(passages)), 0.0, 1.0).tolist(), strict=True))
    # Equal scores happen; what parts them must not be the id, which depends on the order of ingest.
    ids = sorted(passages, key=lambda i: (-scores[i], -cosines[i], passages[i].paper_id, passages[i].text))[:k]
    cosines |= _cosines_of_references(vector, ids, passages, embedder)
    overlaps = word_overlap(words, ids, store)
    weights = [load_relevance(comparable(embedder.id, query, passages[i].text)) for i in ids]
    return [
        Hit(passages[i], rank, relevance.probability(cosines[i], overlap), cosines[i], overlap)
        for rank, (i, overlap, relevance) in enumerate(zip(ids, overlaps, weights, strict=True), start=1)
    ]


def comparable(embedder_id: str, query: str, text: str) -> str:
    """The embedder's id where its cosine of the two says something, else BY_WORDS_ALONE."""
    return embedder_id if is_read(query, embedder_id) and is_read(text, embedder_id) else BY_WORDS_ALONE


def unread(
    query: str, embedder_id: str, passages: Callable[[Sequence[int]], Mapping[int, Passage]]
) -> Callable[[Sequence[int]], set[int]] | None:
    """Those of some ids whose cosine with the query says nothing: all where the embedder does not read the query's
    script, else the passages in a script that it does not read. None where it reads every script."""
    if is_multilingual(embedder_id):
        return None
    if not is_read(query, embedder_id):
        return set

    def told(ids: Sequence[int]) -> set[int]:
        known = passages(ids)
        return {i for i in ids if i in known and not is_read(known[i].text, embedder_id)}

    return told


def find(
    words: Sequence[str],
    vector: NDArray[np.float32],
    *,
    store: Corpus,
    vectors: VectorIndex,
    filters: Filters = EVERYTHING,
    candidates: int,
    unread: Callable[[Sequence[int]], set[int]] | None = None,
) -> list[tuple[int, float]]:
    """(id, fused score) of the passages that are among the `candidates` best by words or by meaning, best first.

    Passages that are `unread` are ranked by words; those found by meaning alone come last.
    """
    by_words = dict(store.lexical(any_of(words), candidates, filters)) if words else {}
    by_meaning = vectors.search(vector, candidates, store.allowed(filters))[0].tolist()
    mute = set() if unread is None else unread([*by_words, *by_meaning])
    near = [i for i in by_meaning if i not in mute]
    if filters.references:
        ranked = _fuse_references(list(by_words), near, store)
    else:
        # Where the list is full, a passage that is not on it has at most the last one's score; else no word is in it.
        least = min(by_words.values()) if len(by_words) >= candidates else 0.0
        ids = list(dict.fromkeys([*by_words, *near]))
        worded = np.array([by_words.get(i, least) for i in ids])
        ranked = blend(ids, worded, _neutral(vectors.cosines(vector, ids), np.array([i in mute for i in ids], bool)))
    floor = ranked[-1][1] - 1 if ranked else 0.0
    return ranked + [(i, floor) for i in by_meaning if i in mute and i not in by_words]


def _neutral(cosines: NDArray[np.float32], mute: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The cosines, where they say nothing the mean of the others, so that they move no passage."""
    if not mute.any():
        return cosines
    mean = cosines[~mute].mean() if not mute.all() else 0.0
    return np.where(mute, np.float32(mean), cosines)


def blend(
    ids: Sequence[int], first: NDArray[np.floating], second: NDArray[np.floating], *, share: float = WORDS_SHARE
) -> list[tuple[int, float]]:
    """(id, score), best first, equal ones by ascending id: `share` of the first score and the rest of the second, each
    in standard deviations from its mean, so that it does not matter what they count (convex combination, Bruch et al.
    2023, arXiv:2210.11934)."""
    scores = share * standard(first) + (1 - share) * standard(second)
    return sorted(zip(ids, scores.tolist(), strict=True), key=lambda entry: (-entry[1], entry[0]))


def standard(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """Standard deviations from the mean; zeros where all are equal."""
    centred = np.asarray(scores, dtype=np.float64) - (np.mean(scores) if len(scores) else 0.0)
    spread = float(centred.std()) if len(scores) else 0.0
    # Below this it is rounding that parts them.
    return centred / spread if spread > 1e-9 else np.zeros_like(centred)


def _fuse_references(by_words: Sequence[int], by_meaning: Sequence[int], store: Corpus) -> list[tuple[int, float]]:
    """As `fuse`, with entries of lists of references a ranking of their own. They have no place by meaning: the one by
    words stands for both, or none would ever come among the first."""
    passages = store.passages(by_words)
    entries = [i for i in by_words if i in passages and passages[i].kind is PassageKind.REFERENCE]
    apart = set(entries)
    return fuse([[i for i in by_words if i not in apart], by_meaning, entries, entries])


def _cosines_of_references(
    vector: NDArray[np.float32], ids: Sequence[int], passages: Mapping[int, Passage], embedder: Embedder
) -> dict[int, float]:
    """Cosines, 0..1, of the query's vector with the references among `ids`, which no index holds."""
    entries = [i for i in ids if passages[i].kind is PassageKind.REFERENCE]
    if not entries:
        return {}
    matrix = embedder.embed([passages[i].text for i in entries])
    return dict(zip(entries, np.clip(matrix @ vector, 0.0, 1.0).tolist(), strict=True))


def _few_rows(fused: Sequence[tuple[int, float]], passages: Mapping[int, Passage]) -> list[tuple[int, float]]:
    """The ranking without the rows of a table after its best ROWS_OF_A_TABLE."""
    seen: Counter[tuple[object, ...]] = Counter()
    kept = []
    for i, score in fused:
        passage = passages[i]
        if passage.kind is PassageKind.ROW and passage.spans:
            # Its header begins where the first span does; rows without a header count by the page.
            first = passage.spans[0]
            table = (passage.paper_id, first.page, first.start if len(passage.spans) > 1 else None)
            seen[table] += 1
            if seen[table] > ROWS_OF_A_TABLE:
                continue
        kept.append((i, score))
    return kept


def _best(fused: Sequence[tuple[int, float]], k: int) -> dict[int, float]:
    """The k best with their scores, and those that equal the last of them."""
    least = fused[k - 1][1] if len(fused) >= k else -math.inf
    return {i: score for i, score in fused if score >= least}


def fuse(rankings: Sequence[Sequence[int]], *, k: int = FUSION_K) -> list[tuple[int, float]]:
    """(id, score), best first, equal ones by ascending id: the score is the sum of 1 / (k + rank) over the rankings
    that hold the id, ranks from 1. Ids are distinct within a ranking. Reciprocal rank fusion, Cormack et al. 2009."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, i in enumerate(ranking, start=1):
            scores[i] = scores.get(i, 0.0) + 1 / (k + rank)
    return sorted(scores.items(), key=lambda entry: (-entry[1], entry[0]))


def content_words(query: str) -> list[str]:
    """The query's words in lower case, without repeats, stop words and possessive endings, at most MAX_WORDS;
    pairs of characters for Chinese and Japanese. Where all are stop words there are none."""
    spelled = re.sub(r"['’]s\b", "", fts_text(query[:MAX_CHARACTERS])).lower()
    words = dict.fromkeys(re.findall(r"[^\W_]+", spelled))
    return [word for word in words if word not in STOP_WORDS and not chinese.is_empty(word)][:MAX_WORDS]


def quoted(word: str) -> str:
    """A word as FTS5 text, so that nothing in it is syntax. One Chinese character finds the pairs it begins."""
    lone = len(word) == 1 and word != fts_text(word)
    return f'"{word}"*' if lone else f'"{word}"'


def any_of(words: Sequence[str]) -> str:
    """The FTS5 query for passages with any of the words."""
    return " OR ".join(map(quoted, words))


def word_overlap(words: Sequence[str], ids: Sequence[int], store: Corpus) -> list[float]:
    """For each passage of `ids` the share of the words' inverse-document-frequency weight that it holds, 0..1; of
    Chinese the share of the characters'."""
    n = store.n_passages
    weights = {word: inverse_document_frequency(n, store.document_frequency(quoted(word))) for word in words}
    holders = store.containing([quoted(word) for word in words], ids)
    units = chinese.units(words)
    return [unit_overlap(units, weights, {word for word in words if i in holders[quoted(word)]}) for i in ids]
