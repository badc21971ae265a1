from __future__ import annotations

from pathlib import Path

import numpy as np

from assistant.index.pages import graphics
from assistant.index.pages.graphics import Graphics
from assistant.index.pages.pdf import open_pdf
from assistant.testing import text_lines
from tests.index.reading import write


def drawn(folder: Path, content: str) -> Graphics:
    with open_pdf(write(folder, [content + text_lines(["Words"])])) as file:
        return file.read_page(1).graphics


def near(boxes: object, *expected: tuple[float, float, float, float]) -> bool:
    """Whether the boxes are the expected ones, in any order; pdfium's are a line's width larger on every side."""
    found = sorted(np.asarray(boxes).tolist(), key=lambda box: box[1])
    return len(found) == len(expected) and bool(np.allclose(found, sorted(expected, key=lambda b: b[1]), atol=1.1))


def test_a_line_and_a_thin_rectangle_are_rules(tmp_path: Path) -> None:
    found = drawn(tmp_path, "100 700 m 300 700 l S\n100 650 200 0.8 re f\n")
    assert near(found.rules, (100, 700, 300, 700), (100, 650, 300, 651))
    assert len(found.areas) == 0


def test_one_path_with_a_whole_grid_gives_its_lines(tmp_path: Path) -> None:
    found = drawn(tmp_path, "100 600 200 100 re 100 650 m 300 650 l 200 600 m 200 700 l S\n")
    assert len(found.rules) == 6
    assert len(found.shapes) == 1


def test_filled_areas_and_what_is_white(tmp_path: Path) -> None:
    found = drawn(tmp_path, "0.8 0.9 1 rg 100 600 200 40 re f\n1 1 1 rg 100 500 200 40 re f\n")
    assert near(found.areas, (100, 600, 300, 640))
    assert len(found.shapes) == 1


def test_a_curve_is_a_shape_and_no_rule(tmp_path: Path) -> None:
    found = drawn(tmp_path, "100 600 m 150 700 250 700 300 600 c S\n")
    assert len(found.rules) == 0
    assert len(found.shapes) == 1


def test_a_crowded_page_is_cut_off(tmp_path: Path) -> None:
    content = "".join(f"{100 + i % 50} {100 + i // 50} m 300 {100 + i // 50} l S\n" for i in range(6000))
    found = drawn(tmp_path, content)
    assert len(found.shapes) == graphics.MAX_SHAPES


def test_what_lies_off_the_page_is_left_out(tmp_path: Path) -> None:
    found = drawn(tmp_path, "-500 700 m -300 700 l S\n100 700 m 5000 700 l S\n")
    assert len(found.rules) == 1
    assert found.rules[0][2] <= 620
