"""Scaling of logits: found where it is known, and it never changes which class a row is called."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.finetune import evaluate
from assistant.finetune.calibration import Scaling, cross_fit, fit_scaling, fit_temperature, scaled
from assistant.finetune.evaluate import Floats, Indices


def overconfident(n: int, *, seed: int = 0) -> tuple[Floats, Indices]:
    """Logits three times too large: labels are drawn from the softmax of a third of them."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=(n, 3)) * 1.5
    gold = np.array([random.choice(3, p=p) for p in evaluate.softmax(logits)])
    return logits * 3, gold


def test_the_temperature_is_found_and_calibrates() -> None:
    logits, gold = overconfident(3000)
    assert fit_temperature(logits, gold) == pytest.approx(3.0, rel=0.1)
    before = evaluate.calibration_error(evaluate.softmax(logits), gold)
    crossed = cross_fit(logits, gold, [f"paper {i % 100}" for i in range(3000)])
    assert before > 0.1
    assert evaluate.calibration_error(crossed, gold) < 0.04
    assert (crossed.argmax(axis=1) == logits.argmax(axis=1)).all()


def too_sure_of_the_first(n: int, *, seed: int = 0) -> tuple[Floats, Indices]:
    """Where a row is called class 0, a quarter of the labels is given to others."""
    logits, gold = overconfident(n, seed=seed)
    random = np.random.default_rng(seed + 1)
    doubted = (logits.argmax(axis=1) == 0) & (random.random(n) < 0.25)
    return logits, np.where(doubted, random.integers(1, 3, n), gold)


def test_a_class_called_too_often_is_believed_less() -> None:
    logits, gold = too_sure_of_the_first(3000)
    groups = [f"paper {i % 100}" for i in range(3000)]
    scaling = fit_scaling(logits, gold)
    assert scaling.offsets[0] < -0.3 < min(scaling.offsets[1:])
    crossed = cross_fit(logits, gold, groups)
    said = logits.argmax(axis=1) == 0
    plain = evaluate.softmax(logits, fit_temperature(logits, gold))
    assert abs(crossed[said, 0].mean() - (gold[said] == 0).mean()) < 0.03
    assert abs(plain[said, 0].mean() - (gold[said] == 0).mean()) > 0.05


@pytest.mark.parametrize("offset", [-30.0, -2.0, 0.5, 30.0])
def test_the_greatest_stays_the_greatest(offset: float) -> None:
    logits = np.random.default_rng(0).normal(size=(500, 3)) * 5
    probabilities = scaled(logits, Scaling(0.7, (offset, 0.0, -offset)))
    assert (probabilities.argmax(axis=1) == logits.argmax(axis=1)).all()
    assert np.allclose(probabilities.sum(axis=1), 1.0)
    assert (probabilities >= 0).all()


def test_no_rows() -> None:
    assert scaled(np.zeros((0, 3)), Scaling(2.0, (1.0, 0.0, 0.0))).shape == (0, 3)


def test_classes_never_called_keep_their_offset() -> None:
    logits = np.tile([5.0, 0.0, 0.0], (20, 1))
    assert fit_scaling(logits, np.zeros(20, dtype=np.int64)).offsets[1:] == (0.0, 0.0)
