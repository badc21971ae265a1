"""Time of one query at 1,000 and 50,000 passages, whole and by part, in milliseconds.

    python benchmarks/query_speed.py [--passages 1000 50000] [--queries 100]

The passages are made up: 110 words each from the model's vocabulary with Zipf's frequencies, and clustered random
vectors. So ranking means nothing here, but the work is that of real text: words are as common, lists as long.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from retrieval import vocabulary

from assistant.encoders import Embedder, load_embedder
from assistant.index import vectors
from assistant.index.evaluation import temporary_library
from assistant.index.search import any_of, content_words, search, word_overlap
from assistant.index.store import Store
from assistant.types import Filters

SEED = 0
WORDS = 110
QUERY_WORDS = 9
CLUSTERS = 500
CANDIDATES = 100
HITS = 12


def made_up_texts(n: int, words: Sequence[str]) -> list[str]:
    weights = 1 / np.arange(1, len(words) + 1)
    chosen = np.random.default_rng(SEED).choice(len(words), (n, WORDS), p=weights / weights.sum())
    return [" ".join(words[i] for i in row) for row in chosen]


def made_up_vectors(n: int, dimension: int) -> NDArray[np.float32]:
    random = np.random.default_rng(SEED)
    rows = random.standard_normal((CLUSTERS, dimension), dtype=np.float32)[random.integers(0, CLUSTERS, n)]
    rows += 0.5 * random.standard_normal((n, dimension), dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def milliseconds(call: Callable[[str], object], asked: Sequence[str]) -> NDArray[np.float64]:
    times = []
    for query in asked:
        begin = time.perf_counter()
        call(query)
        times.append(1000 * (time.perf_counter() - begin))
    return np.array(times)


def parts(store: Store, index: vectors.Index, embedder: Embedder) -> dict[str, Callable[[str], object]]:
    vector = embedder.embed(["a question"])[0]
    ids = index.search(vector, HITS)[0].tolist()
    return {
        "whole query": lambda query: search(
            query, store=store, vectors=index, embedder=embedder, k=HITS, candidates=CANDIDATES
        ),
        "embed": lambda query: embedder.embed([query]),
        "by words": lambda query: store.lexical(any_of(content_words(query)), CANDIDATES, Filters()),
        "by vectors": lambda query: index.search(vector, CANDIDATES),
        "overlap": lambda query: word_overlap(content_words(query), ids, store),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, nargs="+", default=[1_000, 50_000])
    parser.add_argument("--queries", type=int, default=100)
    arguments = parser.parse_args()
    embedder, words = load_embedder(), vocabulary()
    asked = [" ".join(content_words(text)[:QUERY_WORDS]) for text in made_up_texts(arguments.queries, words)]
    print("| passages | part | p50 ms | p95 ms |\n|---|---|---|---|")
    for n in arguments.passages:
        with temporary_library(made_up_texts(n, words), made_up_vectors(n, embedder.dimension)) as (store, index):
            for name, call in parts(store, index, embedder).items():
                middle, late = np.percentile(milliseconds(call, asked), [50, 95])
                print(f"| {n:,} | {name} | {middle:.1f} | {late:.1f} |", flush=True)


if __name__ == "__main__":
    main()
