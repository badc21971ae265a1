"""Passages per second of the built-in embedder, batched by length and in the order they come; ratios in one run.

    python benchmarks/embed_speed.py [--passages 400] [--device auto]

The passages are made up of the model's vocabulary, with lengths as of papers cut at 160 tokens: most near it, some
captions and section ends far below.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from retrieval import vocabulary

from assistant import encoders
from assistant.encoders import load_embedder

SEED = 0
BATCH = 32


def made_up_texts(n: int) -> list[str]:
    random, words = np.random.default_rng(SEED), vocabulary()
    lengths = np.where(random.random(n) < 0.7, random.normal(150, 20, n), random.uniform(5, 120, n)).astype(int)
    return [" ".join(words[i] for i in random.integers(0, 3000, max(1, length))) for length in lengths]


def as_they_come(lengths: Sequence[int]) -> Iterator[list[int]]:
    for start in range(0, len(lengths), BATCH):
        yield list(range(start, min(start + BATCH, len(lengths))))


def rate(
    texts: Sequence[str],
    embed: Callable[[Sequence[str]], object],
    cut: Callable[[Sequence[int]], Iterator[list[int]]],
) -> float:
    """Passages per second of wall time, with these batches."""
    kept = encoders.batches
    encoders.batches = cut  # type: ignore[assignment]
    try:
        begin = time.perf_counter()
        embed(texts)
        return len(texts) / (time.perf_counter() - begin)
    finally:
        encoders.batches = kept


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=400)
    parser.add_argument("--device", default="auto")
    arguments = parser.parse_args()
    texts = made_up_texts(arguments.passages)
    embedder = load_embedder(device=arguments.device)
    embedder.embed_passages(["The first call loads what is loaded late."])
    tokens = sum(embedder.count_tokens(texts)) / len(texts)
    rates = {
        "torch, by length": rate(texts, embedder.embed_passages, encoders.batches),
        f"torch, {BATCH} as they come": rate(texts, embedder.embed_passages, as_they_come),
        "numpy, by length": rate(texts, embedder.embed, encoders.batches),
    }
    print(f"{len(texts)} passages, {tokens:.0f} tokens on average\n")
    print("| engine, batches | passages / s | ratio |\n|---|---|---|")
    for name, value in rates.items():
        print(f"| {name} | {value:.1f} | {value / rates['torch, by length']:.2f} |")


if __name__ == "__main__":
    main()
