"""Headings -> their levels, by the outline, their numbers or their type, and the path of headings over each block."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from statistics import median_low

from assistant.index.pages.headings import NUMBERED, USUAL, Face, face, goes_on
from assistant.index.pages.lines import Line
from assistant.index.pages.profile import Profile
from assistant.types import RUNNING_TEXT, Role

MAX_LEVEL = 6
_MAX_PATH, _MAX_NAME = 600, 200
"""Characters of a section's path and of one heading in it."""
_SIZE_STEP = 0.4
"""Points by which two types' sizes differ to count as different."""
_DECIMAL = re.compile(r"(?:\d{1,2}|[A-H])((?:\.\d{1,2})*)\.?\s*[^\W\d_]")
_CHINESE = (
    (re.compile(r"第.{1,4}章"), 1),
    (re.compile(r"第.{1,4}节"), 2),
    (re.compile(r"[一二三四五六七八九十]{1,3}、"), 1),
    (re.compile(r"[（(][一二三四五六七八九十]{1,3}[）)]"), 2),
)
_ROMAN, _LETTER = re.compile(r"[IVX]{1,5}\.\s"), re.compile(r"[A-H]\.\s")
_TOP = re.compile(r"abstract|summary|references|bibliography|摘\s*要|参考文献", re.IGNORECASE)
_CHIEF = re.compile(
    r"introduction|background|(?:(?:materials?|patients|subjects) ?(?:and|&) ?)?methods|results(?: and discussion)?"
    r"|discussions?(?: and conclusions?)?|conclusions?|acknowledge?ments?|abbreviations|funding",
    re.IGNORECASE,
)
"""Parts that every paper has: of the first level where they stand on a line of their own, whatever they are set in."""
_PART_OF_ABSTRACT = 2
_PATH_END = re.compile(r"[\s.:：。—–-]+$")


def set_levels(lines: Sequence[Line], run_ins: Iterable[Line], usual: Profile) -> None:
    """Set the level, from 1, of every heading among the file's lines, given in reading order.

    A run-in heading whose level is not known stands one below the heading before it that is none.
    """
    inline = {id(line) for line in run_ins}
    heads = [line for line in lines if line.role is Role.HEADING]
    roman = any(_ROMAN.match(line.text) for line in heads)
    by_face = _levels_of_types([line for line in heads if id(line) not in inline], roman)
    in_abstract = _of_abstract(lines)
    parts = {_name(line) for line in heads if id(line) in in_abstract}
    above = 0
    for before, line in zip((None, *heads), heads, strict=False):
        if before is not None and not line.level and id(line) not in inline and goes_on(before, line, usual):
            line.level = before.level
            continue
        if id(line) in in_abstract:
            line.level = _PART_OF_ABSTRACT
            continue
        if id(line) in inline:
            line.level = min(line.level or above + 1, MAX_LEVEL)
            continue
        # An outline that names the abstract's parts is taken for the paper's parts of the same names.
        outlined = 0 if _name(line) in parts else line.level
        told = outlined or numbered_level(line.text, roman) or int(_is_top(line.text))
        line.level = min(told or by_face[face(line)], MAX_LEVEL)
        above = line.level


def _name(line: Line) -> str:
    return _PATH_END.sub("", line.text).casefold()


def _is_top(text: str) -> bool:
    return _TOP.fullmatch(text) is not None or _CHIEF.fullmatch(text) is not None


def _of_abstract(lines: Sequence[Line]) -> set[int]:
    """The headings, by id, of a structured abstract's parts: those under "Abstract" that abstract follows."""
    found: set[int] = set()
    waiting: list[Line] = []
    begun = False
    for line in lines:
        if line.role is Role.HEADING:
            if _TOP.fullmatch(_name(line)):
                begun = True
            elif begun:
                waiting.append(line)
        elif line.role in RUNNING_TEXT:
            if line.role is Role.ABSTRACT:
                found.update(map(id, waiting))
            waiting = []
    return found


def numbered_level(text: str, roman: bool = False) -> int:
    """The depth that a heading's number tells ("2.1" is 2), 0 for none; with `roman`, letters count below numerals."""
    if not NUMBERED.match(text):
        return 0
    for pattern, level in _CHINESE:
        if pattern.match(text):
            return level
    if roman and (_ROMAN.match(text) or _LETTER.match(text)):
        return 1 if _ROMAN.match(text) else 2
    found = _DECIMAL.match(text)
    return 1 + found[1].count(".") if found else 1


def _levels_of_types(heads: Sequence[Line], roman: bool) -> dict[Face, int]:
    """The level of each type: the usual one of its headings that are numbered or in the outline, else by its rank."""
    told: defaultdict[Face, list[int]] = defaultdict(list)
    for line in heads:
        if level := line.level or numbered_level(line.text, roman) or bool(_TOP.fullmatch(line.text)):
            told[face(line)].append(int(level))
    top = Counter(face(line) for line in heads if USUAL.fullmatch(line.text)).most_common(1)
    strongest = _strength(top[0][0], heads) if top else None
    ranks = sorted({_strength(face(line), heads) for line in heads}, reverse=True)
    if strongest is not None:
        ranks = [rank for rank in ranks if rank <= strongest]
    levels = {}
    for kind in {face(line) for line in heads}:
        strength = _strength(kind, heads)
        rank = 1 + ranks.index(strength) if strength in ranks else 1
        levels[kind] = median_low(told[kind]) if kind in told else rank
    return levels


def _strength(kind: Face, heads: Sequence[Line]) -> tuple[int, bool, bool, bool]:
    """How a type ranks among headings: larger before smaller, capitals, bold, upright."""
    _, size, bold, italic = kind
    capitals = all(line.text.isupper() for line in heads if face(line) == kind)
    return round(size / _SIZE_STEP), capitals, bold, not italic


class SectionPath:
    """The headings that stand over what is read next; follows a file's headings in reading order."""

    def __init__(self) -> None:
        self._open: list[tuple[int, str]] = []

    def enter(self, text: str, level: int) -> str:
        """The path with this heading as its last; headings of its level and below it are closed."""
        while self._open and self._open[-1][0] >= level:
            self._open.pop()
        self._open.append((level, _PATH_END.sub("", " ".join(text.split()))[:_MAX_NAME]))
        return self.path

    @property
    def path(self) -> str:
        """ "Methods > Participants", "" before the first heading."""
        return " > ".join(name for _, name in self._open)[:_MAX_PATH]
