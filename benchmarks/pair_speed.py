"""Pairs per CPU-second of the verifier by each engine, and how far 8-bit products move its labels; in one run.

    python benchmarks/pair_speed.py [--pairs 300] [--task claims]

Pairs: training claims of scifact in ASSISTANT_SHARED (default ../shared beside the checkout) with abstracts of its
corpus. `--task evidence` does the same with the built-in reranker.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.bert import PairRuntime, TorchPairs
from assistant.bert_onnx import OnnxBert
from assistant.finetune import adapters
from assistant.finetune.verifier import QuickScorer

CHARACTERS = 500
"""Of an abstract that stand in a pair: as long as what `check` reads."""
Floats = NDArray[np.float32]


def scifact_pairs(n: int) -> list[tuple[str, str]]:
    folder = Path(os.environ.get("ASSISTANT_SHARED") or Path(__file__).resolve().parents[2] / "shared") / "data"
    from assistant.index.beir import read_collection

    collection = read_collection(folder / "beir_scifact", "train")
    relevant = [(collection.queries[q], collection.documents[d]) for q, ds in collection.relevant.items() for d in ds]
    return [(claim, text[:CHARACTERS]) for claim, text in relevant[:n]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=300)
    parser.add_argument("--task", default="claims")
    arguments = parser.parse_args()
    pairs = scifact_pairs(arguments.pairs)
    scorer = QuickScorer(adapters.find_adapter(adapters.BUILT_IN, arguments.task))
    weights, config = scorer.checkpoint()
    engines: dict[str, PairRuntime] = {
        "torch": TorchPairs(weights, config),
        "onnx float32": OnnxBert(weights, config, precision="float32"),
        "onnx int8": OnnxBert(weights, config, precision="int8"),
    }
    logits, seconds = {}, {}
    for name, engine in engines.items():
        scorer.logits_by(engine, pairs[:4])
        began = time.process_time()
        logits[name] = scorer.logits_by(engine, pairs)
        seconds[name] = time.process_time() - began
    print(json.dumps({"pairs": len(pairs), "task": arguments.task}))
    print("| engine | pairs / CPU-second | ratio | label agreement | probability, largest change | mean change |")
    print("|---|---|---|---|---|---|")
    for name, found in logits.items():
        same = (found.argmax(axis=1) == logits["torch"].argmax(axis=1)).mean()
        moved = np.abs(_softmax(found) - _softmax(logits["torch"]))
        speed = f"{len(pairs) / seconds[name]:.1f} | {seconds['torch'] / seconds[name]:.2f}"
        print(f"| {name} | {speed} | {same:.3f} | {moved.max():.4f} | {moved.mean():.5f} |")


def _softmax(logits: Floats) -> Floats:
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), dtype=np.float32)


if __name__ == "__main__":
    main()
