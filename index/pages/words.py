"""Characters of some lines -> words and the heights they stand on: what tables are made of.

Knows nothing of columns or cells. All boxes are upright, as those of `assistant.index.pages.lines.Line`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from assistant.index.geometry import turn
from assistant.index.pages.lines import Line
from assistant.index.pages.pdf import RawPage
from assistant.types import Box

_GAP = 0.6
"""Font sizes of free room between two characters that part words, where the file has no space."""
_DROP = 0.9
"""Font sizes by which the middle of a character lies off the one before it, in another line of a cell."""
_SMALL = 0.8
"""Share of the usual size below which a word is raised or lowered rather than a line of its own."""
_FLAT = 0.3
"""Font sizes below which a word is as flat as a dash or a dot."""
_NEAR = 0.8
"""Font sizes by which a raised word or a dash lies off the middle of its line at most."""
_SAME_HEIGHT = 0.45
"""Font sizes by which the middles of words on one height differ: a dash's and a bracket's do by a third."""


@dataclass(frozen=True, slots=True)
class Word:
    """Characters `start` to `end` of a raw page, all of `line`, without white space. `size` is in points."""

    start: int
    end: int
    text: str
    box: Box
    size: float
    line: Line

    @property
    def middle(self) -> float:
        """Height of the word's middle, in points."""
        return (self.box[1] + self.box[3]) / 2

    @property
    def middle_x(self) -> float:
        return (self.box[0] + self.box[2]) / 2


@dataclass(slots=True)
class TextLine:
    """Words on one height from left to right; `middle` is the height in points."""

    middle: float
    words: list[Word]

    @property
    def box(self) -> Box:
        return around(self.words)

    def phrases(self, gap: float) -> list[list[Word]]:
        """The words in groups, parted where there are `gap` font sizes of free room or more."""
        groups = [[self.words[0]]]
        for word in self.words[1:]:
            right = max(w.box[2] for w in groups[-1][-3:])
            if word.box[0] - right >= gap * max(word.size, groups[-1][-1].size):
                groups.append([])
            groups[-1].append(word)
        return groups


def around(words: Iterable[Word]) -> Box:
    """The box around words."""
    boxes = [word.box for word in words]
    return (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))


def words_of(page: RawPage, marks: Sequence[str], lines: Iterable[Line]) -> list[Word]:
    """The words of lines that stand the same way up; `marks` is the text of each character of the page."""
    found: list[Word] = []
    for line in lines:
        boxes = turn(page.boxes[line.start : line.end].astype(float), line.style.turned).tolist()
        seen = [
            (line.start + i, (b[0], b[1], b[2], b[3]))
            for i, b in enumerate(boxes)
            if marks[line.start + i].strip() and (b[0] != b[2] or b[1] != b[3])
        ]
        found += _split(seen, line, marks)
    return found


def _split(seen: Sequence[tuple[int, Box]], line: Line, marks: Sequence[str]) -> list[Word]:
    """The words of one line's seen characters (number, upright box)."""
    found: list[Word] = []
    size = max(line.size, 1.0)
    start = 0
    for i in range(1, len(seen) + 1):
        if i < len(seen) and not _parted(seen[i - 1], seen[i], size):
            continue
        group = seen[start:i]
        boxes = [box for _, box in group]
        box = (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))
        text = "".join(marks[n] for n, _ in group)
        found.append(Word(group[0][0], group[-1][0] + 1, text, box, size, line))
        start = i
    return found


def _parted(a: tuple[int, Box], b: tuple[int, Box], size: float) -> bool:
    (i, left), (j, right) = a, b
    if j > i + 1 and right[0] - left[2] > 0.05 * size:
        return True
    drop = abs(left[1] + left[3] - right[1] - right[3]) / 2
    return right[0] - left[2] > _GAP * size or right[2] < left[0] or drop > _DROP * size


def text_lines(words: Sequence[Word]) -> list[TextLine]:
    """The words by height, from the top. Small ones (raised figures, dashes) go to the height that is nearest."""
    if not words:
        return []
    usual = median(word.size for word in words)
    tall = [w for w in words if w.size >= _SMALL * usual and w.box[3] - w.box[1] > _FLAT * usual]
    found = _heights(tall, usual)
    left = []
    known = {id(word) for word in tall}
    for word in words:
        if id(word) in known:
            continue
        near = min(found, key=lambda line: abs(line.middle - word.middle), default=None)
        if near is not None and abs(near.middle - word.middle) < _NEAR * usual:
            near.words.append(word)
        else:
            left.append(word)
    found = sorted(found + _heights(left, usual), key=lambda line: -line.middle)
    for line in found:
        line.words.sort(key=lambda w: w.box[0])
    return found


def _heights(words: Iterable[Word], usual: float) -> list[TextLine]:
    found: list[TextLine] = []
    for word in sorted(words, key=lambda w: -w.middle):
        if found and found[-1].middle - word.middle <= _SAME_HEIGHT * usual:
            found[-1].words.append(word)
            found[-1].middle = median(w.middle for w in found[-1].words)
        else:
            found.append(TextLine(word.middle, [word]))
    return found
