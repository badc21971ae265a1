"""E-books (EPUB 2 and 3): the chapters in their order, each read as a web page. https://www.w3.org/TR/epub-33/"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from urllib.parse import unquote

from assistant.errors import ReadError
from assistant.index.formats.archive import Archive
from assistant.index.formats.markup import (
    Element,
    attribute,
    children,
    descendants,
    first,
    parse_xhtml,
    parse_xml,
    text_of,
)
from assistant.index.formats.parts import Front, Part, tidy_doi, year_in
from assistant.index.formats.webpage import page_parts

CONTAINER = "META-INF/container.xml"
_PAGE_TYPES = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml"})
_FONT_ONLY = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
"""Ways of scrambling that are for fonts only; any other locks the text."""


def read_epub(archive: Archive) -> tuple[list[Part], Front]:
    """The parts of an e-book, and what its package says of it. Raises ReadError."""
    _check_locks(archive)
    container = parse_xml(archive.read(CONTAINER) or b"<none/>")
    where = next((attribute(e, "full-path") for e in descendants(container, "rootfile")), "")
    if where not in archive.names:
        raise ReadError("damaged: the e-book has no table of its parts; save or download it again")
    package = parse_xml(archive.read(where))
    parts = [part for page in _pages(package, posixpath.dirname(where)) for part in _chapter(archive, page)]
    return parts, _front(first(package, "metadata"))


def _check_locks(archive: Archive) -> None:
    data = archive.read("META-INF/encryption.xml")
    if not data:
        return
    ways = {attribute(e, "Algorithm") for e in descendants(parse_xml(data), "encryptionmethod")}
    if any(not way.startswith(_FONT_ONLY) for way in ways):
        raise ReadError("the e-book is locked (DRM); get it without a lock, or as PDF")


def _pages(package: Element, folder: str) -> Iterator[str]:
    """Names of the chapters in reading order, menus apart."""
    manifest, spine = first(package, "manifest"), first(package, "spine")
    items = {attribute(item, "id"): item for item in children(manifest, "item")}
    for entry in children(spine, "itemref"):
        item = items.get(attribute(entry, "idref"))
        if item is None or attribute(entry, "linear") == "no" or "nav" in attribute(item, "properties").split():
            continue
        if attribute(item, "media-type") in _PAGE_TYPES:
            href = unquote(attribute(item, "href")).partition("#")[0]
            yield posixpath.normpath(posixpath.join(folder, href))


def _chapter(archive: Archive, name: str) -> list[Part]:
    data = archive.read(name)
    return page_parts(parse_xhtml(data)) if data.strip() else []


def _front(metadata: Element | None) -> Front:
    if metadata is None:
        return Front()
    creators = [text_of(e).strip() for e in descendants(metadata, "creator")]
    dois = (tidy_doi(text_of(e)) for e in descendants(metadata, "identifier", "source"))
    years = (year_in(text_of(e)) for e in descendants(metadata, "date"))
    return Front(
        title=text_of(next(iter(descendants(metadata, "title")), None)),
        authors=tuple(filter(None, creators)),
        year=next((year for year in years if year), None),
        doi=next(filter(None, dois), ""),
        venue=text_of(next(iter(descendants(metadata, "publisher")), None)),
    )
