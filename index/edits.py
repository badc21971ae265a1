"""What a user says of a paper -> a record, checked."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.errors import UsageError
from assistant.index.records.identifiers import YEAR, find_arxiv, find_dois
from assistant.index.records.record import Record

_MAX_TEXT = 2000


def changes(
    *,
    title: str | None = None,
    authors: Sequence[str] | None = None,
    year: int | str | None = None,
    doi: str | None = None,
    venue: str | None = None,
) -> tuple[Record, tuple[str, ...]]:
    """The fields that are set, and the names of those that are emptied; None leaves a field as it is.

    Raises UsageError for a year or a DOI that is none.
    """
    given = {"title": title, "authors": authors, "year": year, "doi": doi, "venue": venue}
    cleared = tuple(name for name, value in given.items() if value is not None and not value)
    record = Record(
        title=_line(title or ""),
        authors=tuple(name for author in authors or () if (name := _line(author))),
        year=_year(year) if year else None,
        doi=_doi(doi) if doi else "",
        arxiv=find_arxiv(doi or "") if doi and doi.lower().startswith("10.48550/") else "",
        venue=_line(venue or ""),
    )
    return record, cleared


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_MAX_TEXT]


def _year(year: int | str) -> int:
    if not re.fullmatch(YEAR, str(year).strip()):
        raise UsageError(f"{year!r} is no year; give four digits, as in 2019")
    return int(year)


def _doi(doi: str) -> str:
    found = find_dois(doi)
    if not found:
        raise UsageError(f"{doi!r} is no DOI; give it as in 10.1000/182")
    return found[0]
