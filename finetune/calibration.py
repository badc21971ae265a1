"""Logits -> probabilities that mean what they say. Numpy only; knows no model and no file.

First a temperature, which makes all classes less (or more) sure alike (Guo et al. 2017, arXiv:1706.04599); then an
offset for each class, added to the log-odds of the probability of rows that are called so (top-label calibration,
Gupta and Ramdas 2022, arXiv:2107.08353): "SUPPORTS, 0.8" is to be right as often as "NOT_ENOUGH_INFO, 0.8". Neither
changes which class a row is called.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.finetune.data import LABELS
from assistant.finetune.evaluate import Floats, Indices, folds, softmax

TEMPERATURES = np.geomspace(0.05, 20.0, 241)
"""Where the temperature is looked for; the likelihood is unimodal in its logarithm, and 2.5 % is fine enough."""
PRIOR = 0.5
"""Variance of the offsets' normal prior: a class called a few times only stays near 0."""
FARTHEST = 10.0
"""Offsets lie between minus and plus this."""
SEPARATION = 1e-6
"""By how much the class that a row is called stays above the next, at least."""
LEAST = 1e-6
"""No probability counts as nearer to 0 or 1 than this."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """How logits become probabilities. `offsets` in the order of `data.LABELS`, in log-odds."""

    temperature: float = 1.0
    offsets: tuple[float, ...] = (0.0,) * len(LABELS)


def scaled(logits: Any, scaling: Scaling) -> Floats:
    """(n, 3) probabilities, rows sum to 1; the greatest of a row stays the greatest."""
    result = softmax(logits, scaling.temperature)
    if not len(result) or not any(scaling.offsets):
        return result
    rows, said = np.arange(len(result)), result.argmax(axis=1)
    surest = _sigmoid(_log_odds(result[rows, said]) + np.asarray(scaling.offsets)[said])
    rest = result.copy()
    rest[rows, said] = 0.0
    rest /= np.maximum(rest.sum(axis=1, keepdims=True), 1e-300)
    next_best = rest.max(axis=1)
    surest = np.clip(surest, next_best / (1 + next_best) + SEPARATION, 1.0)
    rest *= (1 - surest)[:, None]
    rest[rows, said] = surest
    return rest


def fit_scaling(logits: Any, gold: Indices) -> Scaling:
    """Temperature of least negative log-likelihood, then the likeliest offsets."""
    temperature = fit_temperature(logits, gold)
    probabilities = softmax(logits, temperature)
    said = probabilities.argmax(axis=1)
    odds, right = _log_odds(probabilities.max(axis=1)), (said == gold).astype(np.float64)
    offsets = tuple(_offset(odds[said == k], right[said == k]) for k in range(len(LABELS)))
    return Scaling(temperature, offsets)


def fit_temperature(logits: Any, gold: Indices) -> float:
    """The temperature of least negative log-likelihood."""
    rows = np.arange(len(gold))
    losses = [-np.log(softmax(logits, t)[rows, gold] + 1e-12).mean() for t in TEMPERATURES]
    return float(TEMPERATURES[int(np.argmin(losses))])


def cross_fit(logits: Any, gold: Indices, groups: Sequence[str], *, seed: int = 0) -> Floats:
    """Probabilities of each row by a scaling fitted on the other groups' folds."""
    logits = np.asarray(logits, dtype=np.float64)
    result = np.zeros_like(logits)
    for fold in folds(groups, seed=seed):
        inside = np.isin(np.arange(len(gold)), fold)
        result[inside] = scaled(logits[inside], fit_scaling(logits[~inside], gold[~inside]))
    return np.asarray(result, dtype=np.float64)


def _offset(odds: Floats, right: Floats) -> float:
    """Where the slope of the penalised log-likelihood is 0, by bisection: it falls throughout."""
    low, high = -FARTHEST, FARTHEST
    for _ in range(60):
        middle = (low + high) / 2
        slope = float((right - _sigmoid(odds + middle)).sum()) - middle / PRIOR
        low, high = (middle, high) if slope > 0 else (low, middle)
    return round((low + high) / 2, 6)


def _log_odds(probabilities: NDArray[np.float64]) -> Floats:
    p = np.clip(probabilities, LEAST, 1 - LEAST)
    return np.asarray(np.log(p / (1 - p)), dtype=np.float64)


def _sigmoid(x: NDArray[np.float64]) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)), dtype=np.float64)
