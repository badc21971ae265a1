"""Blocks of a list of references -> its entries, and what each says: label, year, DOI, arXiv id, title.

Pure, by rule; knows blocks of text and how references are set (APA, Vancouver, MDPI, numbered, GB/T 7714), nothing of
fonts.
An entry that runs over a column or a page stands in two blocks; blocks that hold several numbered entries are cut.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from assistant.index.records.identifiers import YEAR, find_arxiv, find_dois
from assistant.types import Page, Reference, Role, Span

MAX_ENTRIES = 5_000
MAX_ENTRY = 5_000
"""Characters of one entry; a longer one is cut: it is most likely several."""
_NUMBERED_SHARE = 0.3
"""Share of the first blocks that begin with a rising number from which on the list counts as numbered; blocks that go
on with an entry have none."""
_RISING = 0.8
_LOOKED_AT = 40
_LABELS = {
    "bracket": (r"\s*\[\s*{n}\s*\]", re.compile(r"\s*\[\s*(\d{1,4})\s*\]")),
    "stop": (r"\s*{n}\s?[.)](?=\s*[^\W_a-z])", re.compile(r"\s*(\d{1,3})\s?[.)](?=\s*[^\W_a-z])")),
    "round": (r"\s*\({n}\)", re.compile(r"\s*\((\d{1,3})\)")),
    "bare": (r"\s*{n}\s+(?=[^\W\d_a-z]|van |von |de )", re.compile(r"\s*(\d{1,3})\s+(?=[^\W\d_a-z])")),
}
_KEY = re.compile(r"\s*\[([^\W\d_][\w+.-]{1,15}\d{2}[a-z]?)\]")
_GAP = 3
"""Numbers that may be missing between two entries, where the layout lost some."""
_CONTINUES = re.compile(r"\s*(?:[a-z]|https?:|doi|www\.|in:|\d+[,:(–-]|[,;:)&–-]|pp?\.)")
_ANY_YEAR = re.compile(rf"(?<![\d/–-]){YEAR}(?!\d)|\bn\.\s?d\.|in press|forthcoming", re.IGNORECASE)
_ADDRESS = re.compile(
    r"(?:https?\s?:\s?/\s?/|www\.|doi:?\s?)\S+(?:\s[^\s/]*/\S*){0,3}|\b10\.\d{4,9}/\S+", re.IGNORECASE
)
_CUT_DOI = re.compile(
    r"(\b10\.\d{4,9}/\S{0,200}[^\s.,;])((?:\s[\w/()<>-]*[./-]?[\w/()<>-]*\d[\w./()<>;:-]*){1,2})\.?\s*$"
)
"""A DOI at an entry's end that a line's end cut anywhere."""
_VISITED = re.compile(
    rf"(?:accessed|retrieved|visited|cited|last checked|访问|引用)[^.;\]]{{0,30}}?{YEAR}|\[{YEAR}[-/]\d\d?[-/]\d\d?\]",
    re.IGNORECASE,
)
_IN_BRACKETS = re.compile(rf"[(（](?:\w+\.?,?\s){{0,3}}({YEAR})[a-z]?(?:,[^)）]{{0,20}})?[)）]")
_VOLUME = re.compile(rf"(?<![\d/–-])({YEAR})(?:\s[A-Z][a-z]{{2}}(?:\s\d+)?)?\s?;\s?\d")
"""As in "1999;31:422" and "2010 Mar 3;5"."""
_PAGES = re.compile(rf"(?::|：|\bpp?\.)\s*\d+(?:\s?[-–]\s?\d+)?|\d+\s?[-–]\s?{YEAR}|{YEAR}\s?[-–]\s?\d+")
_QUOTED = re.compile(r"[“\"«„‘](.{8,400}?)[,.?!]?[”\"»“’](?![\w])")
_GBT = re.compile(r"(.{4,300}?)\s?\[(?:[JMDCRNPSGAZ]|EB|DB|CP)(?:/[A-Z]{2})?\]")
_GBT_PARTS = re.compile(r"(?:(?<=[^A-Z])|(?<=[A-Z] [A-Z])|(?<=[A-Z]{2}))[.．。]\s*(?=\S)")
_AFTER_YEAR = re.compile(
    rf"[(（](?:\w+\.?,?\s){{0,3}}(?:{YEAR}[a-z]?|n\.\s?d\.|in press)(?:,[^)）]{{0,20}})?[)）][.,:]?\s*(?=\S)"
)
_PLAIN_YEAR = re.compile(rf"(?:\.|et al,?|;)\s+{YEAR}[a-z]?([,.:])\s+(?=[^\W\d_a-z])")
"""The year between authors and title: "Conn, B. J. 2013, Title, Telopea, 15" and "Conn, B. J. 2013. Title." """
_JOURNAL = re.compile(r",\s+[^,]{2,80},\s*(?:vol\.?\s*)?\d.*$")
_NAME = r"[^\W\d_][\w’'`´.-]*"
_VANCOUVER = re.compile(
    rf"(?>{_NAME}(?:\s{_NAME}){{0,3}}\s[A-Z][A-Z-]{{0,3}}(?:\s(?:Jr|Sr|[23]rd|II))?(?:,\s+(?:and\s+)?|\s+and\s+|;\s+))*"
    rf"(?:{_NAME}(?:\s{_NAME}){{0,3}}\s[A-Z][A-Z-]{{0,3}}|et al|others)(?:,?\s+et\s+al|,?\s+eds?)?[.:]\s*(?=\S)"
)
_PEOPLE = (
    rf"(?>{_NAME}(?:\s{_NAME}){{0,2}},\s(?:[^\W\d_]\.[-\s]?){{1,4}}(?:;\s+|,\s*|\s*&\s+|\s*and\s+)?)+"
    r"(?:et al\.?[,;]?\s+)?"
)
_INITIALS = re.compile(_PEOPLE + r"(?=\S)")
_ONLY_PEOPLE = re.compile(_PEOPLE + r"(?:[^\W\d_][^\s.,]*,?)?\s*")
_STOP = re.compile(
    r"(?:(?<=[^\W\d_]{3})|(?<=[\d)\]”’*A-Z]))(?<!\sI)(?<!\sII)(?<!\sIII)(?<!\sIV)(?<!\sV)[.?!]\s+(?![IVX]{1,4}\.\s)"
    r"(?=[^\W_a-z]|In\b|in:)|(?<=[\u3400-\u9fff])[.．。]\s*"
)
"""Where one part of an entry ends: not after an initial, nor around a roman number that is part of a title."""
_UNTITLED = re.compile(r"available (?:online|from|at)|https?:|accessed", re.IGNORECASE)
_MORE_WORDS, _MORE_SMALL = 3, 0.7
"""Long words behind a stop, and the share of them in small letters, from which on they belong to the title."""
_MIN_TITLE = 4
_MAX_TITLE = 400


@dataclass(slots=True)
class _Entry:
    label: str = ""
    spans: list[Span] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(self.texts)


def references(pages: Sequence[Page]) -> tuple[Reference, ...]:
    """The entries of a paper's lists of references, in order, at most MAX_ENTRIES."""
    blocks = [(page, b.start, b.end) for page in pages for b in page.blocks if b.role is Role.REFERENCE]
    style = _style([page.text[start:end] for page, start, end in blocks[:_LOOKED_AT]])
    found: list[_Entry] = []
    for page, start, end in blocks:
        for first, last in _pieces(page.text, start, end, style, found):
            _add(found, page, first, last, style)
        if len(found) > MAX_ENTRIES:
            break
    return tuple(_reference(entry) for entry in found[:MAX_ENTRIES] if entry.spans)


def _style(texts: Sequence[str]) -> str:
    """How the entries are numbered: a key of _LABELS, "key", or "" for not at all."""
    for name, pattern in [(name, pattern) for name, (_, pattern) in _LABELS.items()] + [("key", _KEY)]:
        labels = [found[1] for text in texts if (found := pattern.match(text))]
        if labels and len(labels) >= _NUMBERED_SHARE * len(texts) and (name == "key" or _rise(labels)):
            return name
    return ""


def _rise(labels: Sequence[str]) -> bool:
    """Whether (nearly) every number is above the one before it."""
    steps = [int(a) < int(b) for a, b in pairwise(labels)]
    return sum(steps) >= _RISING * len(steps)


def _pieces(text: str, start: int, end: int, style: str, found: Sequence[_Entry]) -> Iterator[tuple[int, int]]:
    """A block, cut where the next numbers stand in it."""
    if style not in _LABELS:
        yield start, end
        return
    label = _LABELS[style][1].match(text, start, end)
    number = int(label[1]) if label else _last(found)
    at = start
    while at < end:
        inner = re.compile(r"(?<=[\w.)\]/])\s+(?=" + _LABELS[style][0].format(n=number + 1) + ")")
        cut = inner.search(text, at + 1, end) if number else None
        yield at, cut.end() if cut else end
        at, number = (cut.end(), number + 1) if cut else (end, number)


def _last(found: Sequence[_Entry]) -> int:
    return int(found[-1].label) if found and found[-1].label.isdigit() else 0


def _add(found: list[_Entry], page: Page, start: int, end: int, style: str) -> None:
    """A piece of text as a new entry, or as more of the last one."""
    text = page.text[start:end]
    lead, size = len(text) - len(text.lstrip()), len(text.strip())
    if not size:
        return
    label = _begins(text, style, found)
    if label is None and found:
        entry = found[-1]
    else:
        entry = _Entry(label or "")
        found.append(entry)
    size = min(size, MAX_ENTRY - len(entry.text))
    if size > 0:
        entry.spans.append(Span(page.number, start + lead, start + lead + size))
        entry.texts.append(text[lead : lead + size].replace("\n", " "))


def _begins(text: str, style: str, found: Sequence[_Entry]) -> str | None:
    """The label of the entry that begins with `text`, "" for one without; None for more of the last one."""
    if style == "key":
        key = _KEY.match(text)
        return key[1] if key else None
    if style:
        label = _LABELS[style][1].match(text)
        last = _last(found)
        fits = label is not None and (not last or 1 <= int(label[1]) - last <= _GAP or int(label[1]) == 1)
        return label[1] if label and fits else None
    if not found:
        return ""
    before = found[-1].text
    unfinished = before.endswith((",", "&", ":", ";", "-")) or not _ANY_YEAR.search(before)
    yearless = not _ANY_YEAR.search(_ADDRESS.sub("", text)) and (unfinished or not _ONLY_PEOPLE.fullmatch(text))
    return None if _CONTINUES.match(text) or yearless or (unfinished and before[-1:] in ",&-:;") else ""


def _reference(entry: _Entry) -> Reference:
    text = entry.text
    dois = find_dois(_CUT_DOI.sub(lambda found: found[1] + "".join(found[2].split()), text))
    body = _unlabelled(text)
    return Reference(
        text,
        tuple(entry.spans),
        entry.label,
        find_year(body),
        dois[0] if dois else "",
        find_arxiv(text),
        find_title(body),
    )


def _unlabelled(text: str) -> str:
    for pattern in (*(pattern for _, pattern in _LABELS.values()), _KEY):
        if found := pattern.match(text):
            return text[found.end() :].strip()
    return text.strip()


def find_year(text: str) -> int | None:
    """The year an entry came out: the first in brackets, else the last that is no page, access date or part of an
    address."""
    text = _VISITED.sub(" ", _ADDRESS.sub(" ", text))
    if found := _IN_BRACKETS.search(text) or _VOLUME.search(text):
        return int(found[1])
    years = re.findall(rf"(?<![\d.])({YEAR})[a-z]?(?![\d\w])", _PAGES.sub(" ", text)) or re.findall(
        rf"\b({YEAR})\b", text
    )
    return int(years[-1]) if years else None


def find_title(text: str) -> str:
    """The title of the work an entry names; "" where no rule finds one. `text` has no label."""
    if quoted := _QUOTED.search(text):
        return _as_title(quoted[1])
    if marked := _GBT.match(text):
        parts = [part for part in _GBT_PARTS.split(marked[1]) if part.strip()]
        return _as_title(parts[-1] if parts else "")
    text = _ADDRESS.sub(" ", text).strip()
    year = _AFTER_YEAR.search(text)
    if year and len(text) - year.end() >= _MIN_TITLE:
        return _as_title(_first_part(text[year.end() :]))
    if (year := _PLAIN_YEAR.search(text)) and year.start() < len(text) / 2:
        rest = text[year.end() :]
        return _as_title(_JOURNAL.sub("", rest) if year[1] == "," else _first_part(rest))
    for authors in (_VANCOUVER, _INITIALS):
        if (found := authors.match(text[:MAX_ENTRY])) and found.end() < len(text):
            return _as_title(_first_part(text[found.end() :]))
    parts = _STOP.split(text, maxsplit=1)
    return _as_title(parts[0] if len(parts) < 2 or _UNTITLED.match(parts[1]) else _first_part(parts[1]))


def _first_part(text: str) -> str:
    """Up to the first stop behind which no more of a title stands: a journal's name has capitals, or a number."""
    for stop in _STOP.finditer(text):
        after = _STOP.split(text[stop.end() :], maxsplit=1)
        if len(after) < 2 or not _is_more_title(after[0]):
            return text[: stop.start() + (stop[0][0] in "?!")]
    return text


def _is_more_title(part: str) -> bool:
    words = [word for word in part.split()[1:] if len(word) > 3]
    small = sum(word[0].islower() for word in words)
    return len(words) >= _MORE_WORDS and not any(c.isdigit() for c in part) and small > _MORE_SMALL * len(words)


def _as_title(text: str) -> str:
    text = text.strip(" .,;:“”\"'")
    return text if _MIN_TITLE <= len(text) <= _MAX_TITLE else ""
