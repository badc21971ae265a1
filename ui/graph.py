"""An answer's graph as a drawing: SVG without script, style sheet or link out. Pure; every name is escaped.

Causes stand on the left, effects on the right, what is both once on each side; an edge says what it does in words, by
colour and by line, and leads to its passage. Knows no browser and no library.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from assistant import Answer, Relation
from assistant.ui.markup import escape

MAX_EDGES = 24
"""Edges drawn, at most; the export holds all."""
ROW, BOX, WIDTH, SIDE, PAD = 46, 34, 760, 250, 6
"""Pixels: height of a row and of a box, width of the drawing and of a box, margin."""
PLACES = (0.22, 0.5, 0.75)
"""Share of the way along an edge at which its words stand, for the first, second and third edge of a cause."""
CHARACTERS = 34
"""Of a name in a box; the whole name is its title."""
SIGNS = {
    1: ("raises", "#1a7f37", ""),
    -1: ("lowers", "#b42318", ' stroke-dasharray="7 4"'),
    0: ("no effect", "#59636e", ' stroke-dasharray="2 4"'),
}


def graph_html(answer: Answer) -> str:
    """The drawing with a list of its edges in words for those who do not see it; "" where the quotes state none."""
    relations = answer.relations[:MAX_EDGES]
    if not relations:
        return ""
    more = len(answer.relations) - len(relations)
    note = f'<p class="note">and {more} more, in the export</p>' if more else ""
    items = "".join(f"<li>{_words(r)}</li>" for r in relations)
    return (
        '<section class="graph"><h3>What acts on what, as the quotes say it</h3>'
        f"{graph_svg(relations)}<details><summary>In words</summary><ul>{items}</ul></details>{note}</section>"
    )


def graph_svg(relations: Sequence[Relation]) -> str:
    """Two columns of boxes and the edges between them."""
    causes = list(dict.fromkeys(r.cause for r in relations))
    effects = list(dict.fromkeys(r.effect for r in relations))
    height = ROW * max(len(causes), len(effects)) + 2 * PAD
    boxes = [_box(name, PAD, i) for i, name in enumerate(causes)]
    boxes += [_box(name, WIDTH - SIDE - PAD, i) for i, name in enumerate(effects)]
    seen: Counter[str] = Counter()
    lines = []
    for r in relations:
        lines.append(_edge(r, causes.index(r.cause), effects.index(r.effect), seen[r.cause]))
        seen[r.cause] += 1
    return (
        f'<svg role="img" aria-label="Graph of causes and effects" viewBox="0 0 {WIDTH} {height}" width="100%" '
        f'xmlns="http://www.w3.org/2000/svg" font-size="13">{"".join(lines)}{"".join(boxes)}</svg>'
    )


def _box(name: str, x: int, row: int) -> str:
    y = PAD + row * ROW
    text = " ".join(name.split())
    shown = text if len(text) <= CHARACTERS else text[: CHARACTERS - 1] + "…"
    return (
        f'<g><title>{escape(text)}</title><rect x="{x}" y="{y}" width="{SIDE}" height="{BOX}" rx="5" fill="none" '
        f'stroke="currentColor"/><text x="{x + SIDE // 2}" y="{y + BOX // 2 + 5}" text-anchor="middle" '
        f'fill="currentColor">{escape(shown)}</text></g>'
    )


def _edge(relation: Relation, cause: int, effect: int, number: int) -> str:
    """A line with an arrow head drawn as a path (a marker would need an id, which two drawings would share); its
    words stand near its cause, those of the cause's `number`-th edge further on."""
    word, colour, dashes = SIGNS[relation.sign]
    x1, y1 = PAD + SIDE, PAD + cause * ROW + BOX // 2
    x2, y2 = WIDTH - SIDE - PAD, PAD + effect * ROW + BOX // 2
    share = PLACES[number % len(PLACES)]
    x, y = round(x1 + share * (x2 - x1)), round(y1 + share * (y2 - y1)) - 4
    head = f'<path d="M{x2} {y2}l-9 -5v10z" fill="{colour}"/>' if relation.sign else ""
    label = escape(f"{word}{' (' + relation.hedge + ')' if relation.hedge else ''} [{relation.evidence}]")
    return (
        f'<a href="#cite-{relation.evidence}"><title>{_words(relation)}</title>'
        f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{colour}" stroke-width="1.5"{dashes}/>{head}'
        f'<text x="{x}" y="{y}" text-anchor="middle" font-size="11" fill="{colour}">{label}</text></a>'
    )


def _words(relation: Relation) -> str:
    notes = "; ".join(part for part in (relation.hedge, relation.study) if part)
    told = f"{SIGNS[relation.sign][0]}{f' ({notes})' if notes else ''}"
    return escape(f"{relation.cause}: {told}: {relation.effect} [{relation.evidence}], “{relation.relation}”")
