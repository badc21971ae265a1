"""Marks what is no part of the paper's text: running headers and footers, page numbers, side notes, hidden text."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from assistant.index.pages.lines import Line
from assistant.index.pages.profile import Profile
from assistant.types import Role

_MARGIN = 0.13
"""Share of the page's height, above and below, in which headers and footers stand."""
_EDGE = 0.08
"""Share of the page's width in which text across the page is a stamp rather than a turned table."""
_SAME_HEIGHT = 4.0
"""Points by which a header may move from page to page."""
_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"(page|p\.|seite|第)?\s*[-–—|(\[]?\s*([ivxlc]{1,6}|[a-z]?\d{1,6})\s*[-–—|)\]]?\s*(页|(of|/|von)\s*\d{1,5})?",
    re.IGNORECASE,
)
_STAMP = re.compile(
    r"downloaded from|for personal use only|all rights reserved|©|\(c\) (19|20)\d\d|copyright (19|20)\d\d"
    r"|^doi:?\s*10\.|^https?://(dx\.)?doi\.org/"
    r"|creative commons|^issn|licensee|open access article|this article is distributed|authorized licensed use"
    r"|permits unrestricted",
    re.IGNORECASE,
)
_CONTINUED = re.compile(r"\(?continued (?:on|from|to) (?:the )?(?:next|previous|following) page\)?\.?", re.IGNORECASE)
_TURNED_PAGE = 0.15
"""Share of a page's characters that stand across it, from which they are a turned table rather than a stamp."""
_SAME_PLACE, _SAME_PLACE_SHARE = 3, 0.25
"""Pages, and share of them, on which a margin's line has one type and height; left and right pages may differ."""
_APART, _LONG = 1.4, 150
"""Line distances between a running head and the text, at least, and its characters, at most."""
_LARGER = 0.35
"""Points above the body's size from which a line in the margin is a heading that opens its page."""
_CAPTION = re.compile(r"(?:fig|tab|scheme|box|图|表)", re.IGNORECASE)
_LEADERS = re.compile(r"(?:[.·⋅…‥]\s*){5,}\s*(?:[ivxlc]+|\d+)?$")
_MIN_LEADERS = 4
_WATERMARK = 1.5
"""Body sizes from which text at an angle is a watermark; the labels of an axis are smaller."""
_FEW_PAGES = 5
_OUTERMOST = 3
"""Lines from the top and from the bottom of a page that may be its number."""
_WIDER = 8.0
"""Font sizes from which a line is no page number but text, so that nothing further in is one."""
_MIN_BODY = 10
"""Wide body lines in a file from which it can be told where its body stands."""
_MIN_NUMBERED = 8
"""Numbered lines on a page from which they are a manuscript's line numbers."""


def mark_furniture(pages: Sequence[Sequence[Line]], usual: Profile) -> None:
    """Set the role of hidden lines, repeated headers and footers, page numbers, stamps and line numbers."""
    for page in pages:
        _mark_hidden(page)
        _mark_stamps(page, usual)
        _mark_line_numbers(page, usual)
        _mark_contents(page)
    _mark_repeated(pages)
    _mark_same_place(pages, usual)
    for page in pages:
        _mark_doubled(page)
        _mark_page_number(page)
    _mark_side_notes(pages, usual)


def _mark_hidden(page: Sequence[Line]) -> None:
    for line in page:
        if line.hidden:
            line.role = Role.HIDDEN


def _in_margin(line: Line) -> bool:
    return line.depth < _MARGIN or line.depth > 1 - _MARGIN


def _mark_repeated(pages: Sequence[Sequence[Line]]) -> None:
    """Lines with the same words, numbers aside, at the same height of several pages."""
    seen: defaultdict[tuple[str, int], set[int]] = defaultdict(set)
    lines = [line for page in pages for line in page if line.role is Role.BODY]
    keys = [(_DIGITS.sub("#", line.text.casefold()), round(line.middle / _SAME_HEIGHT)) for line in lines]
    for line, key in zip(lines, keys, strict=True):
        seen[key].add(line.page)
    enough = 2 if len(pages) <= _FEW_PAGES else 3
    for line, (words, height) in zip(lines, keys, strict=True):
        same = len(set().union(*(seen.get((words, height + step), set()) for step in (-1, 0, 1))))
        often = same >= max(3, len(pages) / 2) and sum(map(str.isalpha, words)) > 2
        if (same >= enough and (_in_margin(line) or often)) or (same >= max(2, enough - 1) and _outermost(line)):
            line.role = Role.FURNITURE


def _mark_same_place(pages: Sequence[Sequence[Line]], usual: Profile) -> None:
    """Running heads whose words change (a chapter's name, the authors): one type at one height, apart from the text."""
    edges = [line for page in pages for line in _edge_lines(page, usual)]
    seen: defaultdict[tuple[str, float, int], set[int]] = defaultdict(set)
    keys = [(line.style.font, line.size, round(line.middle / _SAME_HEIGHT)) for line in edges]
    for line, key in zip(edges, keys, strict=True):
        seen[key].add(line.page)
    enough = max(_SAME_PLACE, _SAME_PLACE_SHARE * len(pages))
    for line, (font, size, height) in zip(edges, keys, strict=True):
        same = set().union(*(seen.get((font, size, height + step), set()) for step in (-1, 0, 1)))
        if len(same) >= enough:
            line.role = Role.FURNITURE


def _mark_doubled(page: Sequence[Line]) -> None:
    """A running head that says the heading which stands on its page, larger."""
    lines = [line for line in page if line.role is Role.BODY]
    for line in lines:
        if line.depth < _MARGIN and any(
            x.text == line.text and x.size > line.size + 1 and x.middle < line.middle for x in lines
        ):
            line.role = Role.FURNITURE


def _edge_lines(page: Sequence[Line], usual: Profile) -> list[Line]:
    """The lines on the highest and on the lowest height of a page, where they stand in its margins and apart."""
    lines = sorted((x for x in page if x.role is Role.BODY and not x.sideways), key=lambda x: x.middle)
    found: list[Line] = []
    for ordered in (lines, lines[::-1]):
        if not ordered:
            continue
        first = ordered[0]
        row = [x for x in ordered if abs(x.middle - first.middle) < _SAME_HEIGHT]
        inner = ordered[len(row) :]
        apart = not inner or abs(inner[0].middle - first.middle) > _APART * usual.leading
        small = all(x.size < usual.size + _LARGER for x in row)
        if (
            _in_margin(first)
            and apart
            and small
            and not _CAPTION.match(first.text)
            and sum(len(x.text) for x in row) < _LONG
        ):
            found += row
    return found


def _mark_contents(page: Sequence[Line]) -> None:
    """The lines of a table of contents: dots that lead to a page's number."""
    lines = [line for line in page if line.role is Role.BODY and _LEADERS.search(line.text)]
    if len(lines) >= _MIN_LEADERS:
        for line in lines:
            line.role = Role.FURNITURE


def _outermost(line: Line) -> bool:
    return line.depth < _MARGIN / 2 or line.depth > 1 - _MARGIN / 2


def _mark_page_number(page: Sequence[Line]) -> None:
    """A lone number outside everything else in the upper or lower margin."""
    rest = sorted((x for x in page if x.role is Role.BODY and not x.sideways), key=lambda x: x.middle)
    for outermost in (rest[:_OUTERMOST], rest[: -_OUTERMOST - 1 : -1]):
        for line in outermost:
            if _in_margin(line) and _PAGE_NUMBER.fullmatch(line.text):
                line.role = Role.FURNITURE
            elif line.width > _WIDER * line.size:
                break


def _mark_stamps(page: Sequence[Line], usual: Profile) -> None:
    """Text across the outer edge of a page that is not turned itself, copyright lines in its margins, watermarks."""
    turned = sum(len(line.text) for line in page if line.sideways)
    whole_page = turned > _TURNED_PAGE * sum(len(line.text) for line in page)
    for line in page:
        if line.role is not Role.BODY:
            continue
        if line.style.slanted and line.size > _WATERMARK * usual.size:
            line.role = Role.FURNITURE
        elif line.sideways:
            if not whole_page and (line.depth < _EDGE or line.depth > 1 - _EDGE):
                line.role = Role.FURNITURE
        elif _CONTINUED.fullmatch(line.text) or (_in_margin(line) and _STAMP.search(line.text)):
            line.role = Role.FURNITURE


def _mark_line_numbers(page: Sequence[Line], usual: Profile) -> None:
    """The numbers beside the lines of a manuscript: many, rising, in one narrow column outside the text."""
    numbers = [x for x in page if x.text.isdecimal() and len(x.text) <= 4 and x.role is Role.BODY]
    words = [x for x in page if x.width > usual.column / 2]
    if len(numbers) < _MIN_NUMBERED or not words:
        return
    left = min(x.box[0] for x in words)
    outside = [x for x in numbers if x.box[2] < left]
    values = [int(x.text) for x in outside]
    if len(outside) >= _MIN_NUMBERED and values == sorted(values):
        for line in outside:
            line.role = Role.FURNITURE


def _mark_side_notes(pages: Sequence[Sequence[Line]], usual: Profile) -> None:
    """Text beside where the paper's body ever stands, set otherwise (dates and links on the first page)."""
    lines = [line for page in pages for line in page if line.role is Role.BODY]
    body = [line for line in lines if usual.is_body(line) and line.width > 0.5 * usual.column]
    if len(body) < _MIN_BODY:
        return
    lefts, rights = sorted(x.box[0] for x in body), sorted(x.box[2] for x in body)
    few = len(body) // 50
    left, right = lefts[few], rights[-1 - few]
    for line in lines:
        if not usual.is_body(line) and (line.box[2] < left or line.box[0] > right):
            line.role = Role.FURNITURE
