"""Boxes hold the ink of their words: for every turn, crop box and unit of a page, by pdfium's own rendering."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import pypdfium2
import pypdfium2.raw as raw
import pytest
from numpy.typing import NDArray

from assistant.index.geometry import line_boxes
from assistant.testing import text_lines
from assistant.types import Box, Page
from tests.index.reading import read, write

WORDS = {"Alpha": (150, 650), "kappa": (300, 420), "Omega": (420, 180)}
SCALE = 2
CROPS = ["", "/CropBox [50 100 590 760]", "/CropBox [-40 30 700 780] /MediaBox [-100 -50 700 800]"]


def word(text: str) -> str:
    x, y = WORDS[text]
    return text_lines([text], x=x, y=y, size=14)


def box_of(pages: tuple[Page, ...], text: str) -> Box:
    (page,) = pages
    start = page.text.index(text)
    (box,) = line_boxes(page, start, start + len(text))
    return box


def pdfium_box(path: Path, text: str) -> Box:
    """Where pdfium's own search finds a word."""
    page = pypdfium2.PdfDocument(path)[0]
    found = page.get_textpage()
    searcher = found.search(text)
    index, count = searcher.get_next() or (0, 0)
    assert found.count_rects(index, count) == 1
    x0, y0, x1, y1 = found.get_rect(0)
    return (x0, y0, x1, y1)


def ink(path: Path) -> tuple[NDArray[np.bool_], pypdfium2.PdfPage]:
    page = pypdfium2.PdfDocument(path)[0]
    picture = page.render(scale=SCALE, grayscale=True).to_numpy().reshape(-1, round(page.get_width() * SCALE))
    return picture < 128, page


def on_picture(page: pypdfium2.PdfPage, box: Box, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Left, upper, right and lower edge in pixels of a box in user space."""
    corners = []
    for x, y in ((box[0], box[1]), (box[2], box[3])):
        across, down = ctypes.c_int(), ctypes.c_int()
        raw.FPDF_PageToDevice(page.raw, 0, 0, shape[1], shape[0], 0, x, y, across, down)
        corners.append((across.value, down.value))
    (a, b), (c, d) = corners
    return min(a, c), min(b, d), max(a, c), max(b, d)


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", CROPS)
@pytest.mark.parametrize("unit", ["", "/UserUnit 2"])
def test_the_ink_of_a_word_lies_in_its_box(tmp_path: Path, rotate: int, crop: str, unit: str) -> None:
    entries = f"/Rotate {rotate} {crop} {unit}"
    whole = write(tmp_path, ["".join(map(word, WORDS))], page_entries=entries)
    pages = read(whole)
    for text in WORDS:
        box = box_of(pages, text)
        assert np.allclose(box, pdfium_box(whole, text), atol=1.0)
        alone = write(tmp_path, [word(text)], name=f"{text}.pdf", page_entries=entries)
        dark, page = ink(alone)
        rows, columns = np.nonzero(dark)
        left, upper, right, lower = on_picture(page, box, dark.shape)
        assert left - 2 <= columns.min() <= left + 4
        assert right - 4 <= columns.max() <= right + 2
        assert upper - 2 <= rows.min() <= upper + 4
        assert lower - 4 <= rows.max() <= lower + 2


def test_a_passage_over_two_columns_has_a_box_for_each_part(tmp_path: Path) -> None:
    left = text_lines([f"left column number {i} with words" for i in range(6)], size=10, leading=12)
    right = text_lines([f"right column number {i} with words" for i in range(6)], x=330, size=10, leading=12)
    (page,) = read(write(tmp_path, [left + right]))
    start, end = page.text.index("number 4"), page.text.index("column number 1 with", page.text.index("right"))
    boxes = line_boxes(page, start, end)
    assert len(boxes) == 4
    assert all(x1 < 330 or x0 > 320 for x0, _, x1, _ in boxes), "no box spans the gutter"
