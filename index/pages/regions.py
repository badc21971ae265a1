"""Where the tables of a page are: from their captions, the ruling lines near them, and the lines of text between.

Knows nothing of cells. Upright boxes throughout: a table that stands across the page is seen as its reader turns it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from assistant.index.geometry import turn
from assistant.index.pages.floats import is_prose, starts_figure, starts_table
from assistant.index.pages.graphics import Graphics
from assistant.index.pages.lines import Line
from assistant.index.pages.profile import Profile
from assistant.types import Box, Role

MAX_LINES, MAX_RULES = 3_000, 2_000
"""Lines of text, and rules and coloured areas, of a page that is looked at; a page with more is a drawing."""
_SAME_HEIGHT = 2.0
"""Points within which pieces of a rule lie on one height."""
_JOINED = 12.0
"""Points between two pieces of a rule that belong to one table; columns of text lie further apart."""
_NEAR = 3.0
"""Line distances between a caption and its table, at most."""
_SLACK = 3.0
"""Points by which a table's text may stick out of its rules."""
_RUN = 2.6
"""Line distances between two lines of a table without rules, at most."""
_PROSE_LINES = 2
"""Lines of running text on end that show that a table is over."""
_WORDS = 4
"""Words of a line of running text, at least."""
_OUTSIDE = frozenset({Role.HIDDEN, Role.REFERENCE, Role.TITLE, Role.AUTHOR})
_EDGE = 0.06
"""Share of the page's height in which running headers stand; further in, figures of a table may look like them."""
_SHADE = 0.6
"""Share of a table's width from which a coloured area is the ground of a row."""
_ROW_HEIGHT = 80.0
"""Points: the highest coloured ground of a row, whose edges are as good as rules."""
_MIN_WIDTH = 40.0
"""Points: the narrowest table."""


@dataclass(slots=True)
class Region:
    """A place that may be a table: its upright box, its lines of text, its caption's lines, and the rules in it."""

    box: Box
    lines: list[Line]
    caption: list[Line]
    across: list[Box] = field(default_factory=list)
    uprights: list[Box] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Bar:
    """Pieces of rule on one height, near enough to be one."""

    y: float
    x0: float
    x1: float


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A page seen the way up that some of its lines stand: those lines, rules and coloured areas as upright boxes."""

    lines: list[Line]
    across: list[Box]
    areas: list[Box]
    uprights: list[Box]
    bars: list[_Bar]
    usual: Profile


def find_regions(page: Sequence[Line], graphics: Graphics, usual: Profile, *, below: bool) -> list[Region]:
    """The places of one page that may be tables, `below` their captions or above them."""
    found: list[Region] = []
    for turned in sorted({line.style.turned for line in page if starts_table(line)}):
        lines = [x for x in page if x.style.turned == turned and _may_be_inside(x)]
        if len(lines) > MAX_LINES or len(graphics.rules) + len(graphics.areas) > MAX_RULES:
            continue
        sheet = _sheet(lines, turn(graphics.rules, turned).tolist(), turn(graphics.areas, turned).tolist(), usual)
        for caption in _captions(lines):
            region = _ruled(sheet, caption, below=below) or _unruled(sheet, caption, below=below)
            if region is not None and not any(_meet(region.box, other.box) for other in found):
                found.append(region)
    return found


def _may_be_inside(line: Line) -> bool:
    return line.role not in _OUTSIDE and (line.role is not Role.FURNITURE or _EDGE < line.depth < 1 - _EDGE)


def _sheet(
    lines: list[Line], rules: Sequence[Sequence[float]], areas: Sequence[Sequence[float]], usual: Profile
) -> _Sheet:
    boxes: list[Box] = [(x0, y0, x1, y1) for x0, y0, x1, y1 in rules]
    across = [b for b in boxes if b[2] - b[0] >= b[3] - b[1]]
    uprights = [b for b in boxes if b[2] - b[0] < b[3] - b[1]]
    grounds: list[Box] = [(a, b, c, d) for a, b, c, d in areas]
    edges = [edge for area in grounds if area[3] - area[1] < _ROW_HEIGHT for edge in _edges(area)]
    return _Sheet(lines, across, grounds, uprights, _bars([*across, *edges]), usual)


def _bars(across: Sequence[Box]) -> list[_Bar]:
    """Rules across, put together from their pieces, from the top."""
    heights: list[list[Box]] = []
    for rule in sorted(across, key=lambda r: -(r[1] + r[3])):
        if heights and (heights[-1][0][1] + heights[-1][0][3] - rule[1] - rule[3]) / 2 <= _SAME_HEIGHT:
            heights[-1].append(rule)
        else:
            heights.append([rule])
    found = []
    for group in heights:
        y = (group[0][1] + group[0][3]) / 2
        start, end = None, 0.0
        for rule in sorted(group):
            if start is None or rule[0] - end > _JOINED:
                if start is not None:
                    found.append(_Bar(y, start, end))
                start, end = rule[0], rule[2]
            end = max(end, rule[2])
        if start is not None:
            found.append(_Bar(y, start, end))
    return found


def _captions(lines: Sequence[Line]) -> list[list[Line]]:
    """The lines of each table's caption, as they follow each other in the file."""
    found: list[list[Line]] = []
    for line in lines:
        if starts_table(line):
            found.append([line])
        elif found and line.role is Role.CAPTION and _follows(found[-1][-1], line):
            found[-1].append(line)
    return found


def _follows(before: Line, line: Line) -> bool:
    return -0.6 * line.size < before.middle - line.middle < 2.5 * max(line.size, before.size)


def _box(lines: Sequence[Line]) -> Box:
    boxes = [line.box for line in lines]
    return (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))


def _meet(a: Box, b: Box) -> bool:
    return min(a[2], b[2]) - max(a[0], b[0]) > 1 and min(a[3], b[3]) - max(a[1], b[1]) > 1


def _ruled(sheet: _Sheet, caption: list[Line], *, below: bool) -> Region | None:
    """The region between the rules below the caption, or above it."""
    x0, y0, x1, y1 = _box(caption)
    wide = [b for b in sheet.bars if b.x1 - b.x0 >= _MIN_WIDTH and min(b.x1, x1) - max(b.x0, x0) > 0.3 * (x1 - x0)]
    under = [b for b in wide if b.y < caption[0].box[1] + 1]
    bars = under if below else [b for b in reversed(wide) if b.y > y1 - 1]
    distance = (y0 - bars[0].y if below else bars[0].y - y1) if bars else 0.0
    if not bars or distance > _NEAR * sheet.usual.leading:
        return None
    return _between(sheet, caption, _chain(sheet, bars, caption))


def _chain(sheet: _Sheet, bars: Sequence[_Bar], caption: Sequence[Line]) -> list[_Bar]:
    """The rules of one table, from the one nearest to the caption on, as long as no running text comes between."""
    chain = [bars[0]]
    low, high = bars[0].x0, bars[0].x1
    for bar in bars[1:]:
        if bar.y == chain[-1].y:
            if bar.x0 - high < 2 * _JOINED and low - bar.x1 < 2 * _JOINED:
                low, high = min(low, bar.x0), max(high, bar.x1)
                chain.append(bar)
            continue
        if bar.x1 < low - _SLACK or bar.x0 > high + _SLACK:
            continue
        if _stops(sheet, (low, min(bar.y, chain[-1].y), high, max(bar.y, chain[-1].y)), caption):
            break
        if bar.x0 < low - 4 * _SLACK or bar.x1 > high + 4 * _SLACK:
            break
        chain.append(bar)
        low, high = min(low, bar.x0), max(high, bar.x1)
    return chain


def _stops(sheet: _Sheet, box: Box, caption: Sequence[Line]) -> bool:
    """Whether something stands in the box that no table holds: another caption, or running text."""
    own = {id(line) for line in caption}
    inside = [line for line in sheet.lines if _within(line, box)]
    if any((starts_table(line) or starts_figure(line)) and id(line) not in own for line in inside):
        return True
    run = 0
    for line in inside:
        run = run + 1 if _is_running(line, sheet.usual) else 0
        if run >= _PROSE_LINES:
            return True
    return False


def _is_running(line: Line, usual: Profile) -> bool:
    """Whether a line is one of the running text: set as the body is, and nearly as wide as its columns."""
    words = len(line.text.split()) >= _WORDS or not line.text.isascii()
    return words and usual.is_body(line) and is_prose(line, usual) and line.width > 0.85 * usual.column


def _within(line: Line, box: Box) -> bool:
    x = (line.box[0] + line.box[2]) / 2
    return box[0] - _SLACK <= x <= box[2] + _SLACK and box[1] <= line.middle <= box[3]


def _between(sheet: _Sheet, caption: list[Line], chain: Sequence[_Bar]) -> Region | None:
    """The region of a chain of rules; it goes on below where the last of them is a header's."""
    x0, x1 = min(b.x0 for b in chain), max(b.x1 for b in chain)
    high, low = max(b.y for b in chain), min(b.y for b in chain)
    first = _first_of_table(caption, high)
    caption = caption[:first]
    if caption[-1].middle > high:  # a header without a rule above it
        between = [x for x in sheet.lines if _within(x, (x0, high, x1, caption[-1].box[1])) and x not in caption]
        high = max([high, *(x.box[3] + 1 for x in between)])
    box = (x0, low, x1, high)
    lines = _inside(sheet, caption, box)
    if len({round(b.y) for b in chain}) < 3:
        more = _below(sheet, caption, box)
        low = min([low, *(line.box[1] - 1 for line in more)])
        box = (x0, low, x1, high)
        lines += more
    return _region(sheet, box, lines, caption)


def _first_of_table(caption: Sequence[Line], top: float) -> int:
    """Lines of the caption that stand above the table's first rule; the rest was taken for caption."""
    if caption[0].middle < top:
        return len(caption)
    return max(1, sum(line.middle > top for line in caption))


def _inside(sheet: _Sheet, caption: Sequence[Line], box: Box) -> list[Line]:
    own = {id(line) for line in caption}
    return [line for line in sheet.lines if _within(line, box) and id(line) not in own]


def _below(sheet: _Sheet, caption: Sequence[Line], box: Box) -> list[Line]:
    """Lines that follow closely under the box and are no running text."""
    own = {id(line) for line in caption}
    under = [x for x in sheet.lines if _within(x, (box[0], -1e6, box[2], box[1])) and id(x) not in own]
    found: list[Line] = []
    edge = box[1]
    for line in sorted(under, key=lambda x: -x.middle):
        far = edge - line.box[3] > _RUN * max(line.size, 4.0)
        if far or line.role is not Role.BODY or _is_running(line, sheet.usual):
            break
        found.append(line)
        edge = min(edge, line.box[1])
    return found


def _unruled(sheet: _Sheet, caption: list[Line], *, below: bool) -> Region | None:
    """The lines without prose that follow the caption in the file, or those before it."""
    last = caption[-1] if below else caption[0]
    at = next(i for i, line in enumerate(sheet.lines) if line is last)
    lines = _run(sheet, sheet.lines[at + 1 :] if below else sheet.lines[:at][::-1])
    if len(lines) < 2:
        return None
    x0, y0, x1, y1 = _box(lines)
    return _region(sheet, (x0 - 1, y0 - 1, x1 + 1, y1 + 1), lines, caption)


def _run(sheet: _Sheet, lines: Sequence[Line]) -> list[Line]:
    found: list[Line] = []
    for line in lines:
        if line.role is not Role.BODY or is_prose(line, sheet.usual):
            break
        if found and not _close(_box(found), line):
            break
        found.append(line)
    return found


def _close(box: Box, line: Line) -> bool:
    """Whether a line lies by what was found of a table, in any direction of reading it."""
    room = _RUN * line.size
    return box[1] - room < line.middle < box[3] + room


def _region(sheet: _Sheet, box: Box, lines: list[Line], caption: list[Line]) -> Region | None:
    if len(lines) < 2:
        return None
    x0, y0, x1, y1 = box
    text = _box(lines)
    across = [r for r in sheet.across if x0 - 4 < r[2] and r[0] < x1 + 4 and y0 - 2 < r[3] and r[1] < y1 + 2]
    across += [edge for area in sheet.areas if _shades(area, box) for edge in _edges(area)]
    uprights = [r for r in sheet.uprights if x0 - 4 < r[2] and r[0] < x1 + 4 and y0 < r[3] and r[1] < y1]
    wide = (min(x0, text[0] - 1), y0, max(x1, text[2] + 1), y1)
    return Region(wide, lines, caption, across, uprights)


def _shades(area: Box, box: Box) -> bool:
    """Whether a coloured area is the ground of rows of a table, not of the whole."""
    inside = box[0] - 4 < area[0] and area[2] < box[2] + 4 and box[1] - 4 < area[1] and area[3] < box[3] + 4
    return inside and area[2] - area[0] > _SHADE * (box[2] - box[0]) and area[3] - area[1] < 0.9 * (box[3] - box[1])


def _edges(area: Box) -> list[Box]:
    """The upper and the lower edge of a coloured area, as rules."""
    x0, y0, x1, y1 = area
    return [(x0, y0, x1, y0), (x0, y1, x1, y1)]
