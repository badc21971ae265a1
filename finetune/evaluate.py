"""Metrics and baselines over arrays of labels and logits. Numpy only (scikit-learn for the baselines).

Knows no model and no file. Labels are indices into `data.LABELS`; logits and probabilities are (n, 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.finetune.data import LABELS

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

BINS = 15
"""Bins of equal mass for the calibration error."""
COVERAGES = tuple(round(0.1 * i, 1) for i in range(1, 11))
FOLDS = 5


def softmax(logits: Any, temperature: float = 1.0) -> Floats:
    """(n, k) probabilities of logits divided by the temperature."""
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    scaled = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    result: Floats = scaled / scaled.sum(axis=1, keepdims=True)
    return result


def confusion(gold: Indices, said: Indices) -> NDArray[np.int64]:
    """(3, 3) counts, gold by row, said by column."""
    table = np.zeros((len(LABELS), len(LABELS)), dtype=np.int64)
    np.add.at(table, (gold, said), 1)
    return table


def per_class(table: NDArray[np.int64]) -> dict[str, dict[str, float]]:
    """Label -> precision, recall, f1, support; 0 where undefined."""
    result = {}
    for i, label in enumerate(LABELS):
        right, said, true = int(table[i, i]), int(table[:, i].sum()), int(table[i].sum())
        result[str(label)] = {
            "precision": right / said if said else 0.0,
            "recall": right / true if true else 0.0,
            "f1": 2 * right / (said + true) if said + true else 0.0,
            "support": true,
        }
    return result


def macro_f1(gold: Indices, said: Indices) -> float:
    """Mean F1 over the classes that are in the gold labels."""
    values = [v["f1"] for v in per_class(confusion(gold, said)).values() if v["support"]]
    return float(np.mean(values)) if values else 0.0


def calibration_bins(probabilities: Floats, gold: Indices, bins: int = BINS) -> list[tuple[float, float, int]]:
    """(mean confidence, accuracy, rows) of bins of equal mass, by rising confidence."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == gold
    parts = np.array_split(np.argsort(confidence, kind="stable"), min(bins, max(len(gold), 1)))
    return [(float(confidence[p].mean()), float(right[p].mean()), len(p)) for p in parts if len(p)]


def calibration_error(probabilities: Floats, gold: Indices, bins: int = BINS) -> float:
    """Expected calibration error: mean gap of confidence and accuracy over equal-mass bins (Nguyen, O'Connor 2015)."""
    parts = calibration_bins(probabilities, gold, bins)
    return sum(n * abs(c - a) for c, a, n in parts) / max(len(gold), 1)


def folds(groups: Sequence[str], *, count: int = FOLDS, seed: int = 0) -> list[NDArray[np.int64]]:
    """Row indices of `count` folds (fewer where there are fewer groups); a group is never divided."""
    names = sorted(set(groups))
    order = np.random.default_rng(seed).permutation(len(names))
    place = {names[g]: i % min(count, len(names)) for i, g in enumerate(order)}
    rows = np.array([place[g] for g in groups])
    return [np.flatnonzero(rows == f) for f in range(min(count, len(names)))]


def coverage_curve(probabilities: Floats, gold: Indices) -> list[dict[str, float]]:
    """Where only the surest share of the rows is answered: coverage, accuracy, least confidence."""
    confidence = probabilities.max(axis=1)
    order = np.argsort(-confidence, kind="stable")
    right = (probabilities.argmax(axis=1) == gold)[order]
    points = []
    for coverage in COVERAGES:
        n = max(1, round(coverage * len(gold)))
        points.append(
            {"coverage": coverage, "accuracy": float(right[:n].mean()), "threshold": float(confidence[order[n - 1]])}
        )
    return points


def false_supports(gold: Indices, said: Indices) -> float:
    """Share of the rows that are not SUPPORTS but were called so."""
    others = gold != 0
    return float((said[others] == 0).mean()) if others.any() else 0.0


def fitted_guesses(train: Sequence[str], labels: Indices, texts: Sequence[str]) -> Indices:
    """Labels guessed from the texts' words alone (TF-IDF of words and pairs, logistic regression) fitted on `train`."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    if len(set(labels.tolist())) < 2:
        return np.full(len(texts), labels[0], dtype=np.int64)
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"(?u)\S+")  # noqa: S106
    model = LogisticRegression(max_iter=1000, class_weight="balanced")
    model.fit(vectorizer.fit_transform(train), labels)
    return np.asarray(model.predict(vectorizer.transform(texts)), dtype=np.int64)


def cross_guesses(texts: Sequence[str], labels: Indices, groups: Sequence[str], *, seed: int = 0) -> Indices:
    """As `fitted_guesses`, each row by a fit on the other groups' folds; one group: the commonest label."""
    said = np.full(len(texts), np.bincount(labels).argmax(), dtype=np.int64)
    for fold in folds(groups, seed=seed) if len(set(groups)) > 1 else []:
        rest = np.setdiff1d(np.arange(len(texts)), fold)
        said[fold] = fitted_guesses([texts[i] for i in rest], labels[rest], [texts[i] for i in fold])
    return said


def bootstrap(gold: Indices, said: Indices, *, rounds: int = 1000, seed: int = 0) -> tuple[float, float]:
    """95 % interval of macro-F1 by resampling rows."""
    random = np.random.default_rng(seed)
    values = []
    for _ in range(rounds):
        rows = random.integers(0, len(gold), len(gold))
        values.append(macro_f1(gold[rows], said[rows]))
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)
