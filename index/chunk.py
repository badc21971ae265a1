"""Document -> passages: runs of whole sentences of one section, each traceable to exact characters of its pages. Pure.

Knows blocks and sentences. Does not know PDF, models (tokens are counted by a function it is handed) or the store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from assistant.index.sentences import is_complete, sentences
from assistant.types import RUNNING_TEXT, Block, Document, Page, Passage, Role, Span

CHUNKING = "sentences-1"
"""Version of this module's output; goes up when equal pages would give other passages."""
OPENING = frozenset({Role.TITLE, Role.HEADING})
"""Roles that open the passage of the text under them: a paper is found by its title, with its abstract to quote."""
ALONE = frozenset({Role.CAPTION, Role.TABLE, Role.FOOTNOTE})
"""Roles that share a passage with no other block, table with table excepted."""
PROSE = frozenset({Role.ABSTRACT, Role.BODY, Role.LIST})
"""Roles whose last sentence on a page may end on the next."""
LIMIT_RATIO = 1.5
"""A passage has at most this many times the wished tokens."""
OVERLAP_RATIO = 0.2
"""A sentence is repeated in the next passage when it has at most this share of the wished tokens."""
TAIL_RATIO = 0.25
"""A last passage with less than this share of the wished tokens joins the one before, where the limit allows."""

Count = Callable[[Sequence[str]], list[int]]
Piece = tuple[int, int, int]
"""Index of the page in the document, start, end."""


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


def passages(document: Document, paper_id: str, *, target: int, count: Count) -> list[Passage]:
    """The document's passages: the running text in reading order, then captions, tables and footnotes.

    About `target` tokens each as `count` tells them, at most LIMIT_RATIO times as many. Each span's text is
    `page.text[start:end]`, not empty, without white space at either end; boxes are left empty. References, page
    furniture, hidden text, authors and the text inside figures are in none; nor is a heading with nothing under it.
    """
    pages = document.pages
    limit = max(1, int(LIMIT_RATIO * target))
    found = []
    for run in (*_running(pages), *_alone(pages)):
        units = list(_fitting(pages, run.units, limit, count))
        found += [_passage(pages, paper_id, run.section, group) for group in _packed(units, target, limit)]
    return found


def _running(pages: Sequence[Page]) -> Iterator[_Run]:
    """The running text, cut where the section changes; a run goes on over a page break."""
    group: list[_Item] = []
    for item in _items(pages):
        if group and not _belongs(item, group):
            yield from _run(pages, group)
            group = []
        group.append(item)
    yield from _run(pages, group)


def _items(pages: Sequence[Page]) -> Iterator[_Item]:
    for number, page in enumerate(pages):
        follows = True
        for block in sorted(page.blocks, key=lambda b: b.start):
            if block.role in RUNNING_TEXT:
                yield _Item(number, block, follows)
            follows = block.role in RUNNING_TEXT


def _belongs(item: _Item, group: Sequence[_Item]) -> bool:
    """Whether the block belongs to the section of the group before it. Title and headings gather until text follows."""
    last, block = group[-1].block, item.block
    if not item.follows:
        return False
    if last.role in OPENING:
        return block.role is not Role.TITLE or last.role is Role.TITLE
    return block.role not in OPENING and block.section == last.section


def _run(pages: Sequence[Page], group: Sequence[_Item]) -> Iterator[_Run]:
    """The group's sentences as a run; none where it is headings only."""
    if all(item.block.role is Role.HEADING for item in group):
        return
    units: list[_Unit] = []
    for before, item in zip((None, *group), group, strict=False):
        new = _sentences(pages, item.page, item.block)
        if before is not None and units and new and _runs_on(pages, before, item):
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


def _alone(pages: Sequence[Page]) -> Iterator[_Run]:
    """Captions and footnotes each alone, and the neighbouring blocks of a table, which may be its rows, together."""
    for number, page in enumerate(pages):
        blocks = sorted(page.blocks, key=lambda b: b.start)
        for (role, section, _), group in groupby(enumerate(blocks), key=_table_of):
            if role in ALONE:
                yield _Run(section, tuple(unit for _, block in group for unit in _sentences(pages, number, block)))


def _table_of(entry: tuple[int, Block]) -> tuple[Role, str, int]:
    """Equal for neighbouring blocks that may be one table; of its own for any other block."""
    position, block = entry
    return block.role, block.section, -1 if block.role is Role.TABLE else position


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
    """The unit in two: at the page break, the white space nearest its middle, or there; () for one character."""
    if len(unit.pieces) > 1:
        return (_Unit(unit.pieces[:1]), _Unit(unit.pieces[1:]))
    page, start, end = unit.pieces[0]
    text = pages[page].text[start:end]
    if len(text) < 2:
        return ()
    middle = len(text) // 2
    cut = min((i for i, c in enumerate(text) if c.isspace()), key=lambda i: abs(i - middle), default=middle)
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


def _passage(pages: Sequence[Page], paper_id: str, section: str, units: Iterable[_Unit]) -> Passage:
    pieces = [piece for unit in units for piece in unit.pieces]
    spans = []
    texts = []
    for number, group in groupby(pieces, key=lambda piece: piece[0]):
        on_page = list(group)
        start, end = on_page[0][1], on_page[-1][2]
        spans.append(Span(pages[number].number, start, end))
        texts.append(pages[number].text[start:end])
    return Passage(paper_id, " ".join(texts), tuple(spans), section)
