"""Marks what stands around the text proper: title, authors and institutions, abstract, notes at the page's foot.

Knows what these words are called in some languages, and nothing of the paper's subject.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from assistant.index.pages.headings import USUAL, is_code
from assistant.index.pages.lines import Line
from assistant.index.pages.profile import Profile
from assistant.types import Role

ABSTRACT = re.compile(
    r"\s*(?:a\s*b\s*s\s*t\s*r\s*a\s*c\s*t|summary|synopsis|摘\s*要|内容提要|résumé|zusammenfassung|resumen)(?:\s*$|\s*[:：.—–|-]|\s+(?-i:(?=[A-Z])))",
    re.IGNORECASE,
)
_KEYWORDS = re.compile(r"\s*(?:key\s*-?\s*words?|index terms|关键词|关键字|mots.cl)", re.IGNORECASE)
_BEGINNING = re.compile(r"\s*(?:1\.?|I\.?)?\s*(?:introduction|background|引言|绪论)\b", re.IGNORECASE)
_SECTION = re.compile(
    r"\d{1,2}\.\d|(?:\d{1,2}\.?\s+)?(?:introduction|methods?|results?|discussion|abstract|摘\s*要)$", re.IGNORECASE
)
_LABELS = re.compile(
    r"(?:original|research|review|full|short|open|special|case|brief|regular|study)?\s*(?:research|article|paper|access|report|communication|protocol"
    r"|letter|trial|update|editorial|methodology|software|review)s?\s*(?:article|open\s*access|paper)?",
    re.IGNORECASE,
)
_TITLE_RATIO = 1.15
"""Least size of a title, in body sizes."""
_TOP = 0.35
"""Share of the page's height in which a title that is only bold stands."""
_NO_TITLE = re.compile(r"issn|doi|www\.|https?:|@|volume|\bvol\b|received|accepted|available", re.IGNORECASE)
_NOTE_RATIO = 0.92
_SAME = 0.6
_PROSE_ABOVE = 3
"""Lines of prose above what looks like a title, from which it is a heading."""
_MAX_TITLE = 10
"""Lines of a title, at most."""
_MAX_SIZES = 20
_NOTE_DEPTH = 0.5
_FOOT = 0.8
"""Share of the page's height below which smaller text is a note."""
_NOTE_NEAR = 2.5
"""Line distances between a table and its notes, at most."""
_FLOATS = frozenset({Role.TABLE, Role.FIGURE, Role.CAPTION})
_NOTE_START = re.compile(
    r"\s*(?:[*†‡§¶∗⁎#]|\d{1,2}\s?[A-Z]|correspond|e-?mail|©|received\s*(?::|\d)|abbreviations?:|present address)",
    re.IGNORECASE,
)


def mark_front(page: Sequence[Line], usual: Profile) -> None:
    """Set the roles title and author on the first page."""
    for line in page:
        if line.role is Role.BODY and line.depth < 0.35 and _is_label(line.text):
            line.role = Role.FURNITURE
    lines = [line for line in page if line.role is Role.BODY]
    end = next(
        (i for i, line in enumerate(lines) if ABSTRACT.match(line.text) or _BEGINNING.fullmatch(line.text)), None
    )
    title = find_title(lines[:end] if end else lines, usual)
    for line in title:
        line.role = Role.TITLE
    if title:
        _mark_above(lines, title)
        after = next(i for i, line in enumerate(lines) if line is title[-1]) + 1
        _mark_authors(lines, after, end, usual)


def _mark_above(lines: Sequence[Line], title: Sequence[Line]) -> None:
    """What stands above the title (the journal's name, the kind of article, dates) is no part of the text."""
    top = max(line.middle for line in title)
    for line in lines:
        if line.role is Role.BODY and line.middle > top + line.size and not is_prose(line):
            line.role = Role.FURNITURE


def find_title(lines: Sequence[Line], usual: Profile) -> list[Line]:
    """The lines of the largest size on the page's upper part that are words, not a label such as "Research article"."""
    upper = [
        x
        for x in lines
        if x.depth < 0.6
        and x.size >= _TITLE_RATIO * usual.size
        and not _is_label(x.text)
        and not _SECTION.match(x.text)
    ]
    known = {id(x) for x in upper}
    for size in sorted({round(x.size, 1) for x in upper}, reverse=True)[:_MAX_SIZES]:
        first = next(i for i, x in enumerate(lines) if id(x) in known and round(x.size, 1) == size)
        found: list[Line] = []
        for line in lines[first : first + _MAX_TITLE]:
            if abs(line.size - size) > _SAME or (found and found[-1].middle - line.middle > 2.5 * size):
                break
            found.append(line)
        if _is_name(found) and _nothing_above(found, lines, usual):
            return found
    bold = _bold_title(lines)
    return bold if bold and _nothing_above(bold, lines, usual) else []


def _nothing_above(title: Sequence[Line], lines: Sequence[Line], usual: Profile) -> bool:
    """Whether hardly any prose stands higher on the page, as it does above a heading."""
    above = [x for x in lines if x.middle > title[0].middle and usual.is_body(x) and is_prose(x)]
    return len(above) < _PROSE_ABOVE


def _is_name(lines: Sequence[Line]) -> bool:
    words = " ".join(line.text for line in lines)
    return len(words) >= 15 or (len(words) >= 4 and not words.isascii())


def _bold_title(lines: Sequence[Line]) -> list[Line]:
    """The first bold lines of the top of the page, where no line is larger than the text: some journals set it so."""
    top = [x for x in lines if x.depth < _TOP and not _is_label(x.text) and not _NO_TITLE.search(x.text)]
    first = next(
        (i for i, x in enumerate(top) if _is_bold(x) and len(x.text) >= 15 and not _SECTION.match(x.text)), None
    )
    if first is None:
        return []
    found = [top[first]]
    for line in top[first + 1 : first + _MAX_TITLE]:
        if not _is_bold(line) or line.style != found[0].style or found[-1].middle - line.middle > 2 * line.size:
            break
        found.append(line)
    return found


def _is_bold(line: Line) -> bool:
    return line.style.bold and line.first.bold and line.last.bold


def _is_label(text: str) -> bool:
    return _LABELS.fullmatch("".join(text.split())) is not None or _LABELS.fullmatch(text.strip()) is not None


def _mark_authors(lines: Sequence[Line], start: int, end: int | None, usual: Profile) -> None:
    """From the title to the abstract, or to the first prose: prose before `end` is an abstract without heading."""
    until = min(len(lines), start + 60) if end is None else end
    role = Role.AUTHOR
    for i in range(start, until):
        line = lines[i]
        if line.role is not Role.BODY or USUAL.fullmatch(line.text):
            return
        if role is Role.AUTHOR and all(is_prose(x) for x in lines[i : min(i + 3, until)]) and until - i >= 3:
            if end is None:
                return
            role = Role.ABSTRACT
        if end is None and line.size > usual.size + 1 and i > start + 1:
            return
        line.role = role


def is_prose(line: Line) -> bool:
    """Whether a line reads as a sentence's part rather than as names: most words begin with a small letter."""
    words = [w for w in line.text.split() if w[0].isalpha()]
    return len(words) >= 6 and sum(w[0].islower() for w in words) >= 0.6 * len(words)


def mark_abstract(lines: Sequence[Line], usual: Profile) -> None:
    """Set the role abstract on what follows the word, up to the next heading, the keywords or another size."""
    start = next((i for i, line in enumerate(lines) if line.page <= 2 and ABSTRACT.match(line.text)), None)
    if start is None:
        return
    if lines[start].role is Role.HEADING or len(lines[start].text.split()) <= 2:
        lines[start].role = Role.HEADING
        start += 1
    size = lines[start].size if start < len(lines) else 0.0
    for line in lines[start : start + 80]:
        if line.role not in (Role.BODY, Role.ABSTRACT) or _KEYWORDS.match(line.text) or _BEGINNING.fullmatch(line.text):
            return
        if abs(line.size - size) > _SAME:
            return
        line.role = Role.ABSTRACT


def mark_footnotes(page: Sequence[Line], usual: Profile) -> None:
    """Set the role footnote on smaller text at the foot of a page, where it begins with a mark or a notice, and on
    the notes of tables and figures."""
    note = False
    for i, line in enumerate(page):
        small = line.role is Role.BODY and line.size < _NOTE_RATIO * usual.size and not is_code(line)
        small = small and line.depth > _NOTE_DEPTH
        note = small and (note or _is_mark(page, i, usual) or _opens_note(page, i, usual))
        if note:
            line.role = Role.FOOTNOTE
    _mark_float_notes(page, usual)


def _is_mark(page: Sequence[Line], i: int, usual: Profile) -> bool:
    """Whether a line is the raised mark of the note on the next one."""
    after = page[i + 1] if i + 1 < len(page) else None
    return len(page[i].text) <= 2 and after is not None and after.size < _NOTE_RATIO * usual.size


def _opens_note(page: Sequence[Line], i: int, usual: Profile) -> bool:
    """Whether smaller text is a note: by how it begins, or at the page's foot where it is not the text of a section
    that is set smaller, as acknowledgements often are."""
    line, before = page[i], page[i - 1] if i else None
    if _NOTE_START.match(line.text):
        return True
    if before is None or before.role is Role.HEADING:
        return before is None and line.depth > _FOOT
    goes_on = before.role is Role.BODY and abs(before.size - line.size) < _SAME
    near = 0 < before.middle - line.middle < _NOTE_NEAR * usual.leading
    return line.depth > _FOOT and not (goes_on and near)


def _mark_float_notes(page: Sequence[Line], usual: Profile) -> None:
    """Smaller text that follows a table, a figure or a caption at once belongs to it."""
    for before, line in pairwise(page):
        beside_float = before.role in _FLOATS or (before.role is Role.FOOTNOTE and before.size == line.size)
        near = -line.size < before.middle - line.middle < _NOTE_NEAR * usual.leading
        if line.role is Role.BODY and beside_float and near and line.size < _NOTE_RATIO * usual.size:
            line.role = Role.FOOTNOTE
