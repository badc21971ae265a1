"""Small charts of shares (0..1), as SVG for a page and as PNG: bars side by side, and curves.

Knows rectangles, lines and words; not what they stand for.
"""

from __future__ import annotations

import html
import io
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, MARGIN = 720, 360, 48
"""Pixels of a chart, and of its empty border."""
COLOURS = ("#2b5f9e", "#c2571a", "#3b7d4f", "#7a4f9a", "#8a6d1f", "#a33a52")
GREY, BLACK = "#999999", "#222222"
LEGEND = 16
"""Pixels from one line of the legend to the next."""
LETTER = 6.5
"""Pixels of a letter, about."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A run of points in pixels from the top left: two corners of a filled box, a line through them, or, with words,
    the place where these begin."""

    kind: str
    points: tuple[tuple[float, float], ...]
    colour: str = BLACK
    words: str = ""


def bars(groups: Sequence[str], series: Sequence[tuple[str, Sequence[float]]]) -> list[Shape]:
    """For each group a bar of each series; a series is a name and a value for each group."""
    room = (WIDTH - 2 * MARGIN) / max(1, len(groups))
    thick = 0.8 * room / max(1, len(series))
    shapes = _frame()
    for g, group in enumerate(groups):
        left = MARGIN + g * room + 0.1 * room
        for n, (_, values) in enumerate(series):
            corners = ((left + n * thick, _up(values[g])), (left + (n + 1) * thick - 1, _up(0)))
            shapes.append(Shape("box", corners, COLOURS[n % len(COLOURS)]))
        shapes.append(Shape("words", ((left, HEIGHT - MARGIN + 14),), words=group))
    return shapes + _legend([name for name, _ in series])


def curves(across: str, series: Sequence[tuple[str, Sequence[tuple[float, float]]]]) -> list[Shape]:
    """A curve of each series, from points of shares; `across` says what the one from left to right is."""
    shapes = _frame()
    for n, (_, points) in enumerate(series):
        placed = tuple((MARGIN + x * (WIDTH - 2 * MARGIN), _up(y)) for x, y in points)
        shapes.append(Shape("line", placed, COLOURS[n % len(COLOURS)]))
    for share in (0.0, 0.5, 1.0):
        shapes.append(
            Shape("words", ((MARGIN + share * (WIDTH - 2 * MARGIN), HEIGHT - MARGIN + 14),), words=f"{share:g}")
        )
    shapes.append(Shape("words", ((WIDTH / 2 - 60, HEIGHT - 8),), words=across))
    return shapes + _legend([name for name, _ in series])


def _up(share: float) -> float:
    return HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN)


def _frame() -> list[Shape]:
    shapes = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        shapes.append(Shape("line", ((MARGIN, _up(share)), (WIDTH - MARGIN, _up(share))), GREY))
        shapes.append(Shape("words", ((MARGIN - 34, _up(share) + 4),), words=f"{share:.2f}"))
    return shapes


def _legend(names: Sequence[str]) -> list[Shape]:
    shapes = []
    left = float(MARGIN)
    for n, name in enumerate(names):
        shapes.append(Shape("box", ((left, 10), (left + 10, 20)), COLOURS[n % len(COLOURS)]))
        shapes.append(Shape("words", ((left + LEGEND, 20),), words=name))
        left += 2 * LEGEND + LETTER * len(name)
    return shapes


def svg(shapes: Sequence[Shape], label: str) -> str:
    """The chart for a page; `label` says what it shows to those who do not see it."""
    drawn = "".join(map(_tag, shapes))
    size = f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="12"'
    return f'<svg {size} role="img" aria-label="{html.escape(label)}">{drawn}</svg>'


def _tag(shape: Shape) -> str:
    if shape.kind == "box":
        (x0, y0), (x1, y1) = shape.points
        return f'<rect x="{x0:.1f}" y="{y0:.1f}" width="{x1 - x0:.1f}" height="{y1 - y0:.1f}" fill="{shape.colour}"/>'
    if shape.kind == "line":
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in shape.points)
        return f'<polyline points="{points}" fill="none" stroke="{shape.colour}"/>'
    ((x, y),) = shape.points
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{shape.colour}">{html.escape(shape.words)}</text>'


def png(shapes: Sequence[Shape]) -> bytes:
    """The chart as a picture."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw = ImageDraw.Draw(image)
    for shape in shapes:
        if shape.kind == "box":
            draw.rectangle(shape.points, fill=shape.colour)
        elif shape.kind == "line":
            draw.line(shape.points, fill=shape.colour, width=2)
        else:
            ((x, y),) = shape.points
            draw.text((x, y - 11), shape.words.encode("latin-1", "replace").decode("latin-1"), fill=shape.colour)
    data = io.BytesIO()
    image.save(data, format="PNG")
    return data.getvalue()
