from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.index.records.metadata import describe, names
from assistant.index.records.record import Record
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


XMP = Record("On the growth of plants", ("Author, Ann", "Third, Cy"), 2018, "10.5555/p.1", venue="Annals")


def test_the_packet_is_believed_where_the_page_bears_it_out() -> None:
    found = describe((FIRST,), {}, (), XMP)
    assert (found.title, found.doi, found.venue) == ("On the growth of plants", "10.5555/p.1", "Annals")
    assert found.authors == ("Ann Author", "José de la Cruz", "K. Müller-Lüd")
    assert found.year == 2020, "the page says when it was published"
    assert describe((FIRST,), {}, (), Record("Template of the journal")).title == "On the growth of plants"


def test_a_title_that_goes_on_beyond_the_packets_is_shown_whole() -> None:
    whole = "On the growth of plants in the shade: a randomised trial in three countries"
    first = page((Role.TITLE, whole), (Role.BODY, "Words."))
    assert describe((first,), {}, (), Record("On the growth of plants in the shade")).title == whole


def test_the_doi_that_the_margins_repeat_wins_over_that_of_the_data() -> None:
    first = page((Role.FOOTNOTE, "Code is at DOI 10.5281/zenodo.11"), (Role.FURNITURE, "DOI 10.5555/this.1"))
    second = page((Role.FURNITURE, "Journal 3, doi 10.5555/this.1"))
    assert describe((first, second), {}).doi == "10.5555/this.1"
    assert describe((first,), {}).doi == "10.5555/this.1"


def test_the_stamp_of_arxiv_is_an_id_but_a_citation_is_none() -> None:
    stamped = page((Role.TITLE, "On growth"), (Role.FURNITURE, "arXiv:2101.01234v2 [q-bio.PE] 4 Jan 2021"))
    citing = page((Role.TITLE, "On growth"), (Role.BODY, "As in arXiv:2101.01234 we find growth."))
    assert describe((stamped,), {}).arxiv == "2101.01234"
    assert describe((citing,), {}).arxiv == ""


@pytest.mark.parametrize(
    ("note", "venue"),
    [
        ("Jaradat et al. BMC Plant Medicine (2016) 16:418", "BMC Plant Medicine"),
        ("Metabolites 2014, 4, 932-945; doi:10.5555/x", "Metabolites"),
        (
            "Rising et al. (2024). A guide. Journal of Open Education, 7(75), 90. https://doi.org/10.5555/x",
            "Journal of Open Education",
        ),
        ("PLANTS ONE | DOI:10.5555/x December 2014 1 / 14", "PLANTS ONE"),
        ("J Arthropod Dis, September 2017, 11(3): 427–432", "J Arthropod Dis"),
        ("编辑学报 第17卷", "编辑学报"),
        ("Received: 3 April 2017 / Accepted: 2 May 2017", ""),
    ],
)
def test_the_journal_is_told_from_headers(note: str, venue: str) -> None:
    assert describe((page((Role.FURNITURE, note)),), {}).venue == venue


def test_a_chinese_first_page() -> None:
    first = page(
        (Role.TITLE, "蓟县震旦亚界研究及其意义"),
        (Role.AUTHOR, "陈晋镳1，张惠民2"),
        (Role.FURNITURE, "收稿日期：2018-03-01"),
    )
    found = describe((first,), {})
    assert (found.title, found.authors, found.year) == ("蓟县震旦亚界研究及其意义", ("陈晋镳", "张惠民"), 2018)
