"""Cosine and word overlap -> probability that a passage is relevant to a query.

A fused rank says nothing about whether the best hit is any good; this does. Logistic regression, its weights kept in
relevance.json for each embedder they were fitted with (benchmarks/fit_relevance.py), else a fallback by words alone.
Knows numbers only: no text, no store, no model.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

Unit = Literal["passage", "sentence"]
BY_WORDS_ALONE = ""
"""In place of an embedder's id: the cosine says nothing."""
WEIGHTS = Path(__file__).with_name("relevance.json")


@dataclass(frozen=True, slots=True)
class Relevance:
    """Weights of the regression: the log odds are `intercept + cosine * c + overlap * o`."""

    intercept: float
    cosine: float
    overlap: float

    def probability(self, cosine: float, overlap: float) -> float:
        """0..1, rising with both arguments, which lie in 0..1."""
        return 1 / (1 + math.exp(-(self.intercept + self.cosine * cosine + self.overlap * overlap)))


@cache
def load_relevance(embedder_id: str, *, unit: Unit = "passage") -> Relevance:
    """The weights fitted with that embedder for passages, or for single sentences of passages; else the fallback,
    which leaves the cosine out: another embedder's cosines mean other things."""
    stored = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    weights = stored["embedders"].get(embedder_id, stored["fallback"])[unit]
    return Relevance(weights["intercept"], weights["cosine"], weights["overlap"])


def inverse_document_frequency(n: int, df: int) -> float:
    """Weight of a word that `df` of `n` passages hold, above 0 (Robertson and Spärck Jones, as in Lucene's BM25)."""
    return math.log1p((n - min(df, n) + 0.5) / (df + 0.5))


def bm25_weight(n: int, df: int) -> float:
    """Weight of a word in BM25 as FTS5 has it, above 0: next to nothing for a word that half of the passages hold."""
    return max(math.log((n - min(df, n) + 0.5) / (df + 0.5)), 1e-6)


def idf_overlap(weights: Mapping[str, float], present: Collection[str]) -> float:
    """Share, 0..1, of the words' weight that `present` holds; 0 where there are no words."""
    total = sum(weights.values())
    return sum(weight for word, weight in weights.items() if word in present) / total if total else 0.0


def unit_overlap(units: Sequence[tuple[str, ...]], weights: Mapping[str, float], present: Collection[str]) -> float:
    """Share, 0..1, of the units' weight that is there. A unit is there with any of its words, and weighs what the
    commonest of them weighs."""
    by_unit = {" ".join(unit): min(weights[word] for word in unit) for unit in units}
    return idf_overlap(by_unit, {" ".join(unit) for unit in units if any(word in present for word in unit)})
