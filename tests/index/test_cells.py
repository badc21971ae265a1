from __future__ import annotations

import re
from pathlib import Path

import pytest

from assistant.index.geometry import line_boxes
from assistant.index.layout import Layout, read_layout
from assistant.index.pdf import open_pdf
from assistant.index.tables import row_spans
from assistant.testing import text_lines
from assistant.types import Page, Role, Table

from .made_tables import Made, Place, thirty, write_tables
from .places import Pages, letters
from .reading import write

TABLES = thirty()


def layout(path: Path) -> Layout:
    with open_pdf(path) as file:
        return read_layout([file.read_page(n) for n in range(1, file.page_count + 1)], file.styles)


@pytest.fixture(scope="module")
def made_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tables") / "thirty.pdf"
    write_tables(path, TABLES)
    return path


@pytest.fixture(scope="module")
def made(made_file: Path) -> Layout:
    return layout(made_file)


def places(page: Page, table: Table) -> list[Place]:
    texts = [(c.row, c.column, " ".join(page.text[c.start : c.end].split())) for c in table.cells]
    return [place for place in texts if place[2]]


def shared(true: list[Place], read: list[Place]) -> int:
    return len([place for place in true if place in read])


def test_cells_of_thirty_made_tables(made: Layout) -> None:
    """F1 of (row, column, text) over all cells."""
    both = true = read = 0
    for number, table in enumerate(TABLES, 1):
        found = [p for t in made.tables if t.page == number for p in places(made.pages[number - 1], t)]
        both += shared(table.places(), found)
        true += len(table.places())
        read += len(found)
    assert true > 500
    assert 2 * both / (true + read) >= 0.98


def test_every_table_has_its_label_and_its_caption(made: Layout) -> None:
    for table in made.tables:
        assert table.label == f"Table {table.page}"
        assert table.caption is not None
        assert made.pages[table.page - 1].text[table.caption.start :].startswith(f"Table {table.page}.")
    assert [table.page for table in made.tables] == list(range(1, 31))


def test_text_runs_row_by_row_and_boxes_hold_each_cell(made: Layout, made_file: Path) -> None:
    shown = Pages(made_file)
    for table in made.tables:
        page = made.pages[table.page - 1]
        filled = [cell for cell in table.cells if cell.end > cell.start]
        order = [(cell.row, cell.column) for cell in sorted(filled, key=lambda c: c.start)]
        assert order == sorted(order)
        for cell in filled:
            inside = shown.inside(page.number, line_boxes(page, cell.start, cell.end))
            assert letters(inside) == letters(page.text[cell.start : cell.end])
        rows = [page.text[b.start : b.end].strip() for b in page.blocks if b.role is Role.TABLE]
        assert rows == [page.text[slice(*run)].strip() for run in _runs(table)]


def _runs(table: Table) -> list[tuple[int, int]]:
    """Each row's run, the header's first."""
    rows = sorted({c.row for c in table.cells if c.end > c.start})
    runs = [[c for c in table.cells if c.row == row and c.end > c.start] for row in rows]
    return [(min(c.start for c in row), max(c.end for c in row)) for row in runs]


def test_a_row_passage_is_the_header_and_the_row(made: Layout) -> None:
    number = TABLES.index(Made("spanned", "three")) + 1
    (table,) = (t for t in made.tables if t.page == number)
    text = made.pages[number - 1].text
    header, row = row_spans(table)[2]
    assert header is not None
    assert text[slice(*header)].split() == ["Species", "Summer", "Winter", "Mean", "SD", "Mean", "SD"]
    assert text[slice(*row)] == "Lolium perenne 5.0 0.5 −0.7 0.2"
    (spanning,) = (c for c in table.cells if text[c.start : c.end] == "Winter")
    assert (spanning.column, spanning.columns, spanning.header) == (3, 2, True)


def test_the_running_text_is_left_whole(made: Layout) -> None:
    for page in made.pages:
        prose = " ".join(page.text[b.start : b.end] for b in page.blocks if b.role is Role.BODY)
        assert "The growth of the plants was measured in every week of the summer" in prose
        assert not re.search(r"Poa annua|Low light|Odds ratio|Watering", prose)


def test_lines_that_are_no_table_stay_lines(tmp_path: Path) -> None:
    """A caption over one column of words: nothing tells rows and columns, so nothing is claimed."""
    text = ["A list of the plants that were grown in the room and of the ones that were not grown there at all"] * 4
    page = text_lines(text, y=720, size=10) + text_lines(["Table 1. The plants."], y=640, size=8)
    words = text_lines(["Poa annua of the garden", "Festuca rubra", "Lolium perenne"], y=620, size=8)
    found = layout(write(tmp_path, [page + words + text_lines(text, y=500, size=10)]))
    assert found.tables == ()
    assert "Poa annua of the garden" in found.pages[0].text


def test_a_table_that_stands_across_the_page(tmp_path: Path) -> None:
    def up(x: float, y: float, text: str) -> str:
        return f"BT /F1 9 Tf 0 1 -1 0 {x} {y} Tm ({text}) Tj ET\n"

    rows = [("Plant", "Height", "Leaves"), ("Poa annua", "12.1", "4"), ("Lolium", "9.8", "7"), ("Bromus", "3.3", "5")]
    content = up(100, 100, "Table 4. Plants that were grown across the page.")
    for n, row in enumerate(rows):
        content += "".join(up(130 + 16 * n, 100 + 120 * k, cell) for k, cell in enumerate(row))
    for x in (118, 134, 182):
        content += f"{x} 95 m {x} 400 l S\n"
    prose = text_lines(["The growth of the plants was measured every week of the summer by all"] * 20, size=10)
    found = layout(write(tmp_path, [content, prose]))
    (table,) = found.tables
    assert table.label == "Table 4"
    assert places(found.pages[0], table) == [(r, c, text) for r, row in enumerate(rows) for c, text in enumerate(row)]
    x0, y0, x1, y1 = table.box
    assert x0 < 125 < 178 < x1
    assert y0 < 100 < 340 < y1
