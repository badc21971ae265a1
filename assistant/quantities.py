"""The numbers of a text as quantities: value, how exact it is printed, unit, what kind of number, and what it counts.

Pure, by rule; English, and Chinese digits with Chinese units. It puts together what `assistant.numerals`,
`assistant.printed_units` and `assistant.number_kinds` read, and the two ends of a range; it compares nothing. Digits
that are names (p53, IL-6, Table 2, [12], type 2 diabetes) are skipped; tables, formulas and roman numerals not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from assistant.number_kinds import Kind, bound_of, is_aged, is_interval, is_name, is_per, kind_of
from assistant.numerals import BEFORE, Number, read_numbers
from assistant.printed_units import unit_at
from assistant.units import FOLD, PERCENT, Unit, unit

__all__ = ["Kind", "Quantity", "quantities"]

MAX_QUANTITIES = 2000
"""Quantities read from one text; a page of a table has some hundred."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as printed at `text[start:end]` (`text` is that run).

    `low` and `high` are its ends, equal where it is no range; `step` is half a unit of the last place printed: all
    three as printed, times `scale` plus `offset` in the base unit of `dimension` ("" without a unit). `bound` is one
    of "", "<", "<=", ">", ">=", "~" (about). `noun` is the words after it, at most four, of which it counts one.
    """

    start: int
    end: int
    text: str
    low: float
    high: float
    step: float
    kind: Kind = Kind.COUNT
    bound: str = ""
    unit: str = ""
    dimension: str = ""
    scale: float = 1.0
    offset: float = 0.0
    noun: str = ""
    signed: bool = False
    """A plus or minus is printed before it."""

    @property
    def span(self) -> tuple[float, float]:
        """Both ends in the base unit."""
        return self.low * self.scale + self.offset, self.high * self.scale + self.offset

    @property
    def tolerance(self) -> float:
        """Half a unit of the last place, in the base unit."""
        return self.step * self.scale


_RANGE = re.compile(
    r"\sof\s(?:the\s)?|\s?(?:-|–|—|−|‐|‑|~|〜|～|至)\s?|\s(?:to|and|through)\s(?:up\sto\s)?|\s?±\s?|\s?/\s?",
    re.IGNORECASE,
)
_FROM = re.compile(r"\bfrom\s$", re.IGNORECASE)
_BETWEEN = re.compile(r"(?:between|from)\s$", re.IGNORECASE)
_WHOLE = 0.5
"""Half a unit of the last place of a whole number."""
_JOINT = 24
"""Characters between the two ends of a range, at most."""
_NOUN = re.compile(
    r"[\s-]{0,2}(?:\([^()\n]{0,40}\)\s)?(?:of\s(?:the\s|all\s|these\s|them\s)?)?([A-Za-z][\w-]{0,40}(?:\s[A-Za-z][\w-]{0,40}){0,3})"
)
_LIST = re.compile(r",?\s?(?:and|or|vs\.?|versus|v|to)?\s?|,\s?")
_LIST_GAP = 9
"""Characters between two numbers of a list that share a unit, at most."""


def quantities(text: str) -> tuple[Quantity, ...]:
    """The quantities of a text in order, at most `MAX_QUANTITIES`, none overlapping. Time is linear in the text;
    never raises."""
    found: list[Quantity] = []
    numbers = read_numbers(text)
    i = 0
    while i < len(numbers) and len(found) < MAX_QUANTITIES:
        quantity, used = _quantity(text, numbers, i)
        if quantity is not None:
            found.append(quantity)
        i += used
    return tuple(_share_units(found, text))


def _quantity(text: str, numbers: list[Number], i: int) -> tuple[Quantity | None, int]:
    """The quantity that begins at number i, and how many numbers it took."""
    first = numbers[i]
    second, joint = _other_end(text, numbers, i)
    used, last = (1, first) if second is None else (2, second)
    if joint == "±":
        second = None
    before = text[max(0, first.start - BEFORE) : first.start]
    spelling, end = _spelling(text, before, first, last, joint)
    if not spelling and is_name(text, before, first, last.end):
        return None, used
    low, high, step = _ends(first, second, joint)
    measure = unit(spelling) if spelling and spelling not in (FOLD, PERCENT) else Unit(spelling) if spelling else None
    kind = kind_of(text, before, first, second, joint, spelling, end)
    noun = _NOUN.match(text, end)
    return (
        Quantity(
            first.start, end, text[first.start : end], low, high, step,
            kind, bound_of(text, before, end), spelling, measure.dimension if measure else "",
            measure.factor if measure else 1.0, measure.offset if measure else 0.0, noun[1] if noun else "",
            first.signed,
        ),
        used,
    )  # fmt: skip


def _ends(first: Number, second: Number | None, joint: str) -> tuple[float, float, float]:
    """(low, high, half a unit of the last place); of a pair ("140/90") both as printed."""
    if second is None:
        return first.value, first.value, first.step
    times = second.times if first.times == 1 and joint != "/" else 1.0
    low, high, step = first.value * times, second.value, max(first.step * times, second.step)
    return (low, high, step) if joint == "/" else (min(low, high), max(low, high), step)


def _spelling(text: str, before: str, first: Number, last: Number, joint: str) -> tuple[str, int]:
    """(unit, where the quantity ends): the unit after the last number, else what the words or the first number say."""
    spelling, end = (last.unit, last.end) if last.unit else unit_at(text, last.end)
    if not spelling and is_aged(before):
        spelling = "years"
    if not spelling and joint == "±":
        spelling, end = unit_at(text, first.end)
        end = max(end, last.end)
    if not spelling and joint not in ("", "±"):
        spelling = first.unit
    return spelling, end


def _other_end(text: str, numbers: list[Number], i: int) -> tuple[Number | None, str]:
    """The number that ends a range begun at i ("5-10", "5% to 10%", "between 5 and 10", "5 ± 1", "140/90")."""
    if i + 1 >= len(numbers):
        return None, ""
    first, second = numbers[i], numbers[i + 1]
    before = text[max(0, first.start - BEFORE) : first.start]
    if second.start - first.end > _JOINT or is_per(before):
        return None, ""
    spelling, end = unit_at(text, first.end)
    for at in {first.end, end}:
        joint = _RANGE.match(text, at)
        if not joint or joint.end() != second.start:
            continue
        word = joint.group().strip().casefold()
        if word == "to" and _FROM.search(before):
            return (second, word) if is_interval(before) else (None, "")
        if word == "and":
            joins = bool(_BETWEEN.search(before))
        elif word[0] in "/o":
            joins = _is_part(text, first, second, word, spelling, after_unit=at == end)
        else:
            joins = True
        if joins:
            return second, "/" if word[0] in "/o" else word
    return None, ""


def _is_part(text: str, first: Number, second: Number, word: str, spelling: str, *, after_unit: bool) -> bool:
    """Whether "/" or "of" makes two numbers one: whole numbers without a unit ("81/395", "81 of the 395")."""
    if word.startswith("of") and (first.unit or spelling):
        return False
    whole = first.step == _WHOLE and second.step == _WHOLE
    return whole and not (spelling and after_unit) and unit_at(text, second.end)[0] not in ("%", "percent")


def _share_units(found: list[Quantity], text: str) -> Iterator[Quantity]:
    """Gives "23" and "15" of "23, 15 and 216 kDa" the unit that is printed once."""
    heir: Quantity | None = None
    shared: list[Quantity] = []
    for quantity in reversed(found):
        if heir is not None and quantity.kind is Kind.COUNT and _is_listed(text, quantity, heir):
            quantity = replace(
                quantity, kind=heir.kind, unit=heir.unit, dimension=heir.dimension, scale=heir.scale,
                offset=heir.offset, noun=heir.noun,
            )  # fmt: skip
        heir = quantity if quantity.kind is Kind.MEASURE else None
        shared.append(quantity)
    return reversed(shared)


def _is_listed(text: str, quantity: Quantity, heir: Quantity) -> bool:
    gap = text[quantity.end : heir.start]
    return len(gap) <= _LIST_GAP and bool(_LIST.fullmatch(gap))
