"""An answer's graph as a drawing: SVG without script, style sheet or link out. Pure; every name is escaped.

Causes stand on the left, effects on the right, what is both once on each side; an edge says what it does in words, by
colour and by line, and leads to its passage. Knows no browser and no library.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol

from assistant import Relation
from assistant.ui.markup import escape
from assistant.ui.said import said
from assistant.ui.words import Words

MAX_EDGES = 24
"""Edges drawn, at most; the export holds all."""
ROW, BOX, WIDTH, SIDE, PAD = 46, 34, 760, 250, 6
"""Pixels: height of a row and of a box, width of the drawing and of a box, margin."""
REACH = 14
"""Pixels: width of the strip along an edge that can be clicked."""
PLACES = (0.22, 0.5, 0.75)
"""Share of the way along an edge at which its words stand, for the first, second and third edge of a cause."""
CHARACTERS = 34
"""Of a name in a box; the whole name is its title."""
SIGNS = {1: ("raises", ""), -1: ("lowers", ' stroke-dasharray="7 4"'), 0: ("none", ' stroke-dasharray="2 4"')}


class Citing(Protocol):
    """Whose evidence the edges lead to."""

    @property
    def answer(self) -> str: ...
    @property
    def words(self) -> Words: ...


def graph_html(relations: Sequence[Relation], cites: Citing) -> str:
    """The drawing with a list of its edges in words for those who do not see it; "" where the quotes state none."""
    shown, words = relations[:MAX_EDGES], cites.words
    if not shown:
        return ""
    more = len(relations) - len(shown)
    note = f'<p class="note">{escape(words("chat.graph.more", n=more))}</p>' if more else ""
    items = "".join(f"<li>{_words(r, words)}</li>" for r in shown)
    return (
        f'<section class="graph"><h3>{escape(words("chat.graph.title"))}</h3>{graph_svg(shown, cites)}'
        f"<details><summary>{escape(words('chat.graph.words'))}</summary><ul>{items}</ul></details>{note}</section>"
    )


def graph_svg(relations: Sequence[Relation], cites: Citing) -> str:
    """Two columns of boxes and the edges between them."""
    causes, effects = _rows(r.cause for r in relations), _rows(r.effect for r in relations)
    height = ROW * max(len(causes), len(effects)) + 2 * PAD
    boxes = [_box(name, PAD, i) for i, name in enumerate(causes.values())]
    boxes += [_box(name, WIDTH - SIDE - PAD, i) for i, name in enumerate(effects.values())]
    row = {side: {key: i for i, key in enumerate(names)} for side, names in (("cause", causes), ("effect", effects))}
    seen: Counter[str] = Counter()
    lines = []
    for r in relations:
        cause, effect = _key(r.cause), _key(r.effect)
        lines.append(_edge(r, row["cause"][cause], row["effect"][effect], seen[cause], cites))
        seen[cause] += 1
    label = escape(cites.words("chat.graph.label"))
    return (
        f'<svg role="group" aria-label="{label}" viewBox="0 0 {WIDTH} {height}" width="100%" '
        f'xmlns="http://www.w3.org/2000/svg" font-size="13">{"".join(lines)}{"".join(boxes)}</svg>'
    )


def _key(name: str) -> str:
    """By which names are the same box: "Velorite" begins a sentence, "velorite" does not."""
    return " ".join(name.casefold().split())


def _rows(names: Iterable[str]) -> dict[str, str]:
    """Key -> the name shown, the first that has it, in order."""
    shown: dict[str, str] = {}
    for name in names:
        shown.setdefault(_key(name), name)
    return shown


def _box(name: str, x: int, row: int) -> str:
    y = PAD + row * ROW
    text = " ".join(name.split())
    shown = text if len(text) <= CHARACTERS else text[: CHARACTERS - 1] + "…"
    return (
        f'<g><title>{escape(text)}</title><rect x="{x}" y="{y}" width="{SIDE}" height="{BOX}" rx="5" fill="none" '
        f'stroke="currentColor"/><text x="{x + SIDE // 2}" y="{y + BOX // 2 + 5}" text-anchor="middle" '
        f'fill="currentColor">{escape(shown)}</text></g>'
    )


def _edge(relation: Relation, cause: int, effect: int, number: int, cites: Citing) -> str:
    """A line with an arrow head drawn as a path (a marker would need an id, which two drawings would share); its
    words stand near its cause, those of the cause's `number`-th edge further on."""
    sign, dashes = SIGNS[relation.sign]
    word = cites.words(f"chat.graph.{sign}")
    x1, y1 = PAD + SIDE, PAD + cause * ROW + BOX // 2
    x2, y2 = WIDTH - SIDE - PAD, PAD + effect * ROW + BOX // 2
    share = PLACES[number % len(PLACES)]
    x, y = round(x1 + share * (x2 - x1)), round(y1 + share * (y2 - y1)) - 4
    head = f'<path d="M{x2} {y2}l-9 -5v10z" fill="currentColor" stroke="none"/>' if relation.sign else ""
    label = escape(f"{word}{' (' + relation.hedge + ')' if relation.hedge else ''} [{relation.evidence}]")
    told = _words(relation, cites.words)
    return (
        f'<a class="{sign}" href="#cite-{cites.answer}-{relation.evidence}" aria-label="{told}"><title>{told}</title>'
        f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="transparent" stroke-width="{REACH}"/>'
        f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="currentColor" stroke-width="1.5"{dashes}/>{head}'
        f'<text x="{x}" y="{y}" text-anchor="middle" font-size="11" fill="currentColor">{label}</text></a>'
    )


def _words(relation: Relation, words: Words) -> str:
    notes = "; ".join(part for part in (relation.hedge, said(relation.study, words)) if part)
    told = words(f"chat.graph.{SIGNS[relation.sign][0]}") + (f" ({notes})" if notes else "")
    return escape(
        words(
            "chat.graph.edge", cause=relation.cause, told=told, effect=relation.effect, n=relation.evidence,
            quote=relation.relation,
        )
    )  # fmt: skip
