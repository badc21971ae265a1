"""How good rankings are, by the measures of information retrieval. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence


def ndcg(ranking: Sequence[str], relevant: Mapping[str, int], depth: int = 10) -> float:
    """Normalised discounted cumulative gain of the first `depth`, 0..1, gains linear in the relevance (Järvelin and
    Kekäläinen 2002; as trec_eval)."""
    best = sum(gain / math.log2(rank + 1) for rank, gain in enumerate(sorted(relevant.values())[::-1][:depth], start=1))
    found = sum(relevant.get(d, 0) / math.log2(rank + 1) for rank, d in enumerate(ranking[:depth], start=1))
    return found / best if best else 0.0


def recall(ranking: Sequence[str], relevant: Mapping[str, int], depth: int = 100) -> float:
    """Share of the relevant documents among the first `depth`, 0..1."""
    return sum(d in relevant for d in ranking[:depth]) / len(relevant) if relevant else 0.0


def reciprocal_rank(ranking: Sequence[str], relevant: Mapping[str, int], depth: int = 10) -> float:
    """1 / the rank of the first relevant document among the first `depth`; 0 where there is none."""
    return next((1 / rank for rank, d in enumerate(ranking[:depth], start=1) if d in relevant), 0.0)
