"""A claim and a file -> a verdict with the rows, the computation and the result.

A claim of a difference, a correlation or a trend is supported where the sign is right and the test significant, refuted
where the sign is wrong and the test significant, else not decided. A claim that there is none is never supported by a
test that is not significant: only by an interval within a margin that the claim states. A number that a claim
states is compared with that of the rows, half a unit of its last place either way.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import UsageError
from assistant.experiments import computing
from assistant.experiments.computing import ALPHA, MIN_ROWS
from assistant.experiments.mapping import STRONG, map_claim
from assistant.experiments.matching import NotMapped
from assistant.experiments.outcome import Computation, DataVerdict, Form, Sample
from assistant.experiments.plan import Condition, Mapping, sentence
from assistant.experiments.tables import Column, DataTable, read_table
from assistant.types import Label

MAX_CLAIM = 1000
"""Characters of a claim."""
Mask = NDArray[np.bool_]
Decision = tuple[Label, str, Computation]


def check_table(claim: str, path: Path) -> DataVerdict:
    """What the table at `path` says of `claim`. Raises UsageError for an empty or endless claim or no file, ReadError
    for a file that is no table."""
    claim = " ".join(claim.split())
    if not claim:
        raise UsageError("the claim is empty; give one sentence")
    if len(claim) > MAX_CLAIM:
        raise UsageError(f"the claim has more than {MAX_CLAIM} characters; give one sentence")
    table = read_table(path)
    considered = tuple(f"{c.name} ({c.kind})" for c in table.columns)
    try:
        mapping = map_claim(claim, table)
    except NotMapped as why:
        return DataVerdict(
            claim, Label.NOT_ENOUGH_INFO, path, "", f"It is not decidable from this table: {why}.", None, considered,
            table.notes,
        )  # fmt: skip
    notes = (*table.notes, *mapping.notes)
    try:
        label, reason, computed = decide(mapping, table)
    except NotMapped as why:
        label, reason, computed = Label.NOT_ENOUGH_INFO, f"It is not decidable from this table: {why}.", None
    return DataVerdict(claim, label, path, sentence(mapping), reason, computed, considered, notes)


def decide(mapping: Mapping, table: DataTable) -> Decision:
    """Computes what was mapped and weighs it. Raises NotMapped where the rows do not suffice."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # scipy on constant columns; what comes out as NaN is refused below
        label, reason, computed = _DECISIONS[mapping.form](mapping, table)
    if not np.isfinite(computed.estimate):
        raise NotMapped("the values do not vary, or are too few, so that nothing can be computed")
    if mapping.negated and mapping.margin is None:
        label, reason = _denied(label, reason)
    return label, reason, computed


def _denied(label: Label, reason: str) -> tuple[Label, str]:
    """The verdict on the opposite of what was computed."""
    if label is Label.NOT_ENOUGH_INFO:
        return label, f"{reason} That a test shows nothing does not show that there is nothing."
    return (Label.REFUTES if label is Label.SUPPORTS else Label.SUPPORTS), f"{reason} The claim denies it."


# rows


def _rows(table: DataTable, mask: Mask) -> list[int]:
    return [int(i) + table.first_row for i in np.flatnonzero(mask)]


def _mask(conditions: tuple[Condition, ...], table: DataTable) -> Mask:
    mask = np.ones(table.rows, dtype=np.bool_)
    for condition in conditions:
        mask &= condition.mask()
    return mask


def _values(
    column: Column | None, mask: Mask, table: DataTable, name: str, *, least: int = MIN_ROWS
) -> tuple[NDArray[np.float64], Sample]:
    """The values of a column in the rows of a mask, missing ones left out, and the sample they make."""
    assert column is not None
    mask = mask & np.isfinite(column.numbers)
    values = column.numbers[mask]
    if len(values) < least:
        raise NotMapped(
            f"{name or 'the table'} has {len(values)} rows with a value of `{column.name}`; {least} are needed"
        )
    return values, computing.sample(name, values, _rows(table, mask))


def _hits(event: Condition | None, mask: Mask, table: DataTable, name: str, *, least: int = 1) -> tuple[Mask, Sample]:
    """Which rows of a mask fulfil the event, rows where it is not known left out."""
    assert event is not None
    mask = mask & event.known()
    hits = event.mask()[mask]
    if len(hits) < least:
        raise NotMapped(
            f"{name or 'the table'} has {len(hits)} rows in which `{event.column.name}` is known; {least} are needed"
        )
    return hits, computing.share(name, hits, _rows(table, mask))


def _where_name(m: Mapping) -> str:
    return " and ".join(map(str, m.where)) or "all rows"


# decisions


def _by_sign(m: Mapping, estimate: float, p: float | None, what: str) -> tuple[Label, str]:
    """The rule for differences, correlations and trends."""
    if p is None or not np.isfinite(estimate):
        raise NotMapped("the values do not vary, or are too few, so that nothing can be tested")
    said = f"{what}, {_p(p)}"
    if p >= ALPHA:
        return Label.NOT_ENOUGH_INFO, f"{said}: not significant, so neither shown nor refuted."
    if m.relation == "!=":
        return Label.SUPPORTS, f"{said}: significant."
    right = estimate > 0 if m.relation in (">", ">=") else estimate < 0
    return (Label.SUPPORTS, f"{said}: as claimed.") if right else (Label.REFUTES, f"{said}: the other way.")


def _p(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def _difference(m: Mapping, table: DataTable) -> Decision:
    assert m.a is not None
    assert m.b is not None
    base = _mask(m.where, table)
    masks = (base & m.a.mask(), base & m.b.mask())
    names = (str(m.a), str(m.b))
    if m.measure is None:
        (a, sa), (b, sb) = (_hits(m.event, k, table, n, least=MIN_ROWS) for k, n in zip(masks, names, strict=True))
        return _sized(
            m, f"share({m.event} | {m.a}) - share(... | {m.b})", (sa, sb), computing.difference_of_shares(a, b), ""
        )
    (x, sa), (y, sb) = (_values(m.measure, k, table, n) for k, n in zip(masks, names, strict=True))
    compute: Callable[..., dict[str, Any]] = computing.difference_of_means
    word = "mean"
    if m.form is Form.MEDIAN:
        compute, word = computing.difference_of_medians, "median"
    return _sized(m, f"{word}({m.measure.name} | {m.a}) - {word}(... | {m.b})", (sa, sb), compute(x, y), m.measure.unit)


def _sized(m: Mapping, expression: str, samples: tuple[Sample, ...], result: dict[str, Any], unit: str) -> Decision:
    """A difference: its sign, then the size or the margin that the claim states."""
    computed = computing.computation(m.form, expression, samples, result, unit)
    what = f"the difference is {computed.estimate:.4g}{f' {unit}' if unit else ''}{_interval(computed)}"
    if m.margin is not None:
        return (*_equivalent(m, computed, what), computed)
    label, reason = _by_sign(m, computed.estimate, computed.p, what)
    if label is Label.SUPPORTS and m.stated:
        size = abs(computed.estimate)
        if not m.low - m.step <= size <= m.high + m.step:
            return Label.REFUTES, f"{what}, where the claim says {m.low:g}.", computed
    return label, reason, computed


def _equivalent(m: Mapping, c: Computation, what: str) -> tuple[Label, str]:
    """No difference, within a margin: by whether the interval lies inside, outside or across it."""
    assert m.margin is not None
    if c.low is None or c.high is None:
        raise NotMapped("there is no interval to set against the margin")
    if -m.margin <= c.low and c.high <= m.margin:
        return Label.SUPPORTS, f"{what}, all of it within {m.margin:g}."
    if c.low > m.margin or c.high < -m.margin:
        return Label.REFUTES, f"{what}, all of it outside {m.margin:g}."
    return Label.NOT_ENOUGH_INFO, f"{what}, partly within {m.margin:g}."


def _interval(c: Computation) -> str:
    return f" ({c.level:.0%} CI {c.low:.4g} to {c.high:.4g})" if c.low is not None and c.high is not None else ""


def _paired_or_difference(m: Mapping, table: DataTable) -> Decision:
    if not m.paired:
        return _difference(m, table)
    assert m.measure is not None
    assert m.second is not None
    mask = _mask(m.where, table) & np.isfinite(m.measure.numbers) & np.isfinite(m.second.numbers)
    x, sa = _values(m.measure, mask, table, m.measure.name)
    y, sb = _values(m.second, mask, table, m.second.name)
    expression = f"mean({m.measure.name} - {m.second.name})"
    return _sized(m, expression, (sa, sb), computing.paired_difference(x, y), m.measure.unit)


def _ratio(m: Mapping, table: DataTable) -> Decision:
    assert m.a is not None
    assert m.b is not None
    base = _mask(m.where, table)
    x, sa = _values(m.measure, base & m.a.mask(), table, str(m.a))
    y, sb = _values(m.measure, base & m.b.mask(), table, str(m.b))
    result = computing.ratio_of_means(x, y)
    if result is None:
        raise NotMapped("a ratio of means that are not positive says nothing")
    name = m.measure.name if m.measure is not None else ""
    c = computing.computation(m.form, f"mean({name} | {m.a}) / mean(... | {m.b})", (sa, sb), result)
    what = f"the ratio is {c.estimate:.3g}{_interval(c)}"
    if m.relation != "=":
        return (*_bounded(m, c, what), c)
    if not m.low - m.step <= c.estimate <= m.high + m.step:
        return Label.REFUTES, f"{what}, where the claim says {m.low:.3g}.", c
    if c.p is None or c.p >= ALPHA:
        return Label.NOT_ENOUGH_INFO, f"{what}: as claimed in these rows, but not significant.", c
    return Label.SUPPORTS, f"{what}: as claimed.", c


def _bounded(m: Mapping, c: Computation, what: str) -> tuple[Label, str]:
    """A value above or below a number: by where the interval lies."""
    if c.low is None or c.high is None:
        raise NotMapped("the values do not vary, or are too few, so that there is no interval")
    above, below = c.low > m.low, c.high < m.low
    if not above and not below:
        return Label.NOT_ENOUGH_INFO, f"{what}: the interval holds {m.low:.4g}, so neither shown nor refuted."
    right = above if m.relation in (">", ">=") else below
    return (
        (Label.SUPPORTS, f"{what}: as claimed.")
        if right
        else (Label.REFUTES, f"{what}: on the other side of {m.low:.4g}.")
    )


def _stated(m: Mapping, c: Computation, what: str) -> tuple[Label, str]:
    """A number that the claim states of these very rows."""
    right = m.low - m.step - 1e-9 <= c.estimate <= m.high + m.step + 1e-9
    said = f"{m.low:.4g}" if m.low == m.high else f"{m.low:.4g} to {m.high:.4g}"
    return (
        (Label.SUPPORTS, f"{what}: as claimed.") if right else (Label.REFUTES, f"{what}, where the claim says {said}.")
    )


def _one_set(m: Mapping, table: DataTable) -> Decision:
    """A mean, median or extreme of one set of rows against a number."""
    least = MIN_ROWS if m.form is Form.THRESHOLD else 1
    values, taken = _values(m.measure, _mask(m.where, table), table, _where_name(m), least=least)
    assert m.measure is not None
    name = m.measure.name
    if m.form is Form.MEDIAN:
        word, result = "median", computing.plain(float(np.median(values)))
    elif m.form is Form.EXTREME:
        word = "max" if m.largest else "min"
        result = computing.plain(float(values.max() if m.largest else values.min()))
    else:
        word = "mean"
        tested = len(values) >= MIN_ROWS
        result = computing.one_mean(values, m.low) if tested else computing.plain(float(values.mean()))
    c = computing.computation(m.form, f"{word}({name} | {_where_name(m)})", (taken,), result, m.measure.unit)
    what = f"the {word} is {c.estimate:.4g}{f' {c.unit}' if c.unit else ''}{_interval(c)}"
    if m.form is Form.THRESHOLD:
        return (*_bounded(m, c, what), c)
    if m.form is Form.EXTREME and m.relation != "=":
        return (*_compared(c.estimate, m, what), c)
    return (*_stated(m, c, what), c)


def _compared(value: float, m: Mapping, what: str) -> tuple[Label, str]:
    """A number of these very rows above or below another."""
    right = {">": value > m.low, ">=": value >= m.low, "<": value < m.low, "<=": value <= m.low}[m.relation]
    return (Label.SUPPORTS, f"{what}: as claimed.") if right else (Label.REFUTES, f"{what}: not as claimed.")


def _extreme(m: Mapping, table: DataTable) -> Decision:
    """A statement about every row, or about any."""
    if not m.every:
        return _one_set(m, table)
    hits, taken = _hits(m.event, _mask(m.where, table), table, _where_name(m))
    c = computing.computation(
        m.form, f"{m.every}({m.event} | {_where_name(m)})", (taken,), computing.plain(float(hits.sum()))
    )
    right = bool(hits.all() if m.every == "all" else hits.any())
    what = f"{int(hits.sum())} of {len(hits)} rows have {m.event}."
    return (Label.SUPPORTS if right else Label.REFUTES), what, c


def _proportion(m: Mapping, table: DataTable) -> Decision:
    hits, taken = _hits(m.event, _mask(m.where, table), table, _where_name(m))
    c = computing.computation(
        m.form, f"share({m.event} | {_where_name(m)})", (taken,), computing.one_share(hits, m.low)
    )
    what = f"{int(hits.sum())} of {len(hits)} rows, {c.estimate:.1%} ({c.level:.0%} CI {c.low:.1%} to {c.high:.1%})"
    return (*(_stated(m, c, what) if m.relation == "=" else _bounded(m, c, what)), c)


def _count(m: Mapping, table: DataTable) -> Decision:
    if m.every == "of":
        hits, taken = _hits(m.event, _mask(m.where, table), table, _where_name(m))
        expression = f"count({m.event} | {_where_name(m)})"
        c = computing.computation(m.form, expression, (taken,), computing.plain(float(hits.sum())))
        right = int(hits.sum()) == int(m.low) and len(hits) == int(m.high)
        return (Label.SUPPORTS if right else Label.REFUTES), f"it is {int(hits.sum())} of {len(hits)} rows.", c
    mask = _mask(m.where, table)
    n = int(mask.sum())
    taken = Sample(_where_name(m), n, tuple(_rows(table, mask)))
    c = computing.computation(m.form, f"count({_where_name(m)})", (taken,), computing.plain(float(n)))
    what = f"there are {n} such rows"
    return (*(_stated(m, c, what) if m.relation in ("=", "~") else _compared(n, m, what)), c)


def _linked(m: Mapping, table: DataTable) -> Decision:
    """A correlation, or a trend over time."""
    assert m.measure is not None
    assert m.second is not None
    mask = _mask(m.where, table) & np.isfinite(m.measure.numbers) & np.isfinite(m.second.numbers)
    y, sa = _values(m.measure, mask, table, m.measure.name, least=MIN_ROWS + 1)
    x, sb = _values(m.second, mask, table, m.second.name, least=MIN_ROWS + 1)
    if m.form is Form.TREND:
        unit = f"{m.measure.unit or 'units'} per {'day' if m.second.dated else m.second.words[-1]}"
        c = computing.computation(
            m.form, f"slope({m.measure.name} over {m.second.name})", (sa, sb), computing.trend(x, y), unit
        )
        return (*_by_sign(m, c.estimate, c.p, f"the slope is {c.estimate:.3g} {unit}{_interval(c)}"), c)
    c = computing.computation(
        m.form, f"correlation({m.measure.name}, {m.second.name})", (sa, sb), computing.correlation(x, y)
    )
    label, reason = _by_sign(m, c.estimate, c.p, f"r is {c.estimate:.2f}{_interval(c)}")
    if label is Label.SUPPORTS and m.strong and abs(c.estimate) < STRONG:
        return Label.REFUTES, f"r is {c.estimate:.2f}, below {STRONG} and so not strong.", c
    return label, reason, c


_DECISIONS: dict[Form, Callable[[Mapping, DataTable], Decision]] = {
    Form.COUNT: _count, Form.MEAN: _one_set, Form.EXTREME: _extreme, Form.DIFFERENCE: _paired_or_difference,
    Form.RATIO: _ratio, Form.PROPORTION: _proportion, Form.CORRELATION: _linked, Form.TREND: _linked,
    Form.THRESHOLD: _one_set,
    Form.MEDIAN: lambda m, table: _one_set(m, table) if m.a is None else _difference(m, table),
}  # fmt: skip
