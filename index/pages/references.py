"""Marks the list of references, by its heading or, where a journal sets none, by its numbered entries."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.index.pages.lines import Line
from assistant.index.pages.profile import Profile
from assistant.types import Role

_HEADING = re.compile(
    r"(?:\d{1,2}\.?|[ivx]{1,5}\.)?\s*(?:references?(?:and(?:notes|recommendedreading))?(?:cited)?|bibliography|literaturecited|literature"
    r"|workscited|citedreferences|selectedreferences|références|literatur(?:verzeichnis)?|bibliografía|referencias|参考文献|參考文獻|文献)[:.]?"
)
_YEAR = re.compile(r"\b(?:1[89]|20)\d\d[a-z]?\b")
_ENTRY = re.compile(r"[\[(]?(\d{1,3})[\]).]{0,2}\s*\D")
_LATE = 0.5
"""Share of the paper after which a numbered run may be a list of references that has no heading."""
_RUN = 6
_AFTER = re.compile(
    r"(?:appendi(?:x|ces)|supplement|supporting information|acknowledge?ments?|author contributions|funding"
    r"|conflicts? of interest|competing interests|data availability|abbreviations|figure legends|tables|附录|致谢"
    r"|publisher.s note|authors? contributions?|biograph|about the author|nomenclature|ethic|declaration|received"
    r"|notes?\b|additional file|submit your|how to cite)",
    re.IGNORECASE,
)


def mark_references(pages: Sequence[Sequence[Line]], usual: Profile) -> None:
    """Set the role of the lines of every list of references; what follows a list stays as it was."""
    lines = [line for page in pages for line in page if line.role is Role.BODY]
    starts = [i for i, line in enumerate(lines) if is_references_heading(line, usual) and _looks_right(lines, i)]
    if not starts and (start := _numbered_run(lines)) is not None:
        _mark(lines, start, None, usual)
    for i in starts:
        lines[i].role = Role.HEADING
        _mark(lines, i + 1, lines[i], usual)


def is_references_heading(line: Line, usual: Profile) -> bool:
    words = "".join(line.text.casefold().split())
    return len(words) < 40 and _HEADING.fullmatch(words) is not None


def _looks_right(lines: Sequence[Line], heading: int) -> bool:
    """Years among the next lines; a table of contents has none."""
    after = lines[heading + 1 : heading + 13]
    return sum(bool(_YEAR.search(line.text)) for line in after) >= min(2, max(1, len(after) // 4))


def _numbered_run(lines: Sequence[Line]) -> int | None:
    """Index of the entry "1" of entries numbered 1 to 6 with years, in the last part of the paper."""
    first = int(_LATE * len(lines))
    for i in range(len(lines) - 1, first, -1):
        if _number(lines[i]) != 1:
            continue
        wanted, years = 2, 0
        for line in lines[i : i + 60]:
            years += bool(_YEAR.search(line.text))
            wanted += _number(line) == wanted
        if wanted > _RUN and years >= _RUN - 1:
            return i
    return None


def _number(line: Line) -> int:
    found = _ENTRY.match(line.text)
    return int(found[1]) if found else 0


def _mark(lines: Sequence[Line], start: int, heading: Line | None, usual: Profile) -> None:
    """Mark from `start` to where the list ends: at a heading, or at the paper's end."""
    entries = lines[start : start + 30]
    size = sorted(line.size for line in entries)[len(entries) // 2] if entries else 0.0
    for line in lines[start:]:
        if line.role is not Role.BODY or _ends(line, heading, size):
            return
        line.role = Role.REFERENCE


def _ends(line: Line, heading: Line | None, size: float) -> bool:
    """Whether a line starts something else: set as the list's heading was, or a usual part's name that stands out."""
    if heading is None:
        return bool(_AFTER.match(line.text)) and abs(line.size - size) > 0.3
    like_heading = line.style.font == heading.style.font and abs(line.size - heading.size) < 0.3
    stands_out = line.style.font != "" and (abs(line.size - size) > 0.3 or line.style.bold)
    different = abs(heading.size - size) > 0.3 or heading.style.bold
    if like_heading and different and len(line.text) > 3 and not line.text[0].isdigit() and line.width < 400:
        return True
    return stands_out and len(line.text) < 90 and bool(_AFTER.match(line.text))
