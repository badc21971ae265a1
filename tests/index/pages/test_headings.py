"""Headings, run-in headings, their levels and the sections' paths, on PDFs made here."""

from __future__ import annotations

from pathlib import Path

import pytest
from pypdf import PdfWriter

from assistant.index.pages.headings import NUMBERED, USUAL
from assistant.index.pages.layout import read_layout
from assistant.index.pages.outline import key
from assistant.index.pages.pdf import OutlineEntry, open_pdf
from assistant.index.pages.sections import SectionPath, numbered_level
from assistant.testing import text_lines
from assistant.types import Block, Page, Role
from tests.index.pages.test_layout import PROSE, body, check, head
from tests.index.reading import read, texts, write


def headings(pages: tuple[Page, ...]) -> list[tuple[str, int]]:
    return [
        (page.text[b.start : b.end].strip(), b.level) for page in pages for b in page.blocks if b.role is Role.HEADING
    ]


def section_of(page: Page, words: str) -> str:
    at = page.text.index(words)
    return next(b.section for b in page.blocks if b.start <= at < b.end)


def mixed_line(y: float, bold: str, plain: str, x: float = 72) -> str:
    """A line that begins in bold and goes on in the body's type, and three lines of prose below it."""
    first = f"BT /F2 10 Tf 1 0 0 1 {x} {y} Tm ({bold}) Tj /F1 10 Tf ( {plain}) Tj ET\n"
    return first + body(y - 12, PROSE[1:])


def test_levels_follow_the_numbers(tmp_path: Path) -> None:
    content = (
        head("1 Introduction", 750, 12)
        + body(735)
        + head("2 Methods", 670, 12)
        + head("2.1 Plants", 650, 12)
        + body(635)
        + head("2.1.1 Seeds", 570, 12)
        + body(555)
        + head("3 Results", 490, 12)
        + body(475, [f"Again {line}" for line in PROSE])
    )
    path = write(tmp_path, [content])
    pages = read(path)
    assert headings(pages) == [
        ("1 Introduction", 1),
        ("2 Methods", 1),
        ("2.1 Plants", 2),
        ("2.1.1 Seeds", 3),
        ("3 Results", 1),
    ]
    assert section_of(pages[0], "2.1.1 Seeds") == "2 Methods > 2.1 Plants > 2.1.1 Seeds"
    assert section_of(pages[0], "Again The growth") == "3 Results"
    check(path, pages)


def test_levels_follow_the_type_where_there_are_no_numbers(tmp_path: Path) -> None:
    content = (
        head("Introduction", 750, 14)
        + body(735)
        + head("Methods", 670, 14)
        + head("Plants and seeds", 650, 12)
        + body(635)
        + head("Watering", 570, 12)
        + body(555)
        + head("Results", 490, 14)
        + body(475)
    )
    pages = read(write(tmp_path, [content]))
    assert headings(pages) == [
        ("Introduction", 1),
        ("Methods", 1),
        ("Plants and seeds", 2),
        ("Watering", 2),
        ("Results", 1),
    ]


def test_run_in_headings_are_parted_from_their_paragraphs(tmp_path: Path) -> None:
    content = (
        head("Methods", 750, 12)
        + mixed_line(735, "Growth of the plants.", "The height was taken every week during")
        + mixed_line(670, "Watering.", "The groups were given water or none at all for")
        + head("Results", 610, 12)
        + body(595)
    )
    path = write(tmp_path, [content])
    pages = read(path)
    assert headings(pages) == [("Methods", 1), ("Growth of the plants.", 2), ("Watering.", 2), ("Results", 1)]
    assert texts(pages[0], Role.BODY)[0].startswith("The height was taken every week during the results")
    assert section_of(pages[0], "The groups were given") == "Methods > Watering"
    check(path, pages)


def test_bold_words_that_open_no_section_stay_where_they_are(tmp_path: Path) -> None:
    content = (
        head("Methods", 750, 12)
        + mixed_line(735, "Theorem 1.", "The height is taken every week during")
        + mixed_line(670, "Theorem 2.", "The groups are given water or none at all for")
        + mixed_line(600, "Escherichia coli", "is what the groups of plants were given in the")
    )
    pages = read(write(tmp_path, [content]))
    assert headings(pages) == [("Methods", 1)]
    assert "Theorem 1. The height" in pages[0].text
    assert "Escherichia coli is what" in pages[0].text


def test_a_heading_of_two_lines_is_one(tmp_path: Path) -> None:
    two = text_lines(["2.1 Plant material and the preparation of", "samples"], y=600, size=12, leading=14, font="F2")
    pages = read(write(tmp_path, [head("2 Methods", 720, 12) + body(700) + two + body(565)]))
    assert headings(pages) == [("2 Methods", 1), ("2.1 Plant material and the preparation of samples", 2)]


def test_formulas_and_labels_are_no_headings(tmp_path: Path) -> None:
    formula = text_lines(["E = m c + 12"], x=200, y=640, size=10, font="F2")
    label = text_lines(["Days after sowing"], x=200, y=500, size=9, font="F2")
    pages = read(write(tmp_path, [body(720) + formula + body(610) + label + body(300)]))
    assert headings(pages) == []


def with_outline(tmp_path: Path, content: list[str], outline: list[OutlineEntry]) -> tuple[Page, ...]:
    with open_pdf(write(tmp_path, content)) as file:
        raw = [file.read_page(number) for number in range(1, file.page_count + 1)]
        return read_layout(raw, file.styles, outline).pages


def test_the_outline_tells_headings_that_look_like_text(tmp_path: Path) -> None:
    """Set as the body is, without room above: only the outline can know them."""
    content = head("Plants in dry years and their leaves", 750, 16) + body(
        700, [*PROSE, "of plants.", "Watering of the groups", *PROSE, "of it.", "Seeds", *PROSE]
    )
    outline = [
        OutlineEntry(0, "Plants in dry years and their leaves", 1),
        OutlineEntry(1, "1. Watering of the groups", 1),
        OutlineEntry(2, "Seeds\ufeff", 1),
        OutlineEntry(0, "Figure 7", 1),
        OutlineEntry(0, "Section_3", 1),
    ]
    found = headings(with_outline(tmp_path, [content], outline))
    assert found in ([], [("Watering of the groups", 1), ("Seeds", 2)])
    spaced = (
        head("Plants in dry years and their leaves", 750, 16)
        + body(700)
        + text_lines(["Watering of the groups"], y=630, size=10)
        + body(610)
        + text_lines(["Seeds"], y=540, size=10)
        + body(520)
    )
    pages = with_outline(tmp_path, [spaced], outline)
    assert headings(pages) == [("Watering of the groups", 1), ("Seeds", 2)]
    assert section_of(pages[0], "Seeds") == "Watering of the groups > Seeds"


def test_a_file_gives_its_outline(tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=write(tmp_path, [body(720), body(720)]))
    methods = writer.add_outline_item(title="Methods", page_number=0)
    writer.add_outline_item(title="Seeds\x07 and\nwater", page_number=1, parent=methods)
    writer.add_outline_item(title="Nowhere", page_number=None)
    writer.write(tmp_path / "outlined.pdf")
    with open_pdf(tmp_path / "outlined.pdf") as file:
        assert file.outline == (OutlineEntry(0, "Methods", 1), OutlineEntry(1, "Seeds and water", 2))
    with open_pdf(tmp_path / "paper.pdf") as file:
        assert file.outline == ()


def test_a_run_in_heading_that_the_outline_names_has_its_level(tmp_path: Path) -> None:
    """One alone is not believed by its type."""
    content = head("Of plants in dry years", 760, 16) + head("Methods", 730, 12) + body(715)
    content += mixed_line(650, "On seeds.", "The height was taken every week during the")
    assert headings(with_outline(tmp_path, [content], [])) == [("Methods", 1)]
    named = [OutlineEntry(0, "Methods", 1), OutlineEntry(2, "On seeds", 1)]
    assert headings(with_outline(tmp_path, [content], named)) == [("Methods", 1), ("On seeds.", 3)]


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("2 Methods", 1),
        ("2.1 Plants", 2),
        ("A.1 Proofs", 2),
        ("第1章 引言", 1),
        ("一、 问题", 1),
        ("（二）方法", 2),
        ("Methods", 0),
    ],
)
def test_what_a_number_tells(text: str, level: int) -> None:
    assert numbered_level(text) == level


def test_roman_numerals_stand_above_letters() -> None:
    assert numbered_level("II. RESULTS", roman=True) == 1
    assert numbered_level("B. Plants", roman=True) == 2


def test_a_path_closes_what_is_not_above() -> None:
    path = SectionPath()
    assert path.path == ""
    path.enter("Methods", 1)
    assert path.enter("Plants:", 2) == "Methods > Plants"
    assert path.enter("Seeds.", 3) == "Methods > Plants > Seeds"
    assert path.enter("Water", 2) == "Methods > Water"
    assert path.enter("Results", 1) == "Results"


def test_headings_are_compared_without_numbers_and_marks() -> None:
    assert key("2.1  Plant\u00ad material\ufeff") == key("Plant Material:") == "plantmaterial"


@pytest.mark.parametrize(
    "text", ["1 Introduction", "2.3. Plants", "IV. RESULTS", "第二章 方法", "三、结果", "A. Water"]
)
def test_numbered_headings(text: str) -> None:
    assert NUMBERED.match(text)


@pytest.mark.parametrize("text", ["Results and Discussion", "MATERIALS AND METHODS", "摘 要", "Conclusions."])
def test_usual_headings(text: str) -> None:
    assert USUAL.fullmatch(text)


def test_blocks_of_text_have_no_level(tmp_path: Path) -> None:
    pages = read(write(tmp_path, [head("1 Introduction", 750, 12) + body(735)]))
    levels = {block.role: block.level for block in pages[0].blocks}
    assert levels == {Role.HEADING: 1, Role.BODY: 0}
    assert all(isinstance(block, Block) for block in pages[0].blocks)


def test_an_abstracts_parts_are_not_the_papers(tmp_path: Path) -> None:
    """Also where the outline puts the abstract's "Methods" under "Abstract" and the paper's own looks the same."""
    content = (
        head("Plants in dry years and their leaves", 770, 16)
        + head("Abstract", 740, 10)
        + mixed_line(725, "Methods:", PROSE[0])
        + mixed_line(675, "Results:", PROSE[0])
        + head("Methods", 600, 10)
        + body(580)
        + head("Plant material", 510, 10)
        + body(490)
    )
    outline = [OutlineEntry(0, "Abstract", 1), OutlineEntry(1, "Methods", 1), OutlineEntry(1, "Results", 1)]
    pages = with_outline(tmp_path, [content], outline)
    assert headings(pages)[:4] == [("Abstract", 1), ("Methods:", 2), ("Results:", 2), ("Methods", 1)]
    assert [b.section for b in pages[0].blocks if b.role is Role.ABSTRACT] == [
        "Abstract > Methods",
        "Abstract > Results",
    ]
