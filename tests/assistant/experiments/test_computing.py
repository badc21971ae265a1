"""The statistics against values worked out by other means."""

from __future__ import annotations

import math

import numpy as np
import pytest

from assistant.experiments import computing as c

A = np.array([27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4])
B = np.array([27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 30.2, 24.1])


def test_welch() -> None:
    """t and degrees of freedom by Welch's formulas, the interval from t's quantile for 27.85 degrees (2.0489)."""
    found = c.difference_of_means(A, B)
    va, vb = A.var(ddof=1) / 15, B.var(ddof=1) / 15
    error = math.sqrt(va + vb)
    freedom = (va + vb) ** 2 / (va**2 / 14 + vb**2 / 14)
    assert freedom == pytest.approx(27.85, abs=0.3)
    assert found["statistic"] == pytest.approx((A.mean() - B.mean()) / error)
    assert found["high"] - found["low"] == pytest.approx(2 * 2.049 * error, rel=2e-3)
    pooled = math.sqrt((A.var(ddof=1) + B.var(ddof=1)) / 2)
    assert found["effect"] == pytest.approx((A.mean() - B.mean()) / pooled * (1 - 3 / 111))


def test_fisher_tea() -> None:
    """Fisher's lady and the tea: 3 of 4 against 1 of 4, p = 34/70."""
    found = c.difference_of_shares(np.array([True, True, True, False]), np.array([True, False, False, False]))
    assert found["p"] == pytest.approx(34 / 70)
    assert (found["estimate"], found["effect"]) == (0.5, 3.0)
    assert found["low"] < 0 < found["high"]


def test_newcombe() -> None:
    """Newcombe 1998, table II, example (a), method 10: 56/70 and 48/80 give 0.0524 to 0.3339."""
    found = c.difference_of_shares(np.arange(70) < 56, np.arange(80) < 48)
    assert found["low"] == pytest.approx(0.0524, abs=1e-4)
    assert found["high"] == pytest.approx(0.3339, abs=1e-4)


def test_wilson() -> None:
    """Newcombe 1998 (single proportion), method 3: 81/263 gives 0.2553 to 0.3662."""
    assert c.wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)


def test_ratio() -> None:
    found = c.ratio_of_means(A * 2, A)
    assert found is not None
    assert found["estimate"] == pytest.approx(2)
    assert found["low"] * found["high"] == pytest.approx(4)
    assert c.ratio_of_means(A - 100, B) is None


def test_one_outlying_row_makes_no_correlation() -> None:
    x = np.array([1.0, 2, 3, 4, 5, 6, 7, 100])
    y = np.array([3.0, 1, 4, 2, 3.5, 1.5, 2.5, 90])
    found = c.correlation(x, y)
    assert found["estimate"] > 0.9
    assert found["p"] > c.ALPHA


def test_trend() -> None:
    years = np.arange(2000.0, 2010)
    found = c.trend(years, 2 * (years - 2000) + np.tile([0.1, -0.1], 5))
    assert found["estimate"] == pytest.approx(2, abs=0.02)
    assert found["low"] < found["estimate"] < found["high"]
    assert found["p"] < 1e-5


def test_medians() -> None:
    found = c.difference_of_medians(A, B)
    assert found["estimate"] == pytest.approx(np.median(A) - np.median(B))
    assert found["low"] < found["estimate"] < found["high"] < 0
    assert found["effect"] == pytest.approx(np.sign(np.subtract.outer(A, B)).mean())


def test_paired() -> None:
    found = c.paired_difference(A, A + np.tile([1.0, 2, 3], 5))
    assert found["estimate"] == pytest.approx(-2)
    assert found["statistic"] == pytest.approx(-2 / (np.std([1, 2, 3] * 5, ddof=1) / math.sqrt(15)))
