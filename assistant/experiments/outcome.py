"""What a check against a table comes to: the reading of the claim, the rows, the computation, the verdict.

Frozen values only; knows neither how they are computed nor how they are shown.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path

from assistant.types import Label


class Form(enum.StrEnum):
    """The closed set of what is computed."""

    COUNT = "count"
    MEAN = "mean"
    MEDIAN = "median"
    EXTREME = "extreme"
    """The largest or smallest value, and statements about all rows or any."""
    DIFFERENCE = "difference"
    RATIO = "ratio"
    PROPORTION = "proportion"
    CORRELATION = "correlation"
    TREND = "trend"
    THRESHOLD = "threshold"


@dataclass(frozen=True, slots=True)
class Sample:
    """A group of rows and what they hold. `rows` are row numbers in the file (the header is row 1, or below a title);
    `mean`, `sd` and `median` are in the column's unit, None where nothing was measured; `share` is that of rows which
    fulfil what is counted, 0..1."""

    name: str
    n: int
    rows: tuple[int, ...]
    mean: float | None = None
    sd: float | None = None
    median: float | None = None
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Computation:
    """`expression` is what was computed, in the table's own names; `estimate` its value with the bounds of its
    confidence interval (`level`, 0..1), None where there is none. `effect` is a standardised size (`effect_name`:
    Hedges g, r, risk ratio). `p` is two-sided."""

    form: Form
    expression: str
    samples: tuple[Sample, ...]
    estimate: float
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    unit: str = ""
    effect_name: str = ""
    effect: float | None = None
    test: str = ""
    statistic: float | None = None
    p: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DataVerdict:
    """What a table says of a claim. `read_as` is how the claim was understood ("" where it could not be mapped);
    `reason` says in a sentence why the label is what it is; `considered` what of the table was thought of."""

    claim: str
    label: Label
    path: Path
    read_as: str
    reason: str
    computation: Computation | None = None
    considered: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
