"""Which numbers of a sentence have no ground in the texts it rests on: neither printed there nor made of two that are.

What may be made: a sum, a difference or a ratio of two numbers of one kind, a change in per cent, a share "81/395" in
per cent, the rest to 100 %. Pure, by rule. A number may follow by chance, so only a few numbers are combined, and
never those of different sentences. Knows nothing of what the numbers are about: `mismatches` does.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

from assistant.index.sentences import sentences
from assistant.mismatches import MismatchKind, agree, compare
from assistant.quantities import Kind, Quantity, quantities

MAX_OPERANDS = 8
"""Numbers of one sentence that are combined: of 8 come at most 56 pairs and some 200 results."""
PER_CENT, FOLD = "%", "fold"
_BY = re.compile(r"\bby\s+(?:about\s+|around\s+|nearly\s+|some\s+|over\s+|a\s+)?$", re.IGNORECASE)
"""Before a number that says by how much something changed, not what it became."""


@dataclass(frozen=True, slots=True)
class _Made:
    """A value in the base unit of its dimension; `change`: it says by how much two numbers differ."""

    value: float
    dimension: str
    change: bool = False


def unfounded(claim: str, cited: Sequence[str], quoted: Sequence[str]) -> tuple[str, ...]:
    """The numbers of `claim`, as printed, that none of the texts `cited` holds and that follow from no sentence of
    `quoted`. How many texts are cited may be said."""
    missing = _missing(claim, " \n".join(cited))
    free = [q for q in missing if not _counts_the_cited(q, len(cited))]
    if not free:
        return ()
    made = [one for text in quoted for one in _made(text)]
    changes = [one for one in made if one.change]
    return tuple(
        q.text for q in free if not any(_equal(q, one) for one in (changes if _BY.search(claim[: q.start]) else made))
    )


def _missing(claim: str, text: str) -> list[Quantity]:
    found = compare(claim, text)
    wrong = {m.claim_start for m in found.mismatches if m.kind is not MismatchKind.DIRECTION}
    starts = wrong | {q.start for q in found.unmatched}
    theirs = quantities(text)
    return [q for q in quantities(claim) if q.start in starts and not any(agree(q, other) for other in theirs)]


def _counts_the_cited(q: Quantity, n: int) -> bool:
    return q.kind is Kind.COUNT and q.low == q.high and q.low in (1.0, float(n))


def _made(text: str) -> Iterator[_Made]:
    """What can be computed within one sentence of a text."""
    for start, end in sentences(text):
        operands = quantities(text[start:end])[:MAX_OPERANDS]
        for q in operands:
            yield from _alone(q)
        for a, b in permutations((q for q in operands if q.kind is not Kind.PAIR), 2):
            yield from _of_two(a, b)


def _alone(q: Quantity) -> Iterator[_Made]:
    if q.kind is Kind.PAIR and q.high:
        yield _Made(100 * q.low / q.high, PER_CENT)
    elif q.dimension == PER_CENT and q.low == q.high:
        yield _Made(100 - q.span[0], PER_CENT)


def _of_two(a: Quantity, b: Quantity) -> Iterator[_Made]:
    """`b` beside `a`, taken as what it was before."""
    x, y = a.span[0], b.span[0]
    if a.dimension != b.dimension:
        return
    yield _Made(y - x, b.dimension, change=True)
    yield _Made(x + y, b.dimension)
    if x:
        yield _Made(100 * (y - x) / x, PER_CENT, change=True)
        yield _Made(y / x, FOLD)
        yield _Made(y / x, "")
        yield _Made(100 * y / x, PER_CENT)


def _equal(q: Quantity, made: _Made) -> bool:
    """Within half a unit of the last place that `q` is printed with; without regard to the sign, which words carry."""
    if q.dimension != made.dimension or not math.isfinite(made.value):
        return False
    return abs(abs(q.span[0]) - abs(made.value)) <= q.tolerance * (1 + 1e-9)
