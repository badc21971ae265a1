"""Marks headings: short lines in another type than the body's, or numbered, with room above and body text below."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.index.lines import Line
from assistant.index.profile import Profile
from assistant.types import Role

_NUMBERED = re.compile(r"(?:\d{1,2}(?:\.\d{1,2}){0,3}\.?|[IVX]{1,5}\.|[A-H]\.|第.{1,3}[章节])\s*[^\W\d_]")
_USUAL = re.compile(
    r"(?:introduction|background|(?:materials? and )?methods?|methodology|results?(?: and discussions?)?|discussions?"
    r"|conclusions?|abstract|summary|acknowledge?ments?|references|related work|limitations|experimental(?: section)?"
    r"|funding|statement of need|data availability|appendix|conflicts? of interest|competing interests"
    r"|author contributions|abbreviations|objectives?|design|setting|participants)[.:]?",
    re.IGNORECASE,
)
_KEYWORDS = re.compile(r"key\s?-?words?\s*[:—–-]", re.IGNORECASE)
_CONTINUED = re.compile(r"\(?continued (?:on|from)", re.IGNORECASE)
_ENDS_SENTENCE = (".", ",", ";", "-")
_MAX_LENGTH = 130
_GAP = 1.2
"""Line distances that make room above a heading."""
_SAME = 0.35
_SMALLER = 2.0
"""Points that a heading may be smaller than the body: the run-in and italic ones of some journals are."""
_MAX_LINES = 4
"""Lines of headings on end, at most."""


def mark_headings(lines: Sequence[Line], usual: Profile) -> None:
    """Set the role heading on the file's lines, given in reading order, that are still body."""
    running = [line for line in lines if line.role is Role.BODY]
    for i, line in enumerate(running):
        if _may_be_heading(line, usual) and _stands_apart(running, i, usual):
            line.role = Role.HEADING
    _unmark(running, usual)


def _may_be_heading(line: Line, usual: Profile) -> bool:
    text = line.text
    letters = [c for c in text if c.isalpha()]
    if not 2 <= len(text) <= _MAX_LENGTH or len(letters) < 0.5 * len(text.replace(" ", "")) or len(letters) < 2:
        return False
    if not (letters[0].isupper() or not letters[0].isascii() or text[0].isdigit()) or line.sideways:
        return False
    if _KEYWORDS.match(text) or _CONTINUED.match(text):
        return False
    if text.endswith(_ENDS_SENTENCE) and not _USUAL.fullmatch(text):
        return False
    return line.size >= usual.size - _SMALLER and _looks_so(line, usual)


def _looks_so(line: Line, usual: Profile) -> bool:
    """Larger, bolder, in capitals or in another font throughout; or a usual heading's words on a line of their own."""
    larger = line.size > usual.size + _SAME
    bolder = line.style.bold and line.first.bold and line.last.bold and not usual.bold
    capitals = line.text.isupper() and len(line.text) > 5
    return larger or bolder or usual.differs(line) or capitals or bool(_USUAL.fullmatch(line.text))


def _stands_apart(lines: Sequence[Line], i: int, usual: Profile) -> bool:
    """Room above (or the top of a column) and, on the next line, text that is set otherwise and begins anew."""
    line = lines[i]
    before, after = lines[i - 1] if i else None, lines[i + 1] if i + 1 < len(lines) else None
    if after is None:
        return False
    above = _distance(before, line) if before is not None else None
    room = above is None or above > _GAP * usual.leading or above < 0
    after_heading = before is not None and before.role is Role.HEADING
    paragraph_over = (
        before is not None
        and before.text.endswith((".", ":", "?", "!", "]", ")"))
        and before.width < 0.9 * usual.column
    )
    if not (room or after_heading or paragraph_over):
        return False
    if above is not None and abs(above) < 0.5 * line.size:
        return False
    return _leads_on(lines, i, usual)


def _leads_on(lines: Sequence[Line], i: int, usual: Profile) -> bool:
    """Whether text follows, at once or after more lines that may be headings; labels in a figure have none."""
    line, after = lines[i], lines[i + 1]
    below = _distance(line, after)
    if below is not None and abs(below) < 0.5 * line.size:
        return False
    if (
        after.text[0].islower()
        and after.style != line.style
        and usual.is_body(line)
        and line.width > 0.9 * usual.column
    ):
        return False
    for later in lines[i + 1 : i + 1 + _MAX_LINES]:
        if is_text(later, usual):
            return True
        if not _may_be_heading(later, usual):
            return False
    return False


def is_text(line: Line, usual: Profile) -> bool:
    """Whether a line is set as body text is and has the words of it."""
    words = len(line.text.split())
    return (
        usual.is_body(line)
        and (words >= 5 or line.width > 0.6 * usual.column or _wide_script(line.text))
        and not (line.style.bold and not usual.bold)
    )


def _wide_script(text: str) -> bool:
    """Whether a line is written without spaces, as Chinese is, so that words cannot be counted."""
    return sum("\u3040" <= c <= "\u9fff" for c in text) >= 8


def _distance(a: Line, b: Line) -> float | None:
    """Points from line `a` down to `b`, None where they are on different pages; negative in the next column."""
    return a.middle - b.middle if a.page == b.page else None


def _unmark(lines: Sequence[Line], usual: Profile) -> None:
    """Take the role back from runs too long for a heading, and from those that no text follows."""
    start = 0
    while start < len(lines):
        end = start
        while end < len(lines) and lines[end].role is Role.HEADING and lines[end].style == lines[start].style:
            end += 1
        if end - start > _MAX_LINES:
            for line in lines[start:end]:
                line.role = Role.BODY
        start = max(end, start + 1)
