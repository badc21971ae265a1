"""What a PDF says of itself in its XMP packet (ISO 16684-1): title, authors, DOI, journal, dates.

The only importer of pypdf. Runs in the limited process of `assistant.index.worker`; the packet is hostile XML, so it is
parsed without entities or document types, within a size, a depth and a processor time of its own. Believes nothing:
what is right is for `metadata` to judge.
"""

from __future__ import annotations

import html
import io
import re
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, iterparse

from assistant.index.records.identifiers import YEAR, find_arxiv, find_dois, find_pmid
from assistant.index.records.record import Record

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_PACKET = 4 << 20
"""Bytes; packets with whole editing histories reach hundreds of kilobytes."""
MAX_SECONDS = 3.0
"""Processor time for finding and parsing a packet; real ones take hundredths."""
_MAX_DEPTH = 60
_MAX_VALUES, _MAX_VALUE = 500, 2000
_NAMESPACES = {
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/pdfx/1.3/": "pdfx",
    "http://www.crossref.org/crossmark/1.0/": "crossmark",
    "http://crossref.org/crossmark/1.0/": "crossmark",
}
_PRISM = "http://prismstandard.org/namespaces/"
_IDENTIFIERS = ("prism:doi", "dc:identifier", "pdfx:doi", "crossmark:doi", "prism:url")
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_XML_TEXT = re.compile(r"&#?\w{1,10};")


class _OutOfTime(Exception):
    pass


def read_xmp(path: Path) -> Record:
    """What the packet of the PDF at `path` says; nothing where there is none, or none that can be read."""
    try:
        with _processor_time(MAX_SECONDS):
            return parse_packet(_packet(path))
    except _OutOfTime:
        return Record()


def _packet(path: Path) -> bytes:
    """The document's own metadata stream, unpacked; b"" for none. pypdf raises nearly anything at a damaged file."""
    import pypdf

    try:
        reader = pypdf.PdfReader(path)
        stream = reader.root_object.get("/Metadata")
        data = stream.get_object().get_data() if stream is not None else b""
    except _OutOfTime:
        raise
    except Exception:  # noqa: BLE001
        return b""
    return data if len(data) <= MAX_PACKET else b""


@contextmanager
def _processor_time(seconds: float) -> Iterator[None]:
    """Raises _OutOfTime in the main thread after so much processor time of this process."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise _OutOfTime

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def parse_packet(packet: bytes) -> Record:
    """An XMP packet -> what it claims; nothing from one that is no XML or uses entities of its own."""
    try:
        return _record(_properties(packet))
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError, MemoryError):
        return Record()


def _properties(packet: bytes) -> dict[str, list[str]]:
    """ "dc:title" -> its values: the text of the property, or of each item of its list; attributes count too."""
    start, end = packet.find(b"<x:xmpmeta"), packet.rfind(b"</x:xmpmeta>")
    body = packet[start : end + 12] if 0 <= start < end else packet
    found: dict[str, list[str]] = {}
    depth = 0
    for event, element in iterparse(io.BytesIO(body.strip(b"\0 \r\n\t")), events=("start", "end"), forbid_dtd=True):
        depth += 1 if event == "start" else -1
        if depth > _MAX_DEPTH:
            raise ValueError("too deep")
        if event == "end":
            _take(element, found)
    return found


def _take(element: Element, found: dict[str, list[str]]) -> None:
    for name, value in [(element.tag, None), *element.attrib.items()]:
        key = _key(name)
        if not key:
            continue
        items = element.findall(f".//{_RDF}li") or [element]
        values = [value] if value is not None else ["".join(item.itertext()) for item in items]
        kept = found.setdefault(key, [])
        kept += [clean for v in values[:_MAX_VALUES] if (clean := _clean(v))][: _MAX_VALUES - len(kept)]


def _key(name: str) -> str:
    """ "{http://purl.org/dc/elements/1.1/}title" -> "dc:title"; "" for what nobody asks for."""
    space, _, local = name[1:].rpartition("}")
    prefix = "prism" if space.startswith(_PRISM) else _NAMESPACES.get(space, "")
    return f"{prefix}:{local.lower()}" if prefix else ""


def _clean(value: str) -> str:
    """One line, without the entities that some publishers escape twice."""
    value = value[:_MAX_VALUE]
    for _ in range(2):
        value = html.unescape(value) if _XML_TEXT.search(value) else value
    value = re.sub(r"</?(?:i|b|sub|sup|em|strong)>", "", value, flags=re.IGNORECASE)
    return " ".join("".join(c if c.isprintable() else " " for c in value).split())


def _record(found: Mapping[str, list[str]]) -> Record:
    def first(*names: str) -> str:
        return next((found[name][0] for name in names if found.get(name)), "")

    named = " ".join(value for name in _IDENTIFIERS for value in found.get(name, ()))
    dois = find_dois(named)
    venue = first("prism:publicationname") or _venue(first("dc:source"))
    published = first("prism:coverdate", "prism:publicationdate", "prism:coverdisplaydate")
    if not published and (dois or venue):
        published = first("dc:date")
    year = re.search(rf"\b{YEAR}\b", published.replace("-", " ").replace("/", " "))
    return Record(
        title=first("dc:title"),
        authors=tuple(found.get("dc:creator", ())),
        year=int(year[0]) if year else None,
        doi=dois[0] if dois else "",
        arxiv=find_arxiv(named),
        pmid=find_pmid(named),
        venue=venue,
    )


def _venue(source: str) -> str:
    """A journal's name, where the source is not a file's or an address."""
    return source if re.fullmatch(r"[^\W\d_][^./\\@_]*(?:\. [^./\\@_]*)*", source) and len(source) > 3 else ""
