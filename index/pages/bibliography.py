"""Where the entries of a list of references begin: by their numbers or keys, their indent, or the room between them.

Sees lines that are already known to be references. An entry cut by a page's end begins on the page before: the first
line of a page need not begin one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from assistant.index.pages.lines import Line

_LABELS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\s*\[\s*(\d{1,4})\s*\]",
        r"\s*(\d{1,4})\s?[.)](?!\d)",
        r"\s*\((\d{1,3})\)",
        r"\s*(\d{1,3})(?=\s+[^\W\d_a-z]|$|[A-Z])",
    )
)
_KEY = re.compile(r"\s*\[[^\W\d_][^\[\]]{1,30}\]")
_SHARE = 0.15
"""Share of the lines that begin with a label from which on labels tell the entries; an entry has up to six lines."""
_AHEAD = 4
"""Numbers by which the next label may be ahead, where one was lost."""
_LABEL_SLACK = 1.5
"""Font sizes by which labels of more digits begin further to the left."""
_SAME_LEFT, _INDENT, _FAR = 0.35, 0.55, 4.0
"""Font sizes: lines begin together, are moved in at least, and at most."""
_HANGING = 0.12
"""Share of a list's lines that are moved in, and that are not, from which on the indent tells the entries."""
_ROOM = 1.22
"""Distances of lines from which on there is room between two entries."""
_COLUMN = 60.0
"""Points between the left edges of two columns, at least."""
_AUTHOR = re.compile(
    r"(?:(?:van|von|de|den|der|del|la|le|el|al|di|da|dos|ter|ten)[\s-])*[^\W\d_a-z][\w'’´`-]*"
    r"(?:[\s-][^\W\d_][\w'’´`-]*){0,3}(?:,\s*(?:[A-Z]|&|and|et al)|\s[A-Z]{1,3}\b|\s(?:and|&|et al))"
    r"|[A-Z]\.(?:[\s-]?[A-Z]\.)*\s*[A-Z]|[\u4e00-\u9fff]{2,4}[,，.．]"
)
_FINISHED = re.compile(r"(?:[.\])”\d/]|\b10\.\S+|https?:\S+)\s*$")


def entry_starts(lines: Sequence[Line]) -> frozenset[int]:
    """The ids of the lines that begin an entry; `lines` are all lines of the file's lists, in reading order."""
    if not lines:
        return frozenset()
    found = _by_labels(lines) or _by_indent(lines) or _by_room(lines) or _by_words(lines)
    return frozenset(id(line) for line, starts in zip(lines, found, strict=True) if starts)


def _by_labels(lines: Sequence[Line]) -> list[bool] | None:
    """Numbers that rise by one, or keys in brackets, at the left edge."""
    for label in _LABELS:
        starts = _rising(lines, label)
        if sum(starts) >= max(2, _SHARE * len(lines)):
            return starts
    keyed = [_KEY.match(line.text) is not None for line in lines]
    return keyed if sum(keyed) >= max(2, _SHARE * len(lines)) else None


def _rising(lines: Sequence[Line], label: re.Pattern[str]) -> list[bool]:
    numbers = [int(found[1]) if (found := label.match(line.text)) else 0 for line in lines]
    at_left = _begins_left(lines, [number > 0 for number in numbers])
    starts, last = [], 0
    for number, left in zip(numbers, at_left, strict=True):
        fits = left and number > 0 and (last < number <= last + _AHEAD or (number == 1 and last > 1) or not last)
        starts.append(fits)
        last = number if fits else last
    return starts


def _begins_left(lines: Sequence[Line], labelled: Sequence[bool]) -> list[bool]:
    """Which lines begin about where the labelled lines of their column do."""
    edges = _edges([line for line, known in zip(lines, labelled, strict=True) if known])
    return [any(abs(line.box[0] - edge) < _LABEL_SLACK * line.size for edge in edges[line.page]) for line in lines]


def _edges(lines: Sequence[Line]) -> defaultdict[int, list[float]]:
    """The left edges of the columns of each page, told by these lines."""
    edges: defaultdict[int, list[float]] = defaultdict(list)
    for line in sorted(lines, key=lambda line: line.box[0]):
        if not edges[line.page] or line.box[0] - edges[line.page][-1] > _COLUMN:
            edges[line.page].append(line.box[0])
    return edges


def _by_indent(lines: Sequence[Line]) -> list[bool] | None:
    """A hanging indent (entries begin at the column's edge) or, the other way, a first line that is moved in."""
    edges = _edges(lines)
    inward = [_inward(line, edges[line.page]) / line.size for line in lines]
    at_edge = [x < _SAME_LEFT for x in inward]
    moved = [_INDENT < x < _FAR for x in inward]
    few = _HANGING * len(lines)
    if sum(at_edge) < few or sum(moved) < few:
        return None
    hanging = sum(_opens(line) for line, left in zip(lines, at_edge, strict=True) if left) / sum(at_edge)
    first = sum(_opens(line) for line, right in zip(lines, moved, strict=True) if right) / sum(moved)
    return at_edge if hanging >= first else moved


def _inward(line: Line, edges: Sequence[float]) -> float:
    """Points from the edge of the line's column to its beginning."""
    return min((line.box[0] - edge for edge in edges if line.box[0] >= edge - 1), default=0.0)


def _opens(line: Line) -> bool:
    return _AUTHOR.match(line.text) is not None


def _by_room(lines: Sequence[Line]) -> list[bool] | None:
    """More room above the first line of an entry than between the lines of one."""
    gaps = [a.middle - b.middle if a.page == b.page else 0.0 for a, b in pairwise(lines)]
    near = [gap for gap, line in zip(gaps, lines, strict=False) if 0.6 * line.size < gap < 4 * line.size]
    if len(near) < 4:
        return None
    low = sorted(near)[: max(1, len(near) // 2)]
    usual = median(low)
    wide = [gap > _ROOM * usual for gap in gaps]
    if not 0.1 * len(gaps) < sum(wide) < 0.9 * len(gaps):
        return None
    turns = [_turned(a, b) for a, b in pairwise(lines)]
    return [True, *(w or t for w, t in zip(wide, turns, strict=True))]


def _turned(before: Line, line: Line) -> bool:
    """Whether an entry begins at the top of a column or page, where no room can be seen."""
    broken = before.page != line.page or line.middle > before.middle
    return broken and _FINISHED.search(before.text) is not None and _opens(line)


def _by_words(lines: Sequence[Line]) -> list[bool]:
    """Authors' names after what may be an entry's end, on a line that falls short."""
    widest: defaultdict[int, float] = defaultdict(float)
    for line in lines:
        widest[line.page] = max(widest[line.page], line.width)
    starts = [True]
    for before, line in pairwise(lines):
        short = before.width < 0.95 * widest[before.page]
        starts.append(short and _FINISHED.search(before.text) is not None and _opens(line))
    return starts
