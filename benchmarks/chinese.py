"""Chinese: how well a title, or a paper's keywords, finds its abstract in CSL (dev), and when such a query is answered.

    python benchmarks/chinese.py [--embedder NAME] [--without N]

By the product's own store, index and search. The 2,000 rows are 1,000 papers twice: the abstract, and the abstract with
its title behind it. Two corpora: the 1,000 abstracts alone, and all 2,000 rows, where both of a paper count. Evaluation
only: nothing is tuned here. `--without`: that many titles are asked again with their papers left out.
"""

from __future__ import annotations

import argparse
import gzip
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from retrieval import data_folder

from assistant.config import BUILT_IN_EMBEDDER, Settings
from assistant.encoders import Embedder, load_embedder
from assistant.index.beir import Collection
from assistant.index.evaluation import cached_vectors, evaluate_retrieval, temporary_library
from assistant.index.search import search

MEASURES = ("mrr@10", "ndcg@10", "recall@100")


class Remembered:
    """An embedder that has embedded all queries beforehand, since each is asked four times over."""

    def __init__(self, embedder: Embedder, queries: Sequence[str]) -> None:
        self.id, self.dimension, self.max_tokens = embedder.id, embedder.dimension, embedder.max_tokens
        self.embed_passages, self.count_tokens = embedder.embed_passages, embedder.count_tokens
        self._known = dict(zip(queries, cached_vectors(queries, embedder), strict=True))

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.stack([self._known[text] for text in texts])


def rows(name: str) -> list[tuple[str, str]]:
    """(text, title or keywords) of each row."""
    with gzip.open(data_folder() / "csl" / f"{name}.tsv.gz", "rt", encoding="utf-8") as lines:
        return [(text, target) for _, text, target in (line.rstrip("\n").split("\t") for line in lines)]


def collections() -> dict[str, Collection]:
    """Each kind of query over each corpus, by name."""
    titled, keyed = rows("ts_dev"), rows("kg_dev")
    assert all(long.startswith(short) for (short, _), (long, _) in zip(titled, keyed, strict=True))
    abstracts = {f"a{n}": text for n, (text, _) in enumerate(titled)}
    everything = abstracts | {f"b{n}": text for n, (text, _) in enumerate(keyed)}
    queries = {
        "title": {str(n): title for n, (_, title) in enumerate(titled)},
        "keywords": {str(n): words.replace("_", " ") for n, (_, words) in enumerate(keyed)},
    }
    return {
        f"{kind}, {len(corpus):,} texts": Collection(
            corpus, asked, {n: {d: 1 for d in (f"a{n}", f"b{n}") if d in corpus} for n in asked}
        )
        for kind, asked in queries.items()
        for corpus in (abstracts, everything)
    }


def answered(embedder: Embedder, count: int) -> tuple[float, float]:
    """Share of titles whose best passage is probable enough to be read for an answer, with the papers' abstracts in the
    library and without."""
    titled = rows("ts_dev")
    texts = [text for text, _ in titled]
    matrix = cached_vectors(texts, embedder)
    threshold = Settings().answer_above
    shares = []
    for first in (0, count):
        with temporary_library(texts[first:], matrix[first:]) as (store, index):
            options = {"store": store, "vectors": index, "embedder": embedder, "k": 1, "candidates": 100}
            hits = [search(title, **options) for _, title in titled[:count]]  # type: ignore[arg-type]
        shares.append(float(np.mean([bool(h) and h[0].score >= threshold for h in hits])))
    return shares[0], shares[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--embedder", default=BUILT_IN_EMBEDDER)
    parser.add_argument("--without", type=int, default=200)
    arguments = parser.parse_args()
    measured = collections()
    queries = list(dict.fromkeys(text for collection in measured.values() for text in collection.queries.values()))
    embedder = Remembered(load_embedder(arguments.embedder), queries)
    print(f"| query, corpus | ranking | {' | '.join(MEASURES)} |\n|---|---|{'---|' * len(MEASURES)}")
    for name, collection in measured.items():
        result = evaluate_retrieval(collection, embedder)
        for stage in ("lexical", "dense", "fused", "full"):
            row = result if stage == "full" else result[stage]
            print(f"| {name} | {stage} | {' | '.join(f'{row[m]:.3f}' for m in MEASURES)} |", flush=True)
    there, away = answered(embedder, arguments.without)
    print(
        f"\nBest passage at or above the threshold: {there:.3f} of {arguments.without} titles, {away:.3f} without them"
    )


if __name__ == "__main__":
    main()
