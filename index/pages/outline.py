"""Marks the headings that the file's own outline (its bookmarks) names: the best source where there is one.

An entry counts only where its words stand on the page that it leads to, or on one beside it; figures, tables and names
made by machines ("Section_7") stand nowhere and are passed over.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from assistant.index.pages.headings import NUMBERED
from assistant.index.pages.lines import Line
from assistant.index.pages.pdf import OutlineEntry
from assistant.index.pages.profile import Profile
from assistant.types import Role

_MAX_LINES = 5
"""Lines that one entry's words may be spread over."""
_NUMBER = re.compile(r"^(?:\d{1,2}(?:\.\d{1,2}){0,3}\.?|[ivx]{1,5}\.|[a-h]\.)\s+", re.IGNORECASE)
_LEAST, _LEAST_CHINESE = 3, 2
"""Letters of an entry, at least; fewer are found anywhere."""
_MAX_PAGE = 500
"""Lines of a page that headings are looked for on; a drawing has more, and no headings."""
_ROOM = 1.2
"""Line distances that make room above a heading."""
_CANDIDATES = frozenset({Role.BODY, Role.ABSTRACT, Role.HEADING, Role.AUTHOR, Role.TITLE})


@dataclass(frozen=True, slots=True)
class Named:
    """An outline's entry that was not found as whole lines: words that may open a paragraph on a page."""

    page: int
    words: str
    level: int


@lru_cache(maxsize=4096)
def key(text: str) -> str:
    """Letters and digits only, in lower case, without a leading number: how words of outline and page are compared."""
    return _letters(_NUMBER.sub("", text.strip()))


def _letters(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def mark_outline(pages: Sequence[Sequence[Line]], outline: Sequence[OutlineEntry], usual: Profile) -> list[Named]:
    """Set role and level of the lines that the outline names; the entries that are not lines of their own are given
    back, since they may be run-in headings.

    Levels count from 1 below an entry that names the title.
    """
    number = {page[0].page: i for i, page in enumerate(pages) if page}
    rest: list[Named] = []
    base, at = 0, (0, 0)
    for entry in outline:
        words = key(entry.title)
        if len(words) < (_LEAST if words.isascii() else _LEAST_CHINESE):
            continue
        found = _find(pages, number.get(entry.page), words, at, usual)
        if found is None:
            rest.append(Named(entry.page, words, max(1, entry.level + 1 - base)))
            continue
        page, start, end = found
        lines = pages[page][start:end]
        if any(line.role is Role.TITLE for line in lines):
            base = entry.level + 1
            continue
        at = (page, end)
        for line in lines:
            line.role, line.level = Role.HEADING, max(1, entry.level + 1 - base)
    return rest


def _find(
    pages: Sequence[Sequence[Line]], page: int | None, words: str, after: tuple[int, int], usual: Profile
) -> tuple[int, int, int] | None:
    """(page, start, end) of the lines whose words are `words`: first those behind the last found, then any."""
    if page is None:
        return None
    places = [p for p in (page, page + 1, page - 1) if 0 <= p < len(pages)]
    for earliest in (after, (0, 0)):
        for p in places:
            if p >= earliest[0] and (span := _on_page(pages[p], words, earliest[1] if p == earliest[0] else 0, usual)):
                return (p, *span)
    return None


def _on_page(lines: Sequence[Line], words: str, first: int, usual: Profile) -> tuple[int, int] | None:
    if len(lines) > _MAX_PAGE:
        return None
    for start in range(first, len(lines)):
        if lines[start].role not in _CANDIDATES or not words.startswith(key(lines[start].text)[:_LEAST_CHINESE]):
            continue
        if not _stands_out(lines, start, usual):
            continue
        joined = ""
        for end in range(start, min(start + _MAX_LINES, len(lines))):
            text = lines[end].text
            joined += key(text) if end == start else _letters(text)
            if joined == words and all(x.role in _CANDIDATES and not x.level for x in lines[start : end + 1]):
                return start, end + 1
            if not words.startswith(joined):
                break
    return None


def _stands_out(lines: Sequence[Line], i: int, usual: Profile) -> bool:
    """Whether a line is set apart somehow, so that it is no paragraph's last line with the heading's words."""
    line = lines[i]
    other = line.style.bold != usual.bold or line.style.italic or usual.differs(line) or not usual.is_body(line)
    if other or NUMBERED.match(line.text) or i == 0 or lines[i - 1].role is not Role.BODY:
        return True
    above = lines[i - 1].middle - line.middle
    return above < 0 or above > _ROOM * usual.leading
