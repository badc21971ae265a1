"""Marks headings: short lines in another type than the body's, or numbered, with room above and body text below.

Works on units: neighbouring lines in one type, as a heading of two lines is. The outline's headings
(see `outline`) are marked before; a type that headings are set in more than once is trusted further than one that is
seen only here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from assistant.index.pages.equations import is_formula
from assistant.index.pages.lines import Line
from assistant.index.pages.profile import Profile
from assistant.types import Role

NUMBERED = re.compile(
    r"(?:(?:\d{1,2}|[A-H](?=\.\d))(?:\.\d{1,2}){0,3}\.?|[IVX]{1,5}\.|[A-H]\.|第.{1,4}[章节]"
    r"|[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十]{1,3}[）)])\s*(?=[^\W\d_])"
)
USUAL = re.compile(
    r"(?:introduction|background|(?:patients|subjects|materials?)? ?(?:and|&)? ?methods?|methodology"
    r"|results?(?: and discussions?)?|discussions?(?: and conclusions?)?|conclusions?|abstract|summary"
    r"|acknowledge?ments?|references|related work|limitations|experimental(?: section)?|funding|statement of need"
    r"|data availability|appendix|conflicts? of interest|competing interests|author contributions"
    r"|supplementary (?:materials?|information|data)|ethics(?: statement| approval)?|disclosures?|declarations?"
    r"|data availability statement|abbreviations|objectives?|design|setting"
    r"|participants|引言|绪论|前言|结论|致谢|摘\s*要|讨论|附录)[.:：]?",
    re.IGNORECASE,
)
_NO_HEADING = re.compile(
    r"key\s?-?words?\s*[:—–-]|关键[词字]|(?:定义|定理|引理|推论|命题|假设|猜想|公理|定律|问题|例|证明|解)\s*\d"
    r"|\(?continued (?:on|from)|(?:figure|fig\.|table|tab\.|scheme)\s*\d|correspond|e-?mail|received|accepted"
    r"|published|https?:|www\.|doi\b|©|copyright",
    re.IGNORECASE,
)
_CODE_FONT = re.compile(r"courier|mono|consol|typewriter|cmtt|menlo", re.IGNORECASE)
_MARKS = frozenset("•◦°–—-*▪·●○")
_ENDS_SENTENCE = (".", ",", ";", "-", "。", "，", "；", "、")
_MAX_LENGTH = 200
_GAP = 1.2
"""Line distances that make room above a heading."""
_SAME = 0.35
_SMALLER, _SMALLEST = 2.0, 0.65
"""Points, and share of the body's size, that plain and bold headings may be smaller than the body."""
_MAX_LINES = 4
"""Lines of one heading, and headings on end, at most."""
_CHINESE_WIDE = 0.7
"""Share of a column from which a line in Chinese that has no number is text; its fonts change with each Latin word."""
_LINES_APART = 1.7
"""Sizes between the middles of two lines of one heading, at most."""
_RUN_ON, _FAR = 1.4, 5.0
"""Line distances within which a next line in the same type goes on, and beyond which it belongs to something else."""
_OFTEN = 2
"""Headings in one type from which the type is known as one of headings."""
Face = tuple[str, float, bool, bool]
Unit = Sequence[Line]


def face(line: Line) -> Face:
    """The type that most of a line is set in."""
    return (line.style.font, line.style.size, line.style.bold, line.style.italic)


def text_of(unit: Unit) -> str:
    return " ".join(line.text for line in unit)


def mark_headings(lines: Sequence[Line], usual: Profile) -> None:
    """Set the role heading on the file's lines, given in reading order, that are still body."""
    units = _units([line for line in lines if line.role in (Role.BODY, Role.HEADING)], usual)
    places = [i for i, unit in enumerate(units) if unit[0].role is Role.BODY and _may_be_heading(unit, usual)]
    for i in places:
        if _stands_apart(units, i, usual):
            _set(units[i], Role.HEADING)
    known = _known(units)
    for i in places:
        if units[i][0].role is Role.BODY and face(units[i][0]) in known and _opens(units, i, usual, near=False):
            _set(units[i], Role.HEADING)
    _unmark(units)


def _set(unit: Unit, role: Role) -> None:
    for line in unit:
        line.role = role


def _units(lines: Sequence[Line], usual: Profile) -> list[list[Line]]:
    """Lines in reading order, those of one possible heading together."""
    units: list[list[Line]] = []
    for line in lines:
        same = units and len(units[-1]) < _MAX_LINES and units[-1][-1].level == line.level
        if same and goes_on(units[-1][-1], line, usual):
            units[-1].append(line)
        else:
            units.append([line])
    return units


def goes_on(before: Line, line: Line, usual: Profile) -> bool:
    """Whether two lines may be one heading: one type that is not the body's, one below the other, no new number."""
    if before.page != line.page or before.role is not line.role or face(before) != face(line):
        return False
    if before.last != line.first or NUMBERED.match(line.text):
        return False
    special = line.size > usual.size + _SAME or (line.style.bold and not usual.bold) or usual.differs(line)
    near = 0 < before.middle - line.middle < _LINES_APART * line.size
    apart = line.box[0] > before.box[2] or line.box[2] < before.box[0]
    return special and near and not apart and not ends_alone(before, line)


def ends_alone(before: Line, line: Line) -> bool:
    """Whether the first of two lines is a heading by itself: it had room for the next's first word, or is usual."""
    word = len(line.text.split(maxsplit=1)[0]) * line.width / max(1, len(line.text))
    short = before.width + word < 0.7 * line.width
    return (short and line.text[0].isupper()) or bool(USUAL.fullmatch(before.text) and line.text[0].isupper())


def _may_be_heading(unit: Unit, usual: Profile) -> bool:
    text, first = text_of(unit), unit[0]
    letters = [c for c in text if c.isalpha()]
    if not 2 <= len(text) <= _MAX_LENGTH or len(letters) < 0.5 * len(text.replace(" ", "")) or len(letters) < 2:
        return False
    if text[0] in _MARKS:
        return False
    if not (letters[0].isupper() or not letters[0].isascii() or text[0].isdigit()) or first.sideways:
        return False
    if (
        _NO_HEADING.match(text)
        or any(map(is_formula, unit))
        or is_code(first)
        or (text.endswith(_ENDS_SENTENCE) and not USUAL.fullmatch(text))
    ):
        return False
    return _looks_so(unit, usual)


def is_code(line: Line) -> bool:
    """Whether a line is set as a program is."""
    return _CODE_FONT.search(line.style.font) is not None


def _looks_so(unit: Unit, usual: Profile) -> bool:
    """Larger, bolder, in capitals or in another font throughout; or a usual heading's words on a line of their own."""
    bolder = all(x.style.bold and x.first.bold and x.last.bold for x in unit) and not usual.bold
    size = unit[0].size
    if size < (_SMALLEST * usual.size if bolder else usual.size - _SMALLER):
        return False
    text = text_of(unit)
    larger = size > usual.size + _SAME
    wide = unit[0].width > _CHINESE_WIDE * usual.column
    if _wide_script(text) and wide and not (larger or bolder or NUMBERED.match(text)):
        return False
    capitals = text.isupper() and len(text) > 5
    return larger or bolder or capitals or all(map(usual.differs, unit)) or bool(USUAL.fullmatch(text))


def _stands_apart(units: Sequence[Unit], i: int, usual: Profile) -> bool:
    """Room above (or the top of a column) and, on the next line, text that is set otherwise and begins anew."""
    line = units[i][0]
    before = units[i - 1][-1] if i else None
    above = _distance(before, line) if before is not None else None
    room = above is None or above > _GAP * usual.leading or above < 0
    after_heading = before is not None and before.role is Role.HEADING
    sure = NUMBERED.match(line.text) or USUAL.fullmatch(text_of(units[i]))
    return (room or after_heading or _paragraph_over(before, usual)) and _opens(units, i, usual, near=not sure)


def _paragraph_over(before: Line | None, usual: Profile) -> bool:
    return (
        before is not None
        and before.text.endswith((".", ":", "?", "!", "]", ")", "。"))
        and before.width < 0.9 * usual.column
    )


def _opens(units: Sequence[Unit], i: int, usual: Profile, *, near: bool = True) -> bool:
    """Whether text follows, at once or after more that may be headings; labels in a figure have none `near` them."""
    if i + 1 >= len(units) or (i and _beside(units[i - 1][-1], units[i][0])):
        return False
    line, after = units[i][-1], units[i + 1][0]
    if _beside(line, after):
        return False
    if _runs_on(line, after, usual):
        return False
    usual_words = USUAL.fullmatch(text_of(units[i]))
    for later in units[i + 1 : i + 1 + _MAX_LINES]:
        if near and _far(line, later[0], usual):
            return False
        if is_text(later[0], usual) or (usual_words and _is_small_text(later[0], usual)):
            return True
        if later[0].role is not Role.HEADING and not _may_be_heading(later, usual):
            return False
        line = later[-1]
    return False


def _runs_on(line: Line, after: Line, usual: Profile) -> bool:
    """Whether the next line goes on with the sentence: it is set as this one ends, or begins with a small letter."""
    near = after.page == line.page and 0 < line.middle - after.middle < _RUN_ON * usual.leading
    alike = (
        near
        and (line.last == after.first or line.style == after.style)
        and line.width > 0.75 * after.width
        and len(after.text) > 3
    )
    small = after.text[0].islower() and usual.is_body(line) and line.width > 0.9 * usual.column
    return bool(alike or (small and after.style != line.style)) and after.role is not Role.HEADING


def _far(line: Line, after: Line, usual: Profile) -> bool:
    """Whether the next line stands so far below or aside that a figure or table must lie between; a heading is hardly
    ever the last line of its column."""
    if line.page != after.page:
        return False
    if line.middle < after.middle:
        return True
    aside = after.box[0] > line.box[2] or after.box[2] < line.box[0]
    return aside or line.middle - after.middle > _FAR * max(usual.leading, line.size)


def _beside(a: Line, b: Line) -> bool:
    return a.page == b.page and abs(a.middle - b.middle) < 0.5 * min(a.size, b.size)


def is_text(line: Line, usual: Profile) -> bool:
    """Whether a line is set as body text is and has the words of it."""
    words = len(line.text.split())
    return (
        usual.is_body(line)
        and (words >= 5 or line.width > 0.6 * usual.column or _wide_script(line.text))
        and not (line.style.bold and not usual.bold)
    )


def _is_small_text(line: Line, usual: Profile) -> bool:
    """Whether a line may be the text of a section that is set smaller, as acknowledgements are."""
    words = line.text.split()
    small = sum(word[0].islower() for word in words)
    return len(words) >= 5 and small >= 0.5 * len(words) and usual.is_smaller(line) and not line.style.bold


def _wide_script(text: str) -> bool:
    """Whether a line is written without spaces, as Chinese is, so that words cannot be counted."""
    return sum("\u3040" <= c <= "\u9fff" for c in text) >= 8


def _distance(a: Line, b: Line) -> float | None:
    """Points from line `a` down to `b`, None where they are on different pages; negative in the next column."""
    return a.middle - b.middle if a.page == b.page else None


def _known(units: Sequence[Unit]) -> set[Face]:
    """The types that headings are set in: found often, or once for a numbered or usual heading."""
    count: Counter[Face] = Counter()
    for unit in units:
        if unit[0].role is Role.HEADING:
            sure = NUMBERED.match(unit[0].text) or USUAL.fullmatch(text_of(unit)) or unit[0].level
            count[face(unit[0])] += _OFTEN if sure else 1
    return {kind for kind, seen in count.items() if seen >= _OFTEN}


def _unmark(units: Sequence[Unit]) -> None:
    """Take the role back from runs of headings on end that are too long: lists and tables are set so."""
    start = 0
    while start < len(units):
        end = start
        while end < len(units) and units[end][0].role is Role.HEADING and face(units[end][0]) == face(units[start][0]):
            end += 1
        if end - start > _MAX_LINES:
            for unit in units[start:end]:
                if not unit[0].level:
                    _set(unit, Role.BODY)
        start = max(end, start + 1)
