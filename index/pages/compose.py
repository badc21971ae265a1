"""Lines with their roles -> the text of a page, its blocks and its character boxes.

Decides how two lines are joined (a space, nothing, a hyphen kept or dropped) and in which order the blocks stand. Knows
nothing of how the roles were found.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from assistant.index.geometry import pack
from assistant.index.pages.lines import Line, glyphs
from assistant.index.pages.pdf import RawPage
from assistant.types import RUNNING_TEXT, Block, Page, Role, Span

_ORDER = {
    **dict.fromkeys(RUNNING_TEXT, 0),
    Role.AUTHOR: 1,
    **dict.fromkeys((Role.CAPTION, Role.TABLE, Role.FIGURE), 2),
    Role.FOOTNOTE: 3,
    Role.REFERENCE: 4,
    Role.FURNITURE: 5,
    Role.HIDDEN: 6,
}
_WORDS = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_LAST_PART = re.compile(r"([^\W_]+)-$")
_FIRST_PART = re.compile(r"[^\W_]+")
_EAST_ASIAN = re.compile(r"[\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uff00-\uffef]")
_LAST_PARTS = 2


@dataclass(slots=True)
class Paragraph:
    """Lines of one page that belong together, in reading order; `section` is the path of headings they stand under.

    In a table's row `starts` are the numbers of the lines that begin a cell: no word runs on over them.
    """

    role: Role
    lines: list[Line]
    section: str = ""
    level: int = 0
    starts: frozenset[int] = frozenset()

    @property
    def text(self) -> str:
        return " ".join(line.text for line in self.lines)


@dataclass(frozen=True, slots=True)
class Composed:
    """A page as read. `places` has for each character of its text the raw character it comes from, -1 for none."""

    page: Page
    places: NDArray[np.intp]

    def run(self, raw: Iterable[tuple[int, int]]) -> tuple[int, int]:
        """Start and end of the text that comes from runs of raw characters; (0, 0) for none."""
        found = [np.flatnonzero((self.places >= start) & (self.places < end)) for start, end in raw]
        at = np.concatenate([np.zeros(0, dtype=np.intp), *found])
        return (int(at.min()), int(at.max()) + 1) if len(at) else (0, 0)

    def block_around(self, raw: int) -> Span | None:
        """The block that a raw character came into, without white space at its end."""
        at, _ = self.run([(raw, raw + 1)])
        for block in self.page.blocks:
            if block.start <= at < block.end and self.places[at] == raw:
                text = self.page.text[block.start : block.end].rstrip()
                return Span(self.page.number, block.start, block.start + len(text))
        return None


class Hyphens:
    """Which hyphens at line ends belong to the word, told by how the paper spells it elsewhere."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self.seen: Counter[str] = Counter()
        for line in lines:
            words = _WORDS.findall(line.text)
            whole = words[:-1] if line.hyphen else words
            self.seen.update(word.lower() for word in whole)

    def keep(self, before: str, after: str) -> bool:
        """Whether `before` (which ends in "-") and `after` are joined with the hyphen."""
        left, right = _LAST_PART.search(before), _FIRST_PART.match(after)
        if not left or not right:
            return True
        a, b = left[1].lower(), right[0].lower()
        if not a[-1].isalpha() or not right[0][0].islower():
            return True
        with_hyphen, without = self.seen[f"{a}-{b}"], self.seen[a + b]
        return with_hyphen > without


def compose(raw: RawPage, size: tuple[float, float], paragraphs: Sequence[Paragraph], hyphens: Hyphens) -> Composed:
    """The page as read. `size` is its width and height in points before /Rotate."""
    marks = glyphs(raw)
    pieces: list[str] = []
    places: list[int] = []
    blocks: list[Block] = []
    for paragraph in sorted(paragraphs, key=lambda p: _ORDER[p.role]):
        text, at = _paragraph(raw, marks, paragraph, hyphens)
        if not text:
            continue
        if pieces:
            pieces.append("\n")
            places.append(-1)
            blocks[-1] = _longer(blocks[-1])
        blocks.append(Block(paragraph.role, len(places), len(places) + len(at), paragraph.section, paragraph.level))
        pieces.append(text)
        places += at
    at_raw = np.array(places, dtype=np.intp)
    boxes = np.concatenate([raw.boxes, np.zeros((1, 4), dtype=np.float32)])[at_raw]
    page = Page(raw.number, raw.label, *size, "".join(pieces), tuple(blocks), pack(boxes), raw.quality)
    return Composed(page, at_raw)


def _longer(block: Block) -> Block:
    """A block takes in the line feed behind it, so that blocks tile the text."""
    return replace(block, end=block.end + 1)


def _paragraph(raw: RawPage, marks: list[str], paragraph: Paragraph, hyphens: Hyphens) -> tuple[str, list[int]]:
    """Text and, for each of its characters, the raw character it comes from (-1: put in between)."""
    letters: list[str] = []
    at: list[int] = []
    for number, line in enumerate(paragraph.lines):
        word, where = _line(marks, line)
        if letters and word and number in paragraph.starts:
            letters.append(" ")
            at.append(-1)
        elif letters and word:
            _join(letters, at, "".join(word[:40]), hyphens)
        letters += word
        at += where
    return "".join(letters), at


def _line(marks: list[str], line: Line) -> tuple[list[str], list[int]]:
    """A line's characters without white space at its ends and with single spaces within."""
    letters: list[str] = []
    at: list[int] = []
    for i in range(line.start, line.end):
        for character in marks[i]:
            if character == " " and (not letters or letters[-1] == " "):
                continue
            letters.append(character)
            at.append(i)
    while letters and letters[-1] == " ":
        letters.pop()
        at.pop()
    return letters, at


def _join(letters: list[str], at: list[int], after: str, hyphens: Hyphens) -> None:
    """Prepare the end of `letters` for the next line, whose beginning is `after`."""
    if letters[-1] == "-" and len(letters) > 1 and letters[-2].isalnum():
        if not hyphens.keep("".join(letters[-40:]), after):
            letters.pop()
            at.pop()
        return
    if _EAST_ASIAN.match(letters[-1]) and _EAST_ASIAN.match(after):
        return
    letters.append(" ")
    at.append(-1)
