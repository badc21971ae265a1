"""BibTeX both ways: a user's .bib file -> entries, and papers -> entries to put into one.

Reading is bibtexparser's (entries, strings, what is broken) and pylatexenc's (accents and commands); both stay in here.
"""

from __future__ import annotations

import functools
import logging
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.index.records.authors import turn
from assistant.index.records.identifiers import YEAR, find_arxiv, find_dois, letters, surname
from assistant.index.records.record import Record
from assistant.index.records.venues import is_proceedings
from assistant.types import Paper

if TYPE_CHECKING:
    from pylatexenc.latex2text import LatexNodes2Text


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a user's bibliography: its key, what it says, and the files it names, as written."""

    key: str
    record: Record
    files: tuple[str, ...] = ()


_FORMULA = re.compile(r"(?<!\\)\$([^$]*)(?<!\\)\$")
_SPELT = {"textbraceleft": r"\{", "textbraceright": r"\}", "textasciicircum": "^"}
"""Characters whose names pylatexenc does not know, or takes for an accent's."""
_SPELT_OUT = re.compile(rf"\\({'|'.join(_SPELT)})(?:\{{\}}|\b)")
_STOPWORDS = frozenset(
    [
        "a",
        "an",
        "the",
        "on",
        "in",
        "of",
        "for",
        "and",
        "to",
        "with",
        "from",
        "by",
        "at",
        "is",
        "are",
        "do",
        "does",
        "how",
        "what",
        "why",
        "der",
        "die",
        "das",
        "le",
        "la",
        "les",
        "un",
        "une",
        "el",
    ]
)
_ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    **{c: rf"\{c}" for c in "&%$#_"},
}
_KEY_LENGTH = 12
"""Letters of a title's word in a key."""
_KEY_DIGITS = 4
"""Characters of its id that a paper's key gets where another paper has the same."""


def parse_bibtex(text: str) -> tuple[list[Entry], list[int]]:
    """The entries of a .bib file, and the lines (from 1) at which entries begin that cannot be read."""
    from bibtexparser.entrypoint import parse_string
    from bibtexparser.model import Entry as Parsed

    with _quiet("bibtexparser"):
        library = parse_string(text)
    entries = [_entry(e.key, {k.lower(): str(f.value) for k, f in e.fields_dict.items()}) for e in library.entries]
    broken = []
    for block in library.failed_blocks:
        # An entry whose key or whose field comes twice is whole all the same.
        whole = getattr(block, "ignore_error_block", None)
        if isinstance(whole, Parsed):
            entries.append(_entry(whole.key, {f.key.lower(): _bare(str(f.value)) for f in whole.fields}))
        else:
            broken.append((block.start_line or 0) + 1)
    return entries, broken


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """Without the warnings of a library that says through its logger what is said in a report here."""
    logger = logging.getLogger(name)
    before, logger.disabled = logger.level, logger.disabled
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)


def _bare(value: str) -> str:
    return value[1:-1] if value[:1] + value[-1:] in ("{}", '""') else value


def _entry(key: str, fields: Mapping[str, str]) -> Entry:
    def said(*names: str) -> str:
        return next((fields[name] for name in names if fields.get(name)), "")

    year = re.search(YEAR, said("year", "date"))
    addresses = " ".join((said("doi"), said("url"), said("note")))
    eprint = said("eprint") if "arxiv" in said("archiveprefix", "eprinttype").lower() else ""
    dois = find_dois(plain(said("doi"))) or find_dois(said("url"))
    record = Record(
        plain(said("title")),
        tuple(_author(name) for name in split_names(said("author"))),
        int(year[0]) if year else None,
        dois[0] if dois else "",
        find_arxiv(f"arXiv:{eprint}") if eprint else find_arxiv(addresses + " " + said("journal", "journaltitle")),
        re.sub(r"\D", "", said("pmid")),
        plain(said("journal", "journaltitle", "booktitle", "shortjournal")),
    )
    return Entry(key, record, split_files(said("file")))


def plain(text: str) -> str:
    """LaTeX as text: commands and accents decoded, braces and the dollars of formulas gone, white space single."""
    text = _SPELT_OUT.sub(lambda found: _SPELT[found[1]], _FORMULA.sub(r"\1", text))
    text = _decode(text) if "\\" in text else re.sub(r"[{}]", "", text).replace("~", " ")
    return " ".join(unicodedata.normalize("NFC", text).split())


def _decode(text: str) -> str:
    with _quiet("pylatexenc"):
        return str(_decoder().latex_to_text(text, tolerant_parsing=True))


@functools.cache
def _decoder() -> LatexNodes2Text:
    from pylatexenc.latex2text import LatexNodes2Text

    return LatexNodes2Text(math_mode="text", keep_comments=True)


def split_names(text: str) -> list[str]:
    """The names between "and"s that stand outside braces."""
    names, depth, start = [], 0, 0
    for found in re.finditer(r"[{}]|\s+and\s+", text, re.IGNORECASE):
        if found[0] in "{}":
            depth += 1 if found[0] == "{" else -1
        elif depth == 0:
            names.append(text[start : found.start()])
            start = found.end()
    return [name.strip() for name in (*names, text[start:]) if name.strip() and name.strip() != "others"]


def _author(name: str) -> str:
    """ "Author, Ann", "Author, Jr., Ann" and "{The Group}" as they are read aloud."""
    if name.startswith("{") and name.endswith("}") and "," in name and name.count("{") == 1:
        return plain(name)
    parts = [plain(part) for part in name.split(",")]
    if len(parts) == 3:
        return f"{parts[2]} {parts[0]} {parts[1]}"
    return turn(", ".join(parts[:2]))


def split_files(value: str) -> tuple[str, ...]:
    """The paths of a `file` field: "path", "path;path", or "title:path:type;..." with \\: and \\; for what belongs to a
    path (JabRef, Zotero, Better BibTeX)."""
    files = []
    for one in re.split(r"(?<!\\);", value):
        parts = re.split(r"(?<!\\):", one)
        path = parts[1] if len(parts) >= 3 else ":".join(parts)
        path = re.sub(r"\\([\\:;{}_&%#])", r"\1", path).strip()
        if path:
            files.append(path)
    return tuple(files)


def bibtex(papers: Iterable[Paper], *, among: Sequence[Paper] = ()) -> str:
    """The papers as BibTeX entries. `among` are the papers from which theirs keys must differ (the library's).

    A key is surname, year and first word of the title; where two papers would have the same, those after the first (by
    id) get the beginning of their id behind it, so that a key does not depend on which papers are asked for.
    """
    papers = list(papers)
    keys = _keys([*papers, *among])
    return "\n\n".join(_written(paper, keys[paper.id]) for paper in papers)


def _keys(papers: Iterable[Paper]) -> dict[str, str]:
    keys: dict[str, str] = {}
    taken: set[str] = set()
    for paper in sorted({p.id: p for p in papers}.values(), key=lambda p: p.id):
        key = _key(paper)
        if key in taken:
            key = f"{key}-{paper.id[:_KEY_DIGITS]}"
        while key in taken:
            key += "x"
        taken.add(key)
        keys[paper.id] = key
    return keys


def _key(paper: Paper) -> str:
    words = (letters(word) for word in re.split(r"[\W_]+", paper.title))
    word = next((w for w in words if len(w) > 1 and w.isascii() and w not in _STOPWORDS), "")
    name = surname(paper.authors[0]) if paper.authors else ""
    key = f"{name if name.isascii() else ''}{paper.year or ''}{word[:_KEY_LENGTH]}"
    return key if any(c.isalpha() for c in key) else f"paper{key}-{paper.id[:_KEY_DIGITS]}"


def _written(paper: Paper, key: str) -> str:
    proceedings = is_proceedings(paper.venue)
    kind = "inproceedings" if proceedings else "article" if paper.venue else "misc"
    fields = {
        "title": escape(paper.title),
        "author": " and ".join(_written_author(name) for name in paper.authors),
        "year": str(paper.year or ""),
        "booktitle" if proceedings else "journal": escape(paper.venue),
        "doi": escape(paper.doi),
        "eprint": escape(paper.arxiv),
        "archiveprefix": "arXiv" if paper.arxiv else "",
        "pmid": escape(paper.pmid),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])


def _written_author(name: str) -> str:
    escaped = escape(name)
    return f"{{{escaped}}}" if "," in name or re.search(r"\band\b", name, re.IGNORECASE) else escaped


def escape(text: str) -> str:
    """Text as LaTeX shows it; letters of any script stand as they are."""
    return "".join(_ESCAPES.get(c, c) for c in " ".join(text.split()))
