"""JATS XML, as journals and PubMed Central give articles (https://jats.nlm.nih.gov/): an element's name is its role."""

from __future__ import annotations

import re
from collections.abc import Callable

from assistant.errors import ReadError
from assistant.index.formats.grid import Grid
from assistant.index.formats.markup import Element, attribute, children, descendants, first, name_of, text_of, walk
from assistant.index.formats.parts import Flow, Front, Part, year_in
from assistant.types import Reference, Role

NOT_JATS = "XML, but no article in JATS form; export it as PDF or DOCX"
_DROPPED = frozenset(
    [
        "object-id",
        "permissions",
        "history",
        "related-article",
        "related-object",
        "contrib-id",
        "alt-text",
        "long-desc",
        "graphic",
        "media",
        "inline-graphic",
        "annotation",
        "annotation-xml",
        "processing-meta",
        "counts",
        "self-uri",
    ]
)
_ROLES = {
    "list-item": Role.LIST,
    "fn": Role.FOOTNOTE,
    "table-wrap-foot": Role.FOOTNOTE,
    "abstract": Role.ABSTRACT,
    "trans-abstract": Role.ABSTRACT,
    "code": Role.EQUATION,
    "preformat": Role.EQUATION,
}
_BLOCKS = frozenset(
    [
        "p",
        "sec",
        "title",
        "label",
        "disp-quote",
        "boxed-text",
        "list",
        "def-list",
        "fig",
        "fig-group",
        "table-wrap",
        "speech",
        "statement",
        "verse-group",
        "attrib",
        "ack",
        "app",
        "notes",
        "fn-group",
        "supplementary-material",
        "body",
        "back",
        "glossary",
        "app-group",
        "bio",
        "break",
    ]
)
_SECTIONS = frozenset(
    [
        "sec",
        "ack",
        "app",
        "notes",
        "glossary",
        "ref-list",
        "fn-group",
        "abstract",
        "trans-abstract",
        "boxed-text",
        "bio",
    ]
)
"""Elements whose title is a heading."""
_UNTITLED = {"ack": "Acknowledgements", "abstract": "Abstract", "ref-list": "References"}
"""Headings that journals print without writing them into the file."""
_UNPRINTED = frozenset({"pmid", "pmcid", "pmc"})
"""Numbers that an archive adds to the entries of a bibliography."""
_PEOPLE = frozenset({"name", "string-name", "collab", "etal"})
_NAME_PARTS = frozenset({"surname", "given-names", "prefix", "suffix"})
_TEX = re.compile(r"\\begin\{document\}(.*?)\\end\{document\}", re.DOTALL)


def read_jats(root: Element) -> tuple[list[Part], Front]:
    """The parts of the (first) article in an XML document, and its metadata. Raises ReadError where it holds none."""
    articles = [e for e in root.iter() if name_of(e) == "article" and children(e, "front", "body")]
    if not articles:
        raise ReadError(NOT_JATS)
    article = articles[0]
    meta = first(article, "front", "article-meta")
    flow = Flow()
    if meta is not None:
        _put_front(flow, meta)
    for name in ("body", "back", "floats-group"):
        for element in children(article, name):
            _put_all(flow, element)
    flags = (f"the file holds {len(articles)} articles; only the first was read",) * (len(articles) > 1)
    return flow.parts, _front(article, meta, flags)


def _put_front(flow: Flow, meta: Element) -> None:
    flow.put(Part(Role.TITLE, text_of(first(meta, "title-group", "article-title"), "xref", "fn")))
    if authors := _authors(meta):
        flow.put(Part(Role.AUTHOR, ", ".join(authors)))
    for abstract in children(meta, "abstract", "trans-abstract"):
        flow.open(Role.ABSTRACT)
        _put_heading(flow, abstract)
        _put_all(flow, abstract)
        flow.close()


def _put_all(flow: Flow, top: Element) -> None:
    """The parts of everything in an element."""
    flow.add(top.text)
    for event, element in walk(top, _taker(flow)):
        name = name_of(element)
        if event == "start":
            if name in _ROLES:
                flow.open(_ROLES[name])
            elif name in _BLOCKS:
                flow.flush()
            if name in _SECTIONS:
                _put_heading(flow, element)
            flow.add(element.text)
        else:
            if event == "end" and name in _ROLES:
                flow.close()
            elif event == "end" and name in _BLOCKS:
                flow.flush()
            flow.add(element.tail)
    flow.flush()


def _taker(flow: Flow) -> Callable[[Element], bool]:
    """What is dealt with as a whole, or left out: headings and labels (put before), tables, formulas, references."""

    def taken(element: Element) -> bool:
        name = name_of(element)
        if name in _DROPPED:
            return True
        if name in ("title", "label"):
            return _is_heading_of(element) or _is_label(element)
        put = {
            "caption": _put_caption,
            "table": _put_table,
            "disp-formula": _put_formula,
            "ref": _put_reference,
            "def-item": _put_definition,
        }.get(name)
        if put:
            put(flow, element)
        elif name in ("inline-formula", "alternatives", "math", "tex-math"):
            flow.add(_formula(element))
        else:
            return False
        return True

    return taken


def _is_heading_of(element: Element) -> bool:
    return name_of(element.getparent()) in _SECTIONS


def _is_label(element: Element) -> bool:
    """Labels of floats, list items and footnotes are put together with what they name."""
    return name_of(element) == "label" and name_of(element.getparent()) in ("fig", "table-wrap", "list-item", "fn")


def _put_heading(flow: Flow, section: Element) -> None:
    """A section's title with its number. Its depth is that of the sections around it."""
    label, title = first(section, "label"), first(section, "title")
    text = " ".join(filter(None, (text_of(e, "xref", "fn").strip() for e in (label, title))))
    name = name_of(section)
    if title is None and name in _UNTITLED:
        text = _UNTITLED[name]
    if text:
        depth = 1 + sum(name_of(e) in _SECTIONS for e in section.iterancestors())
        flow.put(Part(Role.HEADING, text, level=depth))


def _put_caption(flow: Flow, caption: Element) -> None:
    """ "Table 1" and the like, so that the caption begins with it as it does in print."""
    label = text_of(first(caption.getparent(), "label")).strip()
    words = [text_of(child, "xref").strip() for child in children(caption, "title", "p")]
    text = " ".join(word for word in words if word)
    dot = "." if label and label[-1].isalnum() else ""
    flow.put(Part(Role.CAPTION, f"{label}{dot} {text}"))


def _put_table(flow: Flow, table: Element) -> None:
    grid = Grid()
    for row in descendants(table, "tr"):
        head = name_of(row.getparent()) == "thead"
        grid.next_row()
        for cell in children(row, "td", "th"):
            grid.put(text_of(cell, *_DROPPED), attribute(cell, "rowspan"), attribute(cell, "colspan"), header=head)
    flow.put(Part(Role.TABLE, cells=grid.cells()))


def _put_definition(flow: Flow, item: Element) -> None:
    """A term and what it means, on one line."""
    words = [" ".join(text_of(child, *_DROPPED).split()) for child in children(item, "term", "def")]
    flow.put(Part(Role.LIST, ": ".join(word for word in words if word)))


def _put_formula(flow: Flow, element: Element) -> None:
    label = text_of(first(element, "label")).strip()
    flow.put(Part(Role.EQUATION, " ".join(f"{_formula(element)} {label}".split())))


def _formula(element: Element) -> str:
    """MathML's characters where there is MathML, else the TeX without its preamble, else the words."""
    for math in (element, *descendants(element, "math")):
        if name_of(math) == "math":
            return " ".join(text_of(math, *_DROPPED).split())
    for tex in (element, *descendants(element, "tex-math")):
        if name_of(tex) == "tex-math":
            text = text_of(tex)
            found = _TEX.search(text)
            return " ".join((found[1] if found else text).strip(" \n$").split())
    return " ".join(text_of(element, "label", *_DROPPED).split())


def _put_reference(flow: Flow, ref: Element) -> None:
    """An entry: its text as set where it is set, else its pieces in order with the punctuation that they lack."""
    citation = next(
        iter(
            descendants(ref, "mixed-citation", "element-citation", "nlm-citation", "citation", "citation-alternatives")
        ),
        ref,
    )
    mixed = next(iter(descendants(ref, "mixed-citation")), None)
    text = _as_set(mixed) if mixed is not None else _spelled(citation)
    label = text_of(first(ref, "label")).strip()
    plain = label.strip("[]().")
    if label and not text.lstrip().startswith(label):
        text = f"[{plain}] {text}" if plain.isdigit() else f"{label} {text}"
    ids = {attribute(e, "pub-id-type"): text_of(e) for e in descendants(citation, "pub-id")}
    about = Reference(
        "",
        (),
        plain,
        year_in(text_of(next(iter(descendants(citation, "year")), None))),
        ids.get("doi", ""),
        ids.get("arxiv", ""),
        text_of(next(iter(descendants(citation, "article-title", "chapter-title")), None)),
    )
    flow.put(Part(Role.REFERENCE, text, reference=about))


def _as_set(citation: Element) -> str:
    """An entry as it is set; some journals leave what stands between and within names to the type-setter."""
    pieces = [citation.text or ""]
    for event, element in walk(citation, _is_unprinted):
        pieces.append((element.text if event == "start" else element.tail) or "")
        if event == "end" and not pieces[-1].strip():
            pieces[-1] = _gap(element) or pieces[-1]
    return "".join(pieces)


def _is_unprinted(element: Element) -> bool:
    number = name_of(element) == "pub-id" and attribute(element, "pub-id-type") in _UNPRINTED
    return number or name_of(element) in _DROPPED


def _gap(element: Element) -> str:
    """What stands between an element and the one right behind it: a comma between names, a space within them."""
    behind = element.getnext()
    if behind is None:
        return ""
    if name_of(element) in _PEOPLE and name_of(behind) in _PEOPLE:
        return ", "
    return " " if name_of(element) in _NAME_PARTS and name_of(behind) in _NAME_PARTS else ""


def _spelled(citation: Element) -> str:
    """An entry given in pieces, as a line of text."""
    authors = [_person(e) for e in descendants(citation, "name", "string-name", "collab")]
    pieces = [text_of(e).strip() for e in citation if name_of(e) not in ("person-group", "name", "collab", "label")]
    joined = ". ".join(piece.rstrip(".") for piece in [", ".join(authors), *pieces] if piece)
    return f"{joined}." if joined else text_of(citation)


def _person(element: Element) -> str:
    """A name with the given name first."""
    given, family = text_of(first(element, "given-names")).strip(), text_of(first(element, "surname")).strip()
    return f"{given} {family}".strip() or " ".join(text_of(element, "xref").split())


def _authors(meta: Element) -> list[str]:
    contributors = [e for e in descendants(meta, "contrib") if attribute(e, "contrib-type") in ("", "author")]
    people = [next(iter(descendants(e, "name", "string-name", "collab")), None) for e in contributors]
    return [_person(person) for person in people if person is not None]


def _front(article: Element, meta: Element | None, flags: tuple[str, ...]) -> Front:
    if meta is None:
        return Front(flags=flags)
    ids = {attribute(e, "pub-id-type"): text_of(e).strip() for e in children(meta, "article-id")}
    years = (year_in(text_of(first(date, "year"))) for date in children(meta, "pub-date"))
    return Front(
        title=text_of(first(meta, "title-group", "article-title"), "xref", "fn"),
        authors=tuple(_authors(meta)),
        year=min((year for year in years if year), default=None),
        doi=ids.get("doi", ""),
        arxiv=ids.get("arxiv", ""),
        pmid=ids.get("pmid", ""),
        venue=text_of(next(iter(descendants(article, "journal-title")), None)),
        flags=flags,
    )
