"""Where the columns of a table are: by the free room that runs down between its words, and by upright ruling lines.

Pure. After the white space method of T. Kieninger (1998) and of the ICDAR 2013 table competition's entrants; the
numbers were found on papers' tables and on those that the tests make.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from assistant.index.pages.words import TextLine, Word
from assistant.types import Box

Interval = tuple[float, float]

WORD_GAP = 0.6
"""Font sizes: words of one cell lie nearer to each other than this."""
_NARROWEST = 0.25
"""Font sizes: the least free room that parts columns down the whole table."""
_USUAL_GAP = 0.85
"""Font sizes: the least usual gap between two columns on one line; word spaces are .25 to .4."""
_FLUSH = 0.5
"""Font sizes within which texts stand flush."""
_MOSTLY = 0.6
"""Share of the texts beside a narrow room that stand flush with it."""
_CROWDED = 0.25
"""Share of lines on which two columns may stand as near to each other as words."""
_CROSSED = 0.15
"""Share of lines that may run across the room between two columns: subheadings, crowded cells."""
_SHORT = 0.3
"""Share of a table's width below which a text on a line of its own is in one column."""
_RULED = 0.5
"""Share of a table's height from which upright rules part columns."""
_SAME_RULE = 2.5
"""Points within which pieces of upright rules are one."""
_FRAME = 6.0
"""Points within which a rule at the side of a table is its frame."""


@dataclass(frozen=True, slots=True)
class Columns:
    """`edges` are the places of what parts columns, one more than there are columns; `texts` where the words of each
    column lie and `rights` how far to the right the header's reach too; `ruled` says that upright rules alone part
    them, `uprights` are these rules.
    """

    edges: tuple[float, ...]
    texts: tuple[Interval, ...]
    ruled: bool = False
    uprights: tuple[Box, ...] = ()
    rights: tuple[float, ...] = ()

    def __len__(self) -> int:
        return len(self.texts)

    def of(self, x: float) -> int:
        """The column at `x`."""
        return sum(x >= edge for edge in self.edges[1:-1])

    def covered(self, x0: float, x1: float, slack: float) -> tuple[int, int]:
        """First and last column whose room the stretch from `x0` to `x1` takes a part of."""
        first = self.of(min(x0 + slack, (x0 + x1) / 2))
        last = self.of(max(x1 - slack, (x0 + x1) / 2))
        return first, max(first, last)

    def between_rules(self, x: float, y: float) -> tuple[int, int]:
        """First and last column of the place at `x`, `y`, as far as the next upright rules at that height."""
        here = self.of(x)
        first, last = here, here
        while first > 0 and not self._is_ruled(self.edges[first], y):
            first -= 1
        while last < len(self) - 1 and not self._is_ruled(self.edges[last + 1], y):
            last += 1
        return first, last

    def _is_ruled(self, x: float, y: float) -> bool:
        return any(abs((r[0] + r[2]) / 2 - x) < _SAME_RULE and r[1] - 1 <= y <= r[3] + 1 for r in self.uprights)


def find_columns(lines: Sequence[TextLine], box: Box, uprights: Sequence[Box]) -> Columns:
    """The columns of a table within `box`. `lines` are those of its body; `uprights` are upright rules."""
    rules = upright_edges(box, uprights)
    framed = len(rules) >= 3 and rules[0] < box[0] + _FRAME and rules[-1] > box[2] - _FRAME
    inner = [x for x in rules if box[0] + _FRAME < x < box[2] - _FRAME]
    middles = [(a + b) / 2 for a, b in find_gutters(lines, box) if not any(a - 1 <= x <= b + 1 for x in inner)]
    columns = _columns(lines, box, sorted(middles + inner))
    return replace(columns, ruled=framed and not middles, uprights=tuple(uprights))


def upright_edges(box: Box, uprights: Sequence[Box]) -> list[float]:
    """Where upright rules run down half of the table and more, from the left."""
    found: list[tuple[float, float]] = []
    for x0, y0, x1, y1 in sorted(uprights):
        x, length = (x0 + x1) / 2, min(y1, box[3]) - max(y0, box[1])
        if length <= 0:
            continue
        if found and x - found[-1][0] < _SAME_RULE:
            found[-1] = (found[-1][0], found[-1][1] + length)
        else:
            found.append((x, length))
    return [x for x, length in found if length >= _RULED * (box[3] - box[1])]


def _columns(lines: Sequence[TextLine], box: Box, inner: Sequence[float]) -> Columns:
    edges = (box[0], *inner, box[2])
    texts = []
    for a, b in pairwise(edges):
        own = [w for line in lines for w in line.words if a - 1 <= w.box[0] and w.box[2] <= b + 1]
        texts.append((min(w.box[0] for w in own), max(w.box[2] for w in own)) if own else (a, b))
    return Columns(edges, tuple(texts))


def find_gutters(lines: Sequence[TextLine], box: Box) -> list[Interval]:
    """The free room between columns, from the left. Lines of one long text say nothing: they may run across columns."""
    short = _SHORT * (box[2] - box[0])
    voting = [x for x in lines if len(x.phrases(1.0)) > 1 or x.box[2] - x.box[0] < short] or list(lines)
    if not voting:
        return []
    size = median(word.size for line in voting for word in line.words)
    found: list[Interval] = []
    for allowed in sorted({0, int(_CROSSED * len(voting))}):
        free = [g for g in _free(voting, allowed) if g[1] - g[0] >= _NARROWEST * size and _parts(voting, g, size)]
        found = free if len(free) > len(found) else found
    return found


def _free(lines: Sequence[TextLine], allowed: int) -> list[Interval]:
    """The stretches that the words of at most `allowed` lines reach into, between the outermost words."""
    events: list[tuple[float, int]] = []
    for line in lines:
        for x0, x1 in _merged(line.words):
            events += [(x0, 1), (x1, -1)]
    events.sort(key=lambda e: (e[0], -e[1]))
    found: list[Interval] = []
    count, start = 0, None
    for x, step in events:
        before, count = count, count + step
        if before > allowed >= count:
            start = x
        elif before <= allowed < count and start is not None:
            found.append((start, x))
            start = None
    return found


def _merged(words: Sequence[Word]) -> list[Interval]:
    found: list[Interval] = []
    for word in words:
        if found and word.box[0] <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], word.box[2]))
        else:
            found.append((word.box[0], word.box[2]))
    return found


def _parts(lines: Sequence[TextLine], gutter: Interval, size: float) -> bool:
    """Whether the room is one between columns rather than between words.

    There is text on both sides of it on several lines; and it is wide, or else the texts that begin behind it, or end
    before it, stand flush.
    """
    middle = (gutter[0] + gutter[1]) / 2
    ends: list[float] = []
    begins: list[float] = []
    gaps: list[float] = []
    for line in lines:
        before = [w.box[2] for w in line.words if w.middle_x <= middle]
        after = [w.box[0] for w in line.words if w.middle_x > middle]
        ends += [max(before)] if before else []
        begins += [min(after)] if after else []
        gaps += [min(after) - max(before)] if before and after else []
    least = 1 if len(lines) < 4 else 2
    if min(len(ends), len(begins)) < least or not gaps or median(gaps) < _USUAL_GAP * size:
        return False
    if gutter[1] - gutter[0] >= _USUAL_GAP * size:
        return True
    if sum(gap < WORD_GAP * size for gap in gaps) > _CROWDED * len(gaps):
        return False
    if _flush(begins, gutter[1], size):
        return True
    return _flush(ends, gutter[0], size) and sum(x - gutter[1] < size for x in begins) >= least


def _flush(edges: Sequence[float], at: float, size: float) -> bool:
    """Whether most of the texts beside a narrow room begin, or end, where it ends."""
    near = sum(abs(edge - at) < _FLUSH * size for edge in edges)
    return near >= max(3, _MOSTLY * len(edges))
