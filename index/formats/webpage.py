"""Web pages (HTML, and the XHTML of e-books): what a reader would see of the article, as parts.

Menus, forms and scripts are left out; an `article` or `main` is taken for the whole where there is one. What the page
hides from its reader is kept as hidden text. Style sheets are not applied: only what stands in an element's own
attributes, and class names that the page's own style element hides, count as hidden.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from assistant.index.formats.grid import Grid
from assistant.index.formats.markup import (
    Element,
    attribute,
    children,
    descendants,
    name_of,
    parse_html,
    text_of,
    walk,
)
from assistant.index.formats.parts import Flow, Front, Part, tidy_doi, year_in
from assistant.types import Role

DROPPED = frozenset(
    [
        "head",
        "script",
        "style",
        "nav",
        "form",
        "button",
        "select",
        "textarea",
        "input",
        "svg",
        "iframe",
        "object",
        "embed",
        "canvas",
        "audio",
        "video",
        "map",
        "noscript",
        "template",
        "menu",
        "annotation",
        "annotation-xml",
    ]
)
"""Elements whose text is no part of an article."""
_CHROME = frozenset({"navigation", "banner", "contentinfo", "search", "complementary", "dialog", "menu", "menubar"})
"""WAI-ARIA roles of what stands around an article."""
_AROUND = frozenset({"footer", "aside", "header"})
_DOUBLED = re.compile(r"\b(?:katex-html|MathJax(?:_Preview|_CHTML|_SVG)?|mjx-\w+)\b")
"""Classes of formulas drawn a second time for the eye; the MathML beside them is read."""
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0(?:\.0*)?\s*(?:;|!|$)"
    r"|font-size\s*:\s*0*(?:\.0+)?(?:[01]?(?:px|pt))?\s*(?:;|!|$)|(?:text-indent|left|top)\s*:\s*-\d{4,}",
    re.IGNORECASE,
)
_MEDIA = re.compile(r"@[\w-]+[^{};]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
_RULE = re.compile(r"([^{}]{1,2000})\{([^{}]{0,5000})\}")
_SELECTOR = re.compile(r"\s*[\w-]*([.#][\w-]+)\s*")
_HEADINGS = {f"h{n}": n for n in range(1, 7)}
_ROLES = {
    "li": Role.LIST,
    "dt": Role.LIST,
    "dd": Role.LIST,
    "figcaption": Role.CAPTION,
    "caption": Role.CAPTION,
    "pre": Role.EQUATION,
}
_BLOCKS = frozenset(
    [
        "p",
        "div",
        "section",
        "article",
        "main",
        "header",
        "footer",
        "aside",
        "blockquote",
        "address",
        "center",
        "figure",
        "fieldset",
        "details",
        "summary",
        "ul",
        "ol",
        "dl",
        "hr",
        "body",
        "tr",
        "td",
        "th",
        "table",
        "tbody",
        "thead",
        "tfoot",
        "hgroup",
    ]
)
_ARTICLE = 500
"""Characters from which an `article` or `main` counts as the page's content."""
_GENERIC = re.compile(r"\s+[|–—]\s+[^|–—]{1,60}$")
"""The site's name behind a page's title."""


def read_html(data: bytes) -> tuple[list[Part], Front]:
    """The parts of a web page, and what its head says. Raises ReadError."""
    root = parse_html(data)
    return page_parts(root), _front(root)


def page_parts(root: Element, *, offset: int = 0) -> list[Part]:
    """The parts of a page's content; `offset` is added to the depth of its headings."""
    hidden_names = _hidden_names(root)
    content = _content(root)
    flow = Flow()
    take = _taker(flow, content, hidden_names)
    flow.add(content.text)
    for event, element in walk(content, take):
        if event == "start":
            _open(flow, element, offset)
            flow.add(element.text)
        else:
            if event == "end" and _opens(element):
                flow.close()
            elif event == "end" and name_of(element) in _BLOCKS:
                flow.flush()
            flow.add(element.tail)
    flow.flush()
    return flow.parts


def _content(root: Element) -> Element:
    """The one article of the page, else its main part, else its body."""
    for found in (list(descendants(root, "article")), _mains(root)):
        if len(found) == 1 and len("".join(text_of(found[0], *DROPPED).split())) >= _ARTICLE:
            return found[0]
    return next(iter(descendants(root, "body")), root)


def _mains(root: Element) -> list[Element]:
    return [e for e in root.iter() if name_of(e) == "main" or attribute(e, "role") == "main"]


def _taker(flow: Flow, content: Element, hidden_names: frozenset[str]) -> Callable[[Element], bool]:
    """What is dealt with as a whole, or left out: menus, hidden text, line breaks, tables, formulas."""

    def taken(element: Element) -> bool:
        name = name_of(element)
        if name in DROPPED or _is_chrome(element, content):
            return True
        if _DOUBLED.search(attribute(element, "class")):
            return True
        if _is_hidden(element, hidden_names):
            flow.put(Part(Role.HIDDEN, text_of(element, *DROPPED)))
            return True
        if name == "br":
            _break_line(flow, element)
            return True
        if name == "math":
            _put_formula(flow, element)
            return True
        return name == "table" and _put_table(flow, element)

    return taken


def _is_chrome(element: Element, content: Element) -> bool:
    role = attribute(element, "role")
    if role in _CHROME:
        return True
    if role.startswith("doc-") or name_of(element) not in _AROUND:
        return False
    return name_of(content) == "body" and next(iter(descendants(element, "h1")), None) is None


def _hidden_names(root: Element) -> frozenset[str]:
    """Classes (".x") and ids ("#x") that the page's own style elements hide whatever the screen."""
    found: set[str] = set()
    for style in descendants(root, "style"):
        for rule in _RULE.finditer(_MEDIA.sub("", (style.text or "")[:500_000])):
            if _HIDING.search(rule[2]):
                found.update(s[1] for part in rule[1].split(",") if (s := _SELECTOR.fullmatch(part)))
    return frozenset(found)


def _is_hidden(element: Element, names: frozenset[str]) -> bool:
    if element.get("hidden") is not None or attribute(element, "aria-hidden") == "true":
        return True
    if (style := element.get("style")) and _HIDING.search(style):
        return True
    if not names:
        return False
    own = {f".{name}" for name in attribute(element, "class").split()} | {f"#{attribute(element, 'id')}"}
    return not names.isdisjoint(own)


def _break_line(flow: Flow, element: Element) -> None:
    """A line break is white space; two in a row end a paragraph."""
    before = element.getprevious()
    twice = before is not None and name_of(before) == "br" and not (before.tail or "").strip()
    if twice and not flow.within(Role.EQUATION):
        flow.flush()
    else:
        flow.add("\n")


def _put_formula(flow: Flow, element: Element) -> None:
    text = text_of(element, *DROPPED)
    if attribute(element, "display") == "block":
        flow.put(Part(Role.EQUATION, " ".join(text.split())))
    else:
        flow.add(" ".join(text.split()))


def _put_table(flow: Flow, table: Element) -> bool:
    """Whether it is a table of data, now put; one that only lays out the page is walked as any other element."""
    rows = list(descendants(table, "tr"))
    if attribute(table, "role") == "presentation" or any(True for _ in descendants(table, "table", *_HEADINGS)):
        return False
    widths = [len(children(row, "td", "th")) for row in rows]
    if max(widths, default=0) < 2:
        return False
    for caption in children(table, "caption"):
        flow.put(Part(Role.CAPTION, text_of(caption, *DROPPED)))
    flow.put(Part(Role.TABLE, cells=_grid(rows).cells()))
    return True


def _grid(rows: list[Element]) -> Grid:
    grid = Grid()
    for row in rows:
        head = name_of(row.getparent()) == "thead"
        grid.next_row()
        for cell in children(row, "td", "th"):
            header = head or (name_of(cell) == "th" and attribute(cell, "scope") not in ("row", "rowgroup"))
            grid.put(text_of(cell, *DROPPED), attribute(cell, "rowspan"), attribute(cell, "colspan"), header=header)
    return grid


def _opens(element: Element) -> bool:
    """Whether an element sets the role of what is in it."""
    return name_of(element) in _HEADINGS or name_of(element) in _ROLES or _aria(element) is not None


def _aria(element: Element) -> Role | None:
    return {
        "doc-biblioentry": Role.REFERENCE,
        "doc-footnote": Role.FOOTNOTE,
        "doc-endnote": Role.FOOTNOTE,
        "doc-abstract": Role.ABSTRACT,
        "math": None,
    }.get(attribute(element, "role"))


def _open(flow: Flow, element: Element, offset: int) -> None:
    name = name_of(element)
    if name in _HEADINGS:
        flow.open(Role.HEADING, _HEADINGS[name] + offset)
    elif _opens(element):
        flow.open(_aria(element) or _ROLES[name])
    elif name in _BLOCKS:
        flow.flush()


def _front(root: Element) -> Front:
    """What the head's entries say: Highwire Press (citation_*) as journals give it, Dublin Core, Open Graph."""
    entries: dict[str, list[str]] = {}
    for meta in descendants(root, "meta"):
        key = (attribute(meta, "name") or attribute(meta, "property")).lower().replace("dcterms.", "dc.")
        if value := attribute(meta, "content").strip():
            entries.setdefault(key, []).append(value)

    def said(*keys: str) -> Iterator[str]:
        return (value for key in keys for value in entries.get(key, ()))

    authors = list(said("citation_author")) or list(said("dc.creator")) or list(said("author"))
    dates = said("citation_publication_date", "citation_date", "citation_online_date", "citation_year", "dc.date")
    dois = (tidy_doi(value) for value in said("citation_doi", "dc.identifier", "prism.doi"))
    title = next(iter(descendants(root, "title")), None)
    return Front(
        title=next(said("citation_title", "dc.title", "og:title"), "") or _GENERIC.sub("", text_of(title).strip()),
        authors=tuple(authors),
        year=next((year for date in dates if (year := year_in(date))), None),
        doi=next(filter(None, dois), ""),
        arxiv=next(said("citation_arxiv_id"), ""),
        pmid=next(said("citation_pmid"), ""),
        venue=next(said("citation_journal_title", "prism.publicationname", "citation_conference_title"), ""),
    )
