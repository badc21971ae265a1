"""Title, authors, year, DOI, arXiv id, PMID and journal of a paper, without network or model.

Sources: the first page as the layout gave it, the document information, the XMP packet. What a file says of itself is
often a template's or a file's name, so it is believed only where the first page shows the same; the page is next. Knows
nothing of fonts: the roles that the layout gave are all it sees.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

from assistant.index.records.authors import choose, listed, mend_accents, names
from assistant.index.records.entries import references
from assistant.index.records.identifiers import find_arxiv, find_dois, find_pmid, letters
from assistant.index.records.record import Record
from assistant.index.records.venues import find_venue
from assistant.types import Document, Page, Role

NOTHING = Record()
MAX_TITLE = 500
_NO_TITLE = re.compile(
    r"microsoft (?:word|powerpoint)|untitled|^\S+$|\.(?:docx?|tex|dvi|pdf|indd|qxd|rtf|odt)\b|\d+\.\.\d+"
    r"|^(?:title|paper)\b.{0,12}$",
    re.IGNORECASE,
)
_SHORT_TITLE = 20
"""Letters; a claimed title with fewer may be a journal's name or a label, so it must stand in the title itself."""
_ALIKE = 0.9
"""Ratio of two titles that are one title set differently (a formula, a ligature)."""
_YEAR = r"((?:19|20)\d\d)"
_YEARS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"published(?: online)?:?[^.;|]{{0,25}}?\b{_YEAR}\b",
        rf"(?:©|\(c\)|copyright)[^.;|]{{0,40}}?\b{_YEAR}\b",
        rf"(?:收稿|出版|发表)日期[^。；]{{0,12}}?{_YEAR}",
        rf"\({_YEAR}\)",
        rf"accepted(?: for publication)?:?[^.;|]{{0,25}}?\b{_YEAR}\b",
        rf"\b{_YEAR}\b",
    )
)
_STRONG = 2
"""How many of these say when a paper came out, and stand above the year that its XMP packet gives."""
_CREATED = re.compile(rf"(?:D:)?{_YEAR}")
_ABOUT_THE_FILE = (Role.FURNITURE, Role.FOOTNOTE, Role.AUTHOR, Role.CAPTION, Role.TABLE, Role.FIGURE)
"""Where a first page tells of itself; a DOI or a year in its running text is most likely another paper's."""
_NOTE = 250
"""Characters of a block of running text that may be a note all the same."""
_OTHERS = re.compile(
    r"(?:code|data|software|archive|repository|dataset|supplement|available|preprint|review)\b", re.IGNORECASE
)
_BEFORE = 80
"""Characters before a DOI in which a word for something else than the paper tells that it is not the paper's."""


def describe(
    pages: tuple[Page, ...],
    information: Mapping[str, str],
    flags: tuple[str, ...] = (),
    claimed: Record = NOTHING,
) -> Document:
    """The document with what can be told of it; what cannot is empty.

    `information` is the file's document information ("Title", "Author", "Subject", "CreationDate"), `claimed` what its
    XMP packet says.
    """
    notes = _notes(pages[0]) if pages else ()
    subject = _clean(information.get("Subject", ""))
    created = _CREATED.match(information.get("CreationDate", ""))
    doi = _doi(pages, notes, claimed.doi, (subject, _clean(information.get("Keywords", ""))))
    return Document(
        pages,
        _title(pages, (claimed.title, information.get("Title", ""))),
        _authors(pages, claimed.authors, information.get("Author", "")),
        _year(notes, claimed.year, int(created[1]) if created else None),
        doi,
        flags,
        claimed.arxiv or _arxiv(pages, doi),
        claimed.pmid or next((pmid for note in notes if (pmid := find_pmid(note))), ""),
        (claimed.venue or find_venue(notes, subject))[:MAX_TITLE],
        references=references(pages),
    )


def _texts(page: Page, *roles: Role) -> list[str]:
    return [_clean(page.text[b.start : b.end]) for b in page.blocks if b.role in roles]


def _clean(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _notes(page: Page) -> tuple[str, ...]:
    """The blocks that tell of the paper rather than in it, those most likely to first."""
    told = [text for role in _ABOUT_THE_FILE for text in _texts(page, role)]
    short = [text for text in _texts(page, Role.BODY, Role.HEADING, Role.LIST) if len(text) < _NOTE]
    return (*told, *short)


def _title(pages: Sequence[Page], given: Sequence[str]) -> str:
    """The first of the given titles that the first page shows too, else the first page's own."""
    given = [title for one in given if (title := _clean(one)[:MAX_TITLE]) and not _NO_TITLE.search(title)]
    if not pages:
        return next(iter(given), "")
    shown = mend_accents(" ".join(_texts(pages[0], Role.TITLE)))[:MAX_TITLE]
    page = letters(pages[0].text)
    for title in given:
        if _confirmed(letters(title), letters(shown), page):
            return title
    return shown or next(iter(given), "")


def _confirmed(title: str, shown: str, page: str) -> bool:
    """Whether the page shows a title (all in `letters`), and not a longer one that begins so."""
    if shown.startswith(title):
        return title == shown or len(title) >= _SHORT_TITLE > len(shown) - len(title)
    if title in page:
        return len(title) >= _SHORT_TITLE or not title.isascii() or (shown != "" and title.startswith(shown))
    return bool(shown) and SequenceMatcher(None, title, shown, autojunk=False).ratio() >= _ALIKE


def _authors(pages: Sequence[Page], claimed: tuple[str, ...], given: str) -> tuple[str, ...]:
    """The names that follow the title or those the file gives, whichever the page bears out."""
    shown = names(" , ".join(_texts(pages[0], Role.AUTHOR))) if pages else ()
    page = pages[0].text if pages else ""
    return choose(listed(claimed) or listed([_clean(given)]), shown, page)


def _year(notes: tuple[str, ...], claimed: int | None, created: int | None) -> int | None:
    """By the strongest wording on the first page; none is later than the year after the file was made."""
    latest = max(created + 1 if created else 2100, claimed or 0)
    for i, pattern in enumerate(_YEARS):
        if claimed and i == _STRONG:
            return claimed
        years = [int(found[1]) for note in notes if (found := pattern.search(note)) and int(found[1]) <= latest]
        if years:
            return years[0]
    return claimed or created


def _doi(pages: Sequence[Page], notes: Sequence[str], claimed: str, given: Sequence[str]) -> str:
    """The DOI the file claims, else the one that its pages' margins repeat, else the first page's first of its own."""
    if claimed:
        return claimed
    margins = Counter(
        doi for page in pages[:20] for text in _texts(page, Role.FURNITURE) for doi in set(find_dois(text))
    )
    repeated = next((doi for doi, times in margins.most_common(1) if times > 1), "")
    return repeated or next((doi for note in (*notes, *given) for doi in find_dois(_own(note))), "")


def _own(note: str) -> str:
    """A note without the DOIs that it gives for something else: the data, the code, an earlier version."""
    for doi in re.finditer(r"\b10\.\d{4,9}", note):
        if _OTHERS.search(note[max(0, doi.start() - _BEFORE) : doi.start()]):
            return note[: doi.start()]
    return note


def _arxiv(pages: Sequence[Page], doi: str) -> str:
    """The arXiv id of the stamp on the first page ("arXiv:2101.01234v1 [cs.CL] 1 Jan 2021"), or of an arXiv DOI."""
    stamp = re.search(r"arXiv:\S{7,25}(?:v\d+)?\s*\[[\w.-]+\]", pages[0].text) if pages else None
    return find_arxiv(stamp[0]) if stamp else find_arxiv(doi) if doi.startswith("10.48550/") else ""
