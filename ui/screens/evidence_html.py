"""The evidence panel as HTML. Pure; every string of a paper passes through `escape`."""

from __future__ import annotations

from collections.abc import Sequence

from assistant import Evidence
from assistant.ui.markup import escape
from assistant.ui.pages import Leaf
from assistant.ui.told import byline, place, stance_html, title
from assistant.ui.words import Words


def shell_html(words: Words) -> str:
    """The empty panel, hidden until a citation is opened."""
    return (
        f'<aside id="evidence-page" hidden tabindex="-1" aria-label="{escape(words("evidence.label"))}"'
        f' data-lost="{escape(words("evidence.lost"))}" data-copied="{escape(words("evidence.copied"))}"></aside>'
    )


def panel_html(answer: str, quote: Evidence, numbers: Sequence[int], words: Words, *, has_file: bool) -> str:
    """The quote, whose it is, what can be done with it, and the place where its page will be."""
    listed = " ".join(map(str, numbers))
    at = f"/screens/evidence/{answer}/{quote.n}"
    return (
        f'<div class="reading" data-answer="{answer}" data-n="{quote.n}" data-numbers="{listed}">'
        f"{_head(quote, numbers, words)}{_about(quote, words)}{_tools(at, quote, words, has_file=has_file)}"
        f'<div id="evidence-leaf" data-from="{at}/leaf"><p class="working">{escape(words("evidence.drawing"))}</p>'
        "</div></div>"
    )


def _head(quote: Evidence, numbers: Sequence[int], words: Words) -> str:
    where = escape(words("evidence.nth", n=list(numbers).index(quote.n) + 1, count=len(numbers)))
    back = (
        f'<button type="button" class="plain" data-evidence="close"><span class="arrow" aria-hidden="true">←</span> '
        f"{escape(words('evidence.back'))}</button>"
    )
    walk = "".join(
        f'<button type="button" class="plain" data-evidence="{go}" aria-keyshortcuts="{key}"'
        f' title="{escape(words(f"evidence.{go}"))} ({key.upper()})" aria-label="{escape(words(f"evidence.{go}"))}"'
        f"{'' if len(numbers) > 1 else ' disabled'}>"
        f'<span aria-hidden="true">{arrow}</span></button>'
        for go, key, arrow in (("before", "k", "↑"), ("after", "j", "↓"))
    )
    return f'<div class="walk">{back}<span class="nth">{where}</span>{walk}</div>'


def _about(quote: Evidence, words: Words) -> str:
    by = byline(quote.paper, words)
    return (
        f'<h2 tabindex="-1"><span class="n">[{quote.n}]</span> <cite dir="auto">{escape(title(quote.paper, words))}'
        f"</cite></h2>"
        f'<p class="note">{f"<bdi>{escape(by)}</bdi>; " if by else ""}<bdi>{escape(place(quote, words))}</bdi>'
        f"{stance_html(quote, words)}</p>"
        f'<blockquote dir="auto">{escape(quote.text)}</blockquote>'
    )


def _tools(at: str, quote: Evidence, words: Words, *, has_file: bool) -> str:
    copy = (
        f'<button type="button" class="plain" data-evidence="copy" data-copy="{escape(citation(quote, words))}">'
        f"{escape(words('evidence.copy'))}</button>"
    )
    file = (
        f'<a class="button" href="{at}/original" download>{escape(words("evidence.original"))}</a>'
        if has_file
        else f'<span class="note">{escape(words("evidence.no_original"))}</span>'
    )
    return f'<div class="tools">{copy}{file}</div>'


def citation(quote: Evidence, words: Words) -> str:
    """The quote and where it is from, as plain text to paste."""
    text = " ".join(quote.text.split())
    parts = (byline(quote.paper, words), title(quote.paper, words), place(quote, words, section=False))
    return f"“{text}” ({', '.join(part for part in parts if part)})"


def leaf_html(answer: str, quote: Evidence, number: int, leaf: Leaf, words: Words) -> str:
    """The picture of page `number` with the quote's rectangles that lie on it, and the way to the pages beside it."""
    at = f"/screens/evidence/{answer}/{quote.n}"
    places = [p for span in quote.spans if span.page == number for box in span.boxes if (p := leaf.place(box))]
    boxes = "".join(
        f'<span class="evidence-box" style="left:{x:.3f}%;top:{y:.3f}%;width:{w:.3f}%;height:{h:.3f}%"></span>'
        for x, y, w, h in places
    )
    alt = words("evidence.picture.marked" if places else "evidence.picture.plain", page=number)
    picture = f"{at}/page/{number}.png"
    return (
        f"{_pages(at, quote, number, words)}{_unplaced(quote, number, words) if not places else ''}"
        f'<div class="stage" tabindex="0" role="group" aria-label="{escape(words("evidence.page", page=number))}">'
        f'<div class="sheet"><img src="{picture}" data-fine="{picture}?fine=1" width="{leaf.width}"'
        f' height="{leaf.height}" alt="{escape(alt)}">{boxes}</div></div>'
    )


def _unplaced(quote: Evidence, number: int, words: Words) -> str:
    """Why nothing is marked on this page."""
    here = any(span.page == number for span in quote.spans)
    key = "evidence.unplaced" if here else "evidence.elsewhere"
    return f'<p class="notice">{escape(words(key, page=quote.page))}</p>'


def _pages(at: str, quote: Evidence, number: int, words: Words) -> str:
    last = max(quote.paper.pages, quote.page or 0)
    buttons = [_leaf_button(at, number - 1, number > 1, words("evidence.page_before"), "‹", "evidence-leaf-before")]
    buttons.append(f'<span aria-live="polite">{escape(words("evidence.page_of", page=number, pages=last))}</span>')
    buttons.append(
        _leaf_button(at, number + 1, number < last, words("evidence.page_after"), "›", "evidence-leaf-after")
    )
    if number != quote.page:
        back = escape(words("evidence.page_quote", page=quote.page))
        buttons.append(f'<button type="button" class="plain" data-leaf="{at}/leaf">{back}</button>')
    zoom = "".join(
        f'<button type="button" class="plain" id="evidence-{go}" data-evidence="{go}"'
        f' aria-label="{escape(words(f"evidence.{go}"))}" title="{escape(words(f"evidence.{go}"))}">{sign}</button>'
        for go, sign in (("smaller", "−"), ("larger", "+"))
    )
    return f'<div class="pages">{"".join(buttons)}<span class="zoom">{zoom}</span></div>'


def _leaf_button(at: str, number: int, there: bool, name: str, sign: str, id: str) -> str:  # noqa: A002
    return (
        f'<button type="button" class="plain" id="{id}" data-leaf="{at}/leaf?page={number}"'
        f' aria-label="{escape(name)}" title="{escape(name)}"{"" if there else " disabled"}>{sign}</button>'
    )


def text_html(quote: Evidence, words: Words, why: str = "") -> str:
    """The quote within its passage, where there is no page to be drawn."""
    passage = quote.passage.text
    start = passage.find(quote.text)
    note = f'<p class="notice">{escape(why)}</p>' if why else f'<p class="note">{escape(words("evidence.unpaged"))}</p>'
    if start < 0:
        return f'{note}<div class="stage text"><p dir="auto">{escape(passage)}</p></div>'
    end = start + len(quote.text)
    before, quoted, after = (escape(t) for t in (passage[:start], passage[start:end], passage[end:]))
    marked = f'{before}<mark class="evidence-mark">{quoted}</mark>{after}'
    return f'{note}<div class="stage text"><p dir="auto">{marked}</p></div>'
