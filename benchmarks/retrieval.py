"""Ranking quality: nDCG@10 and recall on SciFact in its BEIR form, by words, by vectors, and fused.

    python benchmarks/retrieval.py [--embedder NAME]

By the product's own store, index and search. The data lie in the folder named by ASSISTANT_SHARED (default: ../shared
beside the checkout). Nothing is tuned here.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
from pathlib import Path

from assistant import encoders
from assistant.config import BUILT_IN_EMBEDDER
from assistant.encoders import load_embedder
from assistant.index.beir import read_collection
from assistant.index.evaluation import evaluate_retrieval


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--embedder", default=BUILT_IN_EMBEDDER)
    embedder = load_embedder(parser.parse_args().embedder)
    result = evaluate_retrieval(read_collection(data_folder() / "beir_scifact"), embedder)
    print(f"SciFact (BEIR), {result['n']} test queries, {result['documents']} abstracts, {embedder.id}\n")
    print("| ranking | nDCG@10 | recall@100 | MRR@10 | ms a query |\n|---|---|---|---|---|")
    for name in ("lexical", "dense", "fused", "full"):
        row = result if name == "full" else result[name]
        quality = " | ".join(f"{row[measure]:.3f}" for measure in ("ndcg@10", "recall@100", "mrr@10"))
        print(f"| {name} | {quality} | {row['milliseconds']:.0f} |")


if __name__ == "__main__":
    main()
