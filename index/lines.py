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
from assistant.index.pdf import RawPage, Style
from assistant.types import Box, Role

HYPHEN_MARKS = (0x02, 0xFFFE, 0xAD)
"""What pdfium gives for a hyphen at a line's end; 0xAD is the soft hyphen itself."""
_LIGATURES = range(0xFB00, 0xFB07)
_RADICALS = range(0x2E80, 0x2FD6)
"""Chinese radicals that many fonts give in place of the ordinary character of the same look."""
_BULLETS = {0xF0B7, 0xF0A7, 0xF06E, 0xF0D8, 0x2022, 0x25CF, 0x25AA, 0x25A0}
_DROPPED = {"Cc", "Cf", "Cs", "Cn"}
"""Unicode categories with nothing to see: controls, zero-width and direction marks, halves of pairs, no characters."""
_JUMP = 3.0
"""A free gap along a line, in font sizes, that ends it (a table's columns, two columns of text on one height)."""
_BESIDE = 0.6
"""Font sizes that two characters on one line lie apart at most, or a raised one above its neighbour."""


@dataclass(slots=True)
class Line:
    """Characters `start` to `end` of a raw page, all on one line.

    `box` is upright: turned so that the text reads left to right, as is `frame`, the visible part of the page.
    `style` is the one most letters have, `first` and `last` those of the letters at its ends. `sideways` says that the
    text stands across the page as it is shown, `hyphen` that pdfium saw a word cut at the end. `role` is what later
    steps make of the line.
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


def glyphs(page: RawPage) -> list[str]:
    """The text of each character of a page; the two halves of a surrogate pair give one character and nothing."""
    codes: list[int] = page.codes.tolist()
    found = [glyph(code) for code in codes]
    for i in np.flatnonzero((page.codes[:-1] & ~0x3FF) == 0xD800).tolist():
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
    kept = ~false
    return replace(
        page,
        codes=page.codes[kept],
        boxes=page.boxes[kept],
        styles=page.styles[kept],
        generated=page.generated[kept],
        hidden=page.hidden[kept],
    )


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
    jumps = (gap > _JUMP * size) | (turned[a] != turned[b]) | ((rise > 0) & (back > 2 * size)) | (rise > 2 * size)
    marks = np.isin(page.codes, HYPHEN_MARKS)
    hyphens = a[marks[a] & ((rise > -0.5 * size) & (back > 0) | (rise > 0.2 * size))]
    feeds = np.flatnonzero((page.codes == 0x0D) | (page.codes == 0x0A))
    hides = np.flatnonzero(np.diff(page.hidden)) + 1
    cuts = np.unique(np.concatenate([b[jumps], hyphens + 1, feeds, feeds + 1, hides]))
    edges = [0, *cuts.tolist(), len(page.codes)]
    ends = set((hyphens + 1).tolist())
    return [(x, y, y in ends or bool(marks[y - 1])) for x, y in pairwise(edges) if y > x]


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
    return Line(page.number, start, end, words, sides, style, first, last, frame, sideways, hyphen, hidden)


@lru_cache(maxsize=64)
def _frame(bounds: Box, turned: int) -> Box:
    """The visible part of a page, turned as its text is."""
    x0, y0, x1, y1 = turn(np.array([bounds]), turned)[0].tolist()
    return (x0, y0, x1, y1)
