"""Charts as vector drawings: bars with error bars, lines over time, a forest plot. Knows numbers, not papers."""

from __future__ import annotations

from typing import Any

from reportlab.graphics.shapes import Circle, Drawing, Group, Line, PolyLine, Rect, String
from reportlab.lib.colors import HexColor, black, white

FONT = "Helvetica"
SIZE = 6.5
INKS = (HexColor("#b9c7d6"), HexColor("#31587a"), HexColor("#8a5a2b"), HexColor("#5b8a4a"))
GREY = HexColor("#999999")


def draw(figure: dict[str, Any], width: float, height: float) -> Drawing:
    """The chart that `figure["kind"]` names ("bars", "lines" or "forest"), `width` by `height` points."""
    drawing = Drawing(width, height)
    drawing.add({"bars": _bars, "lines": _lines, "forest": _forest}[figure["kind"]](figure, width, height))
    return drawing


def _text(x: float, y: float, text: str, anchor: str = "middle", bold: bool = False) -> String:
    font = f"{FONT}-Bold" if bold else FONT
    return String(x, y, text, textAnchor=anchor, fontName=font, fontSize=SIZE)


class _Plot:
    """The frame of a chart: where a value of the y axis lies, with ticks, labels and legend drawn on demand."""

    def __init__(self, figure: dict[str, Any], width: float, height: float) -> None:
        self.figure = figure
        self.left, self.bottom, self.right, self.top = 34.0, 26.0, width - 6.0, height - 14.0
        self.low, self.high, self.step = figure.get("y_min", 0), figure["y_max"], figure["y_step"]
        self.group = Group()

    def y(self, value: float) -> float:
        return self.bottom + (value - self.low) / (self.high - self.low) * (self.top - self.bottom)

    def axes(self) -> None:
        self.group.add(Line(self.left, self.bottom, self.right, self.bottom, strokeWidth=0.6))
        self.group.add(Line(self.left, self.bottom, self.left, self.top, strokeWidth=0.6))
        for i in range(int((self.high - self.low) / self.step) + 1):
            value = self.low + i * self.step
            self.group.add(Line(self.left - 2.5, self.y(value), self.left, self.y(value), strokeWidth=0.6))
            self.group.add(_text(self.left - 4, self.y(value) - 2.2, f"{value:g}", "end"))
        label = Group(_text(0, 0, self.figure["y_label"]))
        label.translate(9, (self.bottom + self.top) / 2)
        label.rotate(90)
        self.group.add(label)
        self.group.add(_text((self.left + self.right) / 2, 4, self.figure["x_label"]))

    def legend(self) -> None:
        x = self.left + 6
        for name, ink in zip((s["name"] for s in self.figure["series"]), INKS, strict=False):
            self.group.add(Rect(x, self.top + 5, 6, 6, fillColor=ink, strokeWidth=0.3))
            self.group.add(_text(x + 9, self.top + 5.8, name, "start"))
            x += 22 + 3.3 * len(name)

    def error_bar(self, x: float, value: float, error: float) -> None:
        low, high = self.y(value - error), self.y(value + error)
        self.group.add(Line(x, low, x, high, strokeWidth=0.6))
        for y in (low, high):
            self.group.add(Line(x - 2, y, x + 2, y, strokeWidth=0.6))


def _bars(figure: dict[str, Any], width: float, height: float) -> Group:
    plot = _Plot(figure, width, height)
    slot = (plot.right - plot.left) / len(figure["labels"])
    bar = 0.62 * slot / len(figure["series"])
    for i, label in enumerate(figure["labels"]):
        plot.group.add(_text(plot.left + (i + 0.5) * slot, plot.bottom - 9, label))
        for j, series in enumerate(figure["series"]):
            x = plot.left + (i + 0.19) * slot + j * bar
            top = plot.y(series["values"][i])
            plot.group.add(Rect(x, plot.bottom, bar, top - plot.bottom, fillColor=INKS[j], strokeWidth=0.4))
            plot.error_bar(x + bar / 2, series["values"][i], series["errors"][i])
    plot.axes()
    plot.legend()
    return plot.group


def _lines(figure: dict[str, Any], width: float, height: float) -> Group:
    plot = _Plot(figure, width, height)
    step = (plot.right - plot.left) / len(figure["labels"])
    for i, label in enumerate(figure["labels"]):
        plot.group.add(_text(plot.left + (i + 0.5) * step, plot.bottom - 9, label))
    for j, series in enumerate(figure["series"], start=1):
        points = [(plot.left + (i + 0.5) * step, plot.y(v)) for i, v in enumerate(series["values"])]
        plot.group.add(PolyLine([xy for p in points for xy in p], strokeColor=INKS[j], strokeWidth=1.1))
        for (x, y), value, error in zip(points, series["values"], series["errors"], strict=True):
            plot.error_bar(x, value, error)
            plot.group.add(Circle(x, y, 1.9, fillColor=INKS[j] if j > 1 else white, strokeColor=INKS[j]))
    plot.axes()
    _line_legend(plot)
    return plot.group


def _line_legend(plot: _Plot) -> None:
    x = plot.left + 6
    for j, series in enumerate(plot.figure["series"], start=1):
        plot.group.add(Line(x, plot.top + 8, x + 12, plot.top + 8, strokeColor=INKS[j], strokeWidth=1.1))
        plot.group.add(_text(x + 15, plot.top + 5.8, series["name"], "start"))
        x += 28 + 3.3 * len(series["name"])


def _forest(figure: dict[str, Any], width: float, height: float) -> Group:
    """One row per study: name, square with its interval on the x axis, the numbers; a pooled row is a diamond."""
    group = Group()
    left, right, bottom, top = 0.36 * width, 0.78 * width, 26.0, height - 14.0
    low, high = figure["x_min"], figure["x_max"]

    def x(value: float) -> float:
        return float(left + (value - low) / (high - low) * (right - left))

    rows = figure["rows"]
    gap = (top - bottom) / len(rows)
    group.add(Line(x(0), bottom, x(0), top, strokeWidth=0.6, strokeDashArray=(2, 2), strokeColor=GREY))
    for i, row in enumerate(rows):
        _forest_row(group, row, x, top - (i + 0.5) * gap, width)
    group.add(Line(left, bottom, right, bottom, strokeWidth=0.6))
    for value in range(low, high + 1, figure["x_step"]):
        group.add(Line(x(value), bottom - 2.5, x(value), bottom, strokeWidth=0.6))
        group.add(_text(x(value), bottom - 10, f"{value:+d}" if value else "0"))
    group.add(_text((left + right) / 2, 4, figure["x_label"]))
    group.add(_text(2, height - 8, "Study", "start", bold=True))
    group.add(_text(width - 2, height - 8, "Effect (95 % CI)", "end", bold=True))
    return group


def _forest_row(group: Group, row: dict[str, Any], x: Any, y: float, width: float) -> None:
    low, middle, high = x(row["low"]), x(row["mean"]), x(row["high"])
    pooled = row.get("pooled", False)
    if pooled:
        diamond = [low, y, middle, y + 4, high, y, middle, y - 4, low, y]
        group.add(PolyLine(diamond, strokeColor=INKS[1], strokeWidth=1.1))
    else:
        group.add(Line(low, y, high, y, strokeWidth=0.7))
        group.add(Rect(middle - 3, y - 3, 6, 6, fillColor=INKS[1], strokeColor=black, strokeWidth=0.3))
    group.add(_text(2, y - 2.2, row["name"], "start", bold=pooled))
    group.add(_text(width - 2, y - 2.2, row["text"], "end", bold=pooled))
