"""Reading order: that of the file's content, unless a page's is clearly wrong; then one by the places of its lines.

Content order is right in over 99 % of papers, and an order by geometry alone damages one in eight, so it is used only
where the content jumps about much more than geometry would: columns interleaved line by line, scrambled lines. The
repair is a recursive XY-cut (Nagy, Seth & Viswanathan, 1992: A prototype document image analysis system for technical
journals).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, pairwise

from assistant.index.pages.lines import Line
from assistant.index.pages.profile import Profile

_PROSE = 0.4
"""Share of a column from which a line counts when order is judged: labels of figures stand anywhere."""
_WRONG, _WRONG_SHARE = 5, 0.12
"""Wrong turns of a page, and their share of its lines, from which its order is doubted; a page with floats has some."""
_BETTER = 0.3
"""Share of the content's wrong turns that the geometric order may have, to be believed."""
_GUTTER = 0.7
"""Font sizes of white from top to bottom that part two columns."""
_SHARED = 0.5
"""Share of the narrower line that two lines of one column have in common from left to right."""
_DEEPEST = 60


def in_order(page: list[Line], usual: Profile) -> list[Line]:
    """The page's lines in reading order: as they come, or sorted by their places where they come in a wrong one."""
    upright = [line for line in page if not line.sideways and not line.hidden]
    wrong = wrong_turns(upright, usual)
    if wrong < _WRONG or wrong < _WRONG_SHARE * len(upright):
        return page
    ordered = xy_cut(upright, usual.size)
    if wrong_turns(ordered, usual) > _BETTER * wrong:
        return page
    return ordered + [line for line in page if line.sideways or line.hidden]


def wrong_turns(lines: Sequence[Line], usual: Profile) -> int:
    """How often a line of text is followed by one that is above it in its column, beside it, or in a column before."""
    prose = [line for line in lines if line.width > _PROSE * usual.column]
    return sum(_is_wrong(a, b) for a, b in pairwise(prose))


def _is_wrong(line: Line, after: Line) -> bool:
    common = min(line.box[2], after.box[2]) - max(line.box[0], after.box[0])
    above = after.middle - line.middle
    if common > _SHARED * min(line.width, after.width):
        return above > 0.5 * line.size
    if common > 0:
        return False
    left = after.box[2] <= line.box[0]
    return left or abs(above) < 0.5 * line.size


def xy_cut(lines: Sequence[Line], size: float, depth: int = 0) -> list[Line]:
    """Lines sorted: columns from left to right where white parts them from top to bottom, else parts from the top."""
    if len(lines) < 2 or depth > _DEEPEST:
        return sorted(lines, key=lambda line: (-line.middle, line.box[0]))
    for axis, least in ((0, _GUTTER * size), (1, 0.0)):
        parts = _parts(lines, axis, least)
        if len(parts) > 1:
            return [line for part in parts for line in xy_cut(part, size, depth + 1)]
    return sorted(lines, key=lambda line: (-line.middle, line.box[0]))


def _parts(lines: Sequence[Line], axis: int, least: float) -> list[list[Line]]:
    """Lines parted at all columns of white (axis 0), or at the highest band of white (axis 1), wider than `least`."""
    ordered = sorted(lines, key=lambda line: line.box[0] if axis == 0 else -line.box[3])
    parts: list[list[Line]] = [[ordered[0]]]
    reach = _far(ordered[0], axis)
    gaps: list[float] = [0.0]
    for line in ordered[1:]:
        gap = (line.box[0] if axis == 0 else -line.box[3]) - reach
        if gap > least:
            parts.append([])
            gaps.append(gap)
        parts[-1].append(line)
        reach = max(reach, _far(line, axis))
    if axis == 1 and len(parts) > 1:
        widest = max(range(1, len(parts)), key=gaps.__getitem__)
        return [list(chain.from_iterable(parts[:widest])), list(chain.from_iterable(parts[widest:]))]
    return parts


def _far(line: Line, axis: int) -> float:
    return line.box[2] if axis == 0 else -line.box[1]
