"""The statistics: from values to estimate, confidence interval, effect size and test.

Pure; numpy arrays in, a `Computation` out; scipy does the tests. Knows no claim and decides nothing. All tests are
two-sided and all intervals have `LEVEL`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.experiments.outcome import Computation, Form, Sample

ALPHA = 0.05
"""A difference counts where p is below it."""
LEVEL = 1 - ALPHA
MIN_ROWS = 3
"""Rows of a group below which nothing is tested."""
MAX_PAIRS = 4_000_000
"""Pairs of values for which the interval of a difference of medians is worked out (32 MB)."""
Values = NDArray[np.float64]


def sample(name: str, values: Values, rows: Sequence[int]) -> Sample:
    """What a group holds; `rows` are the rows of `values`, all present."""
    if not len(values):
        return Sample(name, 0, ())
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return Sample(name, len(values), tuple(rows), float(np.mean(values)), sd, float(np.median(values)))


def share(name: str, hits: NDArray[np.bool_], rows: Sequence[int]) -> Sample:
    """A group of which some rows fulfil what is counted."""
    return Sample(name, len(hits), tuple(rows), share=float(hits.mean()) if len(hits) else None)


def difference_of_means(a: Values, b: Values) -> dict[str, Any]:
    """Welch's t with Satterthwaite's degrees of freedom; Hedges g with the pooled deviation (Hedges 1981)."""
    from scipy import stats

    found = stats.ttest_ind(a, b, equal_var=False)
    low, high = found.confidence_interval(LEVEL)
    rank = stats.mannwhitneyu(a, b)
    na, nb = len(a), len(b)
    pooled = math.sqrt(((na - 1) * a.var(ddof=1) + (nb - 1) * b.var(ddof=1)) / (na + nb - 2))
    small = 1 - 3 / (4 * (na + nb) - 9)
    estimate = float(a.mean() - b.mean())
    return _result(
        estimate, low, high, "Welch's t", found.statistic, found.pvalue, "Hedges g",
        estimate / pooled * small if pooled else None,
        notes=(f"Mann-Whitney: p {_p(rank.pvalue)}",),
    )  # fmt: skip


def difference_of_medians(a: Values, b: Values) -> dict[str, Any]:
    """Mann-Whitney; effect is the rank-biserial correlation (Kerby 2014); the interval of the difference of medians is
    Hodges and Lehmann's by the normal approximation."""
    from scipy import stats

    found = stats.mannwhitneyu(a, b)
    n = len(a) * len(b)
    low = high = None
    if n <= MAX_PAIRS:
        pairs = np.sort(np.subtract.outer(a, b).ravel())
        reach = stats.norm.ppf(1 - ALPHA / 2) * math.sqrt(n * (len(a) + len(b) + 1) / 12)
        k = max(int(n / 2 - reach), 0)
        low, high = pairs[k], pairs[n - 1 - k]
    return _result(
        float(np.median(a) - np.median(b)), low, high, "Mann-Whitney U", found.statistic, found.pvalue,
        "rank-biserial r", 2 * found.statistic / n - 1,
    )  # fmt: skip


def paired_difference(a: Values, b: Values) -> dict[str, Any]:
    """Paired t; effect is Cohen's d of the differences."""
    from scipy import stats

    found = stats.ttest_rel(a, b)
    low, high = found.confidence_interval(LEVEL)
    sd = float(np.std(a - b, ddof=1))
    estimate = float((a - b).mean())
    return _result(
        estimate, low, high, "paired t", found.statistic, found.pvalue, "Cohen's d of the differences",
        estimate / sd if sd else None,
    )  # fmt: skip


def ratio_of_means(a: Values, b: Values) -> dict[str, Any] | None:
    """The ratio of two positive means; its interval on the log scale by the delta method with Satterthwaite's degrees
    of freedom, p that of Welch's t. None where a mean is not positive."""
    from scipy import stats

    if a.mean() <= 0 or b.mean() <= 0:
        return None
    va, vb = (x.var(ddof=1) / len(x) / x.mean() ** 2 for x in (a, b))
    freedom = (va + vb) ** 2 / (va**2 / (len(a) - 1) + vb**2 / (len(b) - 1)) if va + vb else np.inf
    reach = float(stats.t.ppf(1 - ALPHA / 2, freedom)) * math.sqrt(va + vb)
    ratio = float(a.mean() / b.mean())
    welch = stats.ttest_ind(a, b, equal_var=False)
    return _result(
        ratio, ratio * math.exp(-reach), ratio * math.exp(reach), "Welch's t of the difference", welch.statistic,
        welch.pvalue, "ratio of means", ratio,
    )  # fmt: skip


def difference_of_shares(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> dict[str, Any]:
    """Fisher's exact test; the difference with Newcombe's interval (1998, method 10); effect is the risk ratio."""
    from scipy import stats

    table = [[int(a.sum()), int((~a).sum())], [int(b.sum()), int((~b).sum())]]
    _, p = stats.fisher_exact(table)
    (la, ua), (lb, ub) = wilson(int(a.sum()), len(a)), wilson(int(b.sum()), len(b))
    pa, pb = float(a.mean()), float(b.mean())
    return _result(
        pa - pb, pa - pb - math.hypot(pa - la, ub - pb), pa - pb + math.hypot(ua - pa, pb - lb),
        "Fisher's exact test", None, p, "risk ratio", pa / pb if pb else None,
    )  # fmt: skip


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Wilson's interval of a share."""
    from scipy import stats

    found = stats.binomtest(hits, n).proportion_ci(LEVEL, method="wilson")
    return float(found.low), float(found.high)


def one_share(hits: NDArray[np.bool_], value: float) -> dict[str, Any]:
    """A share against a value, by the exact binomial test."""
    from scipy import stats

    found = stats.binomtest(int(hits.sum()), len(hits), min(max(value, 0.0), 1.0))
    return _result(float(hits.mean()), *wilson(int(hits.sum()), len(hits)), "exact binomial", None, found.pvalue)


def one_mean(values: Values, target: float) -> dict[str, Any]:
    """A mean against a value, by Student's t."""
    from scipy import stats

    found = stats.ttest_1samp(values, target)
    low, high = found.confidence_interval(LEVEL)
    sd = float(np.std(values, ddof=1))
    return _result(
        float(values.mean()), low, high, "one-sample t", found.statistic, found.pvalue, "Cohen's d",
        (float(values.mean()) - target) / sd if sd else None,
    )  # fmt: skip


def correlation(x: Values, y: Values) -> dict[str, Any]:
    """Pearson's r with Fisher's interval; the larger p of Pearson and Spearman, so that no single row decides, and 1
    where they disagree in sign."""
    from scipy import stats

    linear, ranked = stats.pearsonr(x, y), stats.spearmanr(x, y)
    low, high = linear.confidence_interval(LEVEL) if len(x) > 3 else (None, None)
    agree = linear.statistic * ranked.statistic > 0
    return _result(
        linear.statistic, low, high, "Pearson and Spearman, the larger p", linear.statistic,
        max(linear.pvalue, ranked.pvalue) if agree else 1.0, "r", linear.statistic,
        notes=(f"Spearman's rho = {ranked.statistic:.2f}, p {_p(ranked.pvalue)}",),
    )  # fmt: skip


def trend(time: Values, y: Values) -> dict[str, Any]:
    """The slope of a line with its interval; the larger p of it and of Mann-Kendall's test (Kendall's tau with time),
    and 1 where they disagree in sign."""
    from scipy import stats

    line, ranked = stats.linregress(time, y), stats.kendalltau(time, y)
    reach = float(stats.t.ppf(1 - ALPHA / 2, len(y) - 2)) * line.stderr
    agree = line.slope * ranked.statistic > 0
    return _result(
        line.slope, line.slope - reach, line.slope + reach, "line and Mann-Kendall, the larger p", None,
        max(line.pvalue, ranked.pvalue) if agree else 1.0, "r", line.rvalue,
        notes=(f"Kendall's tau = {ranked.statistic:.2f}, p {_p(ranked.pvalue)}",),
    )  # fmt: skip


def computation(
    form: Form, expression: str, samples: Sequence[Sample], result: dict[str, Any], unit: str = ""
) -> Computation:
    return Computation(form, expression, tuple(samples), unit=unit, level=LEVEL, **result)


def plain(estimate: float) -> dict[str, Any]:
    """A number that is only counted or looked up."""
    return _result(estimate, None, None, "", None, None)


def _result(
    estimate: float,
    low: float | None,
    high: float | None,
    test: str,
    statistic: float | None,
    p: float | None,
    effect_name: str = "",
    effect: float | None = None,
    *,
    notes: tuple[str, ...] = (),
) -> dict[str, Any]:
    numbers = {"estimate": estimate, "low": low, "high": high, "statistic": statistic, "p": p, "effect": effect}
    plain_numbers = {k: None if v is None or not math.isfinite(v) else float(v) for k, v in numbers.items()}
    return {**plain_numbers, "estimate": float(estimate), "test": test, "effect_name": effect_name, "notes": notes}


def _p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"
