"""Lines with roles -> paragraphs: which lines belong together, and under which heading."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.index.pages.bibliography import entry_starts
from assistant.index.pages.compose import Paragraph
from assistant.index.pages.floats import starts_figure, starts_table
from assistant.index.pages.headings import NUMBERED, ends_alone
from assistant.index.pages.lines import Line
from assistant.index.pages.profile import Profile
from assistant.index.pages.sections import SectionPath
from assistant.types import RUNNING_TEXT, Role

_BULLET = re.compile(
    r"(?:(?P<dot>[•▪◦‣∙·●○■□✓➢►▶▸➤❖])|(?P<dash>[–—*-])|(?P<number>\(?\d{1,2}[.)）]|（\d{1,2}）)|(?P<letter>\(?[a-z][.)])"
    r"|(?P<roman>\(?[ivx]{1,4}[.)]))(?:\s|$|(?<=[）)]))"
)
_ENDS = re.compile(r"[.!?:。！？：][\"'”’)\]\d,–\s]*$")
_NEAR = 40.0
"""Points from left to right within which lines begin in one column."""
_WIDE = 1.1
"""Widths of a column from which a line runs over more than one."""
_GAP = 1.45
"""Line distances between two lines that begin a new paragraph."""
_INDENT = 0.7
"""Font sizes by which a first line is moved in."""
_SHORT = 2.0
"""Font sizes by which a last line falls short of the column."""
_ALIGNED = 0.8
"""Font sizes by which the marks of two items of a list are out of line, at most."""
_OTHER_SIZE, _SCRAP = 0.8, 10
"""Points by which a line's size differs from its paragraph's to be no part of it, and characters of a raised or lowered
piece, at most."""
_EQUATION = 3.0
"""Line distances between the pieces of one displayed equation, at most."""
_SAME_HEIGHT = 0.6


def paragraphs(pages: Sequence[Sequence[Line]], usual: Profile) -> list[list[Paragraph]]:
    """The paragraphs of each page. Floats and notes are lifted out first, so that text runs on around them."""
    path = SectionPath()
    entries = entry_starts([line for page in pages for line in page if line.role is Role.REFERENCE])
    result = []
    for page in pages:
        running = _group([line for line in page if line.role in RUNNING_TEXT], usual, entries)
        rest = _group([line for line in page if line.role not in RUNNING_TEXT], usual, entries)
        for paragraph in running:
            if paragraph.role is Role.HEADING:
                paragraph.level = max(1, paragraph.lines[0].level)
                path.enter(paragraph.text, paragraph.level)
            paragraph.section = path.path
        for paragraph in rest:
            paragraph.section = path.path if paragraph.role not in (Role.AUTHOR, Role.FURNITURE, Role.HIDDEN) else ""
        result.append(running + rest)
    return result


def _group(lines: Sequence[Line], usual: Profile, entries: frozenset[int]) -> list[Paragraph]:
    """Neighbouring lines together; `entries` are the ids of the lines that begin an entry of the references."""
    found: list[Paragraph] = []
    right = _right_edges(lines, usual)
    for line in lines:
        if found and id(line) not in entries and _continues(found[-1], line, usual, right):
            found[-1].lines.append(line)
        else:
            role = Role.LIST if line.role is Role.BODY and _BULLET.match(line.text) else line.role
            found.append(Paragraph(role, [line]))
    return found


def _right_edges(lines: Sequence[Line], usual: Profile) -> dict[int, float]:
    """For each line (by id) the right edge of its column: the furthest one among lines that begin near it.

    Lines over more than one column (an abstract, keywords) are told apart from those of the columns below them.
    """
    edges: dict[tuple[bool, int], float] = {}
    wide = _over_columns(lines, usual)
    for line, over in zip(lines, wide, strict=True):
        key = over, round(line.box[0] / _NEAR)
        edges[key] = max(edges.get(key, 0.0), line.box[2])
    return {
        id(x): max(edges.get((over, round(x.box[0] / _NEAR) + d), 0.0) for d in (-1, 0, 1))
        for x, over in zip(lines, wide, strict=True)
    }


def _over_columns(lines: Sequence[Line], usual: Profile) -> list[bool]:
    """Which lines are wider than a column, or follow closely below one that is: the last one of its paragraph."""
    found: list[bool] = []
    for i, line in enumerate(lines):
        over = line.width > _WIDE * usual.column
        if not over and i and found[-1]:
            below = lines[i - 1].middle - line.middle
            over = lines[i - 1].role is line.role and 0 < below < _GAP * max(usual.leading, line.size)
        found.append(over)
    return found


def _continues(paragraph: Paragraph, line: Line, usual: Profile, right: dict[int, float]) -> bool:
    before = paragraph.lines[-1]
    if before.role is not line.role:
        return False
    if line.role in (Role.FURNITURE, Role.HIDDEN, Role.TABLE, Role.FIGURE):
        return _beside(before, line)
    if line.role is Role.REFERENCE:
        return True
    if line.role is Role.EQUATION:
        return abs(before.middle - line.middle) < _EQUATION * max(usual.leading, line.size)
    if before.hyphen:
        return True
    if line.role in (Role.HEADING, Role.TITLE):
        same = before.style == line.style and before.level == line.level
        new = line.role is Role.HEADING and (ends_alone(before, line) or NUMBERED.match(line.text) is not None)
        return same and not new and 0 < before.middle - line.middle < 2 * line.size
    if starts_table(line) or starts_figure(line):
        return False
    if line.role in (Role.CAPTION, Role.AUTHOR):
        return -0.5 * line.size < before.middle - line.middle < 2 * max(usual.leading, line.size)
    return _flows(paragraph, line, usual, right)


def _beside(before: Line, line: Line) -> bool:
    return abs(before.middle - line.middle) < _SAME_HEIGHT * line.size


def _begins_item(paragraph: Paragraph, line: Line) -> bool:
    """Whether a line begins an item of a list: a mark after a sentence's end, or the mark of the item before it."""
    mark = _BULLET.match(line.text)
    if not mark:
        return False
    if mark["dot"] or _ENDS.search(paragraph.lines[-1].text):
        return True
    first = _BULLET.match(paragraph.lines[0].text)
    if first and first["number"] and mark["number"] and _count(mark["number"]) == _count(first["number"]) + 1:
        return True
    aligned = abs(line.box[0] - paragraph.lines[0].box[0]) < _ALIGNED * line.size
    return first is not None and first.lastgroup == mark.lastgroup and (aligned or line.page != paragraph.lines[0].page)


def _is_other_text(paragraph: Paragraph, line: Line) -> bool:
    """Whether a line of some length is set in another size than the paragraph: a note or a label, not a part of it."""
    size = paragraph.lines[0].size
    return abs(line.size - size) > _OTHER_SIZE and min(len(line.text), len(paragraph.lines[0].text)) > _SCRAP


def _count(mark: str) -> int:
    return int("".join(c for c in mark if c.isdecimal()))


def _flows(paragraph: Paragraph, line: Line, usual: Profile, right: dict[int, float]) -> bool:
    """Whether running text goes on from one line to the next, in the same column or in the next one."""
    before = paragraph.lines[-1]
    distance = before.middle - line.middle
    if _beside(before, line):
        return True
    if _begins_item(paragraph, line) or _is_other_text(paragraph, line):
        return False
    ended = bool(_ENDS.search(before.text))
    short = right[id(before)] - before.box[2] > _SHORT * line.size
    if distance < 0 or distance > 6 * usual.leading:
        return not ended or (not short and line.text[:1].islower())
    if distance > _GAP * max(usual.leading, 1.1 * line.size):
        return not ended and line.text[:1].islower()
    if ended and short:
        return False
    indented = _INDENT * line.size < line.box[0] - before.box[0] < 6 * line.size
    return not (indented and ended)
