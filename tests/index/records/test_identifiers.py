from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.index.records.identifiers import base_doi, find_arxiv, find_dois, find_pmid, letters, surname


@pytest.mark.parametrize(
    ("text", "dois"),
    [
        ("doi:10.1093/ecam/nem004", ["10.1093/ecam/nem004"]),
        ("(https://doi.org/10.1371/journal.pone. 0115884).", ["10.1371/journal.pone.0115884"]),
        ("https://doi.org/10. 3847/1538-4357/ac8e04", ["10.3847/1538-4357/ac8e04"]),
        ("https://doi.org/10.1088/ 1748-9326/ab281e", ["10.1088/1748-9326/ab281e"]),
        ("10.1111/j.2041- 210X.2012.00234.x and", ["10.1111/j.2041-210x.2012.00234.x"]),
        ("10.1016/0009-2614(80) 80396-4", ["10.1016/0009-2614(80)80396-4"]),
        ("(10.1016/S0140-6736(05)67889-0).", ["10.1016/s0140-6736(05)67889-0"]),
        ("10.5555/abc.1. Smith found", ["10.5555/abc.1"]),
        ("10.5555/abc.1PMID: 1234567", ["10.5555/abc.1"]),
        ("10.5555/a, 10.5555/bc; 10.5555/cd", ["10.5555/bc", "10.5555/cd"]),
        ("version 10.2 of 2010/11", []),
    ],
)
def test_dois_are_found_by_their_form_and_made_whole(text: str, dois: list[str]) -> None:
    assert find_dois(text) == dois


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("arXiv:2101.01234v2 [cs.CL] 1 Jan 2021", "2101.01234"),
        ("arXiv preprint arXiv:1510.01791, 2015", "1510.01791"),
        ("CoRR, abs/1810.07951, 2018", "1810.07951"),
        ("https://arxiv.org/abs/hep-th/9901001v1", "hep-th/9901001"),
        ("10.48550/arXiv.1510.01791", "1510.01791"),
        ("the archive 1234.5678", ""),
    ],
)
def test_arxiv_ids(text: str, found: str) -> None:
    assert find_arxiv(text) == found


def test_pmid_is_found_where_it_is_called_so() -> None:
    assert find_pmid("PMID: 12345678, 2019") == "12345678"
    assert find_pmid("https://pubmed.ncbi.nlm.nih.gov/12345678/") == "12345678"
    assert find_pmid("12345678") == ""


@pytest.mark.parametrize(
    ("doi", "base"),
    [
        ("10.1371/journal.pone.0115884.s001", "10.1371/journal.pone.0115884"),
        ("10.7717/peerj.1234/supp-1", "10.7717/peerj.1234"),
        ("10.1101/2020.01.01.123456v2", "10.1101/2020.01.01.123456"),
        ("10.21203/rs.3.rs-12345/v1", "10.21203/rs.3.rs-12345"),
        ("10.1093/ecam/nem004", "10.1093/ecam/nem004"),
        ("10.1101/gr.1234.5", "10.1101/gr.1234.5"),
        ("10.1007/s13659-017-0132-z", "10.1007/s13659-017-0132-z"),
    ],
)
def test_versions_and_supplements_have_the_doi_of_their_paper(doi: str, base: str) -> None:
    assert base_doi(doi) == base


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ann B. Author", "author"),
        ("Author, Ann", "author"),
        ("Emerson SB", "emerson"),
        ("José de la Cruz", "cruz"),
        ("de la Cruz, José", "cruz"),
        ("John Smith Jr.", "smith"),
        ("DAN WU", "wu"),
        ("王小明", "王"),
        ("欧阳 修明", "欧阳"),
        ("", ""),
    ],
)
def test_surnames(name: str, expected: str) -> None:
    assert surname(name) == expected


@given(st.text(max_size=200))
def test_nothing_makes_them_raise(text: str) -> None:
    assert all(doi.startswith("10.") and doi == doi.lower() for doi in find_dois(text))
    assert base_doi(base_doi(text)) == base_doi(text) or base_doi(text)
    assert letters(letters(text)) == letters(text)
    surname(text)
    find_arxiv(text)
