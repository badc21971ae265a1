"""A claim and a table -> what is to be computed, out of a closed set; or why that cannot be told.

By rule. Every word of the claim must be explained by the table or by the lists of `wording`; every number must have a
use. A claim that says two things, a condition the table does not know, or a cause is not mapped. Computes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from assistant.experiments import phrases
from assistant.experiments.matching import (
    Matches,
    Named,
    NotMapped,
    is_time,
    match,
    number_in,
    unit_fits,
    yes_level,
)
from assistant.experiments.outcome import Form
from assistant.experiments.plan import COMPARE, Condition, Mapping
from assistant.experiments.tables import Column, ColumnKind, DataTable
from assistant.quantities import Kind, Quantity
from assistant.units import FOLD, PERCENT

ABOUT = 0.1
"""Share of a value that "about" leaves to either side."""
STRONG = 0.5
"""Least |r| of a correlation that is called strong (Cohen 1988, "large")."""
REFERENCES = (
    "control",
    "placebo",
    "untreated",
    "vehicle",
    "sham",
    "reference",
    "wild type",
    "wildtype",
    "baseline",
    "none",
)
"""Values of a group that others are compared with where the claim names only one of several."""


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


class _Reading:
    """One claim on its way to a mapping: what is named, and which numbers have found a use."""

    def __init__(self, found: Matches, table: DataTable) -> None:
        self.found = found
        self.claim = found.claim
        self.table = table
        self.numbers = list(found.quantities)
        self.measures = [n.column for n in found.measures]
        self.time = self._time_column()
        self.where: list[Condition] = []
        self.notes: list[str] = []

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

    def _negated(self) -> bool:
        said = (
            len(phrases.NEGATION.findall(self.claim))
            + len(phrases.NO.findall(self.claim))
            + len(phrases.SAME.findall(self.claim))
        )
        if said > 1:
            raise NotMapped("it denies more than once; say it plainly")
        return said == 1

    # numbers

    def _take(self, quantity: Quantity) -> Quantity:
        self.numbers.remove(quantity)
        return quantity

    def _take_conditions(self) -> None:
        """Numbers that choose rows: "at 20 °C", "in 2010", "in patients older than 60 years"."""
        for quantity in tuple(self.numbers):
            before = self.claim[: quantity.start]
            if quantity.low != quantity.high or not phrases.AT.search(before) or quantity.bound:
                continue
            for column in self._numeric():
                fits = unit_fits(column, quantity) or (quantity.kind is Kind.YEAR and column is self.time)
                only = self.measures == [column]
                if fits and not only and self._is_level(column, quantity):
                    self._take(quantity)
                    self.where.append(Condition(column, "=", number_in(column, quantity)[0]))
                    self.measures = [m for m in self.measures if m is not column] or self.measures
                    break

    def _numeric(self) -> list[Column]:
        return [c for c in self.table.columns if c.kind is ColumnKind.NUMBER]

    def _is_level(self, column: Column, quantity: Quantity) -> bool:
        return bool(np.isclose(column.numbers, number_in(column, quantity)[0]).any())

    def _bound(self, quantity: Quantity) -> str:
        """The relation a number stands in: its printed bound, else the pointing word right before it."""
        if quantity.bound:
            return quantity.bound
        before = [
            t for t in self.found.tokens if t.end <= quantity.start and t.text not in ("than", "by", "the", "a", "of")
        ]
        last = before[-1] if before else None
        if last is None or not last.sign or quantity.start - last.end > 8:
            return ""
        return ">" if last.sign > 0 else "<"

    # directions

    def _signs(self) -> list[int]:
        """Which way the pointing words point, those that belong to a number or to a name left out."""
        taken = [q.start for q in self.found.quantities if q.bound or self._bound(q)]
        adjectives = {i for n in self.found.measures for i in n.at if self.found.tokens[i].concept}
        covered = self.found.covered - adjectives
        tokens = [
            t
            for i, t in enumerate(self.found.tokens)
            if t.sign and i not in covered and not any(0 <= start - t.end <= 6 for start in taken)
        ]
        tokens = [
            t
            for t in tokens
            if t.text not in phrases.PREPOSITIONS and not (t.text in ("up", "down") and self._verb_before(t.start))
        ]
        return [t.sign * self._turn(t.concept) for t in tokens]

    def _verb_before(self, start: int) -> bool:
        return bool(re.search(r"\b(?:made|followed|taken|broken)\s$", self.claim[:start], re.IGNORECASE))

    def _turn(self, concept: str) -> int:
        """-1 where "faster" is said of a column that holds a time."""
        from assistant.units import unit

        its = unit(self.measures[0].unit) if self.measures and self.measures[0].unit else None
        return -1 if concept == "speed" and its is not None and its.dimension == "s" else 1

    def _direction(self) -> str:
        """The relation that the claim's words state: > or <, != for "differs", "" for none."""
        signs = self._signs()
        if len(signs) > 1:
            raise NotMapped("more than one of its words points up or down; say one thing at a time")
        if signs:
            if phrases.EFFECT.search(self.claim):
                raise NotMapped("the size of an effect is not compared between groups")
            return ">" if signs[0] > 0 else "<"
        return (
            "!="
            if phrases.DIFFERS.search(self.claim) or phrases.SAME.search(self.claim) or phrases.NO.search(self.claim)
            else ""
        )

    # groups

    def _one_measure(self) -> Column | None:
        if len(self.measures) > 1:
            names = " and ".join(f"`{m.name}`" for m in self.measures)
            raise NotMapped(f"it speaks of {names} at once; say one thing at a time")
        return self.measures[0] if self.measures else None

    def _event(self, *, among: Sequence[Named] = ()) -> Condition | None:
        """What is counted: a column of yes and no that is named, with the value that is named."""
        columns = {n.column.name: n.column for n in self.found.events}
        if len(columns) > 1:
            raise NotMapped("it speaks of " + " and ".join(f"`{n}`" for n in columns) + " at once")
        for column in columns.values():
            said = [n.level for n in self.found.levels if n.column is column]
            if len(said) > 1:
                raise NotMapped(f"it names both values of `{column.name}`")
            return Condition(column, "=", said[0] if said else yes_level(column))
        return None

    def _levels(self) -> list[Named]:
        """The values of groups that are named, in the order of the claim; those of columns of yes and no left out."""
        events = [n.column for n in self.found.events]
        return sorted((n for n in self.found.levels if n.column not in events), key=lambda n: n.first)

    def _is_condition(self, named: Named) -> bool:
        return bool(phrases.CONDITION_BEFORE.search(self.claim[: self.found.tokens[named.first].start]))

    def _pair(self) -> tuple[Condition, Condition] | None:
        """The two groups that are compared, the first the one that the claim is about; other values become conditions.
        None where no group is named."""
        by_column: dict[str, list[Named]] = {}
        for named in self._levels():
            by_column.setdefault(named.column.name, []).append(named)
        if not by_column:
            return self._pair_of_numbers() or self._pair_of_event() or self._pair_of_label()
        if any(len(v) > 2 for v in by_column.values()) or sum(len(v) == 2 for v in by_column.values()) > 1:
            raise NotMapped("it names more than two groups; compare two at a time")
        compared = next((v for v in by_column.values() if len(v) == 2), None)
        if compared is None:
            compared = self._single_group([v[0] for v in by_column.values()])
        for values in by_column.values():
            if values[0].column is not compared[0].column:
                self.where.append(Condition(values[0].column, "=", values[0].level))
        return self._ordered(compared)

    def _single_group(self, values: list[Named]) -> list[Named]:
        if len(values) == 1:
            if self._is_condition(values[0]) and phrases.CHANGING.search(self.claim):
                raise NotMapped(f"with what {values[0].level} is compared, or over which time, cannot be told")
            return values
        free = [v for v in values if not self._is_condition(v)]
        if len(free) != 1:
            raise NotMapped("which groups are compared cannot be told")
        return free

    def _ordered(self, compared: list[Named]) -> tuple[Condition, Condition]:
        column = compared[0].column
        if len(compared) == 1:
            return Condition(column, "=", compared[0].level), self._other(column, compared[0].level)
        first, second = compared
        than = [m.end() for m in phrases.THAN.finditer(self.claim)]
        starts = [self.found.tokens[n.first].start for n in compared]
        if any(end <= starts[0] for end in than) and not any(starts[0] < end <= starts[1] for end in than):
            first, second = second, first  # "Compared with placebo, the drug ..."
        elif not than and self._direction() in (">", "<") and not phrases.NO.search(self.claim):
            raise NotMapped(f"which of {first.level} and {second.level} is compared with which cannot be told")
        return Condition(column, "=", first.level), Condition(column, "=", second.level)

    def _other(self, column: Column, level: str) -> Condition:
        """What one named group is compared with: the only other one, the reference, else all other rows."""
        others = [v for v in column.levels if v != level]
        if not others:
            raise NotMapped(f"`{column.name}` has no other value than {level} to compare with")
        if len(others) == 1:
            return Condition(column, "=", others[0])
        reference = [v for v in others if v.casefold() in REFERENCES]
        if len(reference) == 1:
            return Condition(column, "=", reference[0])
        return Condition(column, "!=", level)

    def _pair_of_numbers(self) -> tuple[Condition, Condition] | None:
        """Two numbers that choose rows of one column, compared: "higher at 50 °C than at 20 °C"."""
        if (
            len(self.where) != 2
            or self.where[0].column is not self.where[1].column
            or not phrases.THAN.search(self.claim)
        ):
            return None
        first, second = self.where
        self.where = []
        return first, second

    def _pair_of_event(self) -> tuple[Condition, Condition] | None:
        """Rows with and without what a column of yes and no tells ("smokers sleep longer"), for a measure."""
        event = self._event() if self.measures else None
        if event is None:
            return None
        if self._negated():
            raise NotMapped("whether the group or the comparison is denied cannot be told")
        return event, replace(event, op="!=")

    def _pair_of_label(self) -> tuple[Condition, Condition] | None:
        """The two values of a group that is named by its header ("weight differs between the sexes")."""
        for named in self.found.groups:
            levels = named.column.levels
            if len(levels) == 2 and self._direction() == "!=":
                return Condition(named.column, "=", levels[0]), Condition(named.column, "=", levels[1])
        return None

    def _as_conditions(self) -> tuple[Condition, ...]:
        """All named values as conditions, for statements about one set of rows."""
        columns = [n.column for n in self._levels()]
        if len(columns) != len({c.name for c in columns}):
            raise NotMapped("it names two groups where one number is stated")
        return tuple(Condition(n.column, "=", n.level) for n in self._levels())

    # forms

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
            part = _is_fold(quantity) or (_is_percent(quantity) and measure.unit != PERCENT)
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
                _is_percent(q)
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

    def _time_column(self) -> Column | None:
        times = [c for c in self.table.columns if c.kind is ColumnKind.NUMBER and is_time(c) and c.unit in ("", "days")]
        named = [c for c in times if c in [n.column for n in self.found.measures]]
        times = named or times
        return times[0] if len(times) == 1 else None

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
        if _is_fold(q):
            low, high, step, bound = q.low, q.high, q.step, q.bound
            if not down:
                return q, *_about(bound, low, high, step)
            ends = sorted((1 / low, 1 / high))
            return q, *_about(_turned(bound), ends[0], ends[1], step / max(low, 1.0) ** 2)
        if not _is_percent(q):
            return None
        if phrases.HALF_OF.match(after):
            return q, *_about(self._bound(q), q.low / 100, q.high / 100, q.step / 100)
        if not self._signs() or self._measured_in_percent():
            return None
        sign = -1 if down else 1
        ends = sorted((1 + sign * q.low / 100, 1 + sign * q.high / 100))
        return q, *_about(q.bound if sign > 0 else _turned(q.bound), ends[0], ends[1], q.step / 100)

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
            if _is_fold(q) or (_is_percent(q) and measure.unit != PERCENT) or not self._is_size(q, mapping):
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


def _is_fold(quantity: Quantity) -> bool:
    return quantity.dimension == FOLD


def _is_percent(quantity: Quantity) -> bool:
    return quantity.dimension == PERCENT and quantity.scale == 1


def _turned(bound: str) -> str:
    return bound.translate(str.maketrans("<>", "><"))


def _about(bound: str, low: float, high: float, step: float) -> tuple[str, float, float, float]:
    """Relation, ends and tolerance; "about" widens the tolerance."""
    return ("=", low, high, max(step, ABOUT * low)) if bound == "~" else (bound or "=", low, high, step)
