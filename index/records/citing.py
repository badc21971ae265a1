"""References -> the papers of the library that they name. Pure; the database is `catalogue`'s.

Nothing of this is stored but keys by which a reference and a paper find each other: which paper a reference names is
decided when asked, so it cannot go stale.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.index.records.identifiers import base_doi, is_preprint, letters, surname
from assistant.index.records.record import Record
from assistant.index.records.works import is_supplement, key_of, title_letters
from assistant.types import Reference

_ENDS = re.compile(r"[.?!]\s+|[。．]|[“”\"«»]|\[[JMDCRNPSGAZ/OLEB]+\]|[(（]\d{4}[a-z]?[)）]")
"""Where a title may begin or end in an entry."""
_MAX_PARTS, _MAX_JOINED = 12, 2
"""Parts of an entry looked at, and how many adjoining ones may be one title. Each gives a row in the database."""
_YEARS = 1
"""Between the year of a reference and that of the paper: online and in print."""


def reference_keys(reference: Reference) -> set[int]:
    """Keys of the papers that a reference may name, as `works.name_keys` has them."""
    named = {key_of("doi", base_doi(reference.doi))} if reference.doi else set()
    if reference.arxiv:
        named.add(key_of("arxiv", reference.arxiv))
    return named | {key_of("title", title) for title in titles(reference)}


def titles(reference: Reference) -> set[str]:
    """What may be the title of the work, in the form of `works.title_letters`: the one told by rule, and every run of
    the entry's parts that is long enough for one."""
    ends = [0, *(m.end() for m in _ENDS.finditer(reference.text)), len(reference.text)][: _MAX_PARTS + 1]
    found = {title_letters(reference.title)}
    for i, start in enumerate(ends):
        found.update(title_letters(reference.text[start:end]) for end in ends[i + 1 : i + 1 + _MAX_JOINED])
    return found - {""}


def resolve(reference: Reference, papers: Sequence[tuple[str, Record]]) -> str:
    """The id of the paper that a reference names, "" for none. Of the files of one work the one with the very DOI
    comes first, a supplement last."""
    fitting = [(paper_id, record) for paper_id, record in papers if names(reference, record)]
    fitting.sort(key=lambda p: (p[1].doi != reference.doi, is_supplement(p[1].title), is_preprint(p[1].doi), p[0]))
    return fitting[0][0] if fitting else ""


def names(reference: Reference, record: Record) -> bool:
    """Whether the reference is to the paper: same DOI or arXiv id, else same title and a fitting author or year."""
    if reference.doi and record.doi:
        if base_doi(reference.doi) == base_doi(record.doi):
            return True
        if not is_preprint(reference.doi) and not is_preprint(record.doi):
            return False
    if reference.arxiv and reference.arxiv == record.arxiv:
        return True
    title = title_letters(record.title)
    return title != "" and title in titles(reference) and _fits(reference, record)


def _fits(reference: Reference, record: Record) -> bool:
    first = surname(record.authors[0]) if record.authors else ""
    if first and first in letters(reference.text):
        return True
    if reference.year is None or record.year is None:
        return not first
    return abs(reference.year - record.year) <= _YEARS
