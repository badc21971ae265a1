"""Where the numbers, units, signs and directions of a claim and of its evidence do not agree.

Pure, by rule, no model. A number of the claim is compared with the number of the evidence that is about the same thing:
the same kind and dimension, in the words they share. Equal means equal within half a unit of the last place of the
coarser; 0.5 g is 500 mg. What the evidence does not mention is no mismatch: it is `unmatched`. Knows nothing of what
follows from a number: that a hazard ratio of 0.5 is a risk halved, or that two shares add up.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass

from assistant.directions import oppositions, pointers
from assistant.polarity import stem
from assistant.quantities import Kind, Quantity, quantities
from assistant.surroundings import Text, likeness, read_words

MIN_LIKENESS = 0.2
"""Least likeness of the places of two numbers that differ; set on SciFact train."""
MIN_LIKENESS_COUNT = 0.25
"""The same for bare numbers that count the same noun."""
MIN_LIKENESS_BARE = 0.5
"""The same for bare numbers that count no word in common."""
BESIDE_NUMBER = 16
"""Characters to either side of a number in which a word may stand for its minus."""
SOLE = 0.5
"""How much of that is enough where the evidence has no other number of the kind."""
MAX_CLAIM = 64
"""Numbers of a claim that are compared; a claim is a sentence."""


class MismatchKind(enum.StrEnum):
    """In what a claim and its evidence differ."""

    VALUE = "value"
    UNIT = "unit"
    SIGN = "sign"
    DIRECTION = "direction"


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One disagreement: `claim[claim_start:claim_end]` against `evidence[evidence_start:evidence_end]`, and a sentence
    that names both. `likeness`, 0..1, says how far the two places speak of the same thing: a caller that compares with
    more than the sentences found to support the claim asks for more of it."""

    kind: MismatchKind
    claim_start: int
    claim_end: int
    evidence_start: int
    evidence_end: int
    sentence: str
    likeness: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """All mismatches in the claim's order, and the quantities of the claim that the evidence does not mention."""

    mismatches: tuple[Mismatch, ...]
    unmatched: tuple[Quantity, ...]


def mismatches(claim: str, evidence: str) -> tuple[Mismatch, ...]:
    """The mismatches of a claim with a text said to support it, in the claim's order; never raises."""
    return compare(claim, evidence).mismatches


def unmatched(claim: str, evidence: str) -> tuple[Quantity, ...]:
    """The quantities of a claim that the evidence does not mention."""
    return compare(claim, evidence).unmatched


def compare(claim: str, evidence: str) -> Comparison:
    """Both of the above in one pass; time linear in the evidence."""
    numbers, rest = _compare_numbers(claim, evidence)
    directions = [
        Mismatch(
            MismatchKind.DIRECTION, o.claim.start, o.claim.end, o.evidence.start, o.evidence.end,
            f"The claim says “{o.claim.text}”, the evidence “{o.evidence.text}”.",
            o.likeness,
        )
        for o in oppositions(claim, evidence)
    ]  # fmt: skip
    return Comparison(tuple(sorted([*numbers, *directions], key=lambda m: m.claim_start)), tuple(rest))


def _compare_numbers(claim: str, evidence: str) -> tuple[list[Mismatch], list[Quantity]]:
    mine = quantities(claim)[:MAX_CLAIM]
    theirs = quantities(evidence) if mine else ()
    if not theirs:
        return [], list(mine)
    words, around = read_words(claim), read_words(evidence)
    near = [around.near(q.start, q.end) for q in theirs]
    agreed, left = _pair_off(mine, theirs, words, near)
    found: list[Mismatch] = []
    missing: list[Quantity] = []
    for m in left:
        free = [(q, near[j]) for j, q in enumerate(theirs) if j not in agreed]
        mismatch = _mismatch(m, words, free)
        if mismatch is not None and mismatch.kind is MismatchKind.SIGN and _is_said_in_words(mismatch, claim, evidence):
            continue
        if mismatch is None:
            missing.append(m)
        else:
            found.append(mismatch)
    if len(found) > 1 + len(agreed):
        return [], left
    return found, missing


def _pair_off(
    mine: tuple[Quantity, ...], theirs: tuple[Quantity, ...], words: Text, near: list[dict[str, float]]
) -> tuple[set[int], list[Quantity]]:
    """(numbers of the evidence that a number of the claim is, numbers of the claim that are none). Of several equal
    ones the most alike is taken."""
    taken: set[int] = set()
    left: list[Quantity] = []
    for m in mine:
        equal = [j for j, q in enumerate(theirs) if agree(m, q)]
        if not equal:
            left.append(m)
            continue
        around = words.near(m.start, m.end)
        taken.add(max(equal, key=lambda j: (_is_close(m, theirs[j]), likeness(around, near[j]), -j)))
    return taken, left


def _is_close(a: Quantity, b: Quantity) -> bool:
    return _close(a.low, b.low, a, b)


def _is_said_in_words(m: Mismatch, claim: str, evidence: str) -> bool:
    """Whether a missing minus is the word beside the number: "fell by 5 %" for "−5 %"."""
    for text, start, end in ((claim, m.claim_start, m.claim_end), (evidence, m.evidence_start, m.evidence_end)):
        before, after = max(0, start - BESIDE_NUMBER), end + BESIDE_NUMBER
        beside = text[before:start].rpartition(". ")[2] + " " + text[end:after].partition(". ")[0]
        if text[start] not in "-−–+" and any(p.sign < 0 for p in pointers(beside, read_words(beside))):
            return True
    return False


def agree(a: Quantity, b: Quantity) -> bool:
    """Whether two quantities can be one: same kind and dimension, and equal, in the other's range or bound."""
    if not _comparable(a, b):
        return False
    if a.kind is Kind.PAIR:
        return _close(a.low, b.low, a, b) and _close(a.high, b.high, a, b)
    (low, high), (other_low, other_high) = a.span, b.span
    if low == high and other_low == other_high and _bounds_allow(a, b):
        return True
    if _close(low, other_low, a, b) and _close(high, other_high, a, b):
        return True
    if (low == high) != (other_low == other_high):
        slack = max(a.tolerance, b.tolerance)
        return max(low, other_low) <= min(high, other_high) + slack
    return False


def _comparable(a: Quantity, b: Quantity) -> bool:
    return a.kind is b.kind and a.dimension == b.dimension


def _close(x: float, y: float, a: Quantity, b: Quantity) -> bool:
    return abs(x - y) <= max(_tolerance(a), _tolerance(b)) * (1 + 1e-9) or math.isclose(x, y, rel_tol=1e-9)


def _tolerance(q: Quantity) -> float:
    """Half a unit of the last place; of "about 50", of the last place that is not a nought."""
    if q.bound != "~" or q.low != q.high or not q.low or not float(q.low).is_integer() or abs(q.low) >= 1e15:
        return q.tolerance
    digits = str(abs(int(q.low)))
    return max(q.tolerance, 0.5 * 10.0 ** (len(digits) - len(digits.rstrip("0"))) * q.scale)


def _bounds_allow(a: Quantity, b: Quantity) -> bool:
    """Whether one side is a bound that the other side's value keeps."""
    for bound, value in ((a, b), (b, a)):
        x, limit = value.span[0], bound.span[0]
        if value.bound in ("", "~"):
            if bound.bound in ("<", "<=") and x <= limit + bound.tolerance:
                return True
            if bound.bound in (">", ">=") and x >= limit - bound.tolerance:
                return True
    return _close(a.span[0], b.span[0], a, b)


def _mismatch(mine: Quantity, claim: Text, near: list[tuple[Quantity, dict[str, float]]]) -> Mismatch | None:
    around = claim.near(mine.start, mine.end)
    best: tuple[float, Quantity] | None = None
    strict = claim.strictness(mine.start)
    alone = sum(_comparable(mine, other) for other, _ in near) == 1
    for other, theirs in near:
        if not _may_differ(mine, other):
            continue
        score = likeness(around, theirs)
        if score >= _threshold(mine, other) * (SOLE if alone else 1.0) * strict and (best is None or score > best[0]):
            best = (score, other)
    return _named(mine, best[1], best[0]) if best is not None else None


def _threshold(mine: Quantity, other: Quantity) -> float:
    if mine.kind is not Kind.COUNT or other.kind is not Kind.COUNT:
        return MIN_LIKENESS
    return MIN_LIKENESS_COUNT if _nouns(mine) & _nouns(other) else MIN_LIKENESS_BARE


def _may_differ(mine: Quantity, other: Quantity) -> bool:
    if _comparable(mine, other):
        return True
    return _is_same_number(mine, other)


def _nouns(q: Quantity) -> set[str]:
    return {stem(word) for word in q.noun.split(" ") if len(word) > 2}


def _is_same_number(mine: Quantity, other: Quantity) -> bool:
    """Whether the digits are equal and only the unit is another."""
    kinds = {mine.kind, other.kind}
    return (mine.low, mine.high) == (other.low, other.high) and kinds == {Kind.MEASURE} and mine.unit != other.unit


def _named(mine: Quantity, other: Quantity, score: float) -> Mismatch:
    kind = MismatchKind.VALUE
    if _is_same_number(mine, other):
        kind = MismatchKind.UNIT
    elif (mine.signed or other.signed) and _is_sign(mine, other):
        kind = MismatchKind.SIGN
    said = {MismatchKind.VALUE: "", MismatchKind.UNIT: ", in another unit", MismatchKind.SIGN: ", with another sign"}
    return Mismatch(
        kind, mine.start, mine.end, other.start, other.end,
        f"The claim says “{mine.text}”, the evidence “{other.text}”{said[kind]}.",
        score,
    )  # fmt: skip


def _is_sign(a: Quantity, b: Quantity) -> bool:
    return _close(-a.span[0], b.span[0], a, b) and _close(-a.span[1], b.span[1], a, b)
