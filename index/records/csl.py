"""A user's bibliography in JSON -> entries: CSL-JSON, as Zotero and others export it, and Better BibTeX's own JSON."""

from __future__ import annotations

import json
import re
from typing import Any

from assistant.index.records.bibtex import Entry
from assistant.index.records.identifiers import YEAR, find_arxiv, find_dois
from assistant.index.records.record import Record

_MAX_TEXT = 5000
_TAGS = re.compile(r"</?(?:i|b|sub|sup|span|sc)\b[^>]*>", re.IGNORECASE)


def parse_csl(text: str) -> list[Entry] | None:
    """The entries of the file; None where it is no bibliography: JSON is used for many things."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    items = value.get("items") if isinstance(value, dict) else value
    if not isinstance(items, list):
        return None
    works = [item for item in items if isinstance(item, dict) and _is_work(item)]
    return [_entry(item) for item in works] if works else None


def _is_work(item: dict[str, Any]) -> bool:
    return isinstance(item.get("type", item.get("itemType")), str) and isinstance(item.get("title"), str)


def _entry(item: dict[str, Any]) -> Entry:
    year = re.search(YEAR, _date(item))
    dois = find_dois(_said(item, "DOI", "doi")) or find_dois(_said(item, "URL", "url"))
    addresses = " ".join(_said(item, name) for name in ("number", "URL", "url", "archiveLocation", "note", "extra"))
    record = Record(
        _said(item, "title"),
        tuple(name for person in _list(item, "author", "creators") if (name := _name(person))),
        int(year[0]) if year else None,
        dois[0] if dois else "",
        find_arxiv(addresses),
        re.sub(r"\D", "", _said(item, "PMID")),
        _said(item, "container-title", "publicationTitle", "proceedingsTitle"),
    )
    files = [_said(f, "path", "localPath", "title") for f in _list(item, "attachments") if isinstance(f, dict)]
    key = _said(item, "citation-key", "citationKey", "id")
    return Entry(key, record, tuple(f for f in (*files, _said(item, "file")) if f))


def _said(item: dict[str, Any], *names: str) -> str:
    for name in names:
        if isinstance(value := item.get(name), str | int) and not isinstance(value, bool) and value:
            return " ".join(_TAGS.sub("", str(value)[:_MAX_TEXT]).split())
    return ""


def _list(item: dict[str, Any], *names: str) -> list[Any]:
    return next((value for name in names if isinstance(value := item.get(name), list)), [])


def _date(item: dict[str, Any]) -> str:
    issued = item.get("issued")
    if isinstance(issued, dict):
        parts = issued.get("date-parts")
        if isinstance(parts, list) and parts and isinstance(parts[0], list) and parts[0]:
            return str(parts[0][0])
        return _said(issued, "raw", "literal")
    return _said(item, "date", "issued")


def _name(person: object) -> str:
    if not isinstance(person, dict) or person.get("creatorType", "author") != "author":
        return ""
    family = f"{_said(person, 'non-dropping-particle', 'dropping-particle')} {_said(person, 'family', 'lastName')}"
    name = f"{_said(person, 'given', 'firstName')} {family.strip()}".strip()
    if re.match(r"[\u3400-\u9fff]", family.strip()):
        name = f"{family.strip()}{_said(person, 'given', 'firstName')}"
    return name or _said(person, "literal", "name")
