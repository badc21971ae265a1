"""Passages per CPU-second of the built-in embedder by each engine, and batched as they come; ratios in one run.

    OMP_NUM_THREADS=1 python benchmarks/embed_speed.py [--passages 96] [--rounds 4]

The passages are made up of the model's vocabulary and have 128 tokens each, or (second table) lengths as of papers cut
at 160 tokens: most near it, some captions and section ends far below. The engines take turns; the best round counts.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from retrieval import vocabulary

from assistant.bert import NumpyBert, TorchBert
from assistant.bert_onnx import OnnxBert
from assistant.encoders import BertEmbedder, load_embedder

SEED = 0
WHOLE = 128
"""Tokens."""
BATCH = 32


def made_up_texts(lengths: Sequence[int]) -> list[str]:
    random, words = np.random.default_rng(SEED), vocabulary()
    return [" ".join(words[i] for i in random.integers(0, 3000, length)) for length in lengths]


def mixed_lengths(n: int) -> list[int]:
    random = np.random.default_rng(SEED)
    lengths = np.where(random.random(n) < 0.7, random.normal(150, 20, n), random.uniform(5, 120, n)).astype(int)
    return [max(1, int(length)) for length in lengths]


def report(calls: Mapping[str, Callable[[], object]], n: int, rounds: int) -> None:
    best = dict.fromkeys(calls, float("inf"))
    for _ in range(rounds):
        for name, call in calls.items():
            began = time.process_time()
            call()
            best[name] = min(best[name], time.process_time() - began)
    slowest = best[next(iter(calls))]
    print("| engine | passages / CPU-second | ratio |\n|---|---|---|")
    for name, seconds in best.items():
        print(f"| {name} | {n / seconds:.1f} | {slowest / seconds:.2f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=96)
    parser.add_argument("--rounds", type=int, default=4)
    arguments = parser.parse_args()
    embedder = load_embedder(device="cpu")
    assert isinstance(embedder, BertEmbedder)
    weights, config = embedder.checkpoint()
    torch, quick = TorchBert(weights, config, "cpu"), OnnxBert(weights, config, precision="int8")
    engines = {
        "torch float32": torch,
        "onnx float32": OnnxBert(weights, config, precision="float32"),
        "onnx int8": quick,
        "numpy float32": NumpyBert(weights, config),
    }
    n, random = arguments.passages, np.random.default_rng(SEED)
    batches = [random.integers(1000, 20000, (16 if e is torch else 8, WHOLE)) for e in engines.values()]
    print(f"{n} passages of {WHOLE} tokens\n")

    def whole(name: str, ids: np.ndarray) -> Callable[[], object]:  # type: ignore[type-arg]
        return lambda: [engines[name].mean_pooled(ids, ids > 0) for _ in range(n // len(ids))]

    report({name: whole(name, ids) for name, ids in zip(engines, batches, strict=True)}, n, arguments.rounds)
    texts = made_up_texts(mixed_lengths(n))
    print(f"\n{n} passages, {sum(embedder.count_tokens(texts)) / n:.0f} tokens on average\n")

    def as_they_come() -> object:
        return [embedder.embed_with(torch, texts[i : i + BATCH]) for i in range(0, n, BATCH)]

    report(
        {
            f"torch float32, {BATCH} as they come": as_they_come,
            "torch float32, by length": lambda: embedder.embed_with(torch, texts),
            "onnx int8, by length": lambda: embedder.embed_with(quick, texts),
        },
        n,
        arguments.rounds,
    )


if __name__ == "__main__":
    main()
