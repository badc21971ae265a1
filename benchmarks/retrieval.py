"""Ranking quality: nDCG@10 and recall on SciFact in its BEIR form, and what each part of the search adds and costs.

    python benchmarks/retrieval.py [--split test|train|held] [--embedder NAME] [--rerank N ...] [--share X ...]

By the product's own store, index and search. "held" is the fifth of the training queries whose documents neither the
built-in verifier nor the built-in ranker was trained on: everything is chosen on it and on "train", "test" is only
reported. The data lie in the folder named by ASSISTANT_SHARED (default: ../shared beside the checkout).
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from assistant import encoders
from assistant.config import BUILT_IN_EMBEDDER
from assistant.encoders import Embedder, load_embedder
from assistant.finetune import load_reranker
from assistant.index.beir import Collection, read_collection
from assistant.index.evaluation import Ranker, cached_vectors, full_search, measure, stages, temporary_library
from assistant.index.rerank import SHARE, reranking
from assistant.index.search import Rerank, fuse

HELD_ONE_IN = 5
Rows = Iterator[tuple[str, dict[str, float]]]


def data_folder() -> Path:
    shared = os.environ.get("ASSISTANT_SHARED") or Path(__file__).resolve().parents[2] / "shared"
    folder = Path(shared) / "data"
    if not folder.is_dir():
        sys.exit(f"no data in {folder}; set ASSISTANT_SHARED to the folder that holds data/")
    return folder


def vocabulary() -> list[str]:
    """Whole words of the built-in model's vocabulary, the common ones first."""
    path = encoders.built_in_folder() / "vocab.txt"
    return [w for w in path.read_text(encoding="utf-8").split("\n") if w.isascii() and w.isalpha() and len(w) > 2]


def scifact_corpus() -> dict[str, str]:
    """Document id -> title and abstract."""
    path = data_folder() / "scifact" / "corpus.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return {str(row["doc_id"]): f"{row['title']} {' '.join(row['abstract'])}".strip() for row in rows}


def queries(split: str) -> dict[str, tuple[str, set[str]]]:
    """Query id -> text and ids of the relevant documents."""
    folder = data_folder() / "beir_scifact"
    lines = (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    texts = {row["_id"]: row["text"] for row in map(json.loads, lines)}
    relevant: dict[str, set[str]] = {}
    for line in (folder / "qrels" / f"{split}.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query, document, score = line.split("\t")
        if int(score) > 0:
            relevant.setdefault(query, set()).add(document)
    return {query: (texts[query], documents) for query, documents in relevant.items()}


def collection(split: str) -> Collection:
    """SciFact with the judgements of a split; of train and held only queries whose documents are all on one side."""
    found = read_collection(data_folder() / "beir_scifact", "test" if split == "test" else "train")
    if split == "test":
        return found
    kept = {q: docs for q, docs in found.relevant.items() if {is_held(d) for d in docs} == {split == "held"}}
    return Collection(found.documents, {q: found.queries[q] for q in kept}, kept)


def is_held(doc_id: str) -> bool:
    """As claims_data.py holds back."""
    return int(hashlib.sha256(doc_id.encode()).hexdigest(), 16) % HELD_ONE_IN == 0


def rows(
    collected: Collection, embedder: Embedder, depths: Sequence[int], shares: Sequence[float], reranker: str
) -> Rows:
    """Name and measures of each way to rank."""
    names = dict(enumerate(collected.documents, start=1))
    texts = list(collected.documents.values())
    with temporary_library(texts, cached_vectors(texts, embedder)) as (store, index):

        def asked(rerank: Rerank | None) -> Ranker:
            return full_search(store, index, embedder, rerank)

        parts = stages(store, index, embedder)

        def by_rank(query: str) -> list[int]:
            return [i for i, _ in fuse([parts["lexical"](query), parts["dense"](query)])]

        ways = [("words", parts["lexical"]), ("vectors", parts["dense"]), ("fused by rank (RRF, 60)", by_rank)]
        for name, way in [*ways, ("fused by score", parts["fused"]), ("full search, not reranked", asked(None))]:
            yield name, measure(way, collected, names)
        model = load_reranker(reranker) if depths else None
        for depth in depths if model else ():
            for share in shares:
                way = asked(reranking(model, depth, share=share))
                yield f"reranked, first {depth}, share {share}", measure(way, collected, names)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=("test", "train", "held"), default="test")
    parser.add_argument("--embedder", default=BUILT_IN_EMBEDDER)
    parser.add_argument("--rerank", type=int, nargs="*", default=[])
    parser.add_argument("--share", type=float, nargs="+", default=[SHARE])
    parser.add_argument("--reranker", default="")
    arguments = parser.parse_args()
    embedder, collected = load_embedder(arguments.embedder), collection(arguments.split)
    print(f"SciFact, {len(collected.queries)} {arguments.split} queries, {len(collected.documents)} abstracts\n")
    print("| ranking | nDCG@10 | recall@100 | MRR@10 | ms a query |\n|---|---|---|---|---|")
    for name, row in rows(collected, embedder, arguments.rerank, arguments.share, arguments.reranker):
        quality = " | ".join(f"{row[m]:.3f}" for m in ("ndcg@10", "recall@100", "mrr@10"))
        print(f"| {name} | {quality} | {row['milliseconds']:.0f} |", flush=True)


if __name__ == "__main__":
    main()
