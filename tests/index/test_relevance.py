"""Probability of relevance: rises with both measures, stays a probability, and its weights say where they are from."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.config import Settings
from assistant.encoders import BUILT_IN_SHA256
from assistant.index.relevance import WEIGHTS, Unit, idf_overlap, inverse_document_frequency, load_relevance

BUILT_IN = f"all-MiniLM-L6-v2@{BUILT_IN_SHA256[:12]}"
UNIT = st.floats(0, 1)


@given(st.sampled_from([BUILT_IN, "unknown@0"]), UNIT, UNIT, UNIT)
def test_rises_and_stays_a_probability(embedder: str, a: float, b: float, other: float) -> None:
    relevance = load_relevance(embedder)
    low, high = sorted((a, b))
    assert 0 < relevance.probability(low, other) <= relevance.probability(high, other) < 1
    assert 0 < relevance.probability(other, low) <= relevance.probability(other, high) < 1


@pytest.mark.parametrize("unit", ["passage", "sentence"])
def test_the_extremes_lie_on_either_side_of_the_threshold(unit: Unit) -> None:
    """By words alone one is less sure than with the cosine, but sure enough to answer."""
    for embedder, sure in ((BUILT_IN, 0.9), ("unknown@0", Settings().answer_above)):
        relevance = load_relevance(embedder, unit=unit)
        assert relevance.probability(0.0, 0.0) < 0.05
        assert relevance.probability(1.0, 1.0) > max(sure, Settings().answer_above)


def test_an_unknown_embedder_is_judged_by_words_alone() -> None:
    relevance = load_relevance("unknown@0")
    assert relevance.probability(0.0, 0.7) == relevance.probability(1.0, 0.7)
    assert load_relevance(BUILT_IN).probability(0.0, 0.7) < load_relevance(BUILT_IN).probability(1.0, 0.7)


@pytest.mark.parametrize("field", ["fitted_on", "n", "seed", "date"])
def test_weights_say_where_they_are_from(field: str) -> None:
    assert json.loads(WEIGHTS.read_text(encoding="utf-8"))[field] is not None


def test_rare_words_weigh_more() -> None:
    weights = [inverse_document_frequency(1000, df) for df in (0, 1, 10, 500, 1000, 2000)]
    assert weights == sorted(weights, reverse=True)
    assert min(weights) > 0


@given(st.dictionaries(st.text(max_size=3), st.floats(0.01, 10), max_size=8), st.sets(st.text(max_size=3)))
def test_overlap_is_a_share(weights: dict[str, float], present: set[str]) -> None:
    assert 0 <= idf_overlap(weights, present) <= 1 + 1e-9
    assert idf_overlap(weights, set()) == 0
    assert not weights or idf_overlap(weights, set(weights)) == pytest.approx(1)
