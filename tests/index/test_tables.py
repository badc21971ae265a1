from __future__ import annotations

import csv
import io

from assistant.index.tables import row_spans, table_csv
from assistant.types import Cell, Page, Table

TEXT = "Group Dose\nmg g\nA 1\nB 2"


def table(*cells: Cell) -> Table:
    return Table(1, "Table 1", (0, 0, 1, 1), cells)


TWO_HEADERS = table(
    Cell(0, 0, 0, 5, rows=2, header=True),
    Cell(0, 1, 6, 10, columns=2, header=True),
    Cell(1, 1, 11, 13, header=True),
    Cell(1, 2, 14, 15, header=True),
    Cell(2, 0, 16, 17),
    Cell(2, 1, 18, 19),
    Cell(2, 2, 19, 19),
    Cell(3, 0, 20, 21),
    Cell(3, 1, 21, 21),
    Cell(3, 2, 22, 23),
)


def test_each_row_has_the_run_of_the_header_and_its_own() -> None:
    runs = row_spans(TWO_HEADERS)
    assert [(TEXT[slice(*header)] if header else None, TEXT[slice(*own)]) for header, own in runs] == [
        ("Group Dose\nmg g", "A 1"),
        ("Group Dose\nmg g", "B 2"),
    ]


def test_rows_without_a_header_and_rows_without_text() -> None:
    found = row_spans(table(Cell(0, 0, 0, 5), Cell(0, 1, 6, 10), Cell(1, 0, 10, 10), Cell(1, 1, 10, 10)))
    assert found == [(None, (0, 10))]
    assert row_spans(table()) == []


def test_csv_repeats_what_covers_several_cells() -> None:
    text = table_csv(Page(1, "1", 600, 800, TEXT), TWO_HEADERS)
    assert list(csv.reader(io.StringIO(text))) == [
        ["Group", "Dose", "Dose"],
        ["Group", "mg", "g"],
        ["A", "1", ""],
        ["B", "", "2"],
    ]


def test_csv_runs_nothing_in_a_spreadsheet_and_leaves_numbers_alone() -> None:
    given = ["=1+1", "+cmd", "-x", "@SUM(A1)", "-0.5", "+3", "-1.2e-3", "-5 %", "a=b"]
    text = " ".join(given)
    starts = [text.index(word) for word in given]
    cells = [Cell(0, n, start, start + len(word)) for n, (start, word) in enumerate(zip(starts, given, strict=True))]
    (row,) = csv.reader(io.StringIO(table_csv(Page(1, "1", 600, 800, text), table(*cells))))
    assert row == ["'=1+1", "'+cmd", "'-x", "'@SUM(A1)", "-0.5", "+3", "-1.2e-3", "-5 %", "a=b"]
