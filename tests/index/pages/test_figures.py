from __future__ import annotations

from pathlib import Path

from assistant.index.pages.layout import Layout, read_layout
from assistant.index.pages.pdf import open_pdf
from assistant.testing import text_lines
from assistant.types import Role
from tests.index.reading import texts, write

PROSE = [
    "The growth of the plants was measured every week during the summer and",
    "the results of the four groups were compared with those of the control",
    "group which had been given water alone and which had stood in the same",
    "room under the same light for all of the twelve weeks of the experiment",
]


def layout(folder: Path, *pages: str) -> Layout:
    with open_pdf(write(folder, list(pages))) as file:
        return read_layout([file.read_page(n) for n in range(1, file.page_count + 1)], file.styles)


def body(y: float) -> str:
    return text_lines(PROSE, y=y, size=10, leading=12)


def plot(x: float, y: float) -> str:
    """Axes, a curve and bars, 160 wide and 100 high."""
    bars = "".join(f"{x + 20 * i} {y} 12 {20 + 10 * i} re f\n" for i in range(1, 7))
    return f"{x} {y} m {x} {y + 100} l S {x} {y} m {x + 160} {y} l S\n{bars}"


def caption(text: str, y: float, x: float = 72) -> str:
    return text_lines([text], x=x, y=y, size=8)


def test_a_figure_is_what_is_drawn_above_its_caption(tmp_path: Path) -> None:
    labels = text_lines(["Weeks"], x=150, y=488, size=7) + text_lines(["Height"], x=80, y=560, size=7)
    page = body(740) + plot(100, 500) + labels + caption("Figure 2. Growth over twelve weeks.", 470) + body(430)
    found = layout(tmp_path, page)
    (figure,) = found.figures
    x0, y0, x1, y1 = figure.box
    assert figure.label == "Figure 2"
    assert 75 < x0 < 101
    assert 480 < y0 < 490
    assert 259 < x1 < 280
    assert 599 < y1 < 620
    assert figure.caption is not None
    text = found.pages[0].text[figure.caption.start : figure.caption.end]
    assert text == "Figure 2. Growth over twelve weeks."
    assert sorted(texts(found.pages[0], Role.FIGURE)) == ["Height", "Weeks"]
    assert " ".join(texts(found.pages[0], Role.BODY)).count("summer") == 2


def test_captions_above_their_figures(tmp_path: Path) -> None:
    page = (
        body(760)
        + caption("Figure 1. The first.", 690)
        + plot(100, 570)
        + caption("Figure 2. The second.", 540)
        + plot(100, 420)
        + body(380)
    )
    found = layout(tmp_path, page)
    assert [figure.label for figure in found.figures] == ["Figure 1", "Figure 2"]
    first, second = (figure.box for figure in found.figures)
    assert 565 < first[1] < 575
    assert 415 < second[1] < 425


def test_two_captions_side_by_side_are_two(tmp_path: Path) -> None:
    page = (
        body(760)
        + plot(72, 560)
        + plot(330, 560)
        + caption("Fig. 1. Left plot.", 540)
        + caption("Fig. 2. Right plot.", 540, 330)
        + body(480)
    )
    found = layout(tmp_path, page)
    assert texts(found.pages[0], Role.CAPTION) == ["Fig. 1. Left plot.", "Fig. 2. Right plot."]
    assert [figure.label for figure in found.figures] == ["Fig. 1", "Fig. 2"]
    left, right = (figure.box for figure in found.figures)
    assert left[2] < 300 < right[0]


def test_a_mark_on_every_page_is_no_figure(tmp_path: Path) -> None:
    mark = "40 700 60 60 re f 0.5 g 60 720 60 60 re f\n"
    pages = [mark + body(640) + caption(f"Figure {n}. Nothing is drawn here.", 570) + body(540) for n in range(1, 5)]
    assert layout(tmp_path, *pages).figures == ()
