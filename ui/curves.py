"""Numbers as small line charts: SVG that needs no script and takes its colours from the page. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.ui.markup import escape

WIDTH, HEIGHT = 400, 230
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 14, 40
"""Pixels around the field, for what is written there."""
TICKS = 4
MOST_POINTS = 240
"""Of a line; more are averaged, since no screen shows them."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """`name` is what the legend says, `style` a class of the style sheet; `dots` draws the points themselves too."""

    name: str
    points: Sequence[Point]
    style: str = "first"
    dots: bool = False


@dataclass(frozen=True, slots=True)
class Range:
    """What an axis shows, and its name."""

    name: str
    low: float
    high: float


def chart(lines: Sequence[Line], x: Range, y: Range, *, label: str) -> str:
    """The lines in one field; `label` is what a screen reader says. Points outside the ranges are drawn at the edge."""
    field = f'<rect class="field" x="{LEFT}" y="{TOP}" width="{_across()}" height="{_up()}"/>'
    drawn = "".join(_line(line, x, y) for line in lines)
    return (
        f'<figure class="curve"><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}">'
        f"{field}{_ticks(x, y)}{_names(x, y)}{drawn}</svg>{_legend(lines)}</figure>"
    )


def span(points: Sequence[Point], name: str) -> Range:
    """An axis from 0 to the greatest y, a little above it."""
    return Range(name, 0.0, max((y for _, y in points), default=1.0) * 1.05 or 1.0)


def thinned(points: Sequence[Point]) -> list[Point]:
    """At most MOST_POINTS of them, each the mean of its neighbours."""
    size = -(-len(points) // MOST_POINTS) or 1
    groups = [points[i : i + size] for i in range(0, len(points), size)]
    return [(g[-1][0], sum(y for _, y in g) / len(g)) for g in groups]


def _across() -> int:
    return WIDTH - LEFT - RIGHT


def _up() -> int:
    return HEIGHT - TOP - BOTTOM


def _place(point: Point, x: Range, y: Range) -> Point:
    return LEFT + _share(point[0], x) * _across(), HEIGHT - BOTTOM - _share(point[1], y) * _up()


def _share(value: float, axis: Range) -> float:
    return min(1.0, max(0.0, (value - axis.low) / ((axis.high - axis.low) or 1.0)))


def _line(line: Line, x: Range, y: Range) -> str:
    places = [_place(p, x, y) for p in thinned(line.points)]
    path = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
    dots = "".join(f'<circle class="{line.style}" cx="{a:.1f}" cy="{b:.1f}" r="3.5"/>' for a, b in places)
    return f'<polyline class="{line.style}" points="{path}"/>' + (dots if line.dots or len(places) == 1 else "")


def _ticks(x: Range, y: Range) -> str:
    marks = []
    for i in range(TICKS + 1):
        at_x, at_y = (a.low + (a.high - a.low) * i / TICKS for a in (x, y))
        left, bottom = _place((at_x, at_y), x, y)
        marks.append(f'<text class="across" x="{left:.1f}" y="{HEIGHT - BOTTOM + 16}">{_number(at_x, x)}</text>')
        marks.append(f'<text class="up" x="{LEFT - 6}" y="{bottom + 4:.1f}">{_number(at_y, y)}</text>')
        marks.append(f'<line class="rule" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{bottom:.1f}" y2="{bottom:.1f}"/>')
    return "".join(marks)


def _number(value: float, axis: Range) -> str:
    """As many decimals as the axis needs."""
    return f"{value:.0f}" if axis.high - axis.low >= 10 * TICKS else f"{value:.2f}"


def _names(x: Range, y: Range) -> str:
    middle = TOP + _up() / 2
    return (
        f'<text class="name across" x="{LEFT + _across() / 2:.0f}" y="{HEIGHT - 6}">{escape(x.name)}</text>'
        f'<text class="name across" transform="rotate(-90 12 {middle:.0f})" x="12" y="{middle:.0f}">'
        f"{escape(y.name)}</text>"
    )


def _legend(lines: Sequence[Line]) -> str:
    items = "".join(
        f'<span class="key"><svg viewBox="0 0 24 8" aria-hidden="true"><line class="{line.style}" x1="1" y1="4"'
        f' x2="23" y2="4"/></svg>{escape(line.name)}</span>'
        for line in lines
    )
    return f"<figcaption>{items}</figcaption>"
