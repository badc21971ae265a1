"""Parts run-in headings from their paragraphs: bold or italic words that open one and end with "." or ":".

The line is split where its type changes, so that the heading becomes a line of its own.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from assistant.index.pages.headings import USUAL, Face
from assistant.index.pages.lines import Line
from assistant.index.pages.outline import Named, key
from assistant.index.pages.pdf import Style
from assistant.index.pages.profile import Profile
from assistant.types import Role

Cut = Callable[[Line, int], tuple[Line, Line]]
"""A line and the raw character that its second part begins with -> its two parts."""

_STOPS = (".", ":", "：", "。", "—", "–", "?")
_NO_SECTION = re.compile(
    r"\W*(?:theorem|lemma|proof|definition|corollary|proposition|remark|example|claim|conjecture|note|fig|table|tab\b"
    r"|scheme|box|key\s?-?words?|index terms|correspond|e-?mail|abbreviation|doi|issn|citation|copyright|©|received|"
    r"accepted|published|edited|reviewed|how to cite|to cite|vol|关键词|关键字|step|case|algorithm|q\d|a\d)\b",
    re.IGNORECASE,
)
_STRUCTURED = re.compile(
    r"(?:background|introduction|context|objectives?|aims?|purpose|hypothesis|importance|significance|limitations"
    r"|(?:materials? and |patients and )?methods?|methods and analysis|methods/design|design|study design|setting"
    r"|participants?|patients?|interventions?|main outcomes?.*|measurements?|results?|findings?|discussions?"
    r"|conclusions?|interpretation|trial registration.*|ethics and dissemination|funding"
    r"|strengths and limitations.*)",
    re.IGNORECASE,
)
_WHO_DID_WHAT = re.compile(r"contributions?\b|abbreviations?|about the authors?", re.IGNORECASE)
"""Sections whose bold words are the names of roles or terms, not headings."""
_MAX_WORDS, _MAX_LENGTH = 14, 110
_LINES = 3
"""Whole lines that a run-in heading may have before the one that it ends in."""
_OFTEN = 2
"""Run-in headings in one type from which the type is believed."""
_GAP = 1.3
_INDENT = 0.7
_LARGE = 1.4
"""Body sizes from which a line is no text with a run-in heading; an abstract may be set larger than the body."""
_ROLES = (Role.BODY, Role.ABSTRACT)


@dataclass(slots=True)
class _RunIn:
    """Line `i` opens with `text`, the end of a heading that begins at line `start`; `sure` by its words alone."""

    page: int
    start: int
    i: int
    at: int
    text: str
    face: Face
    sure: bool
    entry: Named | None


def part_run_ins(lines: list[Line], usual: Profile, cut: Cut, named: Sequence[Named]) -> list[Line]:
    """Split the file's lines, given in reading order, and mark the headings among the parts, which are given back."""
    heads: list[Line] = []
    by_words: defaultdict[str, list[Named]] = defaultdict(list)
    for entry in named:
        by_words[entry.words].append(entry)
    found = [run_in for i in range(len(lines)) if (run_in := _run_in(lines, i, usual, cut, by_words))]
    over = _headings_over(lines)
    found = [x for x in _once_each(found) if x.entry or not _WHO_DID_WHAT.search(over[x.start])]
    count = Counter(run_in.face for run_in in found)
    for run_in in reversed(found):
        if not run_in.sure and count[run_in.face] < _OFTEN:
            continue
        head, rest = cut(lines[run_in.i], run_in.at)
        for line in (*lines[run_in.start : run_in.i], head):
            line.role, line.level = Role.HEADING, (run_in.entry.level if run_in.entry else 0)
            heads.append(line)
        lines[run_in.i : run_in.i + 1] = [head, rest]
    return heads


def _headings_over(lines: Sequence[Line]) -> list[str]:
    """For each line the last heading before it."""
    over, last = [], ""
    for line in lines:
        over.append(last)
        last = line.text if line.role is Role.HEADING else last
    return over


def _once_each(found: Sequence[_RunIn]) -> list[_RunIn]:
    """Each entry of the outline is one heading: the one on the page it names, else the first."""
    best: dict[Named, _RunIn] = {}
    for run_in in found:
        entry = run_in.entry
        if entry and (entry not in best or abs(entry.page - run_in.page) < abs(entry.page - best[entry].page)):
            best[entry] = run_in
    return [run_in for run_in in found if run_in.entry is None or best[run_in.entry] is run_in]


def _run_in(
    lines: Sequence[Line], i: int, usual: Profile, cut: Cut, named: Mapping[str, Sequence[Named]]
) -> _RunIn | None:
    line = lines[i]
    if line.role not in _ROLES or line.sideways or not line.start < line.lead < line.end:
        return None
    if not _is_special(line.first, usual) or (line.last == line.first and line.style == line.first):
        return None
    head, rest = cut(line, line.lead)
    if not head.text or not rest.text or _is_special(rest.first, usual, line.first) or rest.size > _LARGE * usual.size:
        return None
    at = line.lead
    if rest.text[:1] in _STOPS and len(rest.text) > 1:
        at += 1
        head, rest = cut(line, at)
    start = _beginning(lines, i)
    text = " ".join([*(x.text for x in lines[start:i]), head.text])
    return _judge(lines, start, i, at, text, rest, usual, named)


def _judge(
    lines: Sequence[Line],
    start: int,
    i: int,
    at: int,
    text: str,
    rest: Line,
    usual: Profile,
    named: Mapping[str, Sequence[Named]],
) -> _RunIn | None:
    """The run-in heading, if the words `text` and their place are those of one."""
    first = lines[start].first
    entry = next((n for n in named.get(key(text), ()) if abs(n.page - lines[i].page) <= 1), None)
    structured = lines[i].role is Role.ABSTRACT and _STRUCTURED.fullmatch(text.rstrip(" .:"))
    if not (text[:1].isupper() or text[:1].isdigit() or not text[:1].isascii()) or _NO_SECTION.match(text):
        return None
    if len(text) > _MAX_LENGTH or len(text.split()) > _MAX_WORDS or sum(c.isalpha() for c in text) < 3:
        return None
    if not (text.endswith(_STOPS) or entry or (structured and rest.text[:1].isupper())):
        return None
    if not entry and not _begins_paragraph(lines, start, usual, after_stop=bool(structured)):
        return None
    face = (first.font, first.size, first.bold, first.italic)
    sure = bool(entry or structured or USUAL.fullmatch(text))
    return _RunIn(lines[i].page, start, i, at, text, face, sure, entry)


def _is_special(style: Style, usual: Profile, beside: Style | None = None) -> bool:
    """Whether a type differs from the body's as that of a run-in heading does, or is the one `beside` it."""
    if beside is not None:
        return style == beside
    return (style.bold and not usual.bold) or style.italic or style.font not in usual.fonts


def _beginning(lines: Sequence[Line], i: int) -> int:
    """Index of the first of the lines before `i` that are set, whole, in the type that line `i` begins with."""
    start = i
    while start > 0 and i - start < _LINES:
        before = lines[start - 1]
        whole = before.style == before.first == before.last == lines[i].first and before.lead >= before.end
        if (
            not whole
            or before.role is not lines[i].role
            or not 0 < before.middle - lines[start].middle < 2 * before.size
        ):
            break
        if before.text.endswith(_STOPS):
            break
        start -= 1
    return start


def _begins_paragraph(lines: Sequence[Line], i: int, usual: Profile, *, after_stop: bool) -> bool:
    """Whether a paragraph begins with line `i`: after a heading, with room above, moved in, or after a short line; with
    `after_stop` also after any sentence's end."""
    if i == 0 or lines[i - 1].role not in _ROLES:
        return True
    before, line = lines[i - 1], lines[i]
    distance = before.middle - line.middle
    if before.page != line.page or distance < 0:
        return before.text.endswith(_STOPS)
    indented = line.box[0] - before.box[0] > _INDENT * line.size
    short = before.width < 0.9 * usual.column
    ended = before.text.rstrip("0123456789,[]()–- ").endswith((*_STOPS, "!", "”", '"')) or before.text.endswith(
        ("]", ")")
    )
    return distance > 0.3 * line.size and (
        distance > _GAP * usual.leading or (ended and (indented or short or after_stop))
    )
