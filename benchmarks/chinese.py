"""Chinese: how well a title, or a paper's keywords, finds its abstract in CSL (dev), and when such a query is answered.

    python benchmarks/chinese.py [--embedder NAME] [--without N]

By the product's own store, index and search. The 2,000 rows are 1,000 papers twice: the abstract, and the abstract with
its title behind it. Two corpora: the 1,000 abstracts alone, and all 2,000 rows, where both of a paper count. Evaluation
only: nothing is tuned here. `--without`: that many titles are asked again with their papers left out.
"""

from __future__ import annotations

import argparse
import gzip

import numpy as np
from retrieval import data_folder

from assistant.config import BUILT_IN_EMBEDDER, Settings
from assistant.encoders import load_embedder
from assistant.index.beir import Collection
from assistant.index.evaluation import cached_vectors, evaluate_retrieval, temporary_library
from assistant.index.search import search

MEASURES = ("mrr@10", "ndcg@10", "recall@100", "milliseconds")


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


def answered(embedder_name: str, count: int) -> tuple[float, float]:
    """Share of titles whose best passage is probable enough to be read for an answer, with the papers' abstracts in the
    library and without."""
    embedder = load_embedder(embedder_name)
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
    embedder = load_embedder(arguments.embedder)
    print(f"| query, corpus | ranking | {' | '.join(MEASURES)} |\n|---|---|{'---|' * len(MEASURES)}")
    for name, collection in collections().items():
        result = evaluate_retrieval(collection, embedder)
        for stage in ("lexical", "dense", "fused", "full"):
            row = result if stage == "full" else result[stage]
            print(f"| {name} | {stage} | {' | '.join(f'{row[m]:.3f}' for m in MEASURES)} |", flush=True)
    there, away = answered(arguments.embedder, arguments.without)
    print(
        f"\nBest passage at or above the threshold: {there:.3f} of {arguments.without} titles, {away:.3f} without them"
    )


if __name__ == "__main__":
    main()
