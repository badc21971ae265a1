"""What a claim names of a table: measures, groups, events, conditions, and which way it says they lie.

By rule. Numbers that have found a use are taken out; what is left over, `mapping` refuses. Knows no form of comparison.
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
    number_in,
    unit_fits,
    yes_level,
)
from assistant.experiments.plan import Condition
from assistant.experiments.tables import Column, ColumnKind, DataTable
from assistant.quantities import Kind, Quantity
from assistant.units import FOLD, PERCENT

ABOUT = 0.1
"""Share of a value that "about" leaves to either side."""
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


class Naming:
    """What one claim names, and which of its numbers have found a use."""

    def __init__(self, found: Matches, table: DataTable) -> None:
        self.found = found
        self.claim = found.claim
        self.table = table
        self.numbers = list(found.quantities)
        self.measures = [n.column for n in found.measures]
        self.time = self._time_column()
        self.where: list[Condition] = []
        self.notes: list[str] = []

    def _negated(self) -> bool:
        said = (
            len(phrases.NEGATION.findall(self.claim))
            + len(phrases.NO.findall(self.claim))
            + len(phrases.SAME.findall(self.claim))
        )
        if said > 1:
            raise NotMapped("it denies more than once; say it plainly")
        return said == 1

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

    def _time_column(self) -> Column | None:
        times = [c for c in self.table.columns if c.kind is ColumnKind.NUMBER and is_time(c) and c.unit in ("", "days")]
        named = [c for c in times if c in [n.column for n in self.found.measures]]
        times = named or times
        return times[0] if len(times) == 1 else None


def is_fold(quantity: Quantity) -> bool:
    return quantity.dimension == FOLD


def is_percent(quantity: Quantity) -> bool:
    return quantity.dimension == PERCENT and quantity.scale == 1


def turned(bound: str) -> str:
    return bound.translate(str.maketrans("<>", "><"))


def about(bound: str, low: float, high: float, step: float) -> tuple[str, float, float, float]:
    """Relation, ends and tolerance; "about" widens the tolerance."""
    return ("=", low, high, max(step, ABOUT * low)) if bound == "~" else (bound or "=", low, high, step)
