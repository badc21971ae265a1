"""XML and HTML -> trees of elements, safely; the only importer of lxml.

No network, no external or user-defined entities (the document type is cut out before parsing, so that nothing can be
defined), depth bounded by libxml2. Trees are walked without recursion. Names come without namespaces.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from typing import Any

from lxml import etree

from assistant.errors import ReadError
from assistant.index.formats.encoding import decode

Element = Any
"""An lxml element; lxml has no types of its own."""
MAX_MARKUP = 100_000_000
"""Bytes of one XML or HTML file: five times 20 million characters; a tree takes some ten times as much memory."""
_DECLARED = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding=[\"']([\w.:-]{1,40})", re.IGNORECASE)
_META = re.compile(rb"<meta[^>]{0,200}?charset=[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE)
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)[A-Za-z][\w.-]{0,40};")
_UNFIT = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
"""Characters that XML does not allow."""


def parse_xml(data: bytes) -> Element:
    """The root of an XML document. Raises ReadError for XML that is not well formed, or too large."""
    _check_size(data)
    text = _DOCTYPE.sub("", _DECLARATION.sub("", _text(data, _DECLARED)), count=1)
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(_ENTITY.sub(_spelled, text).encode(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ReadError(f"damaged: not well-formed XML ({_first_line(error)}); save or download it again") from error


def parse_html(data: bytes) -> Element:
    """The root of a web page, however it is written. Raises ReadError where there is nothing in it."""
    _check_size(data)
    text = _DECLARATION.sub("", _text(data, _META))
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(text.encode(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ReadError(f"damaged: not a web page ({_first_line(error)})") from error
    if root is None:
        raise ReadError("the web page is empty")
    return root


def parse_xhtml(data: bytes) -> Element:
    """A page of an e-book: strictly as XML where it is, else as browsers do."""
    try:
        return parse_xml(data)
    except ReadError:
        return parse_html(data)


def _check_size(data: bytes) -> None:
    if len(data) > MAX_MARKUP:
        raise ReadError(f"too large (over {MAX_MARKUP // 1_000_000} MB of markup); export it as PDF")


def _text(data: bytes, declared: re.Pattern[bytes]) -> str:
    found = declared.search(data[:4096])
    return _UNFIT.sub("", decode(data, found[1].decode("ascii") if found else ""))


def _spelled(entity: re.Match[str]) -> str:
    """A named character, as HTML names them; nothing for a name that only a document type could define."""
    text = html.unescape(entity[0])
    return "" if text == entity[0] or text in "<&" else text


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["no reason given"])[0][:100]


def name_of(element: Element) -> str:
    """An element's or attribute's name without its namespace, in lower case; "" for what is no element."""
    tag = element if isinstance(element, str) else element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def attribute(element: Element, name: str) -> str:
    """The attribute of this name in any namespace, "" where there is none."""
    value = element.get(name)
    if value is None:
        value = next((v for k, v in element.attrib.items() if name_of(k) == name.lower()), "")
    return str(value)


def children(element: Element | None, *names: str) -> list[Element]:
    """The children of these names, in order; none of what is not there."""
    return [] if element is None else [child for child in element if name_of(child) in names]


def first(element: Element | None, *path: str) -> Element | None:
    """The first element that the path of names leads to from an element; None where there is none."""
    for name in path:
        element = next((child for child in element if name_of(child) == name), None) if element is not None else None
    return element


def descendants(element: Element, *names: str) -> Iterator[Element]:
    """The elements of these names below an element, in document order."""
    return (found for found in element.iterdescendants() if name_of(found) in names)


def walk(element: Element, taken: Callable[[Element], bool] = lambda _: False) -> Iterator[tuple[str, Element]]:
    """("start", element) and ("end", element) of all that is in an element, itself apart, in document order. What is
    `taken` comes as ("tail", element) only: nothing of it is walked, but the text behind it belongs to what is around.
    """
    stack: list[tuple[Element, Iterator[Element]]] = [(None, iter(element))]
    while stack:
        owner, rest = stack[-1]
        child = next(rest, None)
        if child is None:
            stack.pop()
            if owner is not None:
                yield "end", owner
        elif taken(child):
            yield "tail", child
        else:
            yield "start", child
            stack.append((child, iter(child)))


def text_of(element: Element | None, *skip: str) -> str:
    """All text in an element, but that in elements of the names in `skip`."""
    if element is None:
        return ""
    pieces = [element.text or ""]
    for event, found in walk(element, lambda e: name_of(e) in skip):
        pieces.append((found.text if event == "start" else found.tail) or "")
    return "".join(pieces)
