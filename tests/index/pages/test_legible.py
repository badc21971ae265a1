from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant.errors import ReadError
from assistant.index.pages.legible import not_text
from assistant.index.sandbox import Limits, read_paper
from assistant.testing import text_lines
from tests.index.inked import VISIBLE, pdf

ENGLISH = "The growth of tomato plants rose in every plot that had received the amendment."


def judged(text: str, *, unmapped: str = "", rest: int = 0) -> tuple[int, bool]:
    """How many of these characters cannot be read, and whether the page as a whole cannot."""
    codes = np.array([ord(c) for c in text + unmapped + "a" * rest], dtype=np.int32)
    odd = np.zeros(len(codes), dtype=np.bool_)
    odd[len(text) : len(text) + len(unmapped)] = True
    unknown, whole = not_text(codes, odd, codes > 0x20)
    return int(unknown.sum()), whole


@pytest.mark.parametrize("text", [ENGLISH, "remotecall_fetch(f, id) = ArrayChannels.jl", "3.14 -20.39", "R²" * 3])
def test_mapped_text_is_text(text: str) -> None:
    assert judged(text) == (0, False)


@pytest.mark.parametrize("text", [ENGLISH, ENGLISH.upper(), "https://docs.dftk.org", "1 2 3 4 5 (x)"])
def test_a_fonts_own_codes_may_be_ascii(text: str) -> None:
    assert judged("", unmapped=text) == (0, False)


def moved(text: str, by: int) -> str:
    return "".join(chr(ord(c) + by) for c in text)


@pytest.mark.parametrize("by", [-29, 1, 3, 200])
def test_numbers_of_glyphs_are_no_text(by: int) -> None:
    assert judged("", unmapped=moved(ENGLISH, by)) == (len(ENGLISH), True)


def test_a_few_unknown_signs_leave_the_page_text() -> None:
    assert judged("", unmapped="\x02\x03\x01", rest=100) == (3, False)
    assert judged("\ufffd" * 3, rest=100) == (3, False)
    assert judged("\uf8eb" * 3, rest=100) == (0, False)
    assert judged("\uf8eb" * 50, rest=100) == (50, True)


def unmapped_page() -> str:
    """Lines in a font whose codes are moved by one, so that they read as no words."""
    strings = [moved(line.replace(" ", "o"), 1).replace("(", "x").replace(")", "x") for line in VISIBLE]
    return "".join(f"BT /F3 11 Tf 1 0 0 1 72 {700 - 20 * i} Tm ({s}) Tj ET\n" for i, s in enumerate(strings))


def test_a_page_of_unknown_letters_is_flagged_and_not_read(tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf"
    path.write_bytes(pdf(text_lines(VISIBLE), unmapped_page(), text_lines(VISIBLE)))
    document = read_paper(path, limits=Limits(ocr=False))
    assert document.flags == ("letters cannot be read as text on p. 2",)
    assert [page.quality for page in document.pages] == ["text", "unreadable", "text"]
    assert [bool(page.text) for page in document.pages] == [True, False, True]


def test_a_file_of_unknown_letters_is_refused_with_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf"
    path.write_bytes(pdf(unmapped_page()))
    with pytest.raises(ReadError, match="letters cannot be read as text"):
        read_paper(path, limits=Limits(ocr=False))
