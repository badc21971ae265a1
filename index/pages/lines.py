"""Characters of a page -> lines of text, in the order of the file's content.

A line ends where pdfium says so, at a hyphen that it saw at a line's end, where the text jumps, and where hidden text
begins or ends. Knows nothing of what a line is for.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from assistant.index.geometry import turn
from assistant.index.pages.pdf import RawPage, Style
from assistant.types import Box, Role

HYPHEN_MARKS = (0x02, 0xFFFE, 0xAD)
"""What pdfium gives for a hyphen at a line's end; 0xAD is the soft hyphen itself."""
_LIGATURES = range(0xFB00, 0xFB07)
_RADICALS = range(0x2E80, 0x2FD6)
"""Chinese radicals that many fonts give in place of the ordinary character of the same look."""
_BULLETS = {0xF0B7, 0xF0A7, 0xF06E, 0xF0D8, 0x2022, 0x25CF, 0x25AA, 0x25A0}
_BULLET = 0x2022
_DROPPED = {"Cc", "Cf", "Cs", "Cn"}
"""Unicode categories with nothing to see: controls, zero-width and direction marks, halves of pairs, no characters."""
_JUMP = 3.0
"""A free gap along a line, in font sizes, that ends it (a table's columns, two columns of text on one height)."""
_GUTTER, _GUTTER_LINES = 0.9, 8
"""Font sizes of a free gap that may be the white between two columns, and gaps over one place from which it is."""
_GUTTER_STEP = 2.0
"""Points, the fineness with which the places of gaps are compared."""
_GUTTER_STEPS = 5000
"""Places compared, at most: a page wider than that is a drawing."""
_BESIDE = 0.6
"""Font sizes that two characters on one line lie apart at most, or a raised one above its neighbour."""


@dataclass(slots=True)
class Line:
    """Characters `start` to `end` of a raw page, all on one line.

    `box` is upright: turned so that the text reads left to right, as is `frame`, the visible part of the page.
    `style` is the one most letters have, `first` and `last` those of the letters at its ends. `sideways` says that the
    text stands across the page as it is shown, `hyphen` that pdfium saw a word cut at the end. `lead` is where the type
    that the line begins in first changes (`end` where it does not). `role` and `level` (a heading's depth, 0 for none)
    are what later steps make of the line.
    """

    page: int
    start: int
    end: int
    text: str
    box: Box
    style: Style
    first: Style
    last: Style
    frame: Box
    sideways: bool
    hyphen: bool
    hidden: bool
    role: Role = Role.BODY
    lead: int = 0
    level: int = 0

    @property
    def size(self) -> float:
        return self.style.size

    @property
    def middle(self) -> float:
        """Height of the line's middle above the page's lower edge, in points."""
        return (self.box[1] + self.box[3]) / 2

    @property
    def depth(self) -> float:
        """Where the line's middle lies between the upper (0) and the lower edge (1) of the page."""
        return (self.frame[3] - self.middle) / max(1.0, self.frame[3] - self.frame[1])

    @property
    def width(self) -> float:
        return self.box[2] - self.box[0]


@lru_cache(maxsize=8192)
def glyph(code: int) -> str:
    """What one code of pdfium's is in the text: itself, several letters for a ligature, or nothing."""
    if code in HYPHEN_MARKS:
        return "-"
    character = chr(code) if 0 < code <= 0x10FFFF else ""
    if not character or code == 0xFFFD:
        return ""
    if code in _LIGATURES or code in _RADICALS:
        return unicodedata.normalize("NFKC", character)
    if code in _BULLETS:
        return "•"
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in _DROPPED else character


def glyphs(page: RawPage, start: int = 0, end: int | None = None) -> list[str]:
    """The text of each character of a page; the two halves of a surrogate pair give one character and nothing."""
    array = page.codes[start:end]
    codes: list[int] = array.tolist()
    found = [glyph(code) for code in codes]
    for i in np.flatnonzero((array[:-1] & ~0x3FF) == 0xD800).tolist():
        if codes[i + 1] & ~0x3FF == 0xDC00:
            found[i] = glyph(0x10000 + ((codes[i] & 0x3FF) << 10) + (codes[i + 1] & 0x3FF))
    return found


def without_false_ends(page: RawPage, styles: list[Style]) -> RawPage:
    """The page without the line ends that pdfium puts beside raised and lowered characters, as in "g cm⁻³ of"."""
    if not len(page.codes):
        return page
    turned = np.array([style.turned for style in styles], dtype=np.int8)[page.styles]
    sizes = np.array([style.size for style in styles])[page.styles]
    upright = _upright(page.boxes.astype(np.float64), turned)
    feeds = (page.codes == 0x0D) | (page.codes == 0x0A)
    seen = np.flatnonzero((page.boxes != 0).any(axis=1) & ~page.generated & ~feeds)
    a, b = seen[:-1], seen[1:]
    near = _BESIDE * np.maximum(sizes[a], sizes[b])
    gap = upright[b, 0] - upright[a, 2]
    rise = np.maximum(upright[b, 1] - upright[a, 3], upright[a, 1] - upright[b, 3])
    beside = (np.abs(gap) < near) & (rise < near) & (turned[a] == turned[b])
    # Of each character the pair of seen ones that it lies between.
    between = np.clip(np.searchsorted(seen, np.arange(len(feeds))) - 1, 0, max(0, len(beside) - 1))
    false = feeds & beside[between] if len(beside) else np.zeros_like(feeds)
    return page.only(~false)


def with_bullets(page: RawPage) -> RawPage:
    """The page with a bullet for each mark that a line begins with and that its font names by no character at all."""
    codes = page.codes
    if len(codes) < 2:
        return page
    feeds = (codes == 0x0D) | (codes == 0x0A)
    first = np.concatenate([[True], feeds[:-1]])
    spaced = np.concatenate([codes[1:] == 0x20, [False]])
    nameless = (codes > 0) & (codes < 0x20) & ~feeds & ~np.isin(codes, HYPHEN_MARKS) & (page.boxes != 0).any(axis=1)
    marks = nameless & first & spaced
    return replace(page, codes=np.where(marks, _BULLET, codes).astype(codes.dtype)) if marks.any() else page


def page_lines(page: RawPage, styles: list[Style]) -> list[Line]:
    """The lines of a page in content order, without empty ones."""
    count = len(page.codes)
    if not count:
        return []
    text = glyphs(page)
    turned = np.array([style.turned for style in styles], dtype=np.int8)[page.styles]
    sizes = np.array([style.size for style in styles])[page.styles]
    upright = _upright(page.boxes.astype(np.float64), turned)
    visible = (page.boxes != 0).any(axis=1) & ~page.generated
    lines = []
    for start, end, hyphen in _runs(page, upright, turned, sizes, visible):
        if line := _line(page, styles, text, upright, visible, (start, end, hyphen)):
            lines.append(line)
    return lines


def _upright(boxes: NDArray[np.float64], turned: NDArray[np.int8]) -> NDArray[np.float64]:
    """Every box turned so that its own text would read left to right."""
    result = boxes.copy()
    for quarter in set(turned.tolist()) - {0}:
        result[turned == quarter] = turn(boxes[turned == quarter], quarter)
    return result


def _runs(
    page: RawPage,
    upright: NDArray[np.float64],
    turned: NDArray[np.int8],
    sizes: NDArray[np.float64],
    visible: NDArray[np.bool_],
) -> list[tuple[int, int, bool]]:
    """(start, end, ends in a hyphen) of each line. `end` is behind a hyphen and before a line feed."""
    seen = np.flatnonzero(visible)
    a, b = seen[:-1], seen[1:]
    gap = upright[b, 0] - upright[a, 2]
    rise = np.maximum(upright[b, 1] - upright[a, 3], upright[a, 1] - upright[b, 3])
    size = np.maximum(np.maximum(sizes[a], sizes[b]), 1.0)
    back = upright[a, 0] - upright[b, 2]
    jumps = (
        (gap > _JUMP * size)
        | _over_gutter(upright[a][:, [0, 2]], upright[b][:, [0, 2]], size)
        | (turned[a] != turned[b])
        | ((rise > 0) & (back > 2 * size))
        | (rise > 2 * size)
    )
    marks = np.isin(page.codes, HYPHEN_MARKS)
    hyphens = a[marks[a] & ((rise > -0.5 * size) & (back > 0) | (rise > 0.2 * size))]
    feeds = np.flatnonzero((page.codes == 0x0D) | (page.codes == 0x0A))
    hides = np.flatnonzero(np.diff(page.hidden)) + 1
    cuts = np.unique(np.concatenate([b[jumps], hyphens + 1, feeds, feeds + 1, hides]))
    edges = [0, *cuts.tolist(), len(page.codes)]
    ends = set((hyphens + 1).tolist())
    return [(x, y, y in ends or bool(marks[y - 1])) for x, y in pairwise(edges) if y > x]


def _over_gutter(left: NDArray[np.float64], right: NDArray[np.float64], size: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which neighbours on a line have a gutter between them: a column of white that more gaps than letters cover.

    Content that runs across two columns line by line shows only so that it does; the words that a typesetter spread
    out leave their gaps anywhere. `left` and `right` are (x0, x1) of the two letters of each pair, shape (n, 2).
    """
    gap = right[:, 0] - left[:, 1]
    wide = np.flatnonzero(gap > _GUTTER * size)
    over = np.zeros(len(gap), dtype=np.bool_)
    if len(wide) < _GUTTER_LINES:
        return over
    low = int(min(left[:, 0].min(), right[:, 0].min()) // _GUTTER_STEP)
    steps = int(max(left[:, 1].max(), right[:, 1].max()) // _GUTTER_STEP) - low + 2
    if steps > _GUTTER_STEPS:
        return over
    first = (left[wide, 1] // _GUTTER_STEP).astype(np.int64) - low
    last = (right[wide, 0] // _GUTTER_STEP).astype(np.int64) - low
    free = _covered_by(first + 1, last, steps)
    letters = (left // _GUTTER_STEP).astype(np.int64) - low
    ink = _covered_by(letters[:, 0], letters[:, 1], steps)
    gutter = (free >= _GUTTER_LINES) & (free > ink)
    for i, x0, x1 in zip(wide.tolist(), first.tolist(), last.tolist(), strict=True):
        over[i] = x1 > x0 + 1 and gutter[x0 + 1 : x1].any()
    return over


def _covered_by(first: NDArray[np.int64], last: NDArray[np.int64], steps: int) -> NDArray[np.int64]:
    """How many of the runs from `first` to before `last` cover each of `steps` places."""
    change = np.zeros(steps + 1, dtype=np.int64)
    np.add.at(change, first, 1)
    np.add.at(change, np.maximum(first, last), -1)
    return np.cumsum(change)[:-1]


def _line(
    page: RawPage,
    styles: list[Style],
    text: list[str],
    upright: NDArray[np.float64],
    visible: NDArray[np.bool_],
    run: tuple[int, int, bool],
) -> Line | None:
    start, end, hyphen = run
    words = "".join(text[start:end]).strip()
    if not words:
        return None
    at = start + np.flatnonzero(visible[start:end])
    if not len(at):
        at = np.arange(start, end)  # a font without shapes: text all the same, at no place
    letters = at[[text[i] != " " for i in at.tolist()]]
    at = letters if len(letters) else at
    box = upright[at]
    numbers = page.styles[at]
    style = styles[int(np.bincount(numbers).argmax())]
    sides = (*box[:, :2].min(axis=0).tolist(), *box[:, 2:].max(axis=0).tolist())
    hidden = bool(page.hidden[at].all())
    frame = _frame(page.bounds, style.turned)
    sideways = (style.turned - page.turned) % 4 != 0
    first, last = styles[int(numbers[0])], styles[int(numbers[-1])]
    changes = np.flatnonzero(numbers != numbers[0])
    lead = int(at[changes[0]]) if len(changes) else end
    return Line(page.number, start, end, words, sides, style, first, last, frame, sideways, hyphen, hidden, lead=lead)


def cut(page: RawPage, styles: list[Style], line: Line, at: int) -> tuple[Line, Line]:
    """A line in two, parted before the raw character `at`; both parts must hold something to see."""
    return _part(page, styles, line, line.start, at), _part(page, styles, line, at, line.end)


def _part(page: RawPage, styles: list[Style], line: Line, start: int, end: int) -> Line:
    inside = np.arange(start, end)
    letters = inside[
        (page.boxes[start:end] != 0).any(axis=1) & ~page.generated[start:end] & (page.codes[start:end] > 0x20)
    ]
    at = letters if len(letters) else inside
    box = turn(page.boxes[at].astype(np.float64), line.style.turned)
    sides = (*box[:, :2].min(axis=0).tolist(), *box[:, 2:].max(axis=0).tolist())
    numbers = page.styles[at]
    return replace(
        line,
        start=start,
        end=end,
        text="".join(glyphs(page, start, end)).strip(),
        box=sides,
        style=styles[int(np.bincount(numbers).argmax())],
        first=styles[int(numbers[0])],
        last=styles[int(numbers[-1])],
        hyphen=line.hyphen and end == line.end,
        lead=min(max(line.lead, start), end),
    )


@lru_cache(maxsize=64)
def _frame(bounds: Box, turned: int) -> Box:
    """The visible part of a page, turned as its text is."""
    x0, y0, x1, y1 = turn(np.array([bounds]), turned)[0].tolist()
    return (x0, y0, x1, y1)
