from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from assistant.index.geometry import line_boxes, pack, turn, unpack, unpacked_size
from assistant.types import Box, Page

EM = 10.0


def grid(lines: list[str], *, leading: float = 12.0, height: float = EM) -> Page:
    """Lines of square characters, 10 points apart, the first at y = 700; lines are joined by a placeless line feed."""
    text, rows = "\n".join(lines), []
    for i, line in enumerate(lines):
        y = 700 - i * leading
        rows += [(EM * k, y, EM * k + 9, y + height) for k in range(len(line))]
        rows += [(0.0, 0.0, 0.0, 0.0)] * (i + 1 < len(lines))
    return Page(1, "1", 600, 800, text, (), pack(np.array(rows)))


def inside(page: Page, boxes: tuple[Box, ...]) -> list[int]:
    """Offsets of the characters whose centre lies in one of the boxes."""
    places = unpack(page.char_boxes)
    centres = (places[:, :2] + places[:, 2:]) / 2
    return [
        i
        for i, (x, y) in enumerate(centres.tolist())
        if places[i].any() and any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in boxes)
    ]


@given(arrays.arrays(np.float64, st.tuples(st.integers(0, 40), st.just(4)), elements=st.floats(-1e6, 1e6, width=32)))
def test_boxes_survive_packing_to_half_a_hundredth(boxes: np.ndarray) -> None:
    assert unpack(pack(boxes)).shape == boxes.shape
    assert np.allclose(unpack(pack(boxes)), boxes, atol=0.00501, rtol=0)


def test_what_is_not_finite_or_too_large_is_stored_all_the_same() -> None:
    found = unpack(pack(np.array([[np.nan, np.inf, -np.inf, 1e300]])))
    assert found[0, :3].tolist() == [0, 0, 0]
    assert np.isfinite(found).all()


@pytest.mark.parametrize("data", [b"x", zlib.compress(b"123"), pack(np.ones((3, 4)))[:-2]])
def test_damaged_boxes_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="character boxes"):
        unpack(data)


def test_a_bomb_of_boxes_is_not_unpacked() -> None:
    bomb = zlib.compress(bytes(16 * 100_000), 9)
    assert unpacked_size(pack(np.ones((3, 4))), 3) == 3
    with pytest.raises(ValueError, match="do not end"):
        unpacked_size(bomb, 10)
    with pytest.raises(ValueError, match="cannot be unpacked"):
        unpacked_size(b"junk", 10)


def test_a_run_over_two_lines_gives_one_box_for_each() -> None:
    page = grid(["abcdef", "ghijkl"])
    boxes = line_boxes(page, 3, 10)
    assert len(boxes) == 2
    assert inside(page, boxes) == [3, 4, 5, 7, 8, 9]
    assert boxes[0][1] > boxes[1][1]


@given(st.integers(0, 26), st.integers(0, 26), st.sampled_from([6.0, 8.0, 11.0, 15.0]))
def test_boxes_hold_the_run_and_nothing_else_however_tight_the_leading(a: int, b: int, leading: float) -> None:
    page = grid(["abcdefgh", "ijklmnop", "qrstuvwx"], leading=leading)
    start, end = min(a, b), max(a, b)
    expected = [i for i in range(start, end) if page.text[i] != "\n"]
    assert inside(page, line_boxes(page, start, end)) == expected


def test_a_foreign_character_within_a_line_is_left_out() -> None:
    text = "abcdeX"
    rows = [(EM * k, 700.0, EM * k + 9, 710.0) for k in range(5)] + [(21.0, 701.0, 28.0, 709.0)]
    page = Page(1, "1", 600, 800, text, (), pack(np.array(rows)))
    assert 5 not in inside(page, line_boxes(page, 0, 2))
    assert 5 not in inside(page, line_boxes(page, 3, 5))
    assert inside(page, line_boxes(page, 0, 5)) == [0, 1, 2, 3, 4, 5], "the same place cannot be told apart"


def test_upright_text_is_one_box_a_line() -> None:
    first = [(100.0, 100 + EM * k, 109.0, 109 + EM * k) for k in range(6)]
    second = [(114.0, 100 + EM * k, 123.0, 109 + EM * k) for k in range(6)]
    page = Page(1, "1", 600, 800, "abcdef ghijkl", (), pack(np.array([*first, (0, 0, 0, 0), *second])))
    boxes = line_boxes(page, 2, 11)
    assert len(boxes) == 2
    assert inside(page, boxes) == [2, 3, 4, 5, 7, 8, 9, 10]


def test_characters_without_a_place_have_no_box() -> None:
    page = grid(["ab", "cd"])
    assert line_boxes(page, 2, 3) == ()
    assert line_boxes(page, 1, 1) == ()
    assert line_boxes(Page(1, "1", 1, 1, ""), 0, 0) == ()


@given(st.integers(0, 3))
def test_four_quarter_turns_bring_a_box_back(quarter: int) -> None:
    box = np.array([[1.0, 2.0, 5.0, 9.0]])
    assert np.array_equal(turn(turn(box, quarter), 4 - quarter), box)
    width, height = (turn(box, quarter)[0, 2:] - turn(box, quarter)[0, :2]).tolist()
    assert (width, height) == ((4.0, 7.0) if quarter % 2 == 0 else (7.0, 4.0))
