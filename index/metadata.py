"""Title, authors, year and DOI of a paper, from its first page and its document information; no network, no model.

Document information is often wrong (a file's name, a template's title), so what stands on the first page wins. Knows
nothing of fonts: the roles that the layout gave are all it sees.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from assistant.types import Document, Page, Role

_MAX_TITLE = 500
_MAX_AUTHORS = 100
_NO_TITLE = re.compile(
    r"microsoft (?:word|powerpoint)|untitled|^\S+$|\.(?:docx?|tex|dvi|pdf|indd|qxd|rtf|odt)\b|\d+\.\.\d+"
    r"|^(?:title|paper)\b.{0,12}$",
    re.IGNORECASE,
)
_DOI = re.compile(r"\b10\.\d{4,9}/[^\s\"<>，。；]+")
_CUT_DOI = re.compile(r"(\b10\.\d{4,9}/\S*[./])\s(?=\d{4,})")
"""A DOI cut at a line's end."""
_DOI_END = re.compile(r"[.,;:)\]}]+$")
_YEAR = r"((?:19|20)\d\d)"
_YEARS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"published(?: online)?:?[^.;|]{{0,25}}?\b{_YEAR}\b",
        rf"(?:©|\(c\)|copyright)[^.;|]{{0,40}}?\b{_YEAR}\b",
        rf"\({_YEAR}\)",
        rf"accepted(?: for publication)?:?[^.;|]{{0,25}}?\b{_YEAR}\b",
        rf"\b{_YEAR}\b",
    )
)
_CREATED = re.compile(rf"(?:D:)?{_YEAR}")
_BETWEEN_NAMES = re.compile(r"[,;&·•|\d*†‡§¶∗⁎#，、；]+|\s+(?:and|und|et|y)\s+|\sORCID\b", re.IGNORECASE)
_PART = r"(?:[^\W\d_a-z][\w’'`´.-]*|de|van|von|der|den|la|le|di|da|do|dos|del|el|al|bin|ibn|ter|ten)"
_NAME = re.compile(rf"{_PART}(?:\s+{_PART}){{1,5}}|[\u4e00-\u9fff]{{2,4}}")
_NO_NAME = re.compile(
    r"univers|institu|depart|facult|school|college|hospital|cent(?:er|re|ro)\b|laborato|academy|division|research"
    r"|correspond|street|scienc|consult|\bdept|materials|control|entomolog|medic"
    r"|abstract|received|copyright|\binc\b|\bltd\b|journal|road|\bp\.?o\.? box|大学|学院|研究",
    re.IGNORECASE,
)
_ABOUT_THE_FILE = (Role.FURNITURE, Role.FOOTNOTE, Role.AUTHOR, Role.CAPTION, Role.TABLE, Role.FIGURE)
"""Where a first page tells of itself; a DOI or a year in its running text is most likely another paper's."""
_NOTE = 250
"""Characters of a block of running text that may be a note all the same."""


def describe(pages: tuple[Page, ...], information: Mapping[str, str], flags: tuple[str, ...] = ()) -> Document:
    """The document with what can be told of it; what cannot is empty.

    `information` is the file's document information ("Title", "Author", "Subject", "CreationDate").
    """
    notes = _notes(pages[0]) if pages else ()
    created = _CREATED.match(information.get("CreationDate", ""))
    return Document(
        pages,
        _title(pages, information.get("Title", "")),
        _authors(pages, information.get("Author", "")),
        _year(notes, int(created[1]) if created else None),
        _doi((*notes, information.get("Subject", ""), information.get("Keywords", ""))),
        flags,
    )


def _texts(page: Page, role: Role) -> list[str]:
    return [_clean(page.text[b.start : b.end]) for b in page.blocks if b.role is role]


def _clean(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _notes(page: Page) -> tuple[str, ...]:
    """The blocks that tell of the paper rather than in it, those most likely to first."""
    told = [text for role in _ABOUT_THE_FILE for text in _texts(page, role)]
    short = [text for role in (Role.BODY, Role.HEADING, Role.LIST) for text in _texts(page, role) if len(text) < _NOTE]
    return (*told, *short)


def _title(pages: tuple[Page, ...], given: str) -> str:
    """The title in the file's information where the first page shows it too, else the first page's."""
    given = _clean(given)[:_MAX_TITLE]
    if not pages:
        return given
    if given and not _NO_TITLE.search(given) and _letters(given) in _letters(pages[0].text):
        return given
    shown = " ".join(text for page in pages[:1] for text in _texts(page, Role.TITLE))[:_MAX_TITLE]
    return shown or ("" if _NO_TITLE.search(given) else given)


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _authors(pages: tuple[Page, ...], given: str) -> tuple[str, ...]:
    """The names that follow the title; where none can be told, those in the file's information."""
    shown = names(" , ".join(_texts(pages[0], Role.AUTHOR))) if pages else ()
    return shown or names(_clean(given))


def names(text: str) -> tuple[str, ...]:
    """The personal names that `text` begins with, up to the first piece that is none (an institution, a place)."""
    found: list[str] = []
    for piece in _BETWEEN_NAMES.split(text[:20_000]):
        name = piece.strip(" .-–—()[]:")
        name = re.sub(r"^(?:and|by)\s+", "", name, flags=re.IGNORECASE)
        if len(name) < 2 or (len(name) < 4 and name.isascii()):
            continue
        if not _NAME.fullmatch(name) or _NO_NAME.search(name) or len(found) == _MAX_AUTHORS:
            break
        if name not in found:
            found.append(name)
    return tuple(found)


def _year(notes: tuple[str, ...], created: int | None) -> int | None:
    """By the strongest wording on the first page; none is later than the year after the file was made."""
    latest = created + 1 if created else 2100
    for pattern in _YEARS:
        years = [int(found[1]) for note in notes if (found := pattern.search(note)) and int(found[1]) <= latest]
        if years:
            return years[0]
    return created


def _doi(notes: tuple[str, ...]) -> str:
    for note in notes:
        if found := _DOI.search(_CUT_DOI.sub(r"\1", note)):
            return _DOI_END.sub("", found[0])[:200].lower()
    return ""
