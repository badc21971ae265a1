"""What 8-bit embedding changes: cosines, top-10 overlap and nDCG@10 against torch in float32, on SciFact's abstracts.

    python benchmarks/embed_precision.py [--documents 5183]

Documents: the corpus of beir_scifact in ASSISTANT_SHARED (default ../shared beside the checkout), each as one text.
Queries: its training queries, embedded as questions are. Nothing is tuned on its test queries, so none are asked here.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.bert import TorchBert
from assistant.bert_onnx import OnnxBert
from assistant.encoders import BertEmbedder, built_in_folder, load_embedder
from assistant.index.beir import Judgements, read_collection
from assistant.rankings import ndcg

K = 10
Floats = NDArray[np.float32]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=10**9)
    wanted = parser.parse_args().documents
    shared = Path(os.environ.get("ASSISTANT_SHARED") or Path(__file__).resolve().parents[2] / "shared")
    collection = read_collection(shared / "data" / "beir_scifact", "train")
    texts = list(collection.documents.values())[:wanted]
    embedder = load_embedder()
    assert isinstance(embedder, BertEmbedder)
    weights, config = embedder.checkpoint()
    engines = {
        "torch float32": TorchBert(weights, config, "cpu"),
        "onnx float32": OnnxBert(weights, config, precision="float32"),
        "onnx int8": OnnxBert(weights, config, precision="int8"),
    }
    queries = embedder.embed(list(collection.queries.values()))
    found = {name: embedder.embed_with(engine, texts) for name, engine in engines.items()}
    report(found, queries, list(collection.documents)[:wanted], list(collection.queries), collection.relevant)


def report(
    found: dict[str, Floats], queries: Floats, names: Sequence[str], asked: Sequence[str], relevant: Judgements
) -> None:
    tops = {name: np.argsort(-(queries @ vectors.T), axis=1, kind="stable")[:, :K] for name, vectors in found.items()}
    reference = next(iter(found))
    print(f"{len(names)} documents, {len(asked)} queries (numpy, float32), {built_in_folder().name}\n")
    print(f"| passages by | cosine mean / least | top-{K} overlap | nDCG@{K} |\n|---|---|---|---|")
    for name, vectors in found.items():
        cosines = (vectors * found[reference]).sum(axis=1)
        pairs = zip(tops[name].tolist(), tops[reference].tolist(), strict=True)
        overlap = np.mean([len(set(a) & set(b)) / K for a, b in pairs])
        rankings = zip(asked, tops[name].tolist(), strict=True)
        quality = np.mean([ndcg([names[i] for i in row], relevant[query], K) for query, row in rankings])
        print(f"| {name} | {cosines.mean():.4f} / {cosines.min():.4f} | {overlap:.4f} | {quality:.4f} |")


if __name__ == "__main__":
    main()
