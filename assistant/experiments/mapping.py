"""A claim and a table -> what is to be computed, out of a closed set; or why that cannot be told.

By rule. Every word of the claim must be explained by the table or by the lists of `wording`; every number must have a
use. A claim that says two things, a condition the table does not know, or a cause is not mapped. Computes nothing.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from assistant.experiments import phrases
from assistant.experiments.matching import (
    NotMapped,
    match,
    number_in,
)
from assistant.experiments.naming import ABOUT, Naming, about, is_fold, is_percent, turned
from assistant.experiments.outcome import Form
from assistant.experiments.plan import COMPARE, Condition, Mapping
from assistant.experiments.tables import Column, ColumnKind, DataTable
from assistant.quantities import Kind, Quantity
from assistant.units import PERCENT

STRONG = 0.5
"""Least |r| of a correlation that is called strong (Cohen 1988, "large")."""


def map_claim(claim: str, table: DataTable) -> Mapping:
    """What is to be computed for a claim. Raises NotMapped with the reason."""
    for pattern, why in phrases.REFUSED:
        found = pattern.search(claim)
        if found:
            raise NotMapped(f"“{found.group()}” speaks of {why}")
    found_in = match(claim, table)
    if found_in.unexplained:
        words = ", ".join(f"“{w}”" for w in found_in.unexplained)
        raise NotMapped(f"nothing in the table answers to {words}")
    for named in found_in.measures:
        if named.column.kind is ColumnKind.MIXED:
            raise NotMapped(f"`{named.column.name}` holds numbers and other signs; make all of it numbers")
    return _checked(_Reading(found_in, table).mapping())


def _checked(mapping: Mapping) -> Mapping:
    """A mapping that does not compare a thing with itself."""
    if mapping.second is not None and mapping.second is mapping.measure:
        raise NotMapped(f"`{mapping.second.name}` cannot be compared with itself")
    return mapping


class _Reading(Naming):
    """One claim on its way to a mapping: the forms of comparison, from the most particular to the plainest."""

    def mapping(self) -> Mapping:
        """Forms are tried from the most particular to the plainest; the first that fits must use every number."""
        self._take_conditions()
        negated = self._negated()
        forms = (
            self._count, self._single_rows, self._share, self._trend, self._paired, self._correlation, self._ratio,
            self._difference, self._threshold,
        )  # fmt: skip
        for form in forms:
            mapping = form()
            if mapping is not None:
                if self.numbers:
                    raise NotMapped(f"what “{self.numbers[0].text.strip()}” is about cannot be told")
                flipped = negated != mapping.negated
                self._check_all_used(mapping)
                return replace(
                    mapping, negated=flipped, where=(*self.where, *mapping.where), notes=(*self.notes, *mapping.notes)
                )
        raise NotMapped(self._nothing())

    def _check_all_used(self, mapping: Mapping) -> None:
        """Every column and value that the claim names has its place in the mapping."""
        conditions = (*self.where, *mapping.where, mapping.a, mapping.b, mapping.event)
        used = {c.column.name for c in conditions if c is not None}
        used |= {c.name for c in (mapping.measure, mapping.second) if c is not None}
        named = (*self.found.events, *self.found.levels, *(n for n in self.found.measures if n.column is not self.time))
        for n in named:
            if n.column.name not in used:
                raise NotMapped(f"it also speaks of `{n.column.name}`; say one thing at a time")

    def _nothing(self) -> str:
        if not self.measures and not self.found.events and not self.found.levels:
            return "it names no column and no group of the table"
        return "no comparison of the closed set (count, mean, difference, ratio, correlation ...) can be read in it"

    def _count(self) -> Mapping | None:
        """ "31 women", "15 of the 18 roach"."""
        pair = phrases.PAIR.search(self.claim)
        inside = [q for q in self.numbers if pair and q.start <= pair.start() < q.end]
        event = self._event()
        if pair and inside and not self.measures:
            self._take(inside[0])
            where = self._as_conditions()
            if event is None and where:
                event, where = where[-1], where[:-1]
            if event is None:
                raise NotMapped("what is counted cannot be told")
            return Mapping(
                Form.COUNT, "=", event=event, where=where, low=float(pair[1]), high=float(pair[2]), every="of"
            )
        counts = [q for q in self.numbers if q.kind in (Kind.COUNT, Kind.SAMPLE) and not q.unit]
        if self.measures or len(counts) != 1 or counts[0].low != counts[0].high:
            return None
        where = (*self._as_conditions(), *((event,) if event else ()))
        if not where and not re.search(
            r"\b(?:rows|records|participants|patients|subjects|samples|plots|observations)\b", self.claim
        ):
            return None
        quantity = self._take(counts[0])
        return Mapping(
            Form.COUNT,
            self._bound(quantity) or "=",
            where=where,
            low=quantity.low,
            high=quantity.high,
            step=quantity.step,
        )

    def _single_rows(self) -> Mapping | None:
        """Statements about all rows, none or at least one: "all fish were longer than 20 cm"."""
        quantifier = "all" if phrases.ALL.search(self.claim) else "any" if phrases.ANY.search(self.claim) else ""
        none = bool(phrases.NONE.search(self.claim)) and not phrases.NO.search(self.claim)
        if not quantifier and not none:
            return None
        if quantifier and none:
            raise NotMapped("“all” and “no” stand together; say it plainly")
        measure = self._one_measure()
        event = self._event() if measure is None else self._threshold_event(measure)
        if event is None or self._pair_said():
            raise NotMapped("a statement about all rows, some or none is checked only against a value")
        return Mapping(
            Form.EXTREME, "=", event=event, where=self._as_conditions(), every=quantifier or "any", negated=none
        )

    def _pair_said(self) -> bool:
        columns = [n.column.name for n in self._levels()]
        return len(columns) != len(set(columns))

    def _threshold_event(self, measure: Column) -> Condition | None:
        """ "older than 50 years" as a condition on the measure."""
        for quantity in self.numbers:
            bound = self._bound(quantity)
            part = is_fold(quantity) or (is_percent(quantity) and measure.unit != PERCENT)
            if bound in COMPARE and not part:
                value, _, _ = number_in(measure, self._take(quantity))
                return Condition(measure, bound or "=", value)
        return None

    def _share(self) -> Mapping | None:
        """ "20 % of the patients", "most", "half of"; only where no measure is in per cent itself."""
        stated = self._stated_share()
        if stated is None:
            return None
        quantity, bound, low, high, step = stated
        measure = self._one_measure()
        if quantity is not None:
            self._take(quantity)
        where = self._as_conditions()
        event = self._event() if measure is None else self._threshold_event(measure)
        if event is None and measure is None and where:
            event, where = where[-1], where[:-1]
        if event is None:
            raise NotMapped("of what the share is cannot be told")
        if bound == "~":
            step, bound = max(step, ABOUT * abs(low)), ""
        return Mapping(Form.PROPORTION, bound or "=", event=event, where=where, low=low, high=high, step=step)

    def _stated_share(self) -> tuple[Quantity | None, str, float, float, float] | None:
        """The quantity that states a share (None for "most"), its bound, its ends and its tolerance, all in 0..1."""
        for q in self.numbers:
            after = self.claim[q.end : q.end + 12]
            comparative = re.match(
                r"\s?(?:higher|lower|more|less|greater|larger|smaller|longer|shorter|fewer|increase|decrease)", after
            )
            if (
                is_percent(q)
                and not comparative
                and not phrases.HALF_OF.match(after)
                and not self._measured_in_percent()
            ):
                if re.search(r"\bby\s+(?:\w+\s+){0,2}$", self.claim[: q.start]):
                    return None
                return q, self._bound(q), q.low / 100, q.high / 100, q.step / 100
        if phrases.MOST.search(self.claim) and not re.search(r"\bmost\s+(?:of\s+the\s+time|often)", self.claim):
            return None, ">", 0.5, 0.5, 0.0
        return None

    def _measured_in_percent(self) -> bool:
        return any(m.unit == PERCENT for m in self.measures)

    def _trend(self) -> Mapping | None:
        """A measure against the column that tells the time."""
        measures = [m for m in self.measures if m is not self.time]
        if not phrases.OVER_TIME.search(self.claim) and not (
            self.time in self.measures and phrases.LINK.search(self.claim)
        ):
            return None
        if self.time is None:
            raise NotMapped("it speaks of a course over time, and no column of the table tells the time")
        if len(measures) != 1:
            raise NotMapped("what changes over time cannot be told")
        self.measures = measures
        relation = self._direction()
        if not relation:
            return None
        years = [q for q in self.numbers if q.kind is Kind.YEAR]
        where = [*self._as_conditions()]
        for q in years:
            self._take(q)
            end = q.high if q.high != q.low else float(np.nanmax(self.time.numbers))
            where.append(Condition(self.time, "in", (q.low, end)))
        return Mapping(Form.TREND, relation, measure=measures[0], second=self.time, where=tuple(where))

    def _paired(self) -> Mapping | None:
        """Two columns of one unit set side by side in the same rows: before and after."""
        if len(self.measures) != 2 or self.measures[0].unit != self.measures[1].unit:
            return None
        shared = set(self.measures[0].words) & set(self.measures[1].words)
        first, second = sorted(self.found.measures, key=lambda n: min(n.at - self._common(), default=0))
        if not shared or not (phrases.THAN.search(self.claim) or re.search(r"\bfrom\b.*\bto\b", self.claim)):
            return None
        if re.search(r"\bfrom\b.*\bto\b", self.claim):
            first, second = second, first
        relation = self._direction()
        if not relation:
            return None
        return Mapping(
            Form.DIFFERENCE,
            relation,
            measure=first.column,
            second=second.column,
            where=self._as_conditions(),
            paired=True,
        )

    def _common(self) -> frozenset[int]:
        first, second = self.found.measures
        return first.at & second.at

    def _correlation(self) -> Mapping | None:
        """Two measures, and words that link them; the product of the pointing words is the sign."""
        if len(self.measures) != 2:
            return None
        if not (phrases.LINK.search(self.claim) or phrases.SAME.search(self.claim)) or re.search(
            r"\bthan\b", self.claim
        ):
            raise NotMapped("how `{}` and `{}` are compared cannot be told".format(*(m.name for m in self.measures)))
        signs = self._signs()
        if len(signs) > 2:
            raise NotMapped("its words point up and down; say one thing at a time")
        relation = "!=" if not signs else ">" if int(np.prod(signs)) > 0 else "<"
        strong = bool(re.search(r"\bstrong(?:ly)?\b", self.claim, re.IGNORECASE))
        first, second = self.measures
        return Mapping(
            Form.CORRELATION, relation, measure=first, second=second, where=self._as_conditions(), strong=strong
        )

    def _ratio(self) -> Mapping | None:
        """ "twice as high", "25 % more", "less than half that of" between two groups."""
        stated = next((r for q in self.numbers if (r := self._factor(q)) is not None), None)
        measure = self._one_measure()
        if stated is None or measure is None or not (self._levels() or self.found.groups or len(self.where) == 2):
            return None
        quantity, relation, low, high, step = stated
        self._take(quantity)
        pair = self._pair()
        if pair is None:
            raise NotMapped("which groups are compared cannot be told")
        return Mapping(
            Form.RATIO, relation, measure=measure, a=pair[0], b=pair[1], low=low, high=high, step=step, stated=True
        )

    def _factor(self, q: Quantity) -> tuple[Quantity, str, float, float, float] | None:
        """A quantity as a ratio of the first group to the second: relation, ends and tolerance."""
        after = self.claim[q.end : q.end + 14]
        down = -1 in self._signs() and 1 not in self._signs()
        if is_fold(q):
            low, high, step, bound = q.low, q.high, q.step, q.bound
            if not down:
                return q, *about(bound, low, high, step)
            ends = sorted((1 / low, 1 / high))
            return q, *about(turned(bound), ends[0], ends[1], step / max(low, 1.0) ** 2)
        if not is_percent(q):
            return None
        if phrases.HALF_OF.match(after):
            return q, *about(self._bound(q), q.low / 100, q.high / 100, q.step / 100)
        if not self._signs() or self._measured_in_percent():
            return None
        sign = -1 if down else 1
        ends = sorted((1 + sign * q.low / 100, 1 + sign * q.high / 100))
        return q, *about(q.bound if sign > 0 else turned(q.bound), ends[0], ends[1], q.step / 100)

    def _difference(self) -> Mapping | None:
        """A measure, or how often something occurs, between two groups."""
        relation = self._direction()
        measure = self._one_measure()
        event = self._event() if measure is None else None
        target = [
            q
            for q in self.numbers
            if measure is not None and self._bound(q) and not phrases.BY.search(self.claim[: q.start])
        ]
        if not relation or (measure is None and event is None) or (target and not self._has_margin()):
            return None
        groups = self._levels() or self.found.groups or (measure is not None and self.found.events)
        if not groups and len(self.where) != 2:
            return None
        pair = self._pair()
        if pair is None:
            raise NotMapped("which groups are compared cannot be told; name two values of a column")
        if event is not None and event.column is pair[0].column:
            raise NotMapped("what is compared between the groups cannot be told")
        form = Form.MEDIAN if phrases.MEDIAN.search(self.claim) and measure is not None else Form.DIFFERENCE
        mapping = Mapping(form, relation, measure=measure, event=event, a=pair[0], b=pair[1])
        return self._with_size(mapping, measure) if measure is not None else mapping

    def _has_margin(self) -> bool:
        return any(phrases.WITHIN.search(self.claim[: q.start]) for q in self.numbers)

    def _with_size(self, mapping: Mapping, measure: Column) -> Mapping:
        """The size that the claim states ("by 9 mmHg"), or the margin within which it says there is no difference."""
        for q in tuple(self.numbers):
            if is_fold(q) or (is_percent(q) and measure.unit != PERCENT) or not self._is_size(q, mapping):
                continue
            low, high, step = number_in(measure, q, difference=True)
            self._take(q)
            if mapping.relation == "!=":
                return replace(mapping, margin=max(abs(low), abs(high)))
            return replace(
                mapping, stated=True, low=low, high=high, step=max(step, ABOUT * low if q.bound == "~" else 0)
            )
        return mapping

    def _is_size(self, q: Quantity, mapping: Mapping) -> bool:
        """Whether a number states how large a difference is: "by 9 mmHg", "1.5 kg higher", "within 5"."""
        if phrases.BY.search(self.claim[: q.start]) or phrases.WITHIN.search(self.claim[: q.start]):
            return True
        return mapping.relation != "!=" and bool(phrases.COMPARATIVE.match(self.claim, q.end))

    def _threshold(self) -> Mapping | None:
        """One set of rows against a number: a stated mean, median or extreme, or a mean above or below it."""
        measure = self._one_measure()
        kinds = (Kind.MEASURE, Kind.COUNT, Kind.YEAR) if measure is self.time else (Kind.MEASURE, Kind.COUNT)
        fitting = [q for q in self.numbers if q.kind in kinds]
        if measure is None or len(fitting) != 1:
            return None
        quantity = self._take(fitting[0])
        relation = self._bound(quantity)
        low, high, step = number_in(measure, quantity)
        if relation == "~":
            step, relation = max(step, ABOUT * abs(low)), ""
        where = self._as_conditions()
        if relation and phrases.ROWS.search(self.claim) and not phrases.MEAN.search(self.claim):
            raise NotMapped("whether it speaks of the mean or of every row cannot be told; say which")
        if phrases.MAX.search(self.claim) or phrases.MIN.search(self.claim):
            form = Form.EXTREME
        elif relation:
            form = Form.THRESHOLD
        else:
            form = Form.MEDIAN if phrases.MEDIAN.search(self.claim) else Form.MEAN
        if form is Form.THRESHOLD and phrases.MEDIAN.search(self.claim):
            raise NotMapped(
                "a median above or below a number is outside the closed set; ask for the mean or for the median's value"
            )
        return Mapping(
            form,
            relation or "=",
            measure=measure,
            where=where,
            low=low,
            high=high,
            step=step,
            largest=bool(phrases.MAX.search(self.claim)),
        )
