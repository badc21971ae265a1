"""Tables set by the tests with reportlab, whose cells are known: ruled, with three rules, without rules."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path

from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

WIDTH, HEIGHT = 595.0, 842.0
Place = tuple[int, int, str]
Row = list[tuple[str, int]]
"""Text and number of columns of each cell."""

PROSE = (
    "The growth of the plants was measured in every week of the summer and the results of the groups were compared "
    "with those of the control group, which had been given water alone and had stood in the same room under the same "
    "light for all of the weeks that the experiment took. Differences were judged by the usual tests, and no plant was "
    "left out of the count unless it had been lost to frost. "
)
NUMBERS = [
    [("Group", 1), ("Plants", 1), ("Height (cm)", 1), ("p", 1)],
    [("Control", 1), ("24", 1), ("12.1 ± 0.4", 1), ("", 1)],
    [("Low light", 1), ("23", 1), ("9.8 ± 1.2", 1), ("0.04", 1)],
    [("High light", 1), ("25", 1), ("15.0 ± 0.9", 1), ("<0.001", 1)],
    [("Both", 1), ("", 1), ("13.7 ± 1.1", 1), ("0.21", 1)],
]
SPANNED = [
    [("Species", 1), ("Summer", 2), ("Winter", 2)],
    [("", 1), ("Mean", 1), ("SD", 1), ("Mean", 1), ("SD", 1)],
    [("Poa annua", 1), ("3.1", 1), ("0.2", 1), ("1.9", 1), ("0.1", 1)],
    [("Festuca rubra", 1), ("4.4", 1), ("0.6", 1), ("2.0", 1), ("0.3", 1)],
    [("Lolium perenne", 1), ("5.0", 1), ("0.5", 1), ("−0.7", 1), ("0.2", 1)],
    [("Bromus erectus", 1), ("12.5", 1), ("1.4", 1), ("6.1", 1), ("0.9", 1)],
]
WORDS = [
    [("Item", 1), ("What was done", 1), ("Outcome", 1)],
    [("Watering", 1), ("Once a day in the morning, with water that had stood for a night in the room", 1), ("Good", 1)],
    [("Light", 1), ("Twelve hours of lamps", 1), ("Fair, with some loss of leaves in the second week", 1)],
    [("Soil and sand", 1), ("Mixed in equal parts by weight and dried before use", 1), ("Good", 1)],
    [("Nothing else", 1), ("As before", 1), ("Not known", 1)],
]
GROUPED = [
    [("Variable", 1), ("All (n = 40)", 1), ("Treated (n = 20)", 1), ("Odds ratio", 1)],
    [("Age, years", 1), ("54 (12)", 1), ("53 (11)", 1), ("1.02 (0.97–1.08)", 1)],
    [("Sex", 1), ("", 1), ("", 1), ("", 1)],
    [("Female", 1), ("21 (52.5%)", 1), ("11 (55%)", 1), ("0.88 (0.41–1.90)", 1)],
    [("Male", 1), ("19 (47.5%)", 1), ("9 (45%)", 1), ("", 1)],
    [("Smoking", 1), ("8 (20%)", 1), ("4 (20%)", 1), ("1.00", 1)],
]
CONTENTS: dict[str, list[Row]] = {"numbers": NUMBERS, "spanned": SPANNED, "words": WORDS, "grouped": GROUPED}
HEADERS = {"numbers": 1, "spanned": 2, "words": 1, "grouped": 1}


@dataclass(frozen=True, slots=True)
class Made:
    """How one table is set. `column` is for one of two columns of text, else the table is as wide as the page."""

    content: str
    rules: str
    size: float = 9.0
    column: bool = False
    centred: bool = False
    below: bool = False
    airy: bool = True

    @property
    def rows(self) -> list[Row]:
        return CONTENTS[self.content]

    def places(self) -> list[Place]:
        """Row, column and text of the cells that are not empty."""
        found = []
        for number, row in enumerate(self.rows):
            column = 0
            for text, wide in row:
                found += [(number, column, text)] if text else []
                column += wide
        return found


def thirty() -> list[Made]:
    """Four contents in three kinds of rules, plain and centred, and six more: small, narrow, tight, caption below."""
    made = [Made(c, r, centred=m) for c, r, m in product(CONTENTS, ("grid", "three", "none"), (False, True))]
    return [
        *made,
        Made("numbers", "three", size=6, column=True),
        Made("spanned", "three", size=6.5, column=True, centred=True),
        Made("grouped", "grid", size=5.5, column=True),
        Made("words", "three", size=8, airy=False),
        Made("numbers", "three", below=True),
        Made("spanned", "grid", size=7, below=True),
    ]


def write_tables(path: Path, tables: list[Made]) -> None:
    """One page for each table, with running text above and below it."""
    canvas = Canvas(str(path), pagesize=(WIDTH, HEIGHT))
    for number, table in enumerate(tables, 1):
        _page(canvas, table, number)
        canvas.showPage()
    canvas.save()


def _page(canvas: Canvas, table: Made, number: int) -> None:
    left, wide = 60.0, 225.0 if table.column else 475.0
    y = _prose(canvas, left, 780 - 2 * number, wide, 3)
    caption = f"Table {number}. {PROSE[3 * number : 3 * number + 50].strip()}"
    y -= 14
    if not table.below:
        canvas.setFont("Helvetica-Bold", 8)
        canvas.drawString(left, y, caption)
        y -= 10
    y = _table(canvas, table, left, y, wide)
    if table.below:
        y -= 12
        canvas.setFont("Helvetica-Bold", 8)
        canvas.drawString(left, y, caption)
    _prose(canvas, left, y - 34, wide, 6)
    if table.column:
        _prose(canvas, left + wide + 25, 780, wide, 12)


def _prose(canvas: Canvas, x: float, y: float, wide: float, repeat: int) -> float:
    canvas.setFont("Times-Roman", 10)
    for line in simpleSplit(PROSE * repeat, "Times-Roman", 10, wide)[: 7 * repeat]:
        canvas.drawString(x, y, line)
        y -= 12
    return y


def _table(canvas: Canvas, table: Made, left: float, top: float, wide: float) -> float:
    """Draws it with its upper edge at `top`; the height of its lower edge."""
    widths = _widths(table, wide)
    leading, pad = 1.15 * table.size, 0.35 * table.size if table.airy else 0.0
    y = top
    _rule(canvas, table, left, widths, y, first=True)
    for number, row in enumerate(table.rows):
        column, deepest = 0, 1
        for text, span in row:
            x, room = left + sum(widths[:column]), sum(widths[column : column + span])
            lines = simpleSplit(text, "Helvetica", table.size, room - table.size) if text else []
            deepest = max(deepest, len(lines))
            for n, line in enumerate(lines):
                _text(canvas, table, line, x, y - pad - (n + 0.8) * leading, room, number, column, span)
            column += span
        bottom = y - 2 * pad - deepest * leading
        if table.rules == "grid":
            _bars(canvas, row, left, widths, y, bottom)
        y = bottom
        last = number == len(table.rows) - 1
        header = number == HEADERS[table.content] - 1
        if table.rules == "grid" or (table.rules == "three" and (last or header)):
            _rule(canvas, table, left, widths, y)
        elif table.rules == "three" and HEADERS[table.content] == 2 and number == 0:
            _short_rules(canvas, row, left, widths, y)
    return y


def _widths(table: Made, wide: float) -> list[float]:
    """As wide as the longest text, words apart, and the rest shared out."""
    count = sum(span for _, span in table.rows[0])
    needed = [0.0] * count
    for row in table.rows:
        column = 0
        for text, span in row:
            if span == 1:
                width = min(stringWidth(text, "Helvetica", table.size), 0.3 * wide)
                needed[column] = max(needed[column], width + 1.6 * table.size)
            column += span
    room = max(0.0, min(wide - sum(needed), 0.2 * wide)) / count
    return [width + room for width in needed]


def _text(
    canvas: Canvas, table: Made, line: str, x: float, y: float, room: float, row: int, column: int, span: int
) -> None:
    bold = row < HEADERS[table.content] and table.size > 6
    canvas.setFont("Helvetica-Bold" if bold else "Helvetica", table.size)
    if span > 1 or (table.centred and column):
        canvas.drawCentredString(x + room / 2, y, line)
    else:
        canvas.drawString(x + table.size / 2, y, line)


def _rule(canvas: Canvas, table: Made, left: float, widths: list[float], y: float, *, first: bool = False) -> None:
    if table.rules != "none":
        canvas.setLineWidth(0.5 if table.rules == "grid" else 0.8)
        canvas.line(left, y, left + sum(widths), y)


def _short_rules(canvas: Canvas, row: Row, left: float, widths: list[float], y: float) -> None:
    """Rules under the headings of several columns."""
    column = 0
    for _, span in row:
        if span > 1:
            x = left + sum(widths[:column])
            canvas.line(x + 2, y, x + sum(widths[column : column + span]) - 2, y)
        column += span


def _bars(canvas: Canvas, row: Row, left: float, widths: list[float], top: float, bottom: float) -> None:
    column = 0
    canvas.line(left, top, left, bottom)
    for _, span in row:
        column += span
        x = left + sum(widths[:column])
        canvas.line(x, top, x, bottom)
