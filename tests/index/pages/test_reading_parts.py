"""Equations, lists, entries of references, letterspaced words, reading order and running heads, on PDFs made here."""

from __future__ import annotations

import random
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.index.pages.equations import is_formula
from assistant.index.pages.lines import Line, with_bullets
from assistant.index.pages.pdf import RawPage, Style
from assistant.testing import text_lines
from assistant.types import Page, Role
from tests.index.pages.test_layout import PROSE, body, check, head
from tests.index.reading import letters, read, texts, write

WORDS = " ".join(PROSE).split()


def show(text: str, x: float, y: float, size: float = 10, font: str = "F1") -> str:
    return text_lines([text], x=x, y=y, size=size, font=font)


def formula(text: str) -> bool:
    style = Style("F", 10)
    box = (0.0, 0.0, 100.0, 10.0)
    return is_formula(Line(1, 0, len(text), text, box, style, style, style, box, False, False, False))


@pytest.mark.parametrize("text", ["E = mc2", "a + b ≤ c (3)", "∂u/∂t = ∇2u", "x ∈ X ⊆ Rn", "max f(x) − g(x)"])
def test_formulas(text: str) -> None:
    assert formula(text)


@pytest.mark.parametrize(
    "text",
    [
        "The mean was 3 + 2 in the first group of plants",
        "2008(1): 8-11.",
        "Methods",
        "陈浩元 = 12",
        "Water + salt group of plants",
    ],
)
def test_no_formulas(text: str) -> None:
    assert not formula(text)


def test_a_displayed_equation_stands_in_the_order_of_the_text(tmp_path: Path) -> None:
    equation = show("y = a + b x", 240, 640) + show("(1)", 500, 640)
    path = write(
        tmp_path, [body(720) + equation + body(600, ["where a and b are what was measured in the groups", *PROSE])]
    )
    (page,) = read(path)
    assert [b.role for b in page.blocks] == [Role.BODY, Role.EQUATION, Role.BODY]
    assert texts(page, Role.EQUATION) == ["y = a + b x (1)"]
    check(path, (page,))


def test_items_of_a_list_are_blocks_with_all_their_lines(tmp_path: Path) -> None:
    lines = [
        "1. The plants of the first group were given water and",
        "stood in the light,",
        "2. those of the second group had water alone,",
        "3. and those of the third none.",
    ]
    path = write(tmp_path, [body(720) + text_lines(lines, x=90, y=655, size=10, leading=12) + body(590)])
    (page,) = read(path)
    assert texts(page, Role.LIST) == [f"{lines[0]} {lines[1]}", lines[2], lines[3]]
    check(path, (page,))


def entries(page: Page) -> list[str]:
    return texts(page, Role.REFERENCE)


NUMBERED = [
    ["[1] Author A, Writer B. On the growth of common plants", "in water. Journal of Plants 1, 2001."],
    ["[2] Clerk C. On salt and the growth of plants and what", "else there is to say of it. 2002."],
    ["[3] Editor D. Light. Journal 3, 2003."],
    ["[4] Printer E, Binder F. On the leaves of common", "plants. Journal of Plants 4, 2004."],
]
PLAIN = [[line.split("] ", 1)[-1] for line in entry] for entry in NUMBERED]


def test_numbered_entries_are_one_block_each(tmp_path: Path) -> None:
    lines = [line for entry in NUMBERED for line in entry]
    content = body(760) + head("References", 690, 12) + text_lines(lines, y=670, size=9, leading=11)
    path = write(tmp_path, [content])
    pages = read(path)
    assert entries(pages[0]) == [" ".join(entry) for entry in NUMBERED]
    check(path, pages)


def test_entries_with_a_hanging_indent_are_one_block_each(tmp_path: Path) -> None:
    y, shown = 670.0, ""
    for entry in PLAIN:
        for i, line in enumerate(entry):
            shown += show(line, 72 if i == 0 else 90, y, 9)
            y -= 11
    (page,) = read(write(tmp_path, [body(760) + head("References", 690, 12) + shown]))
    assert entries(page) == [" ".join(entry) for entry in PLAIN]


def test_entries_with_room_between_them_are_one_block_each(tmp_path: Path) -> None:
    y, shown = 670.0, ""
    for entry in PLAIN:
        for line in entry:
            shown += show(line, 72, y, 9)
            y -= 11
        y -= 6
    (page,) = read(write(tmp_path, [body(760) + head("References", 690, 12) + shown]))
    assert entries(page) == [" ".join(entry) for entry in PLAIN]


def test_an_entry_cut_by_a_page_is_a_block_on_each(tmp_path: Path) -> None:
    lines = [line for entry in NUMBERED for line in entry]
    first = body(760) + head("References", 690, 12) + text_lines(lines[:3], y=670, size=9, leading=11)
    second = text_lines(lines[3:], y=740, size=9, leading=11)
    pages = read(write(tmp_path, [first, second]))
    assert entries(pages[0]) == [" ".join(NUMBERED[0]), NUMBERED[1][0]]
    assert entries(pages[1]) == [NUMBERED[1][1], " ".join(NUMBERED[2]), " ".join(NUMBERED[3])]


@pytest.mark.parametrize("gap", [9.5, 11.0])
def test_letterspaced_words_come_out_as_words(tmp_path: Path, gap: float) -> None:
    """Each letter is placed by itself, as some typesetters do; the words are further apart."""
    x, shown = 72.0, ""
    for letter in "RESEARCH ARTICLE":
        shown += show(letter, x, 600) if letter != " " else ""
        x += gap
    (page,) = read(write(tmp_path, [body(720) + shown + body(500)]))
    assert re.search(r"R ?E ?S ?E ?A ?R ?C ?H", page.text)
    assert "RESEARCH ARTICLE" in page.text


def test_words_of_one_letter_stay_apart(tmp_path: Path) -> None:
    (page,) = read(
        write(tmp_path, [text_lines(["a b c d and I or A by x in y to z of a I", *PROSE], size=10, leading=12)])
    )
    assert "a b c d and I or A by x in y to z of a I" in page.text


def column(x: float, name: str, seed: int) -> list[tuple[float, float, str]]:
    source = random.Random(seed)
    return [(x, 700 - 12 * i, f"{name}{i:02d} " + " ".join(source.choices(WORDS, k=7))[:40]) for i in range(40)]


def order_of(tmp_path: Path, lines: list[tuple[float, float, str]]) -> list[str]:
    path = write(tmp_path, ["".join(show(text, x, y) for x, y, text in lines)])
    pages = read(path)
    return re.findall(r"(?:left|right)\d\d", pages[0].text)


def test_a_page_whose_content_is_out_of_order_is_put_in_order(tmp_path: Path) -> None:
    left, right = column(60, "left", 1), column(320, "right", 2)
    wanted = [text[:6].strip() for _, _, text in left] + [text[:7] for _, _, text in right]
    shuffled = left + right
    random.Random(3).shuffle(shuffled)
    interleaved = [line for pair in zip(left, right, strict=True) for line in pair]
    backwards = left[::-1] + right[::-1]
    for lines in (left + right, shuffled, interleaved, backwards):
        assert order_of(tmp_path, lines) == wanted


def test_content_order_is_kept_where_it_makes_sense(tmp_path: Path) -> None:
    """A column that is told before the one to its left is odd, and may be meant: only a page that jumps is mended."""
    left, right = column(60, "left", 1), column(320, "right", 2)
    assert order_of(tmp_path, right + left)[0] == "right00"


def test_running_heads_whose_words_change_are_furniture(tmp_path: Path) -> None:
    names = ["Introduction", "Of seeds", "Of water", "Of light and dark", "Of the end"]
    sheets = [
        show(name, 200 if i % 2 else 72, 770, 8) + body(720, [f"{name} {line}" for line in PROSE])
        for i, name in enumerate(names)
    ]
    for page, name in zip(read(write(tmp_path, sheets)), names, strict=True):
        assert texts(page, Role.FURNITURE) == [name]


def test_a_larger_heading_that_opens_each_page_is_no_running_head(tmp_path: Path) -> None:
    names = ["Seeds", "Water", "Light", "Leaves"]
    sheets = [head(name, 760, 14) + body(720, [f"{name} {line}" for line in PROSE]) for name in names]
    pages = read(write(tmp_path, [head("Of plants in dry years", 700, 20) + body(660), *sheets]))
    assert [texts(page, Role.HEADING) for page in pages[1:]] == [[name] for name in names]


def test_a_table_of_contents_is_furniture(tmp_path: Path) -> None:
    lines = [f"{i} Of plants and what they are {'. ' * 30}{i + 3}" for i in range(1, 8)]
    (page,) = read(write(tmp_path, [text_lines(lines, size=10, leading=12) + body(500)]))
    assert len(texts(page, Role.FURNITURE)) == 7
    assert texts(page, Role.BODY) == [" ".join(PROSE)]


@pytest.mark.parametrize("apart", [False, True])
def test_the_line_numbers_of_a_manuscript_are_furniture(tmp_path: Path, apart: bool) -> None:
    """Whether they come one before each line, or all before the text."""
    numbers = [show(str(i + 1), 50, 700 - 20 * i, 8) for i in range(12)]
    lines = [show(PROSE[i % 4], 72, 700 - 20 * i) for i in range(12)]
    content = "".join([*numbers, *lines] if apart else [x for pair in zip(numbers, lines, strict=True) for x in pair])
    (page,) = read(write(tmp_path, [content]))
    assert texts(page, Role.FURNITURE) == [str(i + 1) for i in range(12)]
    assert page.text.startswith(" ".join(PROSE * 3))


def test_small_capitals_are_one_word(tmp_path: Path) -> None:
    content = "BT /F1 12 Tf 72 600 Td (I) Tj /F1 9 Tf (NTRODUCTION) Tj ET\n" + body(580)
    (page,) = read(write(tmp_path, [body(720) + content]))
    assert "INTRODUCTION" in page.text


def test_the_notes_of_a_table_are_no_part_of_the_text_around_it(tmp_path: Path) -> None:
    cells = "".join(
        show(value, 72 + 120 * k, 600 - 12 * i, 8)
        for i, row in enumerate([("Group", "Mean", "SD"), ("Water", "12.1", "0.4"), ("Salt", "9.8", "0.7")])
        for k, value in enumerate(row)
    )
    caption = show("Table 1. Growth of the groups.", 72, 620, 8)
    note = show("Values are means of three plants of a group, in centimetres.", 72, 560, 8)
    half = body(720, ["What was measured is told in the first table of the paper and in"])
    rest = body(500, ["the second one, where the same plants are told of again at length."])
    (page,) = read(write(tmp_path, [body(760) + half + caption + cells + note + rest + body(470)]))
    assert texts(page, Role.FOOTNOTE) == ["Values are means of three plants of a group, in centimetres."]
    assert "of the paper and in the second one" in page.text


def test_sections_set_smaller_are_text_and_not_notes(tmp_path: Path) -> None:
    thanks = text_lines(["We thank all who gave water to the plants of the", "groups."], y=95, size=8, leading=10)
    (page,) = read(write(tmp_path, [body(760) + body(600) + head("Acknowledgements", 110, 9) + thanks]))
    assert texts(page, Role.FOOTNOTE) == []


def test_figures_at_one_height_of_many_tables_are_not_running_heads(tmp_path: Path) -> None:
    sheets = [
        body(720, [f"{name} {line}" for line in PROSE])
        + show(f"{i}2.3{i} ± 0.{i}1", 300, 500)
        + body(400, [f"{name} again"])
        for i, name in enumerate(["First", "Second", "Third", "Fourth"], 1)
    ]
    assert [texts(page, Role.FURNITURE) for page in read(write(tmp_path, sheets))] == [[]] * 4


def test_a_mark_without_a_character_is_a_bullet() -> None:
    codes = np.array([1, 0x20, 0x41, 0x0D, 0x0A, 1, 0x20, 0x42, 1, 0x20, 2, 0x0D, 3, 0x43], dtype=np.int32)
    boxes = np.ones((len(codes), 4), dtype=np.float32)
    none = np.zeros(len(codes), dtype=np.int32)
    page = RawPage(1, "1", (0, 0, 9, 9), 0, codes, boxes, none, none.astype(np.bool_), none.astype(np.bool_))
    assert np.flatnonzero(with_bullets(page).codes == 0x2022).tolist() == [0, 5]


SCRAPS = st.lists(
    st.tuples(st.integers(0, 5), st.integers(1, 38), st.sampled_from([6, 10, 14]), st.sampled_from(WORDS)),
    min_size=1,
    max_size=40,
    unique_by=lambda scrap: scrap[:2],
)
"""Column, row, size and text: nothing stands on anything else, since pdfium takes one word of two in one place."""


@settings(max_examples=40, deadline=None)
@given(SCRAPS)
def test_whatever_stands_on_a_page_is_read_once(
    tmp_path_factory: pytest.TempPathFactory, scraps: list[tuple[int, int, int, str]]
) -> None:
    content = "".join(show(text, 20 + 97 * x, 20 * y, size) for x, y, size, text in scraps)
    (page,) = read(write(tmp_path_factory.mktemp("scraps"), [content]))
    assert sorted(letters(page.text)) == sorted(letters("".join(text for *_, text in scraps)))
    assert [b.start for b in page.blocks] == [0, *(b.end for b in page.blocks)][:-1]


def test_a_watermark_at_an_angle_is_furniture(tmp_path: Path) -> None:
    mark = "BT /F2 60 Tf 0.7 0.7 -0.7 0.7 200 300 Tm (DRAFT) Tj ET\n"
    (page,) = read(write(tmp_path, [body(720) + mark + body(300)]))
    assert "".join(texts(page, Role.FURNITURE)).replace(" ", "") == "DRAFT"
    assert texts(page, Role.BODY) == [" ".join([*PROSE, *PROSE])]
