from __future__ import annotations

import re
from pathlib import Path

import pytest

from assistant.index.geometry import line_boxes
from assistant.index.pages.layout import Layout, read_layout
from assistant.index.pages.pdf import open_pdf
from assistant.index.tables import row_spans
from assistant.testing import text_lines
from assistant.types import Page, Role, Table
from tests.index.pages.made_tables import Made, Place, thirty, write_tables
from tests.index.places import Pages, letters
from tests.index.reading import write

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


def test_small_text_under_a_table_is_its_note(tmp_path: Path) -> None:
    body = text_lines(
        ["The growth of the plants was measured every week of the summer by all of us"] * 6, y=740, size=10
    )
    rows = [("Plant", "Height", "Leaves"), ("Poa annua", "12.1", "4"), ("Lolium", "9.8", "7")]
    table = text_lines(["Table 1. Plants that were grown."], y=640, size=8)
    for n, row in enumerate(rows):
        table += "".join(text_lines([cell], x=72 + 120 * k, y=620 - 14 * n, size=8) for k, cell in enumerate(row))
    table += "70 630 m 400 630 l S 70 615 m 400 615 l S 70 586 m 400 586 l S\n"
    note = text_lines(["Heights are means over all the plants of a pot."], y=576, size=7)
    found = layout(
        write(tmp_path, [body + table + note + text_lines(["After the table it goes on."] * 3, y=540, size=10)])
    )
    page = found.pages[0]
    (read,) = found.tables
    assert places(page, read) == [(r, c, text) for r, row in enumerate(rows) for c, text in enumerate(row)]
    notes = [page.text[b.start : b.end].strip() for b in page.blocks if b.role is Role.FOOTNOTE]
    assert notes == ["Heights are means over all the plants of a pot."]


def test_coloured_rows_part_a_table_without_rules(tmp_path: Path) -> None:
    rows = [("Plant", "What became of it"), ("Poa annua", "It grew"), ("Lolium", "It did not grow"), ("Bromus", "Lost")]
    content = text_lines(["The growth of the plants was measured every week of the summer"] * 8, y=780, size=10)
    content += text_lines(["Table 2. What became of the plants."], y=660, size=8)
    for n, row in enumerate(rows):
        content += f"{0.4 if n == 0 else 0.8 + 0.1 * (n % 2)} g 70 {634 - 16 * n} 330 16 re f 0 g\n"
        content += "".join(text_lines([cell], x=74 + 160 * k, y=639 - 16 * n, size=8) for k, cell in enumerate(row))
    found = layout(write(tmp_path, [content]))
    (read,) = found.tables
    assert places(found.pages[0], read) == [(r, c, t) for r, row in enumerate(rows) for c, t in enumerate(row)]


def test_a_table_in_the_file_s_own_text_order_by_columns(tmp_path: Path) -> None:
    """Files that write column after column still give rows, and a cell's lines are one run."""
    columns = [["Plant", "Poa annua", "Lolium"], ["Remark", "Grew well in", "Died"], ["n", "12", "7"]]
    content = text_lines(["The growth of the plants was measured every week of the summer"] * 8, y=780, size=10)
    content += text_lines(["Table 3. Remarks on the plants."], y=660, size=8)
    for k, column in enumerate(columns):
        for text, y in zip(column, (640, 620, 590), strict=True):
            content += text_lines([text], x=74 + 130 * k, y=y, size=8)
        content += text_lines(["the shade"], x=204, y=610, size=8) if k == 1 else ""
    content += "70 652 m 450 652 l S 70 634 m 450 634 l S 70 604 m 450 604 l S 70 582 m 450 582 l S\n"
    found = layout(write(tmp_path, [content]))
    page = found.pages[0]
    assert [page.text[b.start : b.end].strip() for b in page.blocks if b.role is Role.TABLE] == [
        "Plant Remark n",
        "Poa annua Grew well in the shade 12",
        "Lolium Died 7",
    ]
