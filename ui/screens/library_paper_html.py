"""A paper's page as printed beside what was read of it, its passages shaded. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from assistant import FlagKind, Page, Paper, Passage
from assistant.ui.markup import escape
from assistant.ui.screens.library_html import flags
from assistant.ui.words import Words

PARAGRAPHS = 40
"""Paragraphs shown at once of a file without pages."""
HIDDEN = "hidden"
Run = tuple[int, int, int]
"""Where a passage runs on a page: start, end, and its number from 1 in the paper."""


def paper(
    about: Paper,
    kinds: Sequence[FlagKind],
    pages: Sequence[Page],
    number: int,
    passages: Sequence[Passage],
    words: Words,
) -> str:
    """The view of one page (or of some paragraphs) from `number` on; no `pages` where that page was not read."""
    text = "".join(extracted(page, runs(passages, page.number), words, numbered=not about.paged) for page in pages)
    text = text or f'<p class="notice">{escape(words("library.paper.unread"))}</p>'
    legend = f'<p class="note">{escape(words("library.paper.legend"))}</p>'
    right = (
        f"<section><h3>{escape(words('library.paper.text'))}</h3>{legend}<div class='extracted'>{text}</div></section>"
    )
    body = f'<div class="side-by-side">{_picture(about, number, words)}{right}</div>' if about.paged else right
    said, links = _way(about, number, pages, words)
    above = f'<nav class="pager" aria-label="{said}"><span>{said}</span>{links}</nav>'
    return f'{_head(about, kinds, words)}{above}{body}<div class="pager">{links}</div>'


def _head(about: Paper, kinds: Sequence[FlagKind], words: Words) -> str:
    facts = [
        "; ".join(about.authors), about.year, about.venue, about.doi,
        words("library.paper.pages", n=about.pages) if about.paged else "",
        words("library.paper.passages", n=about.passages),
    ]  # fmt: skip
    full = "".join(f'<li lang="en" dir="auto">{escape(flag)}</li>' for flag in about.flags)
    notes = f'<ul class="note">{full}</ul>' if full else ""
    return (
        f'<p><a href="#library">{escape(words("library.back"))}</a> · <a href="#library/edit/{about.id}">'
        f'{escape(words("library.list.edit"))}</a></p><h2 dir="auto">{escape(about.title)}</h2>'
        f'<p class="facts" dir="auto">{escape(" · ".join(str(fact) for fact in facts if fact))} '
        f"{flags(about, kinds, words)}</p>{notes}"
    )


def _way(about: Paper, number: int, pages: Sequence[Page], words: Words) -> tuple[str, str]:
    """Where one is in the paper, and the links to the pages before and after, as HTML."""
    step = 1 if about.paged else PARAGRAPHS
    if about.paged:
        said = words("library.paper.page", page=number, pages=max(about.pages, number))
        label = pages[0].label if pages else ""
        said += f" ({words('library.paper.printed', label=label)})" if label and label != str(number) else ""
    else:
        last = min(number + step - 1, about.pages)
        said = words("library.paper.paragraphs", first=number, last=last, all=about.pages)
    links = ""
    for name, target in (("earlier", number - step), ("later", number + step)):
        if 1 <= target <= about.pages:
            address = f"#library/paper/{about.id}/page/{target}"
            links += f'<a class="button" href="{address}">{escape(words(f"library.paper.{name}"))}</a>'
    return escape(said), links


def _picture(about: Paper, number: int, words: Words) -> str:
    alt = escape(words("library.paper.page", page=number, pages=max(about.pages, number)))
    failed = escape(words("library.paper.no_picture"))
    return (
        f"<section><h3>{escape(words('library.paper.picture'))}</h3>"
        f'<img src="/screens/library/paper/{about.id}/page/{number}.png" alt="{alt}" data-failed="{failed}"></section>'
    )


def extracted(page: Page, found: Sequence[Run], words: Words, *, numbered: bool = False) -> str:
    """The blocks of one page in the order they are read, each with what it is; passages shaded and numbered."""
    ocr = page.quality == "ocr"
    warning = f'<p class="note">{escape(words("library.paper.quality_ocr"))}</p>' if ocr else ""
    blocks = "".join(
        f'<div class="block {"hidden-text" if block.role == HIDDEN else escape(block.role)}"><span class="role">'
        f"{f'¶ {page.number} · ' if numbered else ''}{escape(words(f'library.role.{block.role}'))}</span>"
        f'<span class="words" dir="auto">{_shaded(page.text, block.start, block.end, found)}</span></div>'
        for block in page.blocks
        if page.text[block.start : block.end].strip()
    )
    return warning + (blocks or f'<p class="note">{escape(words("library.paper.no_text"))}</p>')


def _shaded(text: str, start: int, end: int, found: Iterable[Run]) -> str:
    """`text[start:end]` as HTML with the runs of passages in it marked; where two overlap the first has the text."""
    parts, at = [], start
    for first, last, number in sorted(found):
        first, last = max(first, at), min(last, end)
        if first >= last:
            continue
        look = "passage even" if number % 2 == 0 else "passage"
        parts += [escape(text[at:first]), f'<span class="{look}"><sup>{number}</sup>{escape(text[first:last])}</span>']
        at = last
    return "".join([*parts, escape(text[at:end])])


def runs(passages: Sequence[Passage], page: int) -> list[Run]:
    """Where the paper's passages run on a page."""
    return [(s.start, s.end, n) for n, passage in enumerate(passages, 1) for s in passage.spans if s.page == page]
