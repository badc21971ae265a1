"""How papers, places and probabilities are told, in the page's language. Pure text, not yet escaped, but for what ends
in `_html`."""

from __future__ import annotations

from collections.abc import Sequence

from assistant import Evidence, Label, Paper
from assistant.ui.markup import escape
from assistant.ui.words import Words

BANDS = (
    (0.0, 0.5, "unsure"),
    (0.5, 0.7, "leaning"),
    (0.7, 0.85, "likely"),
    (0.85, 0.95, "very_likely"),
    (0.95, 1.01, "almost_certain"),
)
"""Least and (not included) most probability of each word for it."""
ICONS = {Label.SUPPORTS: "✓", Label.REFUTES: "✗", Label.NOT_ENOUGH_INFO: "?"}
STYLES = {Label.SUPPORTS: "supports", Label.REFUTES: "refutes", Label.NOT_ENOUGH_INFO: "unclear"}


def title(paper: Paper, words: Words) -> str:
    """The paper's title, or that it has none."""
    return paper.title or words("chat.untitled")


def authors(paper: Paper, words: Words) -> str:
    """One or two authors by name, more as the first "and others"."""
    if len(paper.authors) > 2:
        return words("chat.authors.many", first=paper.authors[0])
    return words("chat.authors.and").join(paper.authors)


def byline(paper: Paper, words: Words) -> str:
    """Authors and year, as far as they are known."""
    return ", ".join(part for part in (authors(paper, words), str(paper.year or "")) if part)


def place(e: Evidence, words: Words, *, section: bool = True) -> str:
    """Where a quote stands: section, kind of text, physical page, the printed label where it differs; the paragraph
    where there are no pages."""
    parts = [words("chat.place.section", section=e.passage.section)] if section and e.passage.section else []
    if e.passage.kind != "text":
        parts.append(words(f"chat.place.kind.{e.passage.kind}"))
    if e.page is not None:
        printed = e.page_label and e.page_label != str(e.page)
        key = "chat.place.page_printed" if printed else "chat.place.page"
        parts.append(words(key, page=e.page, **({"label": e.page_label} if printed else {})))
    elif e.paragraph is not None:
        parts.append(words("chat.place.paragraph", paragraph=e.paragraph))
    return words("chat.comma").join(parts) or words("chat.place.none")


def stance_html(e: Evidence, words: Words) -> str:
    """Which way a quote points, by icon and word; nothing where that is not known."""
    if e.stance not in (Label.SUPPORTS, Label.REFUTES):
        return ""
    side = "for" if e.stance is Label.SUPPORTS else "against"
    return (
        f' <span class="stance {STYLES[e.stance]}"><span aria-hidden="true">{ICONS[e.stance]}</span> '
        f"{escape(words(f'chat.stance.{side}'))}</span>"
    )


def percent(probability: float) -> int:
    """Whole per cent, kept within 1 and 99, since nothing here is ever certain."""
    return min(99, max(1, round(100 * probability)))


def band(probability: float, words: Words) -> str:
    """A probability as a word and the band it lies in: "likely, 70–85 %"."""
    low, high, name = next(b for b in BANDS if b[0] <= min(max(probability, 0.0), 1.0) < b[1])
    return words(f"chat.band.{name}", low=max(1, round(100 * low)), high=min(99, round(100 * high)))


def listed(items: Sequence[str], words: Words) -> str:
    """Several things, one after another."""
    return words("chat.comma").join(items)
