from __future__ import annotations

import logging
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.index.records.bibtex import bibtex, parse_bibtex, plain, split_files, split_names
from assistant.index.records.csl import parse_csl
from assistant.index.records.record import Record
from assistant.types import Paper

BIB = r"""
@string{ap = "Annals of Plants"}
@article{mueller2020growth,
  title = {{Growth} of {\"o}kologische \emph{Plants} in na\"{\i}ve caf\'e \& co, 50\% at {\AA}ngstr{\"o}m~scale},
  author = {M{\"u}ller, J{\"o}rg and {The Foo and Bar Collaboration} and van der Berg, Ann and Smith, Jr., Bob},
  year = 2020, month = jan, journal = ap, doi = {https://doi.org/10.5555/ABC_D}, pmid = {12345678},
  file = {Full Text:files/1/M\:uller 2020.pdf:application/pdf;:C\:\\Users\\x\\b.pdf:PDF}
}
@misc{bad, title = {unclosed
@book{ok2, title = "A {B}ook", author="Ann B. Author", date={2019-03-01}, eprint={2101.00001v2}, archiveprefix={arXiv}}
@article{mueller2020growth, title={The same key again}}
"""


def test_entries_are_read_with_accents_names_and_files(caplog: pytest.LogCaptureFixture) -> None:
    (first, second, third), broken = parse_bibtex(BIB)
    assert first.record == Record(
        "Growth of ökologische Plants in naïve café & co, 50% at Ångström scale",
        ("Jörg Müller", "The Foo and Bar Collaboration", "Ann van der Berg", "Bob Smith Jr."),
        2020,
        "10.5555/abc_d",
        pmid="12345678",
        venue="Annals of Plants",
    )
    assert first.files == ("files/1/M:uller 2020.pdf", r"C:\Users\x\b.pdf")
    assert second.record == Record("A Book", ("Ann B. Author",), 2019, arxiv="2101.00001")
    assert (third.key, third.record.title) == ("mueller2020growth", "The same key again")
    assert broken == [9]
    assert not caplog.records
    assert logging.getLogger("bibtexparser").level == logging.NOTSET


@pytest.mark.parametrize("text", ["", "garbage", "@", "@article{", "{{{{", "\0\1", "@article{a,}", "@comment{x}"])
def test_what_is_no_bibtex_gives_no_entry_that_says_anything(text: str) -> None:
    entries, _ = parse_bibtex(text)
    assert all(entry.record == Record() for entry in entries)


def test_fields_of_files() -> None:
    assert split_files("/a/b c.pdf") == ("/a/b c.pdf",)
    assert split_files("a.pdf;sub/b.pdf") == ("a.pdf", "sub/b.pdf")
    assert split_files(r":a\_b.pdf:PDF") == ("a_b.pdf",)
    assert split_files("") == ()
    assert split_names("A and {B and C} and others") == ["A", "{B and C}"]


def paper(n: int, title: str, *authors: str, year: int | None = 2020, **more: str) -> Paper:
    return Paper(f"{n:064x}", "w", title, authors, year, **more)


def test_a_paper_is_written_as_an_entry() -> None:
    written = bibtex([paper(1, "The 50% & more", "Jörg Müller", "The Foo and Bar", doi="10.5555/a_b", venue="J. Foo")])
    assert written == (
        "@article{muller202050,\n"
        "  title = {The 50\\% \\& more},\n"
        "  author = {Jörg Müller and {The Foo and Bar}},\n"
        "  year = {2020},\n"
        "  journal = {J. Foo},\n"
        "  doi = {10.5555/a\\_b},\n"
        "}"
    )
    assert bibtex([paper(1, "Talk", venue="Proceedings of X")]).startswith("@inproceedings{2020talk")
    assert "eprint = {2101.00001},\n  archiveprefix = {arXiv}" in bibtex([paper(1, "Talk", arxiv="2101.00001")])
    assert bibtex([paper(1, "研究", "王小明")]).startswith("@misc{paper2020-0000,")


def test_keys_are_unique_and_do_not_depend_on_which_papers_are_asked_for() -> None:
    papers = [paper(n, "Growth of plants", "Ann Author") for n in (3, 1, 2)]
    keys = re.findall(r"@\w+\{(.*),", bibtex(papers))
    assert keys == ["author2020growth-0000x", "author2020growth", "author2020growth-0000"]
    assert bibtex([papers[0]], among=papers).startswith("@misc{author2020growth-0000x,")


WORDS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=60)


@given(WORDS, st.lists(WORDS, max_size=3), st.one_of(st.none(), st.integers(1600, 2099)), WORDS)
def test_what_is_written_can_be_read_again(title: str, authors: list[str], year: int | None, venue: str) -> None:
    clean = [" ".join(unicodedata.normalize("NFC", a).replace(",", "").split()) for a in authors]
    names = tuple(a for a in clean if a and a.casefold() != "others")
    title, venue = (" ".join(unicodedata.normalize("NFC", text).split()) for text in (title, venue))
    (entry,), broken = parse_bibtex(bibtex([paper(1, title, *names, year=year, venue=venue)]))
    assert not broken
    assert entry.record == Record(title, names, year, venue=venue)


@given(st.text(max_size=300))
def test_nothing_makes_reading_raise(text: str) -> None:
    parse_bibtex(text)
    plain(text)
    parse_csl(text)


CSL = """[{"id": "smith2019", "type": "article-journal", "title": "On <i>growth</i>", "DOI": "10.5555/AB",
 "PMID": 123456,
 "author": [{"family": "Berg", "given": "Ann", "non-dropping-particle": "van der"}, {"literal": "The Group"},
 {"family": "王", "given": "小明"}], "issued": {"date-parts": [["2019", 3]]}, "container-title": "Annals"},
 {"note": "no work"}]"""
BETTER = """{"config": {}, "items": [{"itemType": "journalArticle", "title": "On decay", "citationKey": "k",
 "date": "2018-05-01", "creators": [{"firstName": "Ann", "lastName": "Author", "creatorType": "author"},
 {"firstName": "E", "lastName": "Ditor", "creatorType": "editor"}],
 "publicationTitle": "Annals", "attachments": [{"title": "PDF", "path": "files/3/decay.pdf"}]}]}"""


def test_csl_and_better_bibtex_json_are_read() -> None:
    (entry,) = parse_csl(CSL) or []
    names = ("Ann van der Berg", "The Group", "王小明")
    assert entry.record == Record("On growth", names, 2019, "10.5555/ab", pmid="123456", venue="Annals")
    (entry,) = parse_csl(BETTER) or []
    assert (entry.key, entry.files) == ("k", ("files/3/decay.pdf",))
    assert entry.record == Record("On decay", ("Ann Author",), 2018, venue="Annals")


@pytest.mark.parametrize("text", ["", "{}", "[]", "[1, 2]", '{"a": [1]}', '[{"type": 1, "title": "x"}]', "[" * 100_000])
def test_other_json_is_no_bibliography(text: str) -> None:
    assert parse_csl(text) is None


def test_the_libraries_for_bibtex_are_not_loaded_before_they_are_needed() -> None:
    source = Path(bibtex.__code__.co_filename).read_text(encoding="utf-8")
    assert not re.search(r"^(?:from|import) (?:bibtexparser|pylatexenc)", source, re.MULTILINE)
