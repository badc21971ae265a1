"""Document -> passages: runs of whole sentences of one section, captions, footnotes, rows of tables and entries of the
list of references, each traceable to exact characters of its pages. Pure.

Knows blocks and sentences. Does not know PDF, models (tokens are counted by a function it is handed) or the store.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from assistant.index.extracts import Piece, TableRows, find_entries, find_rows, is_readable, trimmed
from assistant.index.sentences import is_complete, sentences
from assistant.index.tables import Run
from assistant.types import RUNNING_TEXT, Block, Document, Page, Passage, PassageKind, Role, Span

CHUNKING = "sentences-2"
"""Version of this module's output; goes up when equal pages would give other passages."""
OPENING = frozenset({Role.TITLE, Role.HEADING})
"""Roles that open the passage of the text under them: a paper is found by its title, with its abstract to quote."""
ALONE: Mapping[Role, PassageKind] = {
    Role.CAPTION: PassageKind.CAPTION,
    Role.FOOTNOTE: PassageKind.FOOTNOTE,
    Role.TABLE: PassageKind.TEXT,
}
"""Roles that share a passage with no other block, table with table excepted, and what their passages are. Where the
cells of a table are not known, nor are its rows."""
PROSE = frozenset({Role.ABSTRACT, Role.BODY, Role.LIST})
"""Roles whose last sentence on a page may end on the next."""
LIMIT_RATIO = 1.5
"""A passage has at most this many times the wished tokens."""
OVERLAP_RATIO = 0.2
"""A sentence is repeated in the next passage when it has at most this share of the wished tokens."""
TAIL_RATIO = 0.25
"""A last passage with less than this share of the wished tokens joins the one before, where the limit allows."""
HEADER_RATIO = 0.5
"""Before each row stands of its table's header no more than this share of the wished tokens."""
ROWS_ALONE = 1_000
"""Rows of a paper that are passages of their own; where there are more, rows share passages: embedding a row takes
about 10 ms, and a file of data tables would take an hour."""

Count = Callable[[Sequence[str]], list[int]]
_BREAK = re.compile(r"\s|(?<=[；，、：])(?!\Z)")
"""Where a sentence that is too long may be cut."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence, or what was cut from an over-long one: one piece for each page it lies on."""

    pieces: tuple[Piece, ...]
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class _Item:
    """A block of the running text; `follows`: nothing but white space or a page break parts it from the last."""

    page: int
    block: Block
    follows: bool


@dataclass(frozen=True, slots=True)
class _Run:
    """Sentences that may share a passage."""

    section: str
    units: tuple[_Unit, ...]
    kind: PassageKind = PassageKind.TEXT


def passages(document: Document, paper_id: str, *, target: int, count: Count) -> list[Passage]:
    """The document's passages: the running text in reading order, captions, footnotes and tables without cells, rows of
    tables, entries of the list of references.

    About `target` tokens each as `count` tells them, at most LIMIT_RATIO times as many. Each span's text is
    `page.text[start:end]`, not empty, without white space at either end; boxes are left empty. Page furniture, hidden
    text, authors, the text inside figures and pages that cannot be read are in none; nor is a heading with nothing
    under it. In a file without pages the end of a paragraph ends a sentence.
    """
    pages = document.pages
    limit = max(1, int(LIMIT_RATIO * target))
    tables = find_rows(document)
    found = []
    for run in (*_running(document), *_alone(pages, tables)):
        units = list(_fitting(pages, run.units, limit, count))
        found += [
            Passage(paper_id, *_joined(pages, _merged(group)), run.section, kind=run.kind)
            for group in _packed(units, target, limit)
        ]
    wished = 1 if sum(len(table.rows) for table in tables) <= ROWS_ALONE else target
    for table in tables:
        found += _row_passages(pages, paper_id, table, wished, target, count)
    entries = [_Unit(pieces) for pieces in find_entries(document)]
    found += [
        Passage(paper_id, *_joined(pages, unit.pieces), kind=PassageKind.REFERENCE)
        for unit in _fitting(pages, entries, limit, count)
    ]
    return found


def _row_passages(
    pages: Sequence[Page], paper_id: str, table: TableRows, wished: int, target: int, count: Count
) -> Iterator[Passage]:
    """The rows of a table, each with the header before it, in passages of about `wished` tokens without the header."""
    limit = max(1, int(LIMIT_RATIO * target))
    header = _beginning(pages, table, int(HEADER_RATIO * target), count)
    left = max(1, limit - _size(header))
    rows = [_Unit(((table.page, *run),)) for run in table.rows]
    before = [piece for unit in header for piece in unit.pieces]
    for group in _packed(list(_fitting(pages, rows, left, count)), wished, left):
        pieces = (piece for unit in group for piece in unit.pieces)
        yield Passage(paper_id, *_joined(pages, [*before, *pieces]), table.section, kind=PassageKind.ROW)


def _beginning(pages: Sequence[Page], table: TableRows, limit: int, count: Count) -> list[_Unit]:
    """As much of the table's header as has at most `limit` tokens, cut at white space: [] or one unit."""
    if table.header is None:
        return []
    unit = _Unit(((table.page, *table.header),))
    return [first] if (first := next(_fitting(pages, [unit], limit, count))).tokens <= limit else []


def _running(document: Document) -> Iterator[_Run]:
    """The running text, cut where the section changes; a run goes on over a page break."""
    group: list[_Item] = []
    for item in _items(document.pages):
        if group and not _belongs(item, group):
            yield from _run(document, group)
            group = []
        group.append(item)
    yield from _run(document, group)


def _items(pages: Sequence[Page]) -> Iterator[_Item]:
    follows = True
    for number, page in enumerate(pages):
        if not is_readable(page):
            follows = False
            continue
        for block in sorted(page.blocks, key=lambda b: b.start):
            if block.role in RUNNING_TEXT:
                yield _Item(number, block, follows)
            follows = block.role in RUNNING_TEXT
        follows = True


def _belongs(item: _Item, group: Sequence[_Item]) -> bool:
    """Whether the block belongs to the section of the group before it. Title and headings gather until text follows."""
    last, block = group[-1].block, item.block
    if not item.follows:
        return False
    if last.role in OPENING:
        return block.role is not Role.TITLE or last.role is Role.TITLE
    return block.role not in OPENING and block.section == last.section


def _run(document: Document, group: Sequence[_Item]) -> Iterator[_Run]:
    """The group's sentences as a run; none where it is headings only."""
    if all(item.block.role is Role.HEADING for item in group):
        return
    pages = document.pages
    units: list[_Unit] = []
    for before, item in zip((None, *group), group, strict=False):
        new = _sentences(pages, item.page, item.block)
        if before is not None and units and new and document.paged and _runs_on(pages, before, item):
            units[-1] = _Unit(units[-1].pieces + new.pop(0).pieces)
        units += new
    yield _Run(group[-1].block.section, tuple(units))


def _runs_on(pages: Sequence[Page], before: _Item, item: _Item) -> bool:
    """Whether the last sentence of the one block ends in the other, over a page break."""
    if before.page == item.page or before.block.role is not item.block.role or item.block.role not in PROSE:
        return False
    if is_complete(_text(pages, before)):
        return False
    return item.block.role is not Role.LIST or _text(pages, item).lstrip()[:1].islower()


def _text(pages: Sequence[Page], item: _Item) -> str:
    return pages[item.page].text[item.block.start : item.block.end]


def _alone(pages: Sequence[Page], tables: Sequence[TableRows]) -> Iterator[_Run]:
    """Captions and footnotes each alone; the neighbouring blocks of a table without cells, which may be its rows,
    together."""
    regions: dict[int, list[Run]] = {}
    for table in tables:
        regions.setdefault(table.page, []).append(table.region)
    for number, page in enumerate(pages):
        if is_readable(page):
            blocks = _without(sorted(page.blocks, key=lambda b: b.start), regions.get(number, ()))
            for (role, section, _), group in groupby(blocks, key=_table_of):
                cut = _whole if role is Role.TABLE else _sentences
                if role in ALONE:
                    yield _Run(section, tuple(u for _, b in group for u in cut(pages, number, b)), ALONE[role])


def _without(blocks: Sequence[Block], regions: Iterable[Run]) -> Iterator[tuple[int, Block]]:
    """The blocks without those of tables whose rows are known. Neighbouring blocks of a table share a number, and no
    other two blocks."""
    reach, waiting, number = 0, sorted(regions, reverse=True), 0
    before: Role | None = None
    for block in blocks:
        while waiting and waiting[-1][0] < block.end:
            reach = max(reach, waiting.pop()[1])
        known = block.role is Role.TABLE and block.start < reach
        number += known or block.role is not Role.TABLE or before is not Role.TABLE
        before = None if known else block.role
        if not known:
            yield number, block


def _table_of(entry: tuple[int, Block]) -> tuple[Role, str, int]:
    """Equal for neighbouring blocks that may be one table; of its own for any other block."""
    number, block = entry
    return block.role, block.section, number


def _whole(pages: Sequence[Page], number: int, block: Block) -> list[_Unit]:
    run = trimmed(pages[number].text, block.start, block.end)
    return [_Unit(((number, *run),))] if run else []


def _sentences(pages: Sequence[Page], number: int, block: Block) -> list[_Unit]:
    text = pages[number].text[block.start : block.end]
    return [_Unit(((number, block.start + start, block.start + end),)) for start, end in sentences(text)]


def _fitting(pages: Sequence[Page], units: Sequence[_Unit], limit: int, count: Count) -> Iterator[_Unit]:
    """The units with their tokens counted; one of more than `limit` tokens in parts that have no more."""
    if not units:
        return
    for unit, tokens in zip(units, count([_unit_text(pages, unit) for unit in units]), strict=True):
        parts = _halves(pages, unit) if tokens > limit else ()
        if parts:
            yield from _fitting(pages, parts, limit, count)
        else:
            yield replace(unit, tokens=tokens)


def _unit_text(pages: Sequence[Page], unit: _Unit) -> str:
    return " ".join(pages[page].text[start:end] for page, start, end in unit.pieces)


def _halves(pages: Sequence[Page], unit: _Unit) -> tuple[_Unit, ...]:
    """The unit in two: at the page break, the white space or Chinese comma nearest its middle, or there; () for one
    character."""
    if len(unit.pieces) > 1:
        return (_Unit(unit.pieces[:1]), _Unit(unit.pieces[1:]))
    page, start, end = unit.pieces[0]
    text = pages[page].text[start:end]
    if len(text) < 2:
        return ()
    middle = len(text) // 2
    cut = min((m.start() for m in _BREAK.finditer(text)), key=lambda i: abs(i - middle), default=middle)
    left, right = text[:cut].rstrip(), text[cut:].lstrip()
    return (_Unit(((page, start, start + len(left)),)), _Unit(((page, end - len(right), end),)))


def _packed(units: Sequence[_Unit], target: int, limit: int) -> list[list[_Unit]]:
    """Runs of units of about `target` tokens, at most `limit`; a short last unit is repeated at the next one's head."""
    groups: list[list[_Unit]] = []
    fresh: list[_Unit] = []
    head: list[_Unit] = []
    for unit in units:
        if fresh and not _fits(_size(head) + _size(fresh), unit.tokens, target, limit):
            groups.append(head + fresh)
            head = _overlap(fresh, unit, target, limit)
            fresh = []
        fresh.append(unit)
    if groups and _size(fresh) < TAIL_RATIO * target and _size(groups[-1]) + _size(fresh) <= limit:
        groups[-1] += fresh
    elif fresh:
        groups.append(head + fresh)
    return groups


def _size(units: Iterable[_Unit]) -> int:
    return sum(unit.tokens for unit in units)


def _fits(size: int, tokens: int, target: int, limit: int) -> bool:
    """Whether `tokens` more bring a passage of `size` tokens nearer to `target`, within `limit`."""
    return size + tokens <= limit and abs(size + tokens - target) <= abs(size - target)


def _overlap(fresh: Sequence[_Unit], following: _Unit, target: int, limit: int) -> list[_Unit]:
    last = fresh[-1]
    short = last.tokens <= OVERLAP_RATIO * target and last.tokens + following.tokens <= limit
    return [last] if len(fresh) > 1 and short else []


def _merged(units: Iterable[_Unit]) -> list[Piece]:
    """The units' pieces, those on one page made one from the first to the last."""
    merged: list[Piece] = []
    for piece in (piece for unit in units for piece in unit.pieces):
        if merged and merged[-1][0] == piece[0]:
            piece = (piece[0], merged.pop()[1], piece[2])
        merged.append(piece)
    return merged


def _joined(pages: Sequence[Page], pieces: Iterable[Piece]) -> tuple[str, tuple[Span, ...]]:
    """Text and spans of a passage of these pieces."""
    pieces = list(pieces)
    text = " ".join(pages[number].text[start:end] for number, start, end in pieces)
    return text, tuple(Span(pages[number].number, start, end) for number, start, end in pieces)
