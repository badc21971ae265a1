"""What a claim comes to: which rows and columns are compared, how, and with which number; and that in words.

Frozen values. Knows no wording of claims and no statistics.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.experiments.outcome import Form
from assistant.experiments.tables import Column

COMPARE: dict[str, Callable[[NDArray[np.float64], float], NDArray[np.bool_]]] = {
    "=": np.equal, "!=": np.not_equal, "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """Rows where `column` stands in relation `op` (=, !=, <, <=, >, >=, in) to `value`; "in" has both ends."""

    column: Column
    op: str
    value: str | float | tuple[float, float]

    def mask(self) -> NDArray[np.bool_]:
        if isinstance(self.value, str):
            same = np.array([t == self.value for t in self.column.texts], dtype=np.bool_)
            known = np.array([bool(t) for t in self.column.texts], dtype=np.bool_)
            return same if self.op == "=" else known & ~same
        x = self.column.numbers
        if isinstance(self.value, tuple):
            return (x >= self.value[0]) & (x <= self.value[1])
        return COMPARE[self.op](x, self.value)

    def known(self) -> NDArray[np.bool_]:
        """Rows in which the column has a value."""
        if isinstance(self.value, str):
            return np.array([bool(t) for t in self.column.texts], dtype=np.bool_)
        return np.isfinite(self.column.numbers)

    def __str__(self) -> str:
        if isinstance(self.value, tuple):
            return f"`{self.column.name}` between {self.value[0]:g} and {self.value[1]:g}"
        value = self.value if isinstance(self.value, str) else f"{self.value:g}"
        return f"`{self.column.name}` {self.op} {value}"


@dataclass(frozen=True, slots=True, eq=False)
class Mapping:
    """What a claim comes to. `measure` (a number) or `event` (a condition) is compared between `a` and `b` (None: the
    other rows), among the rows of `where`, or with `low` to `high` (in the measure's unit; `step` half a unit of the
    last place), or against `second`. `relation` is one of > < >= <= = !=; `negated`: the claim denies it. `every` is
    "all" or "any" in a statement about single rows; `margin` what a claim of no difference allows."""

    form: Form
    relation: str
    measure: Column | None = None
    event: Condition | None = None
    where: tuple[Condition, ...] = ()
    a: Condition | None = None
    b: Condition | None = None
    second: Column | None = None
    low: float = 0.0
    high: float = 0.0
    step: float = 0.0
    negated: bool = False
    every: str = ""
    margin: float | None = None
    largest: bool = True
    paired: bool = False
    strong: bool = False
    stated: bool = False
    """`low` to `high` is the size that the claim states of a difference or ratio."""
    notes: tuple[str, ...] = ()


def sentence(m: Mapping) -> str:
    """How a claim was read, in one sentence of the table's own names."""
    where = " and ".join(map(str, m.where))
    among = f" among rows where {where}" if where else ""
    denied = "not: " if m.negated else ""
    return f"{denied}{_core(m)}{among}"


def _core(m: Mapping) -> str:
    name = f"`{m.measure.name}`" if m.measure is not None else f"share of rows with {m.event}"
    unit = f" {m.measure.unit}" if m.measure is not None and m.measure.unit else ""
    number = f"{m.low:g}" if m.low == m.high else f"{m.low:g} to {m.high:g}"
    statistic = "median" if m.form is Form.MEDIAN else "mean"
    of = f"{statistic} of {name}" if m.measure is not None else name
    size = f", by {number}{unit}" if m.stated else f", within {m.margin:g}{unit}" if m.margin is not None else ""
    match m.form:
        case Form.COUNT:
            whole = f" of {m.high:g} rows" if m.every == "of" else ""
            return f"number of rows{f' with {m.event}' if m.event else ''} {m.relation} {m.low:g}{whole}"
        case Form.EXTREME if m.every:
            return f"{'all rows have' if m.every == 'all' else 'at least one row has'} {m.event}"
        case Form.PROPORTION:
            return f"{name} {m.relation} {m.low:.3g}"
        case Form.CORRELATION | Form.TREND:
            second = m.second.name if m.second is not None else ""
            kind = "correlation of" if m.form is Form.CORRELATION else "slope of"
            return f"{kind} {name} {'and' if m.form is Form.CORRELATION else 'over'} `{second}` {m.relation} 0"
        case Form.RATIO:
            return f"ratio of the {of} where {m.a} to that where {m.b} {m.relation} {number}"
        case _ if m.paired and m.second is not None:
            return f"{of} {m.relation} {statistic} of `{m.second.name}` in the same rows"
        case _ if m.a is not None:
            return f"{of} where {m.a} {m.relation} that where {m.b}{size}"
        case Form.EXTREME:
            return f"{'largest' if m.largest else 'smallest'} value of {name} {m.relation} {number}{unit}"
        case _:
            return f"{of} {m.relation} {number}{unit}"
