"""The papers of a library listed a page at a time: searched, filtered and sorted in the database.

Knows what kinds of flags there are; what a flag says in full stands with the paper.
"""

from __future__ import annotations

import json
import re
import unicodedata

from assistant.errors import UsageError
from assistant.index.store import Store
from assistant.types import FlagKind, Listed, Listing, Paper

ANY, NONE = "any", "none"
_KINDS = (
    (FlagKind.HIDDEN_TEXT, re.compile(r"hidden text")),
    (FlagKind.ENCRYPTED, re.compile(r"encrypted")),
    (FlagKind.SCAN, re.compile(r"OCR|pictures?\b")),
    (FlagKind.LITTLE_TEXT, re.compile(r"very little text|no running text")),
    (FlagKind.INCOMPLETE, re.compile(r"not (?:be )?read|cannot be read|only the first|was read$")),
)
"""Which words of a flag, as the readers write them, tell its kind; the first that fits."""
_RETRACTED = re.compile(r"\W*(?:retracted|withdrawn)\b", re.IGNORECASE)
"""Publishers write it before the title."""
_ORDER = {
    "title": "folded(title)",
    "author": "folded(names(authors))",
    "year": "year IS NULL, year",
    "added": "reading_id",
    "pages": "(SELECT count(*) FROM pages WHERE pages.reading_id = papers.reading_id)",
}
_SEVERAL_FILES = "work_id IN (SELECT work_id FROM papers GROUP BY work_id HAVING count(*) > 1)"


def list_papers(store: Store, wanted: Listing) -> Listed:
    """What `wanted` asks for. Raises UsageError for an order or a flag that is none."""
    where, values = _where(wanted)
    if wanted.sort not in _ORDER:
        raise UsageError(f"papers cannot be sorted by {wanted.sort!r}; choose one of {', '.join(_ORDER)}")
    direction = "DESC" if wanted.descending else "ASC"
    db = store.db
    db.create_function("folded", 1, folded, deterministic=True)
    db.create_function("names", 1, _names, deterministic=True)
    db.create_function("of_kind", 3, _of_kind, deterministic=True)
    with store.snapshot():
        total = db.execute(f"SELECT count(*) FROM papers WHERE {where}", values).fetchone()[0]
        rows = db.execute(
            f"SELECT id, {_SEVERAL_FILES} FROM papers WHERE {where} ORDER BY {_ORDER[wanted.sort]} {direction}, id "
            "LIMIT ? OFFSET ?",
            (*values, wanted.count, wanted.first),
        ).fetchall()
        papers = ((store.papers(paper_id)[0], bool(several)) for paper_id, several in rows)
        return Listed(tuple((paper, flag_kinds(paper, several_files=several)) for paper, several in papers), total)


def flag_kinds(paper: Paper, *, several_files: bool = False) -> tuple[FlagKind, ...]:
    """What is odd about a paper; `several_files` says that its work has other files in the library."""
    found = _kinds(paper.title, paper.flags) | ({FlagKind.DUPLICATE} if several_files else set())
    return tuple(kind for kind in FlagKind if kind in found)


def _kinds(title: str, flags: tuple[str, ...]) -> set[FlagKind]:
    kinds = {next((kind for kind, words in _KINDS if words.search(flag)), FlagKind.OTHER) for flag in flags}
    return kinds | ({FlagKind.RETRACTED} if _RETRACTED.match(title) else set())


def _of_kind(title: str, flags: str, wanted: str) -> bool:
    kinds = _kinds(title, tuple(json.loads(flags)))
    return bool(kinds) if wanted == ANY else wanted in kinds


def _where(wanted: Listing) -> tuple[str, list[str | int]]:
    parts, values = ["id NOT IN (SELECT paper_id FROM leaving)"], list[str | int]()
    for word in folded(wanted.words).split():
        parts.append("instr(folded(title || ' ' || names(authors) || ' ' || venue || ' ' || doi || ' ' || id), ?) > 0")
        values.append(word)
    for bound, year in ((">=", wanted.year_from), ("<=", wanted.year_to)):
        if year is not None:
            parts.append(f"year {bound} ?")
            values.append(year)
    if wanted.flag:
        part, value = _flag(wanted.flag)
        parts.append(part)
        values += value
    return " AND ".join(parts), values


def _flag(flag: str) -> tuple[str, list[str]]:
    if flag == FlagKind.DUPLICATE:
        return _SEVERAL_FILES, []
    if flag == NONE:
        return f"NOT of_kind(title, flags, ?) AND NOT {_SEVERAL_FILES}", [ANY]
    if flag == ANY:
        return f"(of_kind(title, flags, ?) OR {_SEVERAL_FILES})", [ANY]
    if flag not in list(FlagKind):
        raise UsageError(f"there is no flag {flag!r}; choose one of {', '.join(FlagKind)}, any, none")
    return "of_kind(title, flags, ?)", [flag]


def folded(text: str) -> str:
    """Text without case and accents, for comparing."""
    split = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in split if not unicodedata.combining(c))


def _names(authors: str) -> str:
    return " ".join(json.loads(authors))
