from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.index.metadata import describe, names
from assistant.types import Block, Page, Role


def page(*parts: tuple[Role, str]) -> Page:
    """A first page made of one block for each part."""
    text, blocks = "", []
    for i, (role, words) in enumerate(parts):
        words += "\n" * (i + 1 < len(parts))
        blocks.append(Block(role, len(text), len(text) + len(words)))
        text += words
    return Page(1, "1", 600, 800, text, tuple(blocks))


FIRST = page(
    (Role.TITLE, "On the growth of plants"),
    (Role.AUTHOR, "Ann Author1,2*, José de la Cruz2 and K. Müller-Lüd3"),
    (Role.AUTHOR, "1 University of Somewhere, 2 Department of Plants"),
    (Role.BODY, "As shown by Smith (1987), doi 10.1000/other.1, plants grow. " * 6),
    (Role.FOOTNOTE, "© 2019 The Authors. Published 3 May 2020."),
    (Role.FURNITURE, "https://doi.org/10.5555/Plants.2020.12."),
)


def test_a_first_page_tells_everything() -> None:
    found = describe((FIRST,), {})
    assert found.title == "On the growth of plants"
    assert found.authors == ("Ann Author", "José de la Cruz", "K. Müller-Lüd")
    assert (found.year, found.doi) == (2020, "10.5555/plants.2020.12")


@pytest.mark.parametrize(
    "given_title",
    ["Microsoft Word - paper_final.docx", "untitled", "nem004 95..102", "2840718.dvi", "Another paper", ""],
)
def test_a_wrong_title_in_the_file_is_repaired(given_title: str) -> None:
    assert describe((FIRST,), {"Title": given_title}).title == "On the growth of plants"


def test_the_files_title_wins_where_the_page_shows_it() -> None:
    shown = page((Role.TITLE, "ON THE GROWTH"), (Role.BODY, "OF PLANTS"))
    assert describe((shown,), {"Title": "On the Growth of Plants"}).title == "On the Growth of Plants"


def test_the_file_is_believed_where_the_page_says_nothing() -> None:
    blank = page((Role.BODY, "words"))
    found = describe(
        (blank,), {"Title": "A whole title", "Author": "Ann Author; Bo Writer", "CreationDate": "D:20170102"}
    )
    assert (found.title, found.authors, found.year) == ("A whole title", ("Ann Author", "Bo Writer"), 2017)
    assert describe((blank,), {"Title": "draft.tex"}).title == ""


@pytest.mark.parametrize(
    ("note", "created", "year"),
    [
        ("Received 1 May 2018; Accepted 3 June 2019; Published online: 2 July 2019", "", 2019),
        ("Copyright © 2016 Authors", "", 2016),
        ("Journal (2014) 3:4", "D:2015", 2014),
        ("Journal 4, 2013", "D:2012", 2013),
        ("in the year 2087", "D:2012", 2012),
        ("no year at all", "", None),
        ("no year at all", "nonsense", None),
    ],
)
def test_the_year_is_the_strongest_words(note: str, created: str, year: int | None) -> None:
    assert describe((page((Role.FURNITURE, note)),), {"CreationDate": created}).year == year


@pytest.mark.parametrize(
    ("note", "doi"),
    [
        ("doi:10.1093/ecam/nem004", "10.1093/ecam/nem004"),
        ("(https://doi.org/10.1371/journal.pone. 0115884).", "10.1371/journal.pone.0115884"),
        ("version 10.2 of 2010/11", ""),
    ],
)
def test_the_doi_is_found_by_its_form(note: str, doi: str) -> None:
    assert describe((page((Role.FOOTNOTE, note)),), {}).doi == doi


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ann Author", ("Ann Author",)),
        ("ANN AUTHOR, BO WRITER", ("ANN AUTHOR", "BO WRITER")),
        (
            "Judicaël Thomas Ouilly,1 and Imaël Henri Nestor Bassolé1 Life Street 4",
            ("Judicaël Thomas Ouilly", "Imaël Henri Nestor Bassolé"),
        ),
        ("王小明, 李四", ("王小明", "李四")),
        ("Department of Biology, Ann Author", ()),
        ("this is a sentence", ()),
        ("", ()),
    ],
)
def test_names_end_where_institutions_begin(text: str, expected: tuple[str, ...]) -> None:
    assert names(text) == expected


@given(st.lists(st.tuples(st.sampled_from(list(Role)), st.text(max_size=60)), max_size=6), st.text(max_size=60))
def test_nothing_makes_it_raise(parts: list[tuple[Role, str]], words: str) -> None:
    found = describe((page(*parts),), {"Title": words, "Author": words, "CreationDate": words, "Subject": words})
    assert len(found.title) <= 500
    assert describe((), {}).title == ""
