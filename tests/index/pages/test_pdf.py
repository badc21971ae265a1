from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant.errors import ReadError
from assistant.index.pages.pdf import RawPage, Style, open_pdf
from assistant.testing import text_lines
from tests.index.reading import read, write

NEEDS_PASSWORD = "/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <{0}> /U <{0}> >> /ID [<00> <00>]".format("ab" * 32)


def raw(path: Path, number: int = 1, limit: int = 1000) -> tuple[RawPage, list[Style]]:
    with open_pdf(path) as file:
        page = file.read_page(number, limit=limit)
        return page, file.styles


def spelled(page: RawPage) -> str:
    return "".join(map(chr, page.codes.tolist()))


def test_characters_come_with_tight_boxes_and_styles(tmp_path: Path) -> None:
    content = text_lines(["Big"], size=20, font="F2") + text_lines(["small"], y=600, size=9)
    page, styles = raw(write(tmp_path, [content]))
    assert spelled(page).split() == ["Big", "small"]
    first, last = styles[page.styles[0]], styles[page.styles[-1]]
    assert (first.font, first.size, first.bold) == ("Helvetica-Bold", 20.0, True)
    assert (last.font, last.size, last.bold) == ("Helvetica", 9.0, False)
    x0, y0, x1, y1 = page.boxes[0].tolist()
    assert 72 <= x0 < x1 < 90
    assert 719 <= y0 < y1 < 736


def test_the_size_is_that_on_paper_where_the_matrix_holds_it(tmp_path: Path) -> None:
    page, styles = raw(write(tmp_path, ["BT /F1 1 Tf 18 0 0 18 72 700 Tm (Large) Tj ET"]))
    assert styles[page.styles[0]].size == 18.0


def test_boxes_are_in_user_space_on_a_turned_page(tmp_path: Path) -> None:
    plain, _ = raw(write(tmp_path, ["A page"], "plain.pdf"))
    turned, _ = raw(write(tmp_path, ["A page"], "turned.pdf", page_entries="/Rotate 90"))
    assert turned.turned == 1
    assert np.allclose(plain.boxes, turned.boxes)
    assert turned.bounds == (0, 0, 612, 792)


def test_a_crop_box_moves_the_bounds_and_not_the_boxes(tmp_path: Path) -> None:
    plain, _ = raw(write(tmp_path, ["A page"], "plain.pdf"))
    cropped, _ = raw(write(tmp_path, ["A page"], "cropped.pdf", page_entries="/CropBox [50 100 500 760]"))
    assert np.allclose(plain.boxes, cropped.boxes)
    assert cropped.bounds == (50, 100, 500, 760)


def test_upward_text_is_told_by_its_style(tmp_path: Path) -> None:
    page, styles = raw(write(tmp_path, ["BT /F1 12 Tf 0 1 -1 0 100 100 Tm (Upward) Tj ET"]))
    assert styles[page.styles[0]].turned == 1


def test_no_more_than_the_limit_is_read(tmp_path: Path) -> None:
    page, _ = raw(write(tmp_path, ["many characters on a page"]), limit=4)
    assert spelled(page) == "many"


def test_an_empty_page_has_no_characters(tmp_path: Path) -> None:
    page, _ = raw(write(tmp_path, [""]))
    assert len(page.codes) == 0
    assert page.boxes.shape == (0, 4)


def test_information_and_labels(tmp_path: Path) -> None:
    path = write(tmp_path, ["one"], information={"Title": "On (one) thing"})
    with open_pdf(path) as file:
        assert file.information == {"Title": "On (one) thing"}
        assert file.read_page(1).label == "1"


@pytest.mark.parametrize(
    "content",
    [
        "BT /F1 1e38 Tf 1e38 0 0 1e38 0 0 Tm (words) Tj ET",
        "BT /F1 12 Tf 0 0 0 0 0 0 Tm (words) Tj ET",
        "BT /F1 0 Tf 72 700 Td (words) Tj ET",
        "BT /F1 12 Tf 1 0 0 1 1e30 -1e30 Tm (words) Tj ET",
        "BT /F1 -12 Tf 72 700 Td (words) Tj ET",
    ],
)
def test_numbers_beyond_sense_do_no_harm(tmp_path: Path, content: str) -> None:
    path = write(tmp_path, [content], box=(0, 0, 0, 0))
    page, styles = raw(path)
    assert np.isfinite(page.boxes).all()
    assert all(0 <= style.size <= 9999 for style in styles)
    assert page.bounds == (0, 0, 612, 792)
    assert [len(found.text) for found in read(path)] == [len(spelled(page).strip())]


def test_a_path_need_not_be_utf8(tmp_path: Path) -> None:
    path = tmp_path / b"p\xff\xe9.pdf".decode("utf-8", "surrogateescape")
    path.write_bytes(write(tmp_path, ["odd name"]).read_bytes())
    assert spelled(raw(path)[0]) == "odd name"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "damaged"),
        (b"%PDF-1.4\n", "damaged"),
        (b"no PDF at all", "damaged"),
    ],
)
def test_what_cannot_be_opened_says_why(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "bad.pdf"
    path.write_bytes(content)
    with pytest.raises(ReadError, match=reason), open_pdf(path):
        pass


def test_a_needed_password_is_said(tmp_path: Path) -> None:
    path = write(tmp_path, ["secret"], trailer=NEEDS_PASSWORD)
    with pytest.raises(ReadError, match="encrypted: it needs a password"), open_pdf(path):
        pass


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="cannot be opened"), open_pdf(tmp_path / "none.pdf"):
        pass


def test_a_page_that_is_not_there_is_damaged(tmp_path: Path) -> None:
    with open_pdf(write(tmp_path, ["one"])) as file, pytest.raises(ReadError, match="page 7 could not be read"):
        file.read_page(7)
