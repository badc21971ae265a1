"""Metrics against scikit-learn and by hand; calibration that must help; baselines that must read what they may."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, f1_score, precision_recall_fscore_support

from assistant.finetune import evaluate
from assistant.finetune.data import LABELS

LABEL_PAIRS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=40)


@given(LABEL_PAIRS)
def test_metrics_equal_scikit_learns(pairs: list[tuple[int, int]]) -> None:
    gold, said = (np.array(side) for side in zip(*pairs, strict=True))
    table = evaluate.confusion(gold, said)
    assert (table == confusion_matrix(gold, said, labels=[0, 1, 2])).all()
    rows = evaluate.per_class(table)
    theirs = precision_recall_fscore_support(gold, said, labels=[0, 1, 2], zero_division=0)
    for i, label in enumerate(LABELS):
        mine = [rows[label][k] for k in ("precision", "recall", "f1", "support")]
        assert mine == pytest.approx([column[i] for column in theirs])
    present = sorted(set(gold.tolist()))
    assert evaluate.macro_f1(gold, said) == pytest.approx(
        f1_score(gold, said, labels=present, average="macro", zero_division=0)
    )


def test_calibration_error_by_hand() -> None:
    probabilities = np.array([[0.8, 0.1, 0.1], [0.8, 0.1, 0.1], [0.4, 0.3, 0.3], [0.4, 0.3, 0.3]])
    gold = np.array([0, 1, 0, 0])
    bins = evaluate.calibration_bins(probabilities, gold, 2)
    assert [(round(c, 6), a, n) for c, a, n in bins] == [(0.4, 1.0, 2), (0.8, 0.5, 2)]
    assert evaluate.calibration_error(probabilities, gold, 2) == pytest.approx(0.5 * 0.6 + 0.5 * 0.3)


def test_coverage_answers_the_surest_first() -> None:
    confidence = np.linspace(0.4, 0.95, 10)
    probabilities = np.stack([confidence, (1 - confidence) / 2, (1 - confidence) / 2], axis=1)
    gold = np.array([1, 1, 1, 0, 0, 0, 0, 0, 0, 0])
    points = {p["coverage"]: p for p in evaluate.coverage_curve(probabilities, gold)}
    assert points[0.7]["accuracy"] == 1.0
    assert points[1.0]["accuracy"] == pytest.approx(0.7)
    assert points[0.7]["threshold"] == pytest.approx(confidence[3])


def test_false_supports() -> None:
    assert evaluate.false_supports(np.array([0, 1, 2, 2]), np.array([0, 0, 2, 1])) == pytest.approx(1 / 3)


def test_a_group_is_never_divided() -> None:
    groups = [f"paper {i % 7}" for i in range(50)]
    folds = evaluate.folds(groups)
    assert sorted(np.concatenate(folds).tolist()) == list(range(50))
    for i, fold in enumerate(folds):
        others = {groups[r] for other in folds[:i] + folds[i + 1 :] for r in other}
        assert {groups[r] for r in fold}.isdisjoint(others)


def test_guesses_find_cue_words_and_only_those() -> None:
    texts = [f"drug {i} {'never' if i % 2 else 'always'} helps" for i in range(60)]
    labels = np.array([i % 2 for i in range(60)])
    groups = [f"paper {i}" for i in range(60)]
    assert evaluate.macro_f1(labels, evaluate.cross_guesses(texts, labels, groups)) == 1.0
    blank = ["the same"] * 60
    assert evaluate.macro_f1(labels, evaluate.cross_guesses(blank, labels, groups)) < 0.7


def test_an_interval_holds_the_value() -> None:
    gold = np.arange(60) % 3
    said = np.where(np.arange(60) % 5 == 0, (gold + 1) % 3, gold)
    low, high = evaluate.bootstrap(gold, said, rounds=200)
    assert low < evaluate.macro_f1(gold, said) < high
