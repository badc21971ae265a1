"""Where the figures of a page are: the drawings and pictures beside a caption, with the labels set in them.

Pure geometry over lines and boxes; draws and crops nothing. Upright boxes while looking, page user space in what it
gives.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, replace

import numpy as np

from assistant.index.geometry import turn
from assistant.index.pages.compose import Composed
from assistant.index.pages.floats import caption_label, is_prose, starts_figure
from assistant.index.pages.graphics import Boxes, Graphics
from assistant.index.pages.lines import Line
from assistant.index.pages.profile import Profile
from assistant.types import Box, Figure, Role

MAX_FIGURES = 30
"""Figures of one page."""
MAX_LINES, _MAX_PICTURES = 3_000, 200
"""Lines of text of a page that is looked at, and pictures that text may stand in; more is no page of a paper."""
_SMALLEST = 18.0
"""Points: the least width and height of a figure."""
_PAGE_SHARE = 0.85
"""Share of the page's area from which a shape is its background."""
_LONG_RULE = 0.55
"""Share of the page's width from which a thin line is the page's or a table's."""
_LABEL_ROOM = 14.0
"""Points that an axis' labels stand off what is drawn."""
_APART = 90.0
"""Points between a caption and its figure, at most."""
_OFTEN = 3
"""Pages, at least, on which a thing is drawn at one place that is no figure."""
_PICTURE = 400.0
"""Square points: the least picture that text may stand in."""
_REACH = 6.0
"""Points by which a drawing's box may reach into the line of text beyond it."""
_FIXED = frozenset({Role.CAPTION, Role.REFERENCE, Role.TITLE, Role.AUTHOR, Role.ABSTRACT, Role.FURNITURE, Role.TABLE})
"""Roles of lines that are in no figure."""
_RUNNING_HEAD = 8.0
"""Font sizes: the narrowest running header or footer."""
_ROUNDS = 5
"""Times that a figure is made wider to take in what sticks out at its sides."""


@dataclass(frozen=True, slots=True)
class FoundFigure:
    """A figure's upright `box` and the first line of its caption."""

    caption: Line
    box: Box


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A page seen the way up that its captions stand.

    `items` is what is drawn, `captions` are where figures' captions stand, `walls` the boxes of lines that no figure
    reaches over, `labels` the other lines with their boxes. `lefts` is where lines of running text begin, `middle` the
    middle of the page, from left to right.
    """

    items: list[Box]
    captions: list[Box]
    walls: list[Box]
    labels: list[tuple[Line, Box]]
    lefts: list[float]
    middle: float
    usual: Profile


Look = Callable[[_Sheet, Sequence[Box], Box], Box | None]


def common_drawings(pages: Sequence[Graphics]) -> frozenset[Box]:
    """What is drawn at one place of several pages, rounded: a journal's marks, no figures."""
    seen: Counter[Box] = Counter()
    for page in pages:
        drawn = np.concatenate([page.images, page.shapes])
        seen.update({(a, b, c, d) for a, b, c, d in np.rint(drawn).tolist()})
    often = max(_OFTEN, len(pages) // 3)
    return frozenset(box for box, count in seen.items() if count >= often)


def find_figures(
    lines: Sequence[Line], graphics: Graphics, taken: Sequence[Box], common: Set[Box], usual: Profile
) -> list[FoundFigure]:
    """The figures of a page whose captions are marked; the labels in them get the role figure.

    `taken` are the upright boxes of the page's tables, `common` as `common_drawings` gives them.
    """
    found: list[FoundFigure] = []
    if len(lines) > MAX_LINES:
        return found
    for turned in sorted({line.style.turned for line in lines if starts_figure(line)}):
        captions = _captions([line for line in lines if line.style.turned == turned])[:MAX_FIGURES]
        sheet = _sheet(lines, graphics, taken, common, turned, usual)
        for caption, box in zip(captions, _assigned(sheet, captions), strict=True):
            if box is not None:
                found.append(FoundFigure(caption[0], _with_labels(sheet, box, around(x.box for x in caption))))
    return found


def _assigned(sheet: _Sheet, captions: Sequence[Sequence[Line]]) -> list[Box | None]:
    """The figure of each caption: all above their captions, or all below where more are found so; else beside."""
    tries = [_looked(sheet, captions, look) for look in (_above, _below)]
    best = max(tries, key=lambda found: sum(box is not None for box in found))
    beside = _looked(sheet, captions, _beside)
    result: list[Box | None] = []
    for first, second, third in zip(best, tries[0], beside, strict=True):
        box = next((b for b in (first, second, third) if b is not None and _is_new(b, [*result, *best])), None)
        result.append(first if first is not None else box)
    return result


def _looked(sheet: _Sheet, captions: Sequence[Sequence[Line]], look: Look) -> list[Box | None]:
    """What one way of looking finds for each caption, nothing twice."""
    found: list[Box | None] = []
    for caption in captions:
        place = around(line.box for line in caption)
        items = [b for b in sheet.items if not _holds(b, place)]
        box = look(sheet, items, place)
        big = box is not None and min(box[2] - box[0], box[3] - box[1]) >= _SMALLEST
        found.append(box if box is not None and big and _is_new(box, found) else None)
    return found


def _is_new(box: Box, others: Iterable[Box | None]) -> bool:
    return not any(other is not None and max(_share(box, other), _share(other, box)) > 0.3 for other in others)


def place_figure(composed: Composed, found: FoundFigure) -> Figure:
    """The figure with its caption's place in the page's text."""
    caption = found.caption
    x0, y0, x1, y1 = turn(np.array([found.box]), -caption.style.turned)[0].tolist()
    span = composed.block_around(caption.start)
    return Figure(composed.page.number, caption_label(caption.text), (x0, y0, x1, y1), span)


def _captions(lines: Sequence[Line]) -> list[list[Line]]:
    """The lines of each figure's caption."""
    found: list[list[Line]] = []
    for line in lines:
        if starts_figure(line):
            found.append([line])
        elif found and line.role is Role.CAPTION and abs(found[-1][-1].middle - line.middle) < 3 * line.size:
            found[-1].append(line)
    return found


def _sheet(
    lines: Sequence[Line],
    graphics: Graphics,
    taken: Sequence[Box],
    common: Set[Box],
    turned: int,
    usual: Profile,
) -> _Sheet:
    frame = next(line.frame for line in lines if line.style.turned == turned)
    drawn = np.concatenate([graphics.images, graphics.shapes])
    kept = [tuple(b) not in common for b in np.rint(drawn).tolist()]
    boxes = _upright(drawn[np.array(kept, dtype=np.bool_)], turned)
    items = [b for b in boxes if _may_be_drawing(b, frame) and not any(_share(b, t) > 0.5 for t in taken)]
    pictures = [b for b in _upright(graphics.images, turned) if _area(b) > _PICTURE and _holds_no_page(b, frame)]
    del pictures[_MAX_PICTURES:]
    walls, labels, lefts = [], [], []
    for line in lines:
        if line.role is Role.HIDDEN:
            continue
        box = line.box
        if line.style.turned != turned:
            box = _upright(turn(np.array([box]), -line.style.turned), turned)[0]
        prose = line.style.turned == turned and is_prose(line, usual)
        in_picture = line.role is Role.BODY and any(_holds(p, box) for p in pictures)
        if line.style.turned == turned and (_is_fixed(line) or (prose and not in_picture and _in_text(line, lines))):
            walls.append(box)
        else:
            labels.append((line, box))
        lefts += [box[0]] if prose else []
    captions = [around(x.box for x in c) for c in _captions([x for x in lines if x.style.turned == turned])]
    return _Sheet(items, captions, walls, labels, lefts, (frame[0] + frame[2]) / 2, usual)


def _is_fixed(line: Line) -> bool:
    """Whether a line is in no figure. A short one in the margin may be a mark of an axis taken for a page number."""
    return line.role in _FIXED and (line.role is not Role.FURNITURE or line.width > _RUNNING_HEAD * line.size)


def _in_text(line: Line, lines: Sequence[Line]) -> bool:
    """Whether a line that reads as prose has another one right above or below it; a legend stands alone."""
    return any(
        0.5 * line.size < abs(other.middle - line.middle) < 2 * line.size
        and (abs(other.box[0] - line.box[0]) < 0.3 * line.size or abs(other.box[2] - line.box[2]) < 0.3 * line.size)
        and abs(other.size - line.size) < 1
        and other.role is line.role
        for other in lines
    )


def _upright(boxes: Boxes, turned: int) -> list[Box]:
    return [(x0, y0, x1, y1) for x0, y0, x1, y1 in turn(boxes, turned).tolist()]


def _may_be_drawing(box: Box, frame: Box) -> bool:
    """Whether a shape is no background, no frame of the whole page and no long rule."""
    width, height = box[2] - box[0], box[3] - box[1]
    if max(width, height) > _LONG_RULE * (frame[2] - frame[0]) and min(width, height) < 3:
        return False
    return _holds_no_page(box, frame)


def _holds_no_page(box: Box, frame: Box) -> bool:
    return _area(box) < _PAGE_SHARE * _area(frame)


def _area(box: Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def _share(box: Box, other: Box) -> float:
    """Share of a box, at least a point wide and high, that lies in another."""
    wide = min(box[2], other[2]) - max(box[0], other[0])
    high = min(box[3], other[3]) - max(box[1], other[1])
    if wide < 0 or high < 0:
        return 0.0
    return (max(wide, 0.1) * max(high, 0.1)) / (max(box[2] - box[0], 0.1) * max(box[3] - box[1], 0.1))


def _holds(box: Box, inner: Box) -> bool:
    x, y = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def around(boxes: Iterable[Box]) -> Box:
    """The box around boxes."""
    kept = list(boxes)
    return (min(b[0] for b in kept), min(b[1] for b in kept), max(b[2] for b in kept), max(b[3] for b in kept))


def _above(sheet: _Sheet, items: Sequence[Box], place: Box) -> Box | None:
    """What is drawn above a caption, up to the next text; at its sides too, as far as no text stands beside it."""
    box = None
    least, most = _room(sheet, place)
    x0, x1 = _column(sheet, place)
    reach = (max(least, x0), min(most, x1))
    for _ in range(_ROUNDS):
        over = [w[1] for w in sheet.walls if w[1] > place[3] - 1 and w[2] > x0 + 2 and w[0] < x1 - 2]
        top = min(over, default=1e6)
        inside = [b for b in items if _may_be_part(b, place, reach, top) and not _belongs_to_another(sheet, b, place)]
        if not inside:
            return None
        before, box = box, around(inside)
        if box == before:
            break
        x0, x1 = min(place[0], box[0]), max(place[2], box[2])
        left, right = _free(sheet, around([box, place]), box)
        reach = (max(least, left), min(most, right))
    if box is None or box[1] - place[3] >= _APART:
        return None
    return (box[0], max(box[1], place[3]), box[2], min(box[3], top))


def _may_be_part(item: Box, place: Box, reach: tuple[float, float], top: float) -> bool:
    """Whether a drawing lies above a caption, within reach to its sides, and under the text above it."""
    above = (item[1] + item[3]) / 2 > place[3] and item[3] < top + _REACH
    return above and item[2] > reach[0] and item[0] < reach[1]


def _free(sheet: _Sheet, both: Box, box: Box) -> tuple[float, float]:
    """From where to where no text stands beside a figure; what lies in one half of the page, caption and all, stays
    there. `both` is the figure with its caption."""
    beside = [w for w in sheet.walls if w[1] < box[3] and w[3] > box[1]]
    left = max((w[2] for w in beside if w[2] <= box[0] + 2), default=-1e6)
    right = min((w[0] for w in beside if w[0] >= box[2] - 2), default=1e6)
    if both[0] > sheet.middle:
        left = max(left, sheet.middle)
    if both[2] < sheet.middle:
        right = min(right, sheet.middle)
    return left, right


def _belongs_to_another(sheet: _Sheet, item: Box, place: Box) -> bool:
    """Whether a drawing stands over another caption than the one at `place`, and not over this one."""

    def over(caption: Box) -> bool:
        return caption[3] < item[3] and min(caption[2], item[2]) > max(caption[0], item[0])

    return not over(place) and any(over(caption) for caption in sheet.captions)


def _below(sheet: _Sheet, items: Sequence[Box], place: Box) -> Box | None:
    """What is drawn below a caption, down to the next text: the page upside down."""
    turned = replace(sheet, walls=[_mirrored(w) for w in sheet.walls], captions=[_mirrored(c) for c in sheet.captions])
    box = _above(turned, [_mirrored(b) for b in items], _mirrored(place))
    return None if box is None else _mirrored(box)


def _mirrored(box: Box) -> Box:
    return (box[0], -box[3], box[2], -box[1])


def _room(sheet: _Sheet, place: Box) -> tuple[float, float]:
    """From where to where the middles of a caption's drawings lie: half way to the texts beside the caption."""
    beside = [w for w in sheet.walls if w[1] < place[3] and w[3] > place[1]]
    left = [w[2] for w in beside if w[2] <= place[0]]
    right = [w[0] for w in beside if w[0] >= place[2]]
    return (max(left, default=-1e6) + place[0]) / 2, (min(right, default=1e6) + place[2]) / 2


def _column(sheet: _Sheet, place: Box) -> tuple[float, float]:
    """From where to where the column of a caption reaches: a short one stands at its left edge or in its middle."""
    wide, x = 0.9 * sheet.usual.column, (place[0] + place[2]) / 2
    flush = sum(abs(x - place[0]) < 3 for x in sheet.lefts) > 1
    left, right = (place[0], place[0] + wide) if flush else (x - wide / 2, x + wide / 2)
    return min(left, place[0]), max(right, place[2])


def _beside(sheet: _Sheet, items: Sequence[Box], place: Box) -> Box | None:
    """What is drawn at the side of a caption, at its height."""
    level = [b for b in items if b[1] < place[3] and b[3] > place[1]]
    if not level:
        return None
    _, low, _, high = around(level)
    aside = [b for b in items if b[1] < high and b[3] > low and (b[2] <= place[0] or b[0] >= place[2])]
    box = around(aside) if aside else None
    return None if box is None or any(_holds(box, wall) for wall in sheet.walls) else box


def _with_labels(sheet: _Sheet, box: Box, caption: Box) -> Box:
    """The box with the labels in it, around it, and between it and its caption, which get the role figure."""
    for _ in range(_ROUNDS):
        inside = [(line, place) for line, place in sheet.labels if _is_label(sheet, line, place, box, caption)]
        wider = around([box, *(place for _, place in inside)])
        if wider == box:
            break
        box = wider
    for line, _ in inside:
        if line.role is Role.BODY:
            line.role = Role.FIGURE
    return box


def _is_label(sheet: _Sheet, line: Line, place: Box, box: Box, caption: Box) -> bool:
    x0, y0, x1, y1 = box
    if _holds(box, place):
        return True
    between = (x0, min(caption[3], y0), x1, max(caption[1], y1))
    near = (x0 - _LABEL_ROOM, y0 - _LABEL_ROOM, x1 + _LABEL_ROOM, y1 + _LABEL_ROOM)
    if _holds(between, place):
        return caption[3] <= place[1] + 1 or place[3] - 1 <= caption[1]
    set_apart = sheet.usual.is_smaller(line) or sheet.usual.differs(line) or line.sideways
    return _holds(near, place) and set_apart
