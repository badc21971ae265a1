"""Marks captions, and the cells of tables and the labels of figures, which stand apart from the running text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.index.pages.lines import Line
from assistant.index.pages.profile import Profile
from assistant.types import Role

_CAPTION = re.compile(
    r"(?P<kind>(?:supplementa(?:ry|l)\s+)?(?:fig(?:ure|\.)?|table|tab\.|scheme|chart|box|plate|listing|algorithm|graph|图|表|圖))\s*"
    r"(?P<number>S?\d{1,3}(?:[.-]\d{1,2})?[A-Za-z]?|[IVX]{1,6}|[A-Z]\d{0,2})(?P<mark>\s*[.:|)—–-]|\s{1,3}|$)",
    re.IGNORECASE,
)
_TABLE = re.compile(r"(?:supplementa(?:ry|l)\s+)?(?:tab|表)", re.IGNORECASE)
_FIGURE = re.compile(r"(?:supplementa(?:ry|l)\s+)?(?:fig|scheme|chart|plate|graph|图|圖)", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{2,}")
_SENTENCE_WORDS = 6
_SHORT = 0.6
"""Share of a column below which a line is short."""
_GAP = 1.75
"""Line distances between two lines that end a caption or a paragraph."""
_SAME = 0.35
_MANY, _MANY_ALONE = 3, 5
"""Lines from which a run that is no prose may be a table or a figure: beside a caption, and without one."""


def mark_captions(page: Sequence[Line], usual: Profile) -> None:
    """Set the role caption on one page's lines that are still body, or stand between a list's references."""
    lines = [line for line in page if line.role in (Role.BODY, Role.REFERENCE)]
    for i, line in enumerate(lines):
        if line.role is not Role.CAPTION and is_caption_start(lines, i, usual):
            _mark_caption(lines, i, usual)


def starts_table(line: Line) -> bool:
    """Whether a line is the first of a table's caption."""
    return line.role is Role.CAPTION and bool(_TABLE.match(line.text)) and bool(_CAPTION.match(line.text))


def starts_figure(line: Line) -> bool:
    """Whether a line is the first of a figure's caption."""
    return line.role is Role.CAPTION and bool(_FIGURE.match(line.text)) and bool(_CAPTION.match(line.text))


def caption_label(text: str) -> str:
    """What a caption calls its table or figure, as printed ("Table 1", "Fig. 2"); "" for no caption's beginning."""
    found = _CAPTION.match(text)
    return text[: found.start("mark")].strip() if found else ""


def is_caption_start(lines: Sequence[Line], i: int, usual: Profile) -> bool:
    """Whether a caption begins here rather than a sentence of the text that begins with "Figure 3"."""
    line = lines[i]
    found = _CAPTION.match(line.text)
    if not found:
        return False
    rest = line.text[found.end() :].lstrip()
    apart = not usual.is_body(line) or line.first.font not in usual.fonts or line.first.bold != usual.bold
    marked = found["mark"].strip() in (".", ":", "|", "—", "–")
    if line.role is Role.REFERENCE:
        return marked and found.start() == 0 and len(line.text) > found.end()
    if marked:
        return apart or i == 0 or not _follows(lines[i - 1], line, usual)
    starts = not rest or rest[0].isupper() or not rest[0].isascii()
    return apart and starts and (i == 0 or not _follows(lines[i - 1], line, usual) or not usual.is_body(line))


def _follows(before: Line, line: Line, usual: Profile) -> bool:
    """Whether `line` is the next line of the same paragraph as `before`."""
    distance = before.middle - line.middle
    return 0 < distance < 1.4 * usual.leading and abs(before.size - line.size) < _SAME and _overlap(before, line) > 0


def _overlap(a: Line, b: Line) -> float:
    """Points that two lines have in common from left to right."""
    return min(a.box[2], b.box[2]) - max(a.box[0], b.box[0])


def _mark_caption(lines: Sequence[Line], start: int, usual: Profile) -> None:
    """From its first line on while the lines follow closely in the same size."""
    size = lines[start].size
    before, role = lines[start], lines[start].role
    before.role = Role.CAPTION
    leading = usual.leading
    for i in range(start + 1, len(lines)):
        line = lines[i]
        distance = before.middle - line.middle
        same_height = abs(distance) < 0.5 * size
        near = -0.5 * size < distance < _GAP * min(leading, 1.5 * max(size, before.size))
        alike = (
            abs(line.size - size) < _SAME
            or (same_height and line.size < size)
            or (before is lines[start] and len(before.text) < 14)
        )
        table_begins = _TABLE.match(lines[start].text) and i > start and _fragmented(lines, i)
        if line.role is not role or not near or not alike or table_begins or is_caption_start(lines, i, usual):
            return
        if usual.is_body(line) and not usual.is_body(lines[start]):
            return
        line.role = Role.CAPTION
        before = line


def _fragmented(lines: Sequence[Line], i: int) -> bool:
    """Whether a line is one of several pieces on one height, as the cells of a table are."""
    line = lines[i]
    around = [*lines[max(0, i - 1) : i], *lines[i + 1 : i + 2]]
    return any(
        abs(x.middle - line.middle) < 0.4 * line.size and _overlap(x, line) < 0
        for x in around
        if x.role is not Role.CAPTION
    )


def is_prose(line: Line, usual: Profile) -> bool:
    """Whether a line is most likely a line of a paragraph: as wide as one, or with the words of one."""
    words = _WORD.findall(line.text)
    letters = sum(map(len, words))
    return letters > 0.55 * len(line.text.replace(" ", "")) and (
        (usual.is_body(line) and (len(words) >= _SENTENCE_WORDS or line.width > _SHORT * usual.column))
        or (len(words) >= _SENTENCE_WORDS and line.width > _SHORT * usual.column)
    )


def mark_cells(page: Sequence[Line], usual: Profile) -> None:
    """Runs of lines that are no prose, near a caption or with the looks of a table, become table or figure."""
    lines = [line for line in page if line.role in (Role.BODY, Role.CAPTION, Role.HEADING)]
    for start, end in _runs_without_prose(lines, usual):
        run = lines[start:end]
        captions = [_caption_text(lines, i) for i in (start - 1, end) if _is_caption(lines, i)]
        small = sum(usual.is_smaller(x) for x in run) >= 0.5 * len(run)
        pieces = sum(_fragmented(lines, i) for i in range(start, end)) >= 0.4 * len(run)
        many = len(run) >= _MANY
        beside = captions and (small or pieces or many)
        alone = _numeric(run) and ((many and pieces) or (len(run) >= _MANY_ALONE and small))
        if not (beside or alone):
            continue
        table = any(_TABLE.match(text) for text in captions) if captions else pieces
        for line in run:
            line.role = Role.TABLE if table else Role.FIGURE


def _is_caption(lines: Sequence[Line], i: int) -> bool:
    return 0 <= i < len(lines) and lines[i].role is Role.CAPTION


def _numeric(run: Sequence[Line]) -> bool:
    """Whether many of the lines are mostly figures, as the cells of a table and the marks of an axis are."""
    return sum(sum(c.isdigit() for c in x.text) >= 0.3 * len(x.text.replace(" ", "")) for x in run) >= 0.3 * len(run)


def _caption_text(lines: Sequence[Line], i: int) -> str:
    """Text of the first line of the caption that line `i` belongs to."""
    while i > 0 and lines[i - 1].role is Role.CAPTION and not _CAPTION.match(lines[i].text):
        i -= 1
    return lines[i].text


def _runs_without_prose(lines: Sequence[Line], usual: Profile) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    start: int | None = None
    for i, line in enumerate(lines):
        plain = line.role is Role.BODY and not is_prose(line, usual)
        if plain and start is None:
            start = i
        if not plain and start is not None:
            runs.append((start, i))
            start = None
    if start is not None:
        runs.append((start, len(lines)))
    return runs
