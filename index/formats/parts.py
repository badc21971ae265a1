"""Parts of a file without pages -> a Document whose "pages" are its paragraphs.

Every reader of a format gives a list of `Part`s in reading order and what the file says of itself; here they get their
numbers, sections and roles, the same for every format. Knows no format.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from assistant.index.geometry import pack
from assistant.index.records.authors import names
from assistant.types import Block, Cell, Document, Page, Reference, Role, Span, Table

MAX_CELLS = 50_000
"""Cells of a table; a larger one is kept as rows of text."""
HIDDEN_RUN = 20
"""Characters of hidden text on end that are worth a flag, as in PDFs."""
_MAX_SECTION, _MAX_LEVEL, _MAX_NAME, _MAX_ENTRY = 200, 9, 500, 20_000
"""Characters of a heading in a section's path, depth of headings, characters of a title, characters of an entry."""
_MAX_AUTHORS = 100
_NO_PLACE = (0.0, 0.0, 0.0, 0.0)
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Cn", "Co"})
"""Unicode categories with nothing to see."""
_LIGATURES = range(0xFB00, 0xFB07)
_SPACES = re.compile(r"[^\S\n]+")
_ABSTRACT = re.compile(r"(?:structured )?abstract|zusammenfassung|résumé|resumen|摘要", re.IGNORECASE)
_REFERENCES = re.compile(
    r"(?:\d{1,2}\.?\s*)?(?:references?(?: and notes| cited)?|bibliography|literature cited|literature|works cited"
    r"|literaturverzeichnis|literatur|références|bibliografía|参考文献|參考文獻)[:.]?",
    re.IGNORECASE,
)
_CAPTION = re.compile(
    r"((?:Supplementary |Extended Data )?(?:Fig(?:ure)?\.?|Table|Scheme|Box|图|表)\s?[A-Z]?\d{1,3}[a-z]?)"
    r"\s*(?:[.:|。：]|\s(?=[A-Z]))"
)
_MAX_CAPTION, _MAX_BYLINE, _NOTE = 1500, 500, 250
"""Characters of a caption, of a list of authors, and of a paragraph that may be a note on the paper itself."""
_NOTES = 8
"""Paragraphs from the beginning in which a paper's own DOI may stand."""
_DOI = re.compile(r"\b10\.\d{4,9}/[^\s\"<>，。；]+")
_DOI_END = re.compile(r"[.,;:)\]}]+$")
_ARXIV = re.compile(r"\barxiv[:\s.]*(?:org/abs/)?(\d{4}\.\d{4,5})", re.IGNORECASE)
_YEAR = re.compile(r"\b((?:19|20)\d\d)[a-z]?\b")
_ENTRY_LABEL = re.compile(r"\s*(?:\[([^\]\s]{1,12})\]|(\d{1,3})[.)])\s+")


@dataclass(frozen=True, slots=True)
class TableCell:
    """A cell as a format gives it, at its row and column of the grid."""

    row: int
    column: int
    text: str
    rows: int = 1
    columns: int = 1
    header: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A paragraph, heading, list item, caption, entry of a bibliography or formula, or a whole table (`cells`).

    `level` is a heading's depth from 1; `reference` what the format itself says of an entry.
    """

    role: Role
    text: str = ""
    level: int = 0
    cells: tuple[TableCell, ...] = ()
    reference: Reference | None = None


@dataclass(frozen=True, slots=True)
class Front:
    """What a file says of itself, "" or None where it does not."""

    title: str = ""
    authors: tuple[str, ...] = ()
    year: int | None = None
    doi: str = ""
    arxiv: str = ""
    pmid: str = ""
    venue: str = ""
    flags: tuple[str, ...] = ()


@dataclass(slots=True)
class Flow:
    """Parts out of a tree: text gathers until a block begins or ends, and takes the innermost block's role."""

    parts: list[Part] = field(default_factory=list)
    _text: list[str] = field(default_factory=list)
    _blocks: list[Part] = field(default_factory=list)

    def add(self, text: str | None) -> None:
        if text:
            self._text.append(text)

    def open(self, role: Role, level: int = 0) -> None:
        self.flush()
        self._blocks.append(Part(role, level=level))

    def close(self) -> None:
        self.flush()
        self._blocks.pop()

    def flush(self) -> None:
        """End the paragraph in hand."""
        text = "".join(self._text)
        self._text.clear()
        if text.strip():
            around = self._blocks[-1] if self._blocks else Part(Role.BODY)
            self.parts.append(replace(around, text=text))

    def put(self, part: Part) -> None:
        self.flush()
        self.parts.append(part)

    def within(self, *roles: Role) -> bool:
        return any(block.role in roles for block in self._blocks)


def tidy(text: str, *, lines: bool = False) -> str:
    """Text as it is kept: no characters that cannot be seen, single spaces; line ends only where `lines` says so."""
    odd = {ord(c): _instead(c) for c in set(text) if not " " <= c < "\x7f"}
    text = text.translate({k: v for k, v in odd.items() if v is not None})
    if not lines:
        return " ".join(text.split())
    kept = (_SPACES.sub(" ", line).rstrip() for line in text.split("\n"))
    return "\n".join(line for line in kept if line)


def _instead(character: str) -> str | None:
    """What stands for an odd character; None for itself."""
    if character == "\n":
        return None
    if character.isspace():
        return " "
    if ord(character) in _LIGATURES:
        return unicodedata.normalize("NFKC", character)
    return "" if unicodedata.category(character) in _DROPPED else None


def assemble(parts: Sequence[Part], front: Front, *, characters: int, paragraphs: int) -> Document:
    """The document: at most `paragraphs` parts and `characters` characters of them, the rest told in a flag."""
    kept, flags = _within_limits(_tidied(parts), characters, paragraphs)
    kept = _title_first(kept)
    front = _completed(front, kept)
    kept = list(_by_context(kept, front))
    pages, tables, references = [], [], []
    for number, (part, section) in enumerate(zip(kept, _sections(kept), strict=True), 1):
        page, cells = _page(number, part, section)
        pages.append(page)
        if cells:
            tables.append(Table(number, "", _NO_PLACE, cells))
        if part.role is Role.REFERENCE:
            references.append(_reference(part, number))
    hidden = any(part.role is Role.HIDDEN and len(part.text) >= HIDDEN_RUN for part in kept)
    return Document(
        tuple(pages),
        front.title,
        front.authors,
        front.year,
        front.doi,
        (*front.flags, *flags, *["hidden text"] * hidden),
        front.arxiv,
        front.pmid,
        front.venue,
        tuple(_with_captions(tables, pages)),
        (),
        tuple(references),
        paged=False,
    )


def _tidied(parts: Sequence[Part]) -> Iterator[Part]:
    for part in parts:
        if part.cells:
            cells = tuple(replace(cell, text=tidy(cell.text)) for cell in part.cells)
            if any(cell.text for cell in cells):
                yield replace(part, cells=cells)
        elif text := tidy(part.text, lines=part.role is Role.EQUATION):
            yield replace(part, text=text)


def _within_limits(parts: Iterator[Part], characters: int, paragraphs: int) -> tuple[list[Part], list[str]]:
    kept: list[Part] = []
    left = characters
    for part in parts:
        left -= len(part.text) + sum(len(cell.text) + 1 for cell in part.cells)
        if left < 0:
            return kept, [f"only the first {characters} characters were read"]
        if len(kept) == paragraphs:
            return kept, [f"only the first {paragraphs} paragraphs were read"]
        kept.append(part)
    return kept, []


def _title_first(parts: list[Part]) -> list[Part]:
    """Where no format's mark says which is the title, a first heading that stands alone at its level is."""
    if any(part.role is Role.TITLE for part in parts):
        return parts
    headings = [i for i, part in enumerate(parts) if part.role is Role.HEADING]
    if not headings or any(part.role is Role.BODY for part in parts[: headings[0]]):
        return parts
    first = parts[headings[0]]
    if any(parts[i].level <= first.level for i in headings[1:]):
        return parts
    return [*parts[: headings[0]], replace(first, role=Role.TITLE, level=0), *parts[headings[0] + 1 :]]


def _completed(front: Front, parts: Sequence[Part]) -> Front:
    """With what the text says where the file's own entries say nothing."""
    shown = [part.text for role in (Role.TITLE, Role.HEADING) for part in parts if part.role is role]
    notes = [part.text for part in parts[:_NOTES] if part.role is not Role.REFERENCE and len(part.text) < _NOTE]
    dois = [found[0] for note in notes if (found := _DOI.search(note))]
    return replace(
        front,
        title=tidy(front.title or (shown[0] if shown else ""))[:_MAX_NAME],
        authors=tuple(n for name in front.authors[:_MAX_AUTHORS] if (n := _name(name))) or _byline(parts),
        doi=tidy_doi(front.doi or (dois[0] if dois else "")),
        arxiv=tidy(front.arxiv)[:_MAX_NAME],
        pmid=tidy(front.pmid)[:_MAX_NAME],
        venue=tidy(front.venue)[:_MAX_NAME],
    )


def tidy_doi(text: str) -> str:
    """The DOI in a text, in lower case without what stands around it; "" for none."""
    found = _DOI.search(tidy(text))
    return _DOI_END.sub("", found[0])[:200].lower() if found else ""


def year_in(text: str) -> int | None:
    """The first year of 1900 to 2099 in a text."""
    found = _YEAR.search(text)
    return int(found[1]) if found else None


def _name(name: str) -> str:
    """A person's name with the given one first: "Author, Ann" -> "Ann Author"."""
    pieces = [piece.strip() for piece in tidy(name).split(",")]
    return " ".join(reversed(pieces) if len(pieces) == 2 else pieces).strip()[:_MAX_NAME]


def _byline(parts: Sequence[Part]) -> tuple[str, ...]:
    """The authors named right under the title, where nothing but names stands there."""
    for title, after in pairwise(parts):
        if after.role is Role.AUTHOR:
            return names(after.text)
        if title.role is Role.TITLE and _is_byline(after, names(after.text)):
            return names(after.text)
    return ()


def _is_byline(part: Part, authors: Sequence[str]) -> bool:
    """Whether a paragraph names these authors and says little else."""
    if part.role is not Role.BODY or not authors or len(part.text) > _MAX_BYLINE:
        return False
    named = sum(len(author) for author in authors if author.rpartition(" ")[2] in part.text)
    return named >= 0.6 * len(part.text)


def _by_context(parts: Sequence[Part], front: Front) -> Iterator[Part]:
    """The parts with the roles that follow from where they stand: authors, abstract, captions, references."""
    heading, before = "", Role.BODY
    for part in parts:
        if part.role is Role.HEADING:
            heading = part.text
        role = part.role
        if role in (Role.BODY, Role.LIST):
            if before is Role.TITLE and _is_byline(part, front.authors):
                role = Role.AUTHOR
            elif _REFERENCES.fullmatch(heading):
                role = Role.REFERENCE
            elif role is Role.BODY:
                role = _role_of_body(part.text, heading)
        before = role
        yield replace(part, role=role)


def _role_of_body(text: str, heading: str) -> Role:
    if _ABSTRACT.fullmatch(heading):
        return Role.ABSTRACT
    if len(text) <= _MAX_CAPTION and _CAPTION.match(text):
        return Role.CAPTION
    return Role.EQUATION if text.startswith("$$") and text.endswith("$$") and len(text) > 4 else Role.BODY


def _sections(parts: Sequence[Part]) -> Iterator[str]:
    """For each part the path of headings that it stands under; a heading stands under itself."""
    path: list[tuple[int, str]] = []
    for part in parts:
        if part.role is Role.HEADING:
            while path and path[-1][0] >= part.level:
                path.pop()
            path = [*path[: _MAX_LEVEL - 1], (part.level, part.text[:_MAX_SECTION])]
        outside = part.role in (Role.TITLE, Role.AUTHOR, Role.HIDDEN)
        yield "" if outside else " > ".join(text for _, text in path)


def _page(number: int, part: Part, section: str) -> tuple[Page, tuple[Cell, ...]]:
    level = min(max(part.level, 1), _MAX_LEVEL) if part.role is Role.HEADING else 0
    text = part.text
    blocks: tuple[Block, ...] = (Block(part.role, 0, len(text), section, level),)
    cells: tuple[Cell, ...] = ()
    if part.cells:
        text, blocks, cells = _rows(part, section)
    return Page(number, str(number), 0.0, 0.0, text, blocks, pack(np.zeros((len(text), 4)))), cells


def _rows(part: Part, section: str) -> tuple[str, tuple[Block, ...], tuple[Cell, ...]]:
    """A table's text, a block for each row, and its cells; too large a table has no cells."""
    rows: dict[int, list[TableCell]] = {}
    for cell in part.cells:
        rows.setdefault(cell.row, []).append(cell)
    pieces: list[str] = []
    blocks: list[Block] = []
    cells: list[Cell] = []
    at = 0
    for row in (sorted(rows[number], key=lambda c: c.column) for number in sorted(rows)):
        start = at
        for cell in row:
            at += bool(cell.text) and at > start
            cells.append(Cell(cell.row, cell.column, at, at + len(cell.text), cell.rows, cell.columns, cell.header))
            at += len(cell.text)
        if at == start:
            continue
        pieces.append(" ".join(cell.text for cell in row if cell.text))
        blocks.append(Block(part.role, start, at + 1, section))
        at += 1
    text = "\n".join(pieces)
    blocks[-1] = replace(blocks[-1], end=len(text))
    last = len(text)
    fitted = tuple(replace(c, start=min(c.start, last), end=min(c.end, last)) for c in cells)
    return text, tuple(blocks), fitted if len(fitted) <= MAX_CELLS else ()


def _with_captions(tables: Sequence[Table], pages: Sequence[Page]) -> Iterator[Table]:
    """Each table with the caption beside it, before it rather than behind it."""
    for table in tables:
        for number in (table.page - 1, table.page + 1):
            page = pages[number - 1] if 0 < number <= len(pages) else None
            label = _label(page.text) if page else ""
            if page and page.blocks[0].role is Role.CAPTION and not label.startswith(("Fig", "图", "Scheme")):
                yield replace(table, label=label, caption=Span(number, 0, len(page.text)))
                break
        else:
            yield table


def _label(caption: str) -> str:
    found = _CAPTION.match(caption)
    return found[1] if found else ""


def _reference(part: Part, number: int) -> Reference:
    """An entry with what its format or its text tells of it."""
    text = part.text[:_MAX_ENTRY]
    given = part.reference or Reference("", ())
    label = _ENTRY_LABEL.match(text)
    arxiv = _ARXIV.search(text)
    return Reference(
        text,
        (Span(number, 0, len(part.text)),),
        tidy(given.label)[:_MAX_NAME] or ((label[1] or label[2]) if label else ""),
        given.year or year_in(_DOI.sub("", text)),
        tidy_doi(given.doi) or tidy_doi(text),
        given.arxiv or (arxiv[1] if arxiv else ""),
        tidy(given.title)[:_MAX_NAME],
    )
