from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from assistant.ui.curves import HEIGHT, MOST_POINTS, WIDTH, Line, Range, chart, span, thinned
from tests.ui.scripted import HOSTILE

NUMBERS = st.floats(-10, 1000, allow_nan=False)


def test_a_chart_is_named_and_its_points_lie_where_they_belong() -> None:
    drawn = chart([Line("loss", [(0, 0), (10, 5)])], Range("step", 0, 10), Range("loss", 0, 5), label="it falls")
    assert 'role="img" aria-label="it falls"' in drawn
    (points,) = re.findall(r'<polyline class="first" points="([^"]+)"', drawn)
    assert points == "52.0,190.0 386.0,14.0"


def test_names_are_escaped() -> None:
    evil = " ".join(HOSTILE)
    drawn = chart([Line(evil, [(0, 0)])], Range(evil, 0, 1), Range(evil, 0, 1), label=evil)
    assert "<script" not in drawn
    assert "<img" not in drawn


@given(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=30))
def test_whatever_the_numbers_all_is_within_the_picture(points: list[tuple[float, float]]) -> None:
    drawn = chart([Line("a", points, dots=True)], Range("x", 0, 10), span(points, "y"), label="a")
    for x, y in re.findall(r'cx="([^"]+)" cy="([^"]+)"', drawn):
        assert 0 <= float(x) <= WIDTH
        assert 0 <= float(y) <= HEIGHT


def test_a_long_line_is_thinned_by_means_and_keeps_its_end() -> None:
    points = [(float(i), float(i % 2)) for i in range(10_000)]
    few = thinned(points)
    assert len(few) <= MOST_POINTS
    assert few[-1][0] == 9999
    assert all(abs(y - 0.5) < 0.02 for _, y in few[:-1])
