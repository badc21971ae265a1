"""Lines with roles -> paragraphs: which lines belong together, and under which heading."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.index.compose import Paragraph
from assistant.index.floats import starts_figure, starts_table
from assistant.index.lines import Line
from assistant.index.profile import Profile
from assistant.types import RUNNING_TEXT, Role

_BULLET = re.compile(r"(?:[•▪◦‣∙·●○■□–—*-]|\(?\d{1,2}[.)]|\(?[a-z][.)]|\(?[ivx]{1,4}[.)])\s")
_ENDS = re.compile(r"[.!?:。！？：][\"'”’)\]\d,–\s]*$")
_GAP = 1.45
"""Line distances between two lines that begin a new paragraph."""
_INDENT = 0.7
"""Font sizes by which a first line is moved in."""
_SHORT = 2.0
"""Font sizes by which a last line falls short of the column."""
_SAME_HEIGHT = 0.6
_MAX_SECTION = 200


def paragraphs(pages: Sequence[Sequence[Line]], usual: Profile) -> list[list[Paragraph]]:
    """The paragraphs of each page. Floats and notes are lifted out first, so that text runs on around them."""
    section = ""
    result = []
    for page in pages:
        running = _group([line for line in page if line.role in RUNNING_TEXT], usual)
        rest = _group([line for line in page if line.role not in RUNNING_TEXT], usual)
        for paragraph in running:
            if paragraph.role is Role.HEADING:
                section = paragraph.text[:_MAX_SECTION]
            paragraph.section = section
        for paragraph in rest:
            paragraph.section = section if paragraph.role not in (Role.AUTHOR, Role.FURNITURE, Role.HIDDEN) else ""
        result.append(running + rest)
    return result


def _group(lines: Sequence[Line], usual: Profile) -> list[Paragraph]:
    found: list[Paragraph] = []
    right = _right_edges(lines)
    for line in lines:
        if found and _continues(found[-1], line, usual, right):
            found[-1].lines.append(line)
        else:
            role = Role.LIST if line.role is Role.BODY and _BULLET.match(line.text) else line.role
            found.append(Paragraph(role, [line]))
    return found


def _right_edges(lines: Sequence[Line]) -> dict[int, float]:
    """For each line (by id) the right edge of its column: the furthest one among lines that begin near it."""
    edges: dict[int, float] = {}
    for line in lines:
        key = round(line.box[0] / 40)
        edges[key] = max(edges.get(key, 0.0), line.box[2])
    return {id(x): max(edges.get(round(x.box[0] / 40) + d, 0.0) for d in (-1, 0, 1)) for x in lines}


def _continues(paragraph: Paragraph, line: Line, usual: Profile, right: dict[int, float]) -> bool:
    before = paragraph.lines[-1]
    if before.role is not line.role:
        return False
    if line.role in (Role.FURNITURE, Role.HIDDEN, Role.TABLE, Role.FIGURE):
        return _beside(before, line)
    if before.hyphen:
        return True
    if line.role in (Role.HEADING, Role.TITLE):
        return before.style == line.style and 0 < before.middle - line.middle < 2 * line.size
    if starts_table(line) or starts_figure(line):
        return False
    if line.role in (Role.CAPTION, Role.AUTHOR):
        return -0.5 * line.size < before.middle - line.middle < 2 * max(usual.leading, line.size)
    return _flows(before, line, usual, right)


def _beside(before: Line, line: Line) -> bool:
    return abs(before.middle - line.middle) < _SAME_HEIGHT * line.size


def _flows(before: Line, line: Line, usual: Profile, right: dict[int, float]) -> bool:
    """Whether running text goes on from one line to the next, in the same column or in the next one."""
    distance = before.middle - line.middle
    if _beside(before, line):
        return True
    if _BULLET.match(line.text) and _ENDS.search(before.text):
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
