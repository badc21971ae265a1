"""Fit the probability of relevance (index/relevance.json) on training queries, and say how good it is.

    python benchmarks/fit_relevance.py [--embedder NAME] [--write]

Queries: claims of SciFact's train split and questions of PubMedQA's train split, asked of one library of both sets'
abstracts, each twice: once as it is, once with the query's own documents left out, as when the papers do not hold the
answer. Rows: the first DEPTH fused hits, relevant if they are the query's own. Two regressions: of the whole passage,
and of its sentence nearest to the query. Reported on queries whose documents were in no training fold.
SciFact's dev and test claims are never read. Method: logistic regression by Newton's method, ridge RIDGE.
"""

from __future__ import annotations

import argparse
import datetime
import gzip
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from retrieval import data_folder, queries, scifact_corpus

from assistant.config import BUILT_IN_EMBEDDER
from assistant.encoders import Embedder, load_embedder
from assistant.index import vectors
from assistant.index.evaluation import cached_vectors, temporary_library
from assistant.index.relevance import WEIGHTS, idf_overlap, inverse_document_frequency
from assistant.index.search import any_of, content_words, fuse, quoted, word_overlap
from assistant.index.sentences import sentences
from assistant.index.store import Store, matching
from assistant.types import Filters

SEED = 0
DEPTH = 10
CANDIDATES = 100
SENTENCE_QUERIES = 300
"""Queries of each kind whose hits are looked at sentence by sentence."""
SENTENCE_DEPTH = 5
FOLDS = 5
RIDGE = 1e-3
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Query:
    text: str
    own: frozenset[int]
    """Ids of its documents."""
    kind: str


@dataclass(frozen=True, slots=True)
class Rows:
    """What is fitted: features (n, 2) of cosine and overlap, labels (n,), and the query and episode of each row."""

    features: Floats
    labels: Floats
    queries: NDArray[np.int64]
    absent: NDArray[np.bool_]


def training_set() -> tuple[list[str], list[Query]]:
    """Texts of the documents, whose ids count from 1, and the queries."""
    corpus = scifact_corpus()
    number = {name: n for n, name in enumerate(corpus, start=1)}
    texts = list(corpus.values())
    asked = [Query(text, frozenset(number[d] for d in own), "claim") for text, own in queries("train").values()]
    with gzip.open(data_folder() / "pubmedqa" / "train.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            texts.append(" ".join(row["contexts"]))
            asked.append(Query(row["question"], frozenset({len(texts)}), "question"))
    return texts, asked


def groups(asked: Sequence[Query]) -> NDArray[np.int64]:
    """A number for each query, equal where queries share a document, be it through others (union-find)."""
    parent = list(range(len(asked)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    first: dict[int, int] = {}
    for n, query in enumerate(asked):
        for document in query.own:
            parent[root(n)] = root(first.setdefault(document, n))
    return np.array([root(n) for n in range(len(asked))])


def ranked(query: Query, vector: NDArray[np.float32], store: Store, index: vectors.Index) -> list[int]:
    words = content_words(query.text)
    lexical = [i for i, _ in store.lexical(any_of(words), CANDIDATES, Filters())] if words else []
    return [i for i, _ in fuse([lexical, index.search(vector, CANDIDATES)[0].tolist()])]


def passage_rows(
    asked: Sequence[Query],
    hits: Sequence[Sequence[int]],
    matrix: NDArray[np.float32],
    store: Store,
    index: vectors.Index,
) -> Rows:
    found: list[tuple[float, float, float, int, bool]] = []
    for n, (query, ids, vector) in enumerate(zip(asked, hits, matrix, strict=True)):
        shown = ids[: DEPTH + len(query.own)]
        overlaps = word_overlap(content_words(query.text), shown, store)
        features = dict(zip(shown, zip(index.cosines(vector, shown), overlaps, strict=True), strict=True))
        found += _episodes(n, query, shown, features, DEPTH)
    return _rows(found)


def sentence_rows(
    asked: Sequence[Query],
    hits: Sequence[Sequence[int]],
    matrix: NDArray[np.float32],
    texts: Sequence[str],
    store: Store,
    embedder: Embedder,
) -> Rows:
    """Of each passage the sentence that is nearest to the query."""
    seen: Counter[str] = Counter()
    chosen = []
    for n in np.random.default_rng(SEED).permutation(len(asked)).tolist():
        seen[asked[n].kind] += 1
        if seen[asked[n].kind] <= SENTENCE_QUERIES:
            chosen.append(n)
    shown = {n: hits[n][: SENTENCE_DEPTH + len(asked[n].own)] for n in chosen}
    documents = sorted({i for ids in shown.values() for i in ids})
    parts = {i: [texts[i - 1][a:b] for a, b in sentences(texts[i - 1])] for i in documents}
    flat = sorted({part for i in documents for part in parts[i]})
    vectors_of = dict(zip(flat, cached_vectors(flat, embedder), strict=True))
    found: list[tuple[float, float, float, int, bool]] = []
    for n in chosen:
        best = {i: _nearest(parts[i], matrix[n], vectors_of) for i in shown[n]}
        overlaps = sentence_overlap(asked[n].text, [best[i][1] for i in shown[n]], store)
        features = {i: (best[i][0], overlap) for i, overlap in zip(shown[n], overlaps, strict=True)}
        found += _episodes(n, asked[n], shown[n], features, SENTENCE_DEPTH)
    return _rows(found)


def _nearest(
    parts: Sequence[str], vector: NDArray[np.float32], vectors_of: dict[str, NDArray[np.float32]]
) -> tuple[float, str]:
    return max((float(vectors_of[part] @ vector), part) for part in parts)


def sentence_overlap(query: str, texts: Sequence[str], store: Store) -> list[float]:
    """Share, 0..1, of the query's idf-weighted words that each text holds."""
    words = [quoted(word) for word in content_words(query)]
    weights = {w: inverse_document_frequency(store.n_passages, store.document_frequency(w)) for w in words}
    return [idf_overlap(weights, present) for present in matching(words, texts)]


def _episodes(
    n: int, query: Query, shown: Sequence[int], features: dict[int, tuple[float, float]], depth: int
) -> list[tuple[float, float, float, int, bool]]:
    """(cosine, overlap, label, query, absent) of the query's first hits as it is, and with its own left out."""
    rows = [(*features[i], float(i in query.own), n, False) for i in shown[:depth]]
    others = [i for i in shown if i not in query.own][:depth]
    return rows + [(*features[i], 0.0, n, True) for i in others]


def _rows(found: Sequence[tuple[float, float, float, int, bool]]) -> Rows:
    table = np.array([row[:4] for row in found], dtype=np.float64)
    features = np.clip(table[:, :2], 0, 1)
    return Rows(features, table[:, 2], table[:, 3].astype(np.int64), np.array([row[4] for row in found]))


def fit(features: Floats, labels: Floats) -> Floats:
    """(intercept, weights...) of the logistic regression of `labels` (n,) on `features` (n, m)."""
    x = np.hstack([np.ones((len(features), 1)), features])
    weights = np.zeros(x.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ weights))
        hessian = (x * (p * (1 - p))[:, None]).T @ x + RIDGE * np.eye(x.shape[1])
        step = np.linalg.solve(hessian, x.T @ (labels - p) - RIDGE * weights)
        weights += step
        if np.abs(step).max() < 1e-9:
            break
    return weights


def predict(weights: Floats, features: Floats) -> Floats:
    p: Floats = 1 / (1 + np.exp(-(weights[0] + features @ weights[1:])))
    return p


def held_out(rows: Rows, group: NDArray[np.int64]) -> Floats:
    """Each row's probability by weights fitted on the other folds' queries, which share no document with it."""
    names = np.random.default_rng(SEED).permutation(np.unique(group))
    fold_of = {name: n % FOLDS for n, name in enumerate(names.tolist())}
    folds = np.array([fold_of[g] for g in group[rows.queries].tolist()])
    scores = np.zeros(len(rows.labels))
    for fold in range(FOLDS):
        here = folds == fold
        scores[here] = predict(fit(rows.features[~here], rows.labels[~here]), rows.features[here])
    return scores


def area_under_curve(scores: Floats, labels: Floats) -> float:
    """Probability that a positive scores above a negative, ties half (Mann and Whitney)."""
    order = np.unique(scores, return_inverse=True)[1]
    counts = np.bincount(order)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[order]
    positive = labels > 0
    n, m = positive.sum(), (~positive).sum()
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * m))


def calibration_error(scores: Floats, labels: Floats, bins: int = 10) -> float:
    """Expected calibration error over bins of equal width (Naeini et al. 2015)."""
    bin_of = np.minimum((scores * bins).astype(int), bins - 1)
    gaps = [abs(scores[bin_of == b].sum() - labels[bin_of == b].sum()) for b in range(bins)]
    return float(sum(gaps) / len(scores))


def best_scores(rows: Rows, scores: Floats) -> tuple[NDArray[np.int64], Floats, Floats]:
    """The queries, and the best score of each with its documents in the library and with them left out."""
    asked = np.unique(rows.queries)
    there, away = (
        np.array([scores[(rows.queries == q) & (rows.absent == absent)].max() for q in asked])
        for absent in (False, True)
    )
    return asked, there, away


def threshold(there: Floats, away: Floats) -> float:
    """The score that best tells questions the library answers from those it does not: greatest sum of both rates.
    One number chosen of a thousand queries, so chosen and reported on the same ones."""
    steps = np.arange(0.02, 0.98, 0.01)
    return round(float(max(steps, key=lambda t: float((there >= t).mean() - (away >= t).mean()))), 2)


def report(name: str, rows: Rows, group: NDArray[np.int64], kinds: NDArray[np.str_]) -> dict[str, float]:
    """Print the held-out figures; return them with the weights fitted on all rows."""
    scores = held_out(rows, group)
    for kind in ("claim", "question", "all"):
        here = np.ones(len(scores), bool) if kind == "all" else kinds[rows.queries] == kind
        auc, ece = area_under_curve(scores[here], rows.labels[here]), calibration_error(scores[here], rows.labels[here])
        print(f"| {name} | {kind} | {here.sum()} | {rows.labels[here].mean():.3f} | {auc:.3f} | {ece:.3f} |")
    asked, there, away = best_scores(rows, scores)
    best = threshold(there, away)
    for kind in ("claim", "question"):
        here = kinds[asked] == kind
        rates = (
            f"answered {(there[here] >= best).mean():.3f} with, {(away[here] >= best).mean():.3f} without the papers"
        )
        print(f"| {name} | {kind}, from {best} on: {rates} | {here.sum()} | | | |")
    intercept, cosine, overlap = fit(rows.features, rows.labels).round(3).tolist()
    return {"intercept": intercept, "cosine": cosine, "overlap": overlap, "threshold": best}


def without_cosine(rows: Rows) -> dict[str, float]:
    intercept, overlap = fit(rows.features[:, 1:], rows.labels).round(3).tolist()
    return {"intercept": intercept, "cosine": 0.0, "overlap": overlap}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--embedder", default=BUILT_IN_EMBEDDER)
    parser.add_argument("--write", action="store_true", help="put the weights into index/relevance.json")
    arguments = parser.parse_args()
    embedder = load_embedder(arguments.embedder)
    texts, asked = training_set()
    n = len(scifact_corpus())
    matrix = np.vstack([cached_vectors(texts[:n], embedder), cached_vectors(texts[n:], embedder)])
    query_vectors = cached_vectors([query.text for query in asked], embedder)
    with temporary_library(texts, matrix) as (store, index):
        hits = [ranked(query, vector, store, index) for query, vector in zip(asked, query_vectors, strict=True)]
        whole = passage_rows(asked, hits, query_vectors, store, index)
        nearest = sentence_rows(asked, hits, query_vectors, texts, store, embedder)
    group, kinds = groups(asked), np.array([query.kind for query in asked])
    print("| of | queries | n | relevant | AUC | ECE |\n|---|---|---|---|---|---|")
    units = {"passage": report("passage", whole, group, kinds), "sentence": report("sentence", nearest, group, kinds)}
    if arguments.write:
        stored = json.loads(WEIGHTS.read_text(encoding="utf-8"))
        stored["fitted_on"] = "SciFact claims (train) and PubMedQA questions (train), benchmarks/fit_relevance.py"
        stored |= {"n": len(asked), "seed": SEED, "date": datetime.datetime.now(datetime.UTC).date().isoformat()}
        stored["embedders"][embedder.id] = units
        stored["fallback"] = {"passage": without_cosine(whole), "sentence": without_cosine(nearest)}
        WEIGHTS.write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
