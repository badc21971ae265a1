"""Word documents (DOCX, ISO/IEC 29500): paragraphs with the roles that their styles name, tables, notes, formulas.

What a reviewer deleted is left out, what was inserted is in. Reads the XML itself, since content controls (where
reference managers put the bibliography), tracked changes, notes and formulas are text too.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.errors import ReadError
from assistant.index.formats.archive import Archive
from assistant.index.formats.grid import Grid
from assistant.index.formats.markup import (
    Element,
    attribute,
    children,
    descendants,
    first,
    name_of,
    parse_xml,
    text_of,
    walk,
)
from assistant.index.formats.parts import Front, Part, year_in
from assistant.types import Role

_SKIPPED = frozenset(
    ["del", "movefrom", "fallback", "instrtext", "deltext", "txbxcontent", "drawing", "pict", "object", "rpr", "ppr"]
)
"""Elements in a paragraph whose text is not the paragraph's: deleted, doubled for old readers, or in a box."""
_NAMED = {
    "title": Role.TITLE,
    "caption": Role.CAPTION,
    "abstract": Role.ABSTRACT,
    "author": Role.AUTHOR,
    "authors": Role.AUTHOR,
    "bibliography": Role.REFERENCE,
    "endnote bibliography": Role.REFERENCE,
    "references": Role.REFERENCE,
    "footnote text": Role.FOOTNOTE,
    "endnote text": Role.FOOTNOTE,
    "source code": Role.EQUATION,
    "html preformatted": Role.EQUATION,
}
"""What a style's name says; Word keeps the names of its own styles in English in every language."""
_HEADING = re.compile(r"heading ([1-9])")
_CONTENTS = re.compile(r"(?:toc (?:\d|heading)|table of figures|index \d).*")
_MAX_BASES = 20
"""Styles that one style may be based on in turn."""
_FAKE_HEADING = 120
"""Characters up to which a paragraph in bold throughout, without a full stop, is a heading."""
_TINY = 2
"""Half-points: text smaller than one point cannot be seen."""


@dataclass(frozen=True, slots=True)
class _Style:
    name: str
    base: str
    level: int
    """Outline level from 1, 0 for none."""
    listed: bool
    bold: bool


def read_docx(archive: Archive) -> tuple[list[Part], Front]:
    """The parts of a Word document, and its properties. Raises ReadError."""
    main = _main_part(archive)
    root = parse_xml(archive.read(main))
    body = first(root, "body")
    if body is None:
        raise ReadError("damaged: the Word document has no body; save it again")
    folder = posixpath.dirname(main)
    styles = _styles(archive.read(posixpath.join(folder, "styles.xml")))
    parts = list(_parts(body, styles))
    if not any(part.role is Role.HEADING for part in parts):
        parts = [_heading_if_bold(part, bold) for part, bold in _with_weight(body, styles)]
    for notes in ("footnotes.xml", "endnotes.xml"):
        parts += _notes(archive.read(posixpath.join(folder, notes)))
    return parts, _front(archive)


def _main_part(archive: Archive) -> str:
    """Name of the document's main part, as the package's relations give it."""
    relations = archive.read("_rels/.rels")
    for relation in parse_xml(relations) if relations else ():
        target = attribute(relation, "Target").lstrip("/")
        if attribute(relation, "Type").endswith("/officeDocument") and target in archive.names:
            return target
    return "word/document.xml"


def _styles(data: bytes) -> dict[str, _Style]:
    styles: dict[str, _Style] = {}
    for style in children(parse_xml(data), "style") if data else ():
        properties = first(style, "ppr")
        styles[attribute(style, "styleId")] = _Style(
            _value(style, "name").lower(),
            _value(style, "basedon"),
            _outline(properties),
            _listed(properties),
            _on(first(style, "rpr", "b")),
        )
    return styles


def _value(element: Element | None, *path: str) -> str:
    found = first(element, *path)
    return "" if found is None else attribute(found, "val")


def _on(switch: Element | None) -> bool:
    """Whether an element such as w:b says yes: it is there and does not say no."""
    return switch is not None and attribute(switch, "val") not in ("0", "false", "off", "none")


def _listed(properties: Element | None) -> bool:
    """Whether paragraphs are numbered or have bullets; the list "0" takes them away."""
    return _value(properties, "numpr", "numid") not in ("", "0")


def _outline(properties: Element | None) -> int:
    value = _value(properties, "outlinelvl")
    return int(value) + 1 if value.isdecimal() and int(value) < 9 else 0


def _parts(body: Element, styles: dict[str, _Style]) -> Iterator[Part]:
    return (part for part, _ in _with_weight(body, styles))


def _with_weight(body: Element, styles: dict[str, _Style]) -> Iterator[tuple[Part, bool]]:
    """Every part, and whether it is a paragraph that is bold throughout."""
    found: list[Element] = []

    def taken(element: Element) -> bool:
        if name_of(element) in ("p", "tbl"):
            found.append(element)
            return True
        return name_of(element) in _SKIPPED

    for _ in walk(body, taken):
        pass
    for element in found:
        if name_of(element) == "p":
            yield from _paragraph(element, styles)
        else:
            yield from ((part, False) for part in _table(element, styles))


def _paragraph(element: Element, styles: dict[str, _Style]) -> Iterator[tuple[Part, bool]]:
    """The paragraph, what it hides, and the paragraphs of text boxes anchored in it."""
    properties = first(element, "ppr")
    role, level = _role(properties, styles)
    shown, hidden, bold = _runs(element)
    if role is not Role.FURNITURE:
        if role is Role.BODY and not shown.strip() and hidden.strip():
            yield Part(Role.HIDDEN, hidden), False
            hidden = ""
        if role is Role.BODY and _is_formula(element):
            role = Role.EQUATION
        yield Part(role, shown, level=level), bold
    if hidden.strip():
        yield Part(Role.HIDDEN, hidden), False
    for box in descendants(element, "txbxcontent"):
        if not any(name_of(around) == "fallback" for around in box.iterancestors()):
            for inner in children(box, "p"):
                yield Part(_role(first(inner, "ppr"), styles)[0], _runs(inner)[0]), False


def _role(properties: Element | None, styles: dict[str, _Style]) -> tuple[Role, int]:
    """A paragraph's role and, for a heading, its depth: by its own outline level, then by its style and the styles
    that this one is based on."""
    level, listed = _outline(properties), _listed(properties)
    name = _value(properties, "pstyle")
    for _ in range(_MAX_BASES):
        style = styles.get(name)
        if style is None:
            break
        if heading := _HEADING.fullmatch(style.name):
            return Role.HEADING, level or int(heading[1])
        if _CONTENTS.fullmatch(style.name):
            return Role.FURNITURE, 0
        if style.name in _NAMED:
            return _NAMED[style.name], 0
        level, listed = level or style.level, listed or style.listed
        name = style.base
    if level:
        return Role.HEADING, level
    return Role.LIST if listed else Role.BODY, 0


def _runs(element: Element) -> tuple[str, str, bool]:
    """Text that is shown, text that is hidden, and whether all that is shown is bold."""
    shown: list[str] = []
    hidden: list[str] = []
    bold = True
    for event, found in walk(element, lambda e: name_of(e) in _SKIPPED):
        if event != "start" or not (text := _glyphs(found)):
            continue
        run = found.getparent()
        properties = first(run, "rpr") if name_of(run) == "r" else None
        if _is_hidden(properties):
            hidden.append(text)
            continue
        shown.append(text)
        bold = bold and (not text.strip() or _on(first(properties, "b")))
    return "".join(shown), "".join(hidden), bold and bool(shown)


def _glyphs(element: Element) -> str:
    name = name_of(element)
    if name == "t":
        return element.text or ""
    return {"tab": " ", "br": " ", "cr": " ", "nobreakhyphen": "-", "ptab": " "}.get(name, "")


def _is_hidden(properties: Element | None) -> bool:
    if properties is None:
        return False
    size = _value(properties, "sz")
    return _on(first(properties, "vanish")) or (size.isdecimal() and int(size) < _TINY)


def _is_formula(element: Element) -> bool:
    """Whether a paragraph is a formula set on a line of its own, with a number at most."""
    if first(element, "omathpara") is None:
        return False
    return len(_runs(element)[0].strip()) - len("".join(text_of(e) for e in descendants(element, "omath"))) < 12


def _table(table: Element, styles: dict[str, _Style]) -> Iterator[Part]:
    """A table of one column lays out the page: its paragraphs are ordinary ones."""
    rows = children(table, "tr")
    if max((len(_cells(row)) for row in rows), default=0) < 2:
        for cell in (cell for row in rows for cell in _cells(row)):
            yield from _parts(cell, styles)
        return
    grid = Grid()
    for row in rows:
        grid.next_row()
        head = _on(first(row, "trpr", "tblheader"))
        grid.skip(_number(_value(row, "trpr", "gridbefore")))
        for cell in _cells(row):
            _put_cell(grid, cell, head)
    yield Part(Role.TABLE, cells=grid.cells())


def _cells(row: Element) -> list[Element]:
    """A row's cells, those in content controls too."""
    found = []
    for child in row:
        if name_of(child) == "tc":
            found.append(child)
        elif name_of(child) == "sdt":
            found += children(first(child, "sdtcontent"), "tc")
    return found


def _put_cell(grid: Grid, cell: Element, head: bool) -> None:
    properties = first(cell, "tcpr")
    merged = first(properties, "vmerge")
    across = max(_number(_value(properties, "gridspan")), 1)
    if merged is not None and attribute(merged, "val") != "restart":
        grid.extend(grid.column)
        grid.skip(across)
        return
    text = " ".join(_runs(paragraph)[0] for paragraph in descendants(cell, "p"))
    grid.put(text, 1, across, header=head)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 5 else 0


def _heading_if_bold(part: Part, bold: bool) -> Part:
    """A heading made by hand: a short paragraph in bold throughout."""
    text = part.text.strip()
    if part.role is Role.BODY and bold and 0 < len(text) <= _FAKE_HEADING and text[-1] not in ".;,?!。":
        return Part(Role.HEADING, text, level=1)
    return part


def _notes(data: bytes) -> Iterator[Part]:
    for note in children(parse_xml(data), "footnote", "endnote") if data else ():
        if attribute(note, "type") not in ("separator", "continuationSeparator"):
            yield Part(Role.FOOTNOTE, " ".join(_runs(p)[0] for p in descendants(note, "p")))


def _front(archive: Archive) -> Front:
    """The document's properties; a year is that in which the file was made."""
    data = archive.read("docProps/core.xml")
    if not data:
        return Front()
    core = parse_xml(data)
    creator = text_of(first(core, "creator"))
    return Front(
        title=text_of(first(core, "title")),
        authors=tuple(re.split(r"\s*;\s*|\s*,\s+(?=\S+\s)", creator.strip())) if creator.strip() else (),
        year=year_in(text_of(first(core, "created"))),
        doi=text_of(first(core, "identifier")),
    )
