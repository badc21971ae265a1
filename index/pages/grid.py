"""Words and ruling lines of a table's region -> its rows and cells.

Pure geometry: knows neither captions nor the page's text. Upright boxes throughout.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median

from assistant.index.pages.columns import WORD_GAP, Columns, find_columns
from assistant.index.pages.words import TextLine, Word, around, text_lines
from assistant.types import Box

MAX_CELLS = 5_000
"""Cells of one table; more is a picture made of text."""
_FULL = 0.93
"""Share of a table's width from which a rule across is one that parts the header from the body."""
_SAME_PLACE = 2.5
"""Points within which two rules are one."""
_OWN_ROW = 1.3
"""Times the usual distance of lines in one cell from which a distance parts rows."""
_SOLID = 1.45
"""Font sizes: the widest distance of lines within a cell."""
_SPANNED = 2
"""Lines of headings for several columns at the top of a table, at most, where nothing marks the header."""
_WRAPS = 8.0
"""Font sizes: the narrowest column whose words run on over lines wherever they begin large."""
_HEADER_SHARE = 0.6
"""Share of a table's lines that may stand in its header."""
_RULED_ROWS = 0.3
"""Rules across for each line of text from which the rules alone part the rows."""
_ASTRAY = 0.12
"""Share of words that may lie across the edge of a column, in a table that can be trusted."""
_CENTRED = 1.5
"""Font sizes by which the middle of a heading lies off the middle of the columns it is for, at most."""
_NEARER = 2.0
"""Times as near to one column as to the next that a heading between them stands if it is for that one alone."""
_STANDS_OVER = 0.45
"""Font sizes within which a heading stands over one column, flush or in its middle."""
_NUMERIC = re.compile(r"[<>≤≥=~≈±+−–—*-]*[(\[]?[<>≤≥=~≈±+−–—-]*\d|[−–—-]+$")
_RUNS_ON = re.compile(r"(?:[,;(\[/-]|\b(?:and|or|of|the|in|with|to|for|by|per|from|at|a|an|vs\.?|et))$")
"""What a line of a cell ends with that is not its last."""


Part = tuple[int, int, list[Word]]
"""First and last column of some words on one line, and the words."""


@dataclass(slots=True)
class Patch:
    """A cell before it has its place in the page's text."""

    row: int
    column: int
    words: list[Word] = field(default_factory=list)
    rows: int = 1
    columns: int = 1
    header: bool = False


@dataclass(slots=True)
class Grid:
    """`cells` row by row, each row from the left; every place of the table is covered by one."""

    box: Box
    rows: int
    columns: int
    cells: list[Patch]


@dataclass(slots=True)
class _Band:
    """Lines that are one row; `parts` are their phrases with first and last column."""

    lines: list[TextLine]
    header: bool
    parts: list[Part] = field(default_factory=list)


def find_grid(words: Sequence[Word], box: Box, across: Sequence[Box], uprights: Sequence[Box]) -> Grid | None:
    """The table that `words` make within `box`, or None where no rows and columns can be told.

    `across` and `uprights` are the rules in the region, the outer ones included.
    """
    lines = text_lines(words)
    if len(lines) < 2:
        return None
    heights = _heights([r for r in across if box[1] + _SAME_PLACE < r[1] and r[3] < box[3] - _SAME_PLACE])
    header = _header_lines(lines, box, across)
    columns, header = _columns(lines, header, box, uprights)
    if len(columns) < 2:
        return None
    columns = replace(columns, rights=_rights(lines, columns))
    lines = lines[: len(lines) - _notes(lines[header + 1 :], columns)]
    bands = _bands(lines, header, heights, columns, across)
    cells = _cells(bands, columns, across)
    if not _trusted(cells, bands, columns) or len(bands) * len(columns) > MAX_CELLS:
        return None
    return Grid(box, len(bands), len(columns), cells)


def _heights(rules: Sequence[Box]) -> list[float]:
    """Heights of rules across, from the top."""
    found: list[float] = []
    for y in sorted(((r[1] + r[3]) / 2 for r in rules), reverse=True):
        if not found or found[-1] - y > _SAME_PLACE:
            found.append(y)
    return found


def _header_lines(lines: Sequence[TextLine], box: Box, across: Sequence[Box]) -> int:
    """How many lines stand above the first rule that runs right across; 0 where none tells."""
    for y in _heights([r for r in across if lines[-1].middle < r[1] < lines[0].middle]):
        length = _length(sorted(r for r in across if abs((r[1] + r[3]) / 2 - y) < _SAME_PLACE))
        above = sum(line.middle > y for line in lines)
        if length >= _FULL * (box[2] - box[0]) and 0 < above <= max(1, _HEADER_SHARE * len(lines)):
            return above
    return 0


def _length(rules: Sequence[Box]) -> float:
    """Points that rules, given from the left, cover together."""
    total, end = 0.0, -1e9
    for x0, _, x1, _ in rules:
        total += max(0.0, x1 - max(x0, end))
        end = max(end, x1)
    return total


def _rights(lines: Sequence[TextLine], columns: Columns) -> tuple[float, ...]:
    """How far to the right the words of each column reach, those of the header too."""
    words = [w for line in lines for w in line.words]
    inside = [[w.box[2] for w in words if a <= w.box[0] and w.box[2] <= b + 1] for a, b in pairwise(columns.edges)]
    return tuple(max([text[1], *own]) for text, own in zip(columns.texts, inside, strict=True))


def _columns(lines: Sequence[TextLine], header: int, box: Box, uprights: Sequence[Box]) -> tuple[Columns, int]:
    """The columns, and how many lines the header has: `header`, or what can be told where that is 0.

    Headings for several columns hide the room between these, so that only the lines below them show the columns.
    """
    bold = _bold(lines)
    if not header or header < bold:
        header = bold
    if header:
        columns = find_columns(lines[header:] if len(lines) - header > 1 else lines, box, uprights)
        named = find_columns(lines[header - 1 :], box, uprights)
        names = len(lines[header - 1].phrases(WORD_GAP))
        return (named if len(columns) < len(named) and len(named) - names in (0, 1) else columns), header
    tries = [find_columns(lines[skip:], box, uprights) for skip in range(min(_SPANNED, len(lines) // 2) + 1)]
    skip = max(range(len(tries)), key=lambda n: (len(tries[n]), -n))
    return tries[skip], skip + _named(lines[skip], tries[skip])


def _notes(lines: Sequence[TextLine], columns: Columns) -> int:
    """How many of the last lines are notes under the table: texts of their own, the first across several columns."""
    count = 0
    for n, line in enumerate(reversed(lines), 1):
        phrases = line.phrases(1.0)
        if len(phrases) > 1:
            break
        first, last = _span(phrases[0], columns)
        if first == 0 and last > 0 and (last > 1 or len(columns) == 2):
            count = n
    return count


def _bold(lines: Sequence[TextLine]) -> int:
    """How many lines from the top on are bold throughout, where others are not."""
    bold = 0
    while bold < len(lines) and all(w.line.style.bold for w in lines[bold].words):
        bold += 1
    return bold if bold <= _HEADER_SHARE * len(lines) else 0


def _named(line: TextLine, columns: Columns) -> int:
    """1 where a line names columns rather than holding figures, else 0."""
    first = [w for w in line.words if columns.of(w.middle_x) > 0]
    figures = sum(bool(_NUMERIC.match(w.text)) for w in first)
    return 0 if figures > len(first) / 2 else 1


def _bands(
    lines: Sequence[TextLine], header: int, heights: Sequence[float], columns: Columns, across: Sequence[Box]
) -> list[_Band]:
    """The lines in rows, with the header's rows first."""
    bands: list[_Band] = []
    phrases = [_phrases(line, columns, across, heading=i < header) for i, line in enumerate(lines)]
    pitch = _pitch(lines[header:], phrases[header:], columns)
    ruled = _by_rules(lines[header:], phrases[header:], heights, columns)
    for i, (line, parts) in enumerate(zip(lines, phrases, strict=True)):
        before = lines[i - 1] if i else None
        between = before is not None and any(line.middle < y < before.middle for y in heights)
        starts = before is None or i == header or between
        if not starts and i < header:
            starts = _is_new_heading(bands[-1], parts)
        elif not starts and not ruled:
            starts = _is_new_row(bands[-1], line, parts, columns, pitch)
        if starts:
            bands.append(_Band([line], i < header, parts))
        else:
            bands[-1].lines.append(line)
            bands[-1].parts += parts
    return bands


def _by_rules(
    lines: Sequence[TextLine], phrases: Sequence[list[Part]], heights: Sequence[float], columns: Columns
) -> bool:
    """Whether the rules across part all rows: there are many, and few lines between two of them look like rows."""
    if sum(y < lines[0].middle for y in heights) < _RULED_ROWS * len(lines):
        return False
    rows = 0
    for (before, line), (upper, parts) in zip(pairwise(lines), pairwise(phrases), strict=True):
        between = any(line.middle < y < before.middle for y in heights)
        named = parts[0][0] == 0 and len(parts) > 1
        rows += not between and named and not _all_go_on(_Band([before], False, upper), parts, columns)
    return rows <= _ASTRAY * len(lines)


def _pitch(lines: Sequence[TextLine], phrases: Sequence[list[Part]], columns: Columns) -> float:
    """The distance of lines above which a new row begins; 0 where it cannot be told so.

    There is one where the distances fall into two kinds, and most lines at the shorter go on in the cells above them.
    """
    gaps = [a.middle - b.middle for a, b in pairwise(lines)]
    if len(gaps) < 2:
        return 0.0
    size = median(word.size for line in lines for word in line.words)
    steps = [(b / max(a, 0.1), (a + b) / 2) for a, b in pairwise(sorted(gaps)) if a > 0.7 * size and b < 4 * size]
    ratio, middle = max(steps, default=(0.0, 0.0))
    if ratio < _OWN_ROW or min(gaps) > _SOLID * size:
        return 0.0
    near = [i for i, gap in enumerate(gaps) if gap <= middle]
    going_on = [_all_go_on(_Band([lines[i]], False, phrases[i]), phrases[i + 1], columns) for i in near]
    return middle if sum(going_on) >= 0.5 * len(near) else 0.0


def _all_go_on(band: _Band, parts: Sequence[Part], columns: Columns) -> bool:
    """Whether all the words of a line go on in the cells above; half of them, in a line that names no row."""
    going_on = [_goes_on(band, part, columns) for part in parts]
    if parts[0][0] > 0:
        return sum(going_on) >= 0.5 * len(parts)
    rest = len(parts) > 1 and all(going_on[1:])
    return all(going_on) or (rest and _had_no_room(_above(band, parts[0]), parts[0], columns))


def _phrases(line: TextLine, columns: Columns, across: Sequence[Box], *, heading: bool) -> list[Part]:
    """The line's phrases, each with the first and last column it is for."""
    found: list[Part] = []
    groups = line.phrases(WORD_GAP)
    for group in groups:
        if columns.ruled or not (heading or len(groups) == 1):
            found += _at_edges(group, columns)
        else:
            found.append((*_span(group, columns), group))
    if heading and not columns.ruled:
        return _widened(found, line, columns, across)
    return found


def _at_edges(group: Sequence[Word], columns: Columns) -> list[Part]:
    """A phrase cut where a column ends between two of its words."""
    found: list[Part] = []
    for word in group:
        first, last = columns.covered(word.box[0], word.box[2], 0.3 * word.size)
        if columns.ruled:
            first, last = columns.between_rules(word.middle_x, word.middle)
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(last, found[-1][1]), [*found[-1][2], word])
        else:
            found.append((first, last, [word]))
    return found


def _span(group: Sequence[Word], columns: Columns) -> tuple[int, int]:
    """First and last column of a phrase that may stand over several."""
    x0, _, x1, _ = around(group)
    size = group[0].size
    first, last = columns.covered(x0, x1, 0.3 * size)
    touched = [i for i, (a, b) in enumerate(columns.texts) if min(x1, b) - max(x0, a) > -0.1 * size]
    if len(group) == 1 and touched and first == last:
        return first, last
    if not touched:
        return _in_gutter(x0, x1, columns) or (first, last)
    # A heading wider than its column's text reaches over the edge without being for the next column too.
    reached = [i for i in touched if min(x1, columns.texts[i][1]) - max(x0, columns.texts[i][0]) > size]
    return min(reached or touched), max(reached or touched)


def _in_gutter(x0: float, x1: float, columns: Columns) -> tuple[int, int] | None:
    """The two columns that a heading stands between, or the one it is much nearer to; None at the table's sides."""
    left = [i for i, (_, b) in enumerate(columns.texts) if b <= x0]
    right = [i for i, (a, _) in enumerate(columns.texts) if a >= x1]
    if not left or not right:
        return None
    before, after = x0 - columns.texts[left[-1]][1], columns.texts[right[0]][0] - x1
    if max(before, after) > _NEARER * min(before, after):
        near = left[-1] if before < after else right[0]
        return near, near
    return left[-1], right[0]


def _widened(parts: list[Part], line: TextLine, columns: Columns, across: Sequence[Box]) -> list[Part]:
    """Headings for several columns, told by the rule beneath them or by standing in the middle of the columns."""
    found = []
    for n, (first, last, words) in enumerate(parts):
        low = parts[n - 1][1] + 1 if n else 0
        high = parts[n + 1][0] - 1 if n + 1 < len(parts) else len(columns) - 1
        ruled = _by_rule(words, line, columns, across) or _by_uprights(words, columns)
        if ruled is not None and low <= ruled[0] <= first and last <= ruled[1] <= high:
            first, last = ruled
        elif not _fits_one(words, first, last, columns):
            first, last = _by_middle(words, (first, last), (low, high), columns)
        found.append((first, last, words))
    return found


def _by_rule(words: Sequence[Word], line: TextLine, columns: Columns, across: Sequence[Box]) -> tuple[int, int] | None:
    """The columns that a short rule close beneath a heading runs over."""
    x0, _, x1, _ = around(words)
    size = words[0].size
    whole = columns.edges[-1] - columns.edges[0]
    under = [
        r
        for r in across
        if 0 < line.middle - r[3] < 1.6 * size and r[0] <= (x0 + x1) / 2 <= r[2] and r[2] - r[0] < _FULL * whole
    ]
    if not under:
        return None
    rule = max(under, key=lambda r: r[3])
    inside = [i for i, (a, b) in enumerate(columns.texts) if min(b, rule[2]) - max(a, rule[0]) > 0.5 * (b - a)]
    return (min(inside), max(inside)) if inside and rule[2] - rule[0] > x1 - x0 - size else None


def _by_uprights(words: Sequence[Word], columns: Columns) -> tuple[int, int] | None:
    """The columns between the upright rules beside a heading, where it stands in their middle."""
    x0, y0, x1, y1 = around(words)
    first, last = columns.between_rules((x0 + x1) / 2, (y0 + y1) / 2)
    middle = (columns.edges[first] + columns.edges[last + 1]) / 2
    whole = (first, last) == (0, len(columns) - 1)
    return (first, last) if not whole and abs(middle - (x0 + x1) / 2) < _CENTRED * words[0].size else None


def _fits_one(words: Sequence[Word], first: int, last: int, columns: Columns) -> bool:
    """Whether a heading stands over one column, flush or in its middle."""
    if first != last:
        return False
    x0, _, x1, _ = around(words)
    a, b = columns.texts[first]
    size = words[0].size
    return min(abs(x0 - a), abs(x1 - b), abs((x0 + x1) - (a + b)) / 2) < _STANDS_OVER * size or (a <= x0 and x1 <= b)


def _by_middle(
    words: Sequence[Word], base: tuple[int, int], room: tuple[int, int], columns: Columns
) -> tuple[int, int]:
    """The columns around `base`, within `room`, whose common middle is nearest to the heading's."""
    x0, _, x1, _ = around(words)
    middle, size = (x0 + x1) / 2, words[0].size

    def off(span: tuple[int, int]) -> float:
        return abs((columns.texts[span[0]][0] + columns.texts[span[1]][1]) / 2 - middle)

    spans = [(i, j) for i in range(room[0], base[0] + 1) for j in range(base[1], room[1] + 1)]
    best = min(spans, key=lambda s: (off(s) > _CENTRED * size, s[1] - s[0], off(s)), default=base)
    return best if off(best) <= _CENTRED * size else base


def _is_new_heading(band: _Band, parts: Sequence[Part]) -> bool:
    """Whether a header's line is a row under the one before: where that has headings for several columns."""
    spans = [(first, last) for first, last, _ in band.parts if last > first]
    return any(any(a <= first and last <= b for a, b in spans) for first, last, _ in parts) or (
        not spans and any(last > first for first, last, _ in parts)
    )


def _is_new_row(band: _Band, line: TextLine, parts: Sequence[Part], columns: Columns, pitch: float) -> bool:
    """Whether a line of the body begins a row rather than going on in the cells of the one before."""
    gap = band.lines[-1].middle - line.middle
    if pitch or gap > _SOLID * parts[0][2][0].size:
        return gap > pitch
    return not _all_go_on(band, parts, columns) or _is_full(parts, columns)


def _is_full(parts: Sequence[Part], columns: Columns) -> bool:
    """Whether a line fills so many columns, with figures among them, that it is a row of its own."""
    figures = any(_NUMERIC.match(words[0].text) for _, _, words in parts)
    return figures and len(parts) >= max(3, 0.75 * len(columns))


def _above(band: _Band, part: Part) -> list[Word]:
    """The words of the band's last line in the same cell."""
    line = {id(w) for w in band.lines[-1].words}
    return [w for a, b, group in band.parts if (a, b) == part[:2] for w in group if id(w) in line]


def _had_no_room(above: Sequence[Word], part: Part, columns: Columns) -> bool:
    """Whether the first word would not have fitted on the line above, in a column wide enough for words to run on."""
    first, last, words = part
    if not above:
        return False
    left, right, size = columns.texts[first][0], columns.texts[last][1], words[0].size
    return right - left >= _WRAPS * size and right - max(w.box[2] for w in above) < 0.15 * size + _width(words[0])


def _width(word: Word) -> float:
    return word.box[2] - word.box[0]


def _goes_on(band: _Band, part: Part, columns: Columns) -> bool:
    """Whether the words go on in the cell above.

    They do where they are moved in, or the line above is no end of a text, or had no room for them and they begin small
    or the column is wide. But names of rows are moved in to show their rank, and a figure is most often a cell of its
    own.
    """
    first, _, words = part
    above = _above(band, part)
    if not above:
        return False
    moved_in = first > 0 and words[0].box[0] - columns.texts[first][0] > 0.6 * words[0].size
    if moved_in or _is_open(" ".join(w.text for w in sorted(above, key=lambda w: w.box[0]))):
        return True
    text, size = words[0].text, words[0].size
    if columns.rights[part[1]] - max(w.box[2] for w in above) > 0.5 * size + _width(words[0]):
        return False
    full = first > 0 and _had_no_room(above, part, columns)
    if _NUMERIC.match(text):
        return full
    small = not text[0].isupper() and (len(text) > 1 or not text.isalpha())
    return small or full


def _is_open(text: str) -> bool:
    """Whether a text cannot be the end of a cell: a bracket is open, or it ends in a comma or a small word."""
    return text.count("(") > text.count(")") or bool(_RUNS_ON.search(text))


def _cells(bands: Sequence[_Band], columns: Columns, across: Sequence[Box]) -> list[Patch]:
    """The cells of all rows, empty ones included."""
    rows: list[list[Patch]] = []
    for n, band in enumerate(bands):
        row: list[Patch] = []
        for first, last, words in sorted(band.parts, key=lambda p: p[0]):
            if row and first <= row[-1].column + row[-1].columns - 1:
                row[-1].columns = max(row[-1].columns, last - row[-1].column + 1)
                row[-1].words += words
            else:
                row.append(Patch(n, first, list(words), 1, last - first + 1, band.header))
        rows.append(row)
    _lift(rows, sum(band.header for band in bands), len(columns))
    return [cell for n, row in enumerate(rows) for cell in _filled(row, n, rows, len(columns), bands[n].header)]


def _lift(rows: list[list[Patch]], header: int, count: int) -> None:
    """A heading with nothing above and below it in a header of several rows covers them all."""
    if header < 2:
        return
    for column in range(count):
        over = [c for row in rows[:header] for c in row if c.column <= column < c.column + c.columns]
        if len(over) == 1 and over[0].columns == 1:
            rows[over[0].row].remove(over[0])
            over[0].row, over[0].rows = 0, header
            rows[0].append(over[0])


def _filled(row: list[Patch], number: int, rows: list[list[Patch]], count: int, header: bool) -> list[Patch]:
    """A row from the left, with an empty cell wherever nothing stands."""
    taken = {
        c
        for above in rows[: number + 1]
        for cell in above
        if cell.row + cell.rows > number
        for c in range(cell.column, cell.column + cell.columns)
    }
    empty = [Patch(number, column, header=header) for column in range(count) if column not in taken]
    return sorted(row + empty, key=lambda cell: cell.column)


def _trusted(cells: Sequence[Patch], bands: Sequence[_Band], columns: Columns) -> bool:
    """Whether rows and columns make sense: two rows, two columns with text, few words astray."""
    body = [c for c in cells if c.words and not c.header]
    if len(bands) < 2 or len({c.column for c in cells if c.words}) < 2 or not body:
        return False
    wide = sum(c.columns > 1 for c in body)
    several = sum(len({first for first, _, _ in band.parts}) > 1 for band in bands)
    return wide <= _ASTRAY * len(body) + 1 and several >= 0.4 * len(bands)
